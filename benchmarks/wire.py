"""What was on the wire: RTP streams read back from a tcpdump capture of the loopback.

Measured from outside, by the kernel's time stamps, so no figure depends on our own clocks.
"""

from __future__ import annotations

import asyncio
import shutil
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.audio import SAMPLE_RATE
from voicebot.media.codecs import g711

PACKET_MS = 20.0
AUDIBLE = 64
"""Peak of a packet that counts as speech; both sides send true zeros while they are silent."""

_PCAP_MAGIC_MICROSECONDS = 0xA1B2C3D4
_PCAP_MAGIC_NANOSECONDS = 0xA1B23C4D
_ETHERNET = 1

StreamKey = tuple[str, int, str, int]
"""Source address and port, destination address and port."""


@dataclass(slots=True)
class RtpStream:
    """One direction of one call. Times are seconds of the capture."""

    key: StreamKey
    times: list[float] = field(default_factory=list)
    sequence_numbers: list[int] = field(default_factory=list)
    is_audible: list[bool] = field(default_factory=list)
    sounds: list[tuple[float, float]] = field(default_factory=list)
    """First and end of last audible sample of each packet with any, laid down as it came."""

    def gaps_ms(self) -> npt.NDArray[np.float64]:
        return np.diff(np.array(self.times)) * 1000

    def n_missing(self) -> int:
        """Sequence numbers that never were on the wire."""
        if not self.sequence_numbers:
            return 0
        steps = np.mod(np.diff(np.array(self.sequence_numbers, dtype=np.int64)), 65536)
        return int(np.sum(steps[steps < 1000] - 1)) if len(steps) else 0

    def spells_of_speech(self, min_pause_s: float = 0.45) -> list[tuple[float, float]]:
        """(time of the first, time of the last audible packet) of each spell."""
        spells: list[tuple[float, float]] = []
        for time, audible in zip(self.times, self.is_audible, strict=True):
            if not audible:
                continue
            if spells and time - spells[-1][1] < min_pause_s:
                spells[-1] = (spells[-1][0], time)
            else:
                spells.append((time, time))
        return spells

    def spells_of_sound(self, min_pause_s: float = 0.45) -> list[tuple[float, float]]:
        """As `spells_of_speech`, to the sample: (first, end of the last audible sample)."""
        spells: list[tuple[float, float]] = []
        for begin, end in self.sounds:
            if spells and begin - spells[-1][1] < min_pause_s:
                spells[-1] = (spells[-1][0], end)
            else:
                spells.append((begin, end))
        return spells


@asynccontextmanager
async def capture(path: Path, first_port: int, last_port: int) -> AsyncIterator[None]:
    """Capture the loopback's UDP of these ports into `path`; needs tcpdump and root."""
    tcpdump = shutil.which("tcpdump") or "/usr/sbin/tcpdump"
    process = await asyncio.create_subprocess_exec(
        *(tcpdump, "-i", "lo", "-n", "-s", "256", "-B", "65536", "-U", "-w", str(path)),
        f"udp portrange {first_port}-{last_port}",
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    first_line = await process.stderr.readline()
    if b"listening" not in first_line:
        raise SystemExit(f"tcpdump can't capture: {first_line.decode(errors='replace').strip()}")
    try:
        yield
    finally:
        await asyncio.sleep(0.3)
        process.terminate()
        await process.communicate()


def read_streams(path: Path) -> dict[StreamKey, RtpStream]:
    """All G.711 RTP streams of a capture (RTCP and telephone events left out)."""
    streams: dict[StreamKey, RtpStream] = {}
    for time, key, payload in _udp_datagrams(path.read_bytes()):
        if len(payload) < 12 or payload[0] >> 6 != 2 or (payload[1] & 0x7F) not in (0, 8):
            continue
        decode = g711.decode_alaw if payload[1] & 0x7F == 8 else g711.decode_ulaw
        samples = decode(payload[12:])
        stream = streams.setdefault(key, RtpStream(key))
        stream.times.append(time)
        stream.sequence_numbers.append(int.from_bytes(payload[2:4], "big"))
        loud = np.flatnonzero((samples > AUDIBLE) | (samples < -AUDIBLE))
        stream.is_audible.append(bool(len(loud)))
        if len(loud):
            first, last = int(loud[0]), int(loud[-1])
            stream.sounds.append((time + first / SAMPLE_RATE, time + (last + 1) / SAMPLE_RATE))
    return streams


def response_times_ms(caller: RtpStream, bot: RtpStream, limit_s: float = 6.0) -> list[float]:
    """From the end of each of the caller's spells to the bot's first packet of speech after it.

    The last audible packet carries 20 ms from its time on; they count as speech, not waiting.
    Spells during which, or after which within `limit_s`, the bot does not start are left out.
    """
    bot_spells = bot.spells_of_speech()
    times = []
    caller_spells = caller.spells_of_speech(min_pause_s=1.5)
    for index, (_, ended) in enumerate(caller_spells):
        next_start = caller_spells[index + 1][0] if index + 1 < len(caller_spells) else float("inf")
        answer = next((start for start, _ in bot_spells if start > ended), None)
        if answer is None or answer - ended > limit_s or answer > next_start:
            continue
        times.append((answer - ended) * 1000 - PACKET_MS)
    return times


def _udp_datagrams(data: bytes) -> Iterator[tuple[float, StreamKey, bytes]]:
    magic, link_type = struct.unpack_from("<I", data)[0], struct.unpack_from("<I", data, 20)[0]
    if magic not in (_PCAP_MAGIC_MICROSECONDS, _PCAP_MAGIC_NANOSECONDS) or link_type != _ETHERNET:
        raise SystemExit("not a little-endian Ethernet capture")
    fraction = 1e-6 if magic == _PCAP_MAGIC_MICROSECONDS else 1e-9
    position = 24
    while position + 16 <= len(data):
        seconds, part, n_captured, _ = struct.unpack_from("<IIII", data, position)
        position += 16
        packet = data[position : position + n_captured]
        position += n_captured
        if len(packet) < 42 or packet[12:14] != b"\x08\x00" or packet[23] != 17:
            continue
        n_header = 14 + (packet[14] & 0x0F) * 4
        source = ".".join(str(byte) for byte in packet[26:30])
        destination = ".".join(str(byte) for byte in packet[30:34])
        source_port, destination_port = struct.unpack_from(">HH", packet, n_header)
        key = (source, source_port, destination, destination_port)
        yield seconds + part * fraction, key, packet[n_header + 8 :]
