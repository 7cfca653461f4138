"""Session descriptions, read and written (RFC 8866). What two of them agree on: sdp.

Tolerant of what has no bearing on audio: unknown lines and attributes, missing s= and t=,
LF line ends. Strict on addresses, ports and formats.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicebot.errors import SdpError

MAX_SDP_BYTES = 64 * 1024
MAX_MEDIA = 32
MAX_LINES = 512
# Of one m= line: there are no more payload types.
MAX_FORMATS = 128

DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")

_LINE_END = re.compile(r"\r?\n")
_ADDRESS = re.compile(r"IN +IP[46] +([A-Za-z0-9.:_\-]+)(?:/[0-9/]+)?", re.IGNORECASE)
_MEDIA = re.compile(r"([^\s/]+) +([0-9]{1,5})(?:/([0-9]{1,5}))? +(\S+)((?: +\S+)+)")
_RTPMAP = re.compile(r"([0-9]{1,3}) +([^\s/]+)/([0-9]{1,7})(?:/([0-9]{1,3}))?")
_FMTP = re.compile(r"([0-9]{1,3}) +(.+)")
_RTCP = re.compile(r"([0-9]{1,5})(?: +(.+))?")

Attribute = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Origin:
    """The o= line: which session this is, and which state of it."""

    username: str
    session_id: str
    version: str
    address: str


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a payload type stands for. name: upper case."""

    name: str
    clock_rate: int
    channels: int = 1


# Payload types that need no rtpmap (RFC 3551 §6); only those we can speak.
_STATIC_FORMATS = {
    0: Encoding("PCMU", 8000),
    8: Encoding("PCMA", 8000),
    9: Encoding("G722", 8000),
}


@dataclass(frozen=True, slots=True)
class MediaDescription:
    """One m= line with what belongs to it.

    address: its own c= line; None: the one of the session holds. attributes: in order, as
    (name in lower case, value); the properties below read them.
    """

    kind: str
    port: int
    proto: str
    formats: tuple[str, ...]
    address: str | None = None
    attributes: tuple[Attribute, ...] = ()
    n_ports: int = 1

    @property
    def payload_types(self) -> list[int]:
        """The formats that are RTP payload types, the preferred one first."""
        return [int(text) for text in self.formats if _is_payload_type(text)]

    @property
    def rtpmap(self) -> dict[int, Encoding]:
        """What the attributes say; static payload types without a line are not in it."""
        encodings: dict[int, Encoding] = {}
        for value in self._values("rtpmap"):
            match = _RTPMAP.match(value)
            if match is not None and int(match[1]) <= 127:
                name = match[2].upper()
                encodings[int(match[1])] = Encoding(name, int(match[3]), int(match[4] or 1))
        return encodings

    @property
    def encodings(self) -> dict[int, Encoding | None]:
        """What each payload type of this m= line means, in order; None: not known."""
        known = _STATIC_FORMATS | self.rtpmap
        return {payload_type: known.get(payload_type) for payload_type in self.payload_types}

    @property
    def fmtp(self) -> dict[int, str]:
        """Format parameters by payload type."""
        matches = [_FMTP.fullmatch(value) for value in self._values("fmtp")]
        return {int(match[1]): match[2] for match in matches if match is not None}

    @property
    def ptime_ms(self) -> int | None:
        """Length of packet that the sender of this description would like to receive."""
        return self._milliseconds("ptime")

    @property
    def max_ptime_ms(self) -> int | None:
        """Longest packet that the sender of this description can receive."""
        return self._milliseconds("maxptime")

    @property
    def direction(self) -> str | None:
        """None: the one of the session holds."""
        return _direction(self.attributes)

    @property
    def rtcp(self) -> tuple[str | None, int] | None:
        """Address (None: that of the media) and port of a=rtcp (RFC 3605)."""
        for value in self._values("rtcp"):
            match = _RTCP.fullmatch(value)
            if match is None or not 0 < int(match[1]) <= 65535:
                continue
            address = _ADDRESS.fullmatch(match[2]) if match[2] else None
            return (address[1] if address else None), int(match[1])
        return None

    def _milliseconds(self, name: str) -> int | None:
        for value in self._values(name):
            # Some write 20.0; a fraction never matters for the codecs we speak.
            whole = value.partition(".")[0]
            if whole.isascii() and whole.isdigit() and len(whole) <= 4 and int(whole) > 0:
                return int(whole)
        return None

    def _values(self, name: str) -> list[str]:
        return [value for key, value in self.attributes if key == name and value is not None]

    def _lines(self) -> list[str]:
        ports = f"{self.port}/{self.n_ports}" if self.n_ports != 1 else str(self.port)
        lines = [f"m={self.kind} {ports} {self.proto} {' '.join(self.formats)}"]
        if self.address is not None:
            lines.append(f"c={format_address(self.address)}")
        return lines + [_format_attribute(attribute) for attribute in self.attributes]


