"""Seeded damage to octets: the same seed gives the same damage on every machine."""

from __future__ import annotations

import random
from collections.abc import Sequence

# What parsers stumble over: separators, numbers at their limits, octets that are no text.
_DICTIONARY = (
    b"\r\n", b"\n", b"\r", b"\r\n\r\n", b" ", b"\t", b"\r\n ", b"\x00", b"\xff", b"\xc3\xa9",
    b'"', b"\\", b"<", b">", b";", b";;", b",", b":", b"@", b"%", b"%00", b"%zz", b"[", b"]", b"=",
    b"?", b"&", b"/", b"*", b"-1", b"0", b"255", b"65536", b"2147483648", b"4294967296",
    b"9" * 400, b"a" * 5000, b" " * 2000, b"SIP/2.0", b"SIP/3.0", b"sip:", b"tel:", b"[::1]",
    b"Via: ", b"Content-Length: ", b"l: 5\r\n", b";tag=", b"m=audio 4 RTP/AVP 0\r\n", b"a=rtpmap:",
    b"c=IN IP4 ", b"\xd9\xa2",
)  # fmt: skip
_MAX_BYTES = 70_000


def mutated(seeds: Sequence[bytes], random_source: random.Random) -> bytes:
    """One of the seeds with one to six damages."""
    data = bytearray(random_source.choice(seeds))
    for _ in range(random_source.randint(1, 6)):
        _damage(data, seeds, random_source)
    return bytes(data[:_MAX_BYTES])


def _damage(data: bytearray, seeds: Sequence[bytes], random_source: random.Random) -> None:
    at = random_source.randint(0, len(data))
    end = min(len(data), at + random_source.choice((1, 1, 2, 4, 16, 200)))
    match random_source.randrange(8):
        case 0:
            del data[at:end]
        case 1:
            data[at:at] = data[at:end] * random_source.randint(1, 20)
        case 2:
            data[at:at] = random_source.choice(_DICTIONARY)
        case 3:
            data[at:end] = random_source.choice(_DICTIONARY)
        case 4 if data:
            data[at % len(data)] ^= 1 << random_source.randrange(8)
        case 5:
            del data[at:]
        case 6:
            other = random_source.choice(seeds)
            start = random_source.randint(0, len(other))
            data[at:end] = other[start : start + random_source.choice((8, 40, 400))]
        case _:
            lines = bytes(data).split(b"\r\n")
            random_source.shuffle(lines)
            data[:] = b"\r\n".join(lines)
