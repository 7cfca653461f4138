"""SIP requests and responses, from and to octets (RFC 3261 §7, §18.3). No I/O.

Tolerant where a reader can't be led astray (names, display names, LF line ends), strict where
two readers could disagree (lengths, doubled parameters, white space in a URI).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.headers import Headers
from voicebot.gateway.sip.messages.reasons import REASONS
from voicebot.gateway.sip.messages.uri import CSeq, NameAddr, SipUri, Via

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_DATAGRAM_BYTES",
    "MAX_HEADER_FIELDS",
    "MAX_HEADER_LINE_BYTES",
    "MAX_HEAD_BYTES",
    "MAX_LIST_ELEMENTS",
    "REASONS",
    "Head",
    "Headers",
    "MalformedRequest",
    "SipMessage",
    "SipRequest",
    "SipResponse",
    "find_head_end",
    "make_response",
    "parse_datagram",
    "parse_fields",
    "parse_head",
]

# What is taken in at most. A request above that is answered with 513 where it can be read.
MAX_DATAGRAM_BYTES = 65535
MAX_HEAD_BYTES = 32 * 1024
MAX_HEADER_LINE_BYTES = 16 * 1024
MAX_HEADER_FIELDS = 256
MAX_BODY_BYTES = 64 * 1024
# Of each list that names hops or addresses; Max-Forwards starts at 70 (§8.1.1.6).
MAX_LIST_ELEMENTS = 100

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LINE_END = re.compile(r"\r?\n")
_FOLD = re.compile(r"\r?\n[ \t]+")
_HEADER_NAME = re.compile(rf"([{syntax.TOKEN_CHARACTERS}]+)[ \t]*:")
_REQUEST_LINE = re.compile(
    rf"([{syntax.TOKEN_CHARACTERS}]+) ([^ ]+) SIP/([0-9]+\.[0-9]+)", re.IGNORECASE
)
_LOOKS_LIKE_REQUEST = re.compile(
    rf"([{syntax.TOKEN_CHARACTERS}]+)[ \t].*[ \t]SIP/[0-9]+\.[0-9]+[ \t]*", re.IGNORECASE
)
_STATUS_LINE = re.compile(r"SIP/2\.0 ([0-9]+)(?: (.*))?", re.IGNORECASE)

# Responses to these may form a dialog, and then carry the Record-Route back (§12.1.1).
_DIALOG_FORMING = frozenset({"INVITE", "SUBSCRIBE", "REFER"})


class MalformedRequest(SipParseError):
    """A bad request that can be answered: `make_response(error.request, error.status_hint)`.

    `request.via` and `request.cseq` can be read; nothing else is promised, and a
    Request-URI that could not be read has the scheme "". Never raised for ACK.
    """

    def __init__(self, reason: str, status_hint: int, request: SipRequest) -> None:
        super().__init__(reason, status_hint)
        self.request = request


class _Message:
    """The header values that requests and responses share, read on demand.

    Each property raises SipParseError where the field is absent or malformed; after
    `parse_datagram` or `StreamParser`, via, vias, call_id, cseq, from_ and to do not raise.
    """

    headers: Headers
    body: bytes

    @property
    def via(self) -> Via:
        """The top one: the last hop."""
        value = self._required("Via")
        return Via.parse(syntax.split_commas(value)[0])

    @property
    def vias(self) -> list[Via]:
        return [Via.parse(value) for value in self._list("Via")]

    @property
    def call_id(self) -> str:
        return self._required("Call-ID")

    @property
    def cseq(self) -> CSeq:
        return CSeq.parse(self._required("CSeq"))

    @property
    def from_(self) -> NameAddr:
        return NameAddr.parse(self._required("From"))

    @property
    def to(self) -> NameAddr:
        return NameAddr.parse(self._required("To"))

    @property
    def contacts(self) -> list[NameAddr]:
        return [NameAddr.parse(value) for value in self._list("Contact")]

    @property
    def contact(self) -> NameAddr | None:
        """The first Contact. Raises SipParseError on `*` too, which only REGISTER knows."""
        values = self._list("Contact")
        return NameAddr.parse(values[0]) if values else None

    @property
    def record_routes(self) -> list[NameAddr]:
        return [NameAddr.parse(value) for value in self._list("Record-Route")]

    @property
    def content_type(self) -> str | None:
        """`type/subtype` in lower case, without parameters; None without a Content-Type."""
        value = self.headers.get("Content-Type")
        return None if value is None else value.partition(";")[0].strip(syntax.WHITESPACE).lower()

    def _list(self, name: str) -> list[str]:
        values = self.headers.values(name)
        if len(values) > MAX_LIST_ELEMENTS:
            raise SipParseError(f"{name} has too many elements", 513)
        return values

    def _required(self, name: str) -> str:
        value = self.headers.get(name)
        if not value:
            raise SipParseError(f"{name} is missing")
        return value

    def _to_bytes(self, start_line: str) -> bytes:
        lines = [start_line]
        has_length = False
        for name, value in self.headers:
            if name.lower() == "content-length":
                if has_length:
                    continue
                value = str(len(self.body))
                has_length = True
            lines.append(f"{name}: {value}")
        if not has_length:
            lines.append(f"Content-Length: {len(self.body)}")
        head = "\r\n".join([*lines, "", ""])
        return head.encode("utf-8", "surrogateescape") + self.body


@dataclass
class SipRequest(_Message):
    method: str
    uri: SipUri
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    @property
    def routes(self) -> list[NameAddr]:
        return [NameAddr.parse(value) for value in self._list("Route")]

    @property
    def max_forwards(self) -> int | None:
        value = self.headers.get("Max-Forwards")
        return None if value is None else syntax.parse_number(value, 255, "Max-Forwards")

    @property
    def require(self) -> list[str]:
        return syntax.option_tags(self.headers.get_all("Require"))

    @property
    def supported(self) -> list[str]:
        return syntax.option_tags(self.headers.get_all("Supported"))

    def to_bytes(self) -> bytes:
        """With the Content-Length of the body."""
        return self._to_bytes(f"{self.method} {self.uri} SIP/2.0")


@dataclass
class SipResponse(_Message):
    status: int
    reason: str
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""

    def to_bytes(self) -> bytes:
        """With the Content-Length of the body."""
        reason = self.reason.replace("\r", " ").replace("\n", " ")
        return self._to_bytes(f"SIP/2.0 {self.status} {reason}")


SipMessage = SipRequest | SipResponse

Refusal = tuple[int, list[tuple[str, str]]]
"""Status and the header fields that its response must carry."""


def make_response(
    request: SipRequest,
    status: int,
    reason: str | None = None,
    to_tag: str | None = None,
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    content_type: str | None = None,
) -> SipResponse:
    """The response of §8.2.6, with the request's Via, From, To, Call-ID and CSeq.

    to_tag: added where the To of the request has none. Header fields are copied as text, so
    that a malformed request can be answered too.
    """
    answer = Headers()
    for via in request.headers.get_all("Via"):
        answer.add("Via", via)
    # §12.1.1: in all responses that form a dialog, in the same order.
    if 101 <= status <= 299 and request.method in _DIALOG_FORMING:
        for route in request.headers.get_all("Record-Route"):
            answer.add("Record-Route", route)
    for name in ("From", "To", "Call-ID", "CSeq"):
        value = request.headers.get(name)
        if value is None:
            continue
        if name == "To" and to_tag is not None and not _has_tag(value):
            value = f"{value};tag={to_tag}"
        answer.add(name, value)
    if status == 100 and (timestamp := request.headers.get("Timestamp")) is not None:
        answer.add("Timestamp", timestamp)
    for name, value in headers:
        answer.add(name, value)
    if content_type is not None:
        answer.set("Content-Type", content_type)
    return SipResponse(status, REASONS.get(status, "") if reason is None else reason, answer, body)


def _has_tag(to: str) -> bool:
    try:
        return NameAddr.parse(to).tag is not None
    except SipParseError:
        return False


def parse_datagram(data: bytes) -> SipMessage:
    """The message in one datagram; octets after its Content-Length are ignored (§18.3).

    Raises MalformedRequest where an error response can be sent, else SipParseError.
    """
    if len(data) > MAX_DATAGRAM_BYTES:
        raise SipParseError("datagram too large", 513)
    data = data.lstrip(b"\r\n")  # §7.5: ignored before a message
    end = find_head_end(data)
    is_whole = end is not None
    head_end, body_start = end or (len(data), len(data))
    head = parse_head(data[:head_end])
    if head.error is None and not is_whole:
        head.error = head.fail("the empty line after the header is missing", 400)
    if head.error is not None:
        raise head.error
    available = len(data) - body_start
    length = available if head.content_length is None else head.content_length
    if length > available:
        raise head.fail("the body is shorter than Content-Length", 400)
    if length > MAX_BODY_BYTES:
        raise head.fail("body too large", 513)
    head.message.body = data[body_start : body_start + length]
    return head.message


def find_head_end(data: bytes | bytearray, start: int = 0) -> tuple[int, int] | None:
    """Where the header ends and where the body starts."""
    match = _HEAD_END.search(data, start)
    return None if match is None else match.span()


@dataclass
class Head:
    """What stands before the body, as far as it could be read.

    message: without body; of a malformed request, what make_response needs. error: the
    first fault, or None. content_length: None where absent or unreadable.
    """

    message: SipMessage
    content_length: int | None = None
    has_sound_length: bool = True
    error: SipParseError | None = None

    def fail(self, reason: str, status_hint: int) -> SipParseError:
        """The error to raise for this message: a MalformedRequest where it can be answered."""
        message = self.message
        if isinstance(message, SipResponse) or message.method == "ACK":
            return SipParseError(reason, status_hint)
        try:
            # Without these two no response reaches its transaction.
            _ = message.via, message.cseq
        except SipParseError:
            return SipParseError(reason, status_hint)
        return MalformedRequest(reason, status_hint, message)


def parse_head(data: bytes) -> Head:
    """Read start line and header fields. Raises SipParseError where the octets are no SIP.

    A fault of a message that is recognisably SIP is not raised but kept in `error`, because
    on a stream the message after it can still be found.
    """
    start_octets, _, field_octets = data.partition(b"\n")
    start_line = start_octets.removesuffix(b"\r").decode("utf-8", "surrogateescape")
    if len(start_line) > MAX_HEADER_LINE_BYTES or len(data) > MAX_HEAD_BYTES:
        raise SipParseError("header too large", 513)
    if start_line[:4].upper() == "SIP/":
        head = _response_head(start_line)
    else:
        head = _request_head(start_line)
    faults = parse_fields(field_octets, head.message.headers)
    _read_content_length(head, faults)
    if head.error is not None:  # a 505 comes before all, as another version has other rules
        head.error = head.fail(str(head.error), head.error.status_hint)
    elif faults:
        head.error = head.fail(str(faults[0]), faults[0].status_hint)
    else:
        try:
            _check_core(head.message)
        except SipParseError as error:
            head.error = head.fail(str(error), error.status_hint)
    return head


def _request_head(line: str) -> Head:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        rough = _LOOKS_LIKE_REQUEST.fullmatch(line)
        if rough is None:
            raise SipParseError("no SIP start line")
        request = SipRequest(rough[1], SipUri(scheme=""))
        return Head(request, error=SipParseError("malformed request line"))
    method, uri_text, version = match.groups()
    request = SipRequest(method, SipUri(scheme=""))
    if version != "2.0":
        return Head(request, error=SipParseError("SIP version not supported", 505))
    try:
        request.uri = SipUri.parse(uri_text)
    except SipParseError as error:
        return Head(request, error=error)
    return Head(request)


def _response_head(line: str) -> Head:
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise SipParseError("malformed status line")
    status_text, reason = match[1], match[2] or ""
    if len(status_text) != 3 or not 100 <= int(status_text) <= 699:
        raise SipParseError("status code out of range")
    return Head(SipResponse(int(status_text), reason))


def parse_fields(octets: bytes, headers: Headers) -> list[SipParseError]:
    """Put what can be read into `headers`; return what was wrong."""
    if not octets:
        return []
    faults: list[SipParseError] = []
    text = octets.decode("utf-8", "surrogateescape")
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    for line in _LINE_END.split(text):
        if not line:
            continue
        if len(line) > MAX_HEADER_LINE_BYTES or len(headers) >= MAX_HEADER_FIELDS:
            faults.append(SipParseError("header too large", 513))
            break
        match = _HEADER_NAME.match(line)
        # A lone CR would end the line for some readers of what we copy into a response.
        if match is None or "\r" in line:
            faults.append(SipParseError("malformed header field"))
            continue
        headers.add(match[1], line[match.end() :])
    return faults


def _read_content_length(head: Head, faults: list[SipParseError]) -> None:
    values = head.message.headers.get_all("Content-Length")
    if not values:
        return
    try:
        # Two lengths leave no way to know where the message ends (RFC 4475 3.3.9).
        if len(values) > 1:
            raise SipParseError("Content-Length given twice")
        head.content_length = syntax.parse_number(values[0], 2**31, "Content-Length")
    except SipParseError as error:
        head.has_sound_length = False
        faults.append(error)


def _check_core(message: SipMessage) -> None:
    """Raise SipParseError unless the fields that every message needs can be read (§8.1.1)."""
    _ = message.vias, message.via, message.call_id, message.cseq, message.from_, message.to