@dataclass(frozen=True, slots=True)
class SessionDescription:
    """A whole session description. `str()` writes it with CRLF line ends.

    address: the c= line of the session; None where each media has its own. Lines that say
    nothing about media (e=, b=, k= ...) are dropped on reading.
    """

    origin: Origin
    address: str | None = None
    media: tuple[MediaDescription, ...] = ()
    attributes: tuple[Attribute, ...] = ()
    name: str = "-"
    timing: str = "0 0"

    @classmethod
    def parse(cls, data: bytes) -> SessionDescription:
        """Raises SdpError (400)."""
        if len(data) > MAX_SDP_BYTES:
            raise SdpError("session description too large", 413)
        if b"\x00" in data:
            raise SdpError("NUL in a session description")
        lines = [line for line in _LINE_END.split(data.decode("utf-8", "surrogateescape")) if line]
        if len(lines) > MAX_LINES:
            raise SdpError("session description has too many lines", 413)
        if not lines or lines[0].rstrip() != "v=0":
            raise SdpError("session description does not begin with v=0")
        return _assemble(lines[1:])

    def __str__(self) -> str:
        origin = self.origin
        lines = [
            "v=0",
            f"o={origin.username} {origin.session_id} {origin.version} "
            f"{format_address(origin.address)}",
            f"s={self.name}",
        ]
        if self.address is not None:
            lines.append(f"c={format_address(self.address)}")
        lines.append(f"t={self.timing}")
        lines += [_format_attribute(attribute) for attribute in self.attributes]
        for media in self.media:
            lines += media._lines()
        return "\r\n".join([*lines, ""])

    def to_bytes(self) -> bytes:
        return str(self).encode("utf-8", "surrogateescape")

    def address_of(self, media: MediaDescription) -> str | None:
        """Where that media is to be sent: its own c= line or the session's."""
        return self.address if media.address is None else media.address

    def direction_of(self, media: MediaDescription) -> str:
        """sendrecv, sendonly, recvonly or inactive, as the writer of the description sees it."""
        return media.direction or _direction(self.attributes) or "sendrecv"


def format_address(address: str) -> str:
    return f"IN IP6 {address}" if ":" in address else f"IN IP4 {address}"


def _assemble(lines: list[str]) -> SessionDescription:
    origin: Origin | None = None
    address: str | None = None
    name, timing = "-", "0 0"
    attributes: list[Attribute] = []
    media: list[MediaDescription] = []
    section: _MediaSection | None = None
    for line in lines:
        if line[1:2] != "=" or not line[0].isalpha():
            raise SdpError("malformed line in a session description")
        kind, value = line[0], line[2:]
        if kind == "m":
            if section is not None:
                media.append(section.finish())
            if len(media) >= MAX_MEDIA:
                raise SdpError("session description has too many media", 413)
            section = _MediaSection(value)
        elif kind == "c":
            if section is None:
                address = _parse_address(value)
            else:
                section.address = _parse_address(value)
        elif kind == "a":
            (attributes if section is None else section.attributes).append(_attribute(value))
        elif section is None:
            if kind == "o":
                origin = _parse_origin(value)
            elif kind == "s":
                name = value.strip() or "-"
            elif kind == "t":
                timing = value.strip() or timing
    if section is not None:
        media.append(section.finish())
    if origin is None:
        raise SdpError("session description without an origin")
    return SessionDescription(origin, address, tuple(media), tuple(attributes), name, timing)


class _MediaSection:
    """An m= line and what follows it, while it is being read."""

    def __init__(self, value: str) -> None:
        match = _MEDIA.fullmatch(value.rstrip())
        if match is None:
            raise SdpError("malformed m= line")
        self._match = match
        self.address: str | None = None
        self.attributes: list[Attribute] = []

    def finish(self) -> MediaDescription:
        kind, port_text, n_ports_text, proto, formats = self._match.groups()
        names = tuple(formats.split())
        if len(names) > MAX_FORMATS:
            raise SdpError("too many formats in an m= line")
        port, n_ports = int(port_text), int(n_ports_text or 1)
        if port > 65535 or not 1 <= n_ports <= 65535:
            raise SdpError("port out of range in an m= line")
        return MediaDescription(
            kind=kind.lower(),
            port=port,
            proto=proto,
            formats=names,
            address=self.address,
            attributes=tuple(self.attributes),
            n_ports=n_ports,
        )


def _parse_address(value: str) -> str:
    match = _ADDRESS.fullmatch(value.strip())
    if match is None:
        raise SdpError("malformed c= line")
    return match[1]


def _parse_origin(value: str) -> Origin:
    parts = value.split()
    if len(parts) != 6:
        raise SdpError("malformed o= line")
    # The address is only a name here, so any text will do.
    return Origin(parts[0], parts[1], parts[2], parts[5])


def _attribute(value: str) -> Attribute:
    name, colon, rest = value.partition(":")
    return name.strip().lower(), (rest.strip() if colon else None)


def _format_attribute(attribute: Attribute) -> str:
    name, value = attribute
    return f"a={name}" if value is None else f"a={name}:{value}"


def _direction(attributes: tuple[Attribute, ...]) -> str | None:
    for name, value in attributes:
        if value is None and name in DIRECTIONS:
            return name
    return None


def _is_payload_type(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 127
