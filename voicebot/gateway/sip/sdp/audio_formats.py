"""How codecs and telephone keys are written in session descriptions: numbers, rtpmap and fmtp."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from voicebot.gateway.sip.sdp.session_description import Attribute, Encoding

_ENCODINGS = {
    "PCMU": Encoding("PCMU", 8000),
    "PCMA": Encoding("PCMA", 8000),
    "G722": Encoding("G722", 8000),  # RFC 3551 section 4.5.2: its clock is half its sample rate
    "opus": Encoding("OPUS", 48000, 2),  # RFC 7587 section 7: always so, whatever is coded
}
_CODEC_OF = {encoding: codec for codec, encoding in _ENCODINGS.items()}

_EVENTS_8K = Encoding("TELEPHONE-EVENT", 8000)
_EVENTS_48K = Encoding("TELEPHONE-EVENT", 48000)

_STATIC_NUMBERS = {
    _ENCODINGS["PCMU"]: 0,
    _ENCODINGS["PCMA"]: 8,
    _ENCODINGS["G722"]: 9,
}
_WISHED_NUMBERS = {_ENCODINGS["opus"]: 96, _EVENTS_8K: 101, _EVENTS_48K: 102}
_DYNAMIC_NUMBERS = range(96, 128)

_WRITTEN = {"OPUS": "opus", "TELEPHONE-EVENT": "telephone-event"}
_PARAMETERS = {
    # RFC 7587 section 6.1: we play and record 8 kHz, use FEC, and want no pauses in the stream.
    "OPUS": "maxplaybackrate=8000;sprop-maxcapturerate=8000;useinbandfec=1;usedtx=0",
    # RFC 4733: 0-9 * # A-D and flash.
    "TELEPHONE-EVENT": "0-16",
}

Format = tuple[int, Encoding]
"""A payload type and what it stands for."""


def codec_of(encoding: Encoding | None) -> str | None:
    """The codec as settings name it; None for one that we can't speak."""
    return None if encoding is None else _CODEC_OF.get(encoding)


def encoding_of(codec: str) -> Encoding:
    return _ENCODINGS[codec]


def find(encodings: Mapping[int, Encoding | None], wanted: Encoding) -> int | None:
    return next((number for number, encoding in encodings.items() if encoding == wanted), None)


def telephone_events(encodings: Mapping[int, Encoding | None], codec: str) -> Format | None:
    """The keys that go with this codec: those of its own clock (RFC 4733 section 2.1), else
    those of 8 kHz, which many offer alone whatever the codec."""
    for rate in (_ENCODINGS[codec].clock_rate, _EVENTS_8K.clock_rate):
        events = Encoding("TELEPHONE-EVENT", rate)
        number = find(encodings, events)
        if number is not None:
            return number, events
    return None


def formats_to_offer(
    codecs: Iterable[str], previous: Mapping[int, Encoding | None]
) -> list[Format]:
    """These codecs and the keys for them, with their numbers.

    previous: what numbers meant so far in the call; none may get another meaning (RFC 3264
    section 8.3.2).
    """
    wanted = [_ENCODINGS[codec] for codec in codecs]
    rates = {encoding.clock_rate for encoding in wanted}
    wanted += [_EVENTS_8K, *([_EVENTS_48K] if 48000 in rates else [])]
    formats = []
    taken = set(previous) | set(_STATIC_NUMBERS.values())
    for encoding in wanted:
        number = _STATIC_NUMBERS.get(encoding)
        if number is None:
            number = find(previous, encoding)
            # Somebody may have bent the meaning of a static number.
            if number is None or number in _STATIC_NUMBERS.values():
                number = _free_number(_WISHED_NUMBERS[encoding], taken)
        taken.add(number)
        formats.append((number, encoding))
    return formats


def attributes(formats: Iterable[Format]) -> list[Attribute]:
    """The rtpmap and fmtp lines."""
    lines: list[Attribute] = []
    for number, encoding in formats:
        name = _WRITTEN.get(encoding.name, encoding.name)
        channels = f"/{encoding.channels}" if encoding.channels != 1 else ""
        lines.append(("rtpmap", f"{number} {name}/{encoding.clock_rate}{channels}"))
        if encoding.name in _PARAMETERS:
            lines.append(("fmtp", f"{number} {_PARAMETERS[encoding.name]}"))
    return lines


def _free_number(wished: int, taken: set[int]) -> int:
    if wished not in taken:
        return wished
    reserved = set(_WISHED_NUMBERS.values())
    free = [number for number in _DYNAMIC_NUMBERS if number not in taken | reserved]
    # All 32 in use by others is no honest call: then a meaning changes.
    return free[0] if free else wished
