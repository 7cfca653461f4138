"""SIP addresses and the structured header values around them (RFC 3261 §19, §20, §25)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages import syntax

# RFC 3261 §8.1.1.7: a branch that starts so is unique, and transactions match on it.
MAGIC_COOKIE = "z9hG4bK"
MAX_CSEQ = 2**32 - 1

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.\-]*):(.*)", re.DOTALL)
_FORBIDDEN_IN_URI = re.compile(r'[\x00-\x20\x7f<>"\\]')
_HOST_PART = re.compile(rf"({syntax.HOST_PATTERN})(?::([0-9]+))?(;[^?]*)?(?:\?(.*))?", re.DOTALL)
_NAME_ADDR = re.compile(r'([^"<]*)<([^<>]*)>', re.DOTALL)
_VIA = re.compile(
    rf"SIP[ \t]*/[ \t]*[{syntax.TOKEN_CHARACTERS}]+[ \t]*/"
    rf"[ \t]*([{syntax.TOKEN_CHARACTERS}]+)[ \t]+"
    rf"({syntax.HOST_PATTERN})(?:[ \t]*:[ \t]*([0-9]+))?(?=[ \t]*(?:;|$))",
    re.IGNORECASE,
)
_CSEQ = re.compile(rf"([0-9]+)[ \t]+([{syntax.TOKEN_CHARACTERS}]+)")

_USER_SAFE = "!*'()&=+$,;?/"
_PASSWORD_SAFE = "!*'()&=+$,"
_PARAMETER_SAFE = "!*'()[]/:&+$"
_HEADER_SAFE = "!*'()[]/?:+$"


@dataclass(frozen=True, slots=True)
class SipUri:
    """Where a request goes. %HH is undone in every field and put back by `str()`.

    host: without brackets, also for IPv6. A scheme other than sip and sips keeps everything
    after the colon in `opaque`; of a tel URI, `user` is the number as well.
    """

    scheme: str
    user: str = ""
    host: str = ""
    port: int | None = None
    params: tuple[tuple[str, str | None], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    password: str | None = None
    opaque: str = ""

    @classmethod
    def parse(cls, text: str) -> SipUri:
        """Raises SipParseError."""
        match = _SCHEME.fullmatch(text)
        if match is None:
            raise SipParseError("URI without a scheme")
        if _FORBIDDEN_IN_URI.search(text):
            raise SipParseError("character not allowed in a URI")
        scheme, rest = match[1].lower(), match[2]
        if scheme not in ("sip", "sips"):
            if not rest:
                raise SipParseError("URI without a content")
            number = rest.partition(";")[0] if scheme == "tel" else ""
            return cls(scheme=scheme, user=number, opaque=rest)
        user_info, at, host_part = rest.rpartition("@")
        user, password = "", None
        if at:
            user_text, colon, password_text = user_info.partition(":")
            if not user_text or "@" in user_info:
                raise SipParseError("malformed user part of a URI")
            user = syntax.decode_percent(user_text)
            password = syntax.decode_percent(password_text) if colon else None
        parts = _HOST_PART.fullmatch(host_part)
        if parts is None:
            raise SipParseError("malformed host of a URI")
        return cls(
            scheme=scheme,
            user=user,
            host=syntax.parse_host(parts[1]),
            port=syntax.parse_port(parts[2]),
            params=_parse_uri_parameters(parts[3]),
            headers=_parse_uri_headers(parts[4]),
            password=password,
        )

    def __str__(self) -> str:
        if self.scheme not in ("sip", "sips"):
            return f"{self.scheme}:{self.opaque}"
        pieces = [self.scheme, ":"]
        if self.user:
            pieces.append(syntax.encode_percent(self.user, _USER_SAFE))
            if self.password is not None:
                pieces += [":", syntax.encode_percent(self.password, _PASSWORD_SAFE)]
            pieces.append("@")
        pieces.append(syntax.format_host(self.host, self.port))
        for name, value in self.params:
            pieces += [";", syntax.encode_percent(name, _PARAMETER_SAFE)]
            if value is not None:
                pieces += ["=", syntax.encode_percent(value, _PARAMETER_SAFE)]
        for index, (name, value) in enumerate(self.headers):
            pieces += [
                "&" if index else "?",
                syntax.encode_percent(name, _HEADER_SAFE),
                "=",
                syntax.encode_percent(value, _HEADER_SAFE),
            ]
        return "".join(pieces)

    @property
    def is_sip(self) -> bool:
        return self.scheme in ("sip", "sips")

    def has_param(self, name: str) -> bool:
        return any(key == name for key, _ in self.params)

    def param(self, name: str) -> str | None:
        """Value of a parameter (name in lower case); None also where it has no value."""
        return next((value for key, value in self.params if key == name), None)

    @property
    def is_loose_router(self) -> bool:
        return self.has_param("lr")

    def without_headers(self) -> SipUri:
        """Fit for a Request-URI, which takes no headers (RFC 3261 §19.1.1)."""
        return replace(self, headers=()) if self.headers else self

    def is_equivalent(self, other: SipUri) -> bool:
        """The comparison of RFC 3261 §19.1.4."""
        if self.scheme != other.scheme:
            return False
        if not self.is_sip:
            return self.opaque == other.opaque
        if (self.user, self.password, self.port) != (other.user, other.password, other.port):
            return False
        if self.host.lower() != other.host.lower():
            return False
        if sorted((name.lower(), value) for name, value in self.headers) != sorted(
            (name.lower(), value) for name, value in other.headers
        ):
            return False
        ours, theirs = dict(self.params), dict(other.params)
        for name in ours.keys() | theirs.keys():
            if name in ours and name in theirs:
                if (ours[name] or "").lower() != (theirs[name] or "").lower():
                    return False
            # Other parameters count only where both URIs have them.
            elif name in ("user", "ttl", "method", "maddr", "transport"):
                return False
        return True


@dataclass(frozen=True, slots=True)
class NameAddr:
    """A From, To, Contact, Route or Record-Route value: who, under which URI."""

    display_name: str
    uri: SipUri
    params: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> NameAddr:
        """One value, not a list. Raises SipParseError."""
        text = text.strip(syntax.WHITESPACE)
        display_name = ""
        position = 0
        if text.startswith('"'):
            quoted = syntax.QUOTED_STRING.match(text)
            if quoted is None:
                raise SipParseError("unterminated quote in an address")
            display_name = syntax.unquote_string(quoted[0])
            position = quoted.end()
        bracketed = _NAME_ADDR.match(text, position)
        if bracketed is not None:
            between = bracketed[1].strip(syntax.WHITESPACE)
            if position and between:
                raise SipParseError("text between a display name and its URI")
            # Names of other characters than a token's are common without quotes: taken as meant.
            display_name = display_name or between
            uri_text, parameters_at = bracketed[2], bracketed.end()
        elif position:
            raise SipParseError("display name without a URI in <>")
        else:
            semicolon = text.find(";")
            parameters_at = len(text) if semicolon < 0 else semicolon
            uri_text = text[:parameters_at].rstrip(syntax.WHITESPACE)
            # §20.10: a URI with one of these must stand in <>, or it could be read in two ways.
            if "?" in uri_text or "," in uri_text:
                raise SipParseError("a URI with ? or , stands outside <>")
        return cls(
            display_name, SipUri.parse(uri_text), syntax.parse_parameters(text, parameters_at)
        )

    def __str__(self) -> str:
        name = f"{syntax.quote_string(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri}>{syntax.format_parameters(self.params)}"

    @property
    def tag(self) -> str | None:
        return self.params.get("tag")

    def with_tag(self, tag: str) -> NameAddr:
        return replace(self, params={**self.params, "tag": tag})


@dataclass(frozen=True, slots=True)
class Via:
    """One hop that a request took, and so one that its response takes back.

    transport: upper case. host: without brackets.
    """

    transport: str
    host: str
    port: int | None = None
    params: dict[str, str | None] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Via:
        """One value, not a list. Raises SipParseError.

        The protocol version is read and dropped: a request of another version is answered
        with 505, along its Via.
        """
        text = text.strip(syntax.WHITESPACE)
        match = _VIA.match(text)
        if match is None:
            raise SipParseError("malformed Via")
        return cls(
            transport=match[1].upper(),
            host=syntax.parse_host(match[2]),
            port=syntax.parse_port(match[3]),
            params=syntax.parse_parameters(text, match.end()),
        )

    def __str__(self) -> str:
        sent_by = syntax.format_host(self.host, self.port)
        return f"SIP/2.0/{self.transport} {sent_by}{syntax.format_parameters(self.params)}"

    @property
    def branch(self) -> str | None:
        return self.params.get("branch")

    @property
    def has_unique_branch(self) -> bool:
        """False: an RFC 2543 client, whose transactions match on more (RFC 3261 §17.2.3)."""
        branch = self.branch or ""
        # The cookie alone identifies nothing (RFC 4475 3.2.1).
        return branch.startswith(MAGIC_COOKIE) and len(branch) > len(MAGIC_COOKIE)

    @property
    def received(self) -> str | None:
        """Address without brackets; both ways of writing IPv6 occur (RFC 5118 4.5)."""
        value = self.params.get("received")
        return value.strip("[]") if value else None

    @property
    def wants_rport(self) -> bool:
        return "rport" in self.params

    @property
    def rport(self) -> int | None:
        """The port filled in by the receiver (RFC 3581); None as long as it is only asked for."""
        value = self.params.get("rport")
        if not value:
            return None
        try:
            return syntax.parse_port(value)
        except SipParseError:
            return None

    @property
    def sent_by(self) -> tuple[str, int]:
        return self.host, self.port or (5061 if self.transport == "TLS" else 5060)

    def with_params(self, **params: str | int | None) -> Via:
        """With these parameters set; None sets one without a value."""
        texts = {name: None if value is None else str(value) for name, value in params.items()}
        return replace(self, params={**self.params, **texts})


@dataclass(frozen=True, slots=True)
class CSeq:
    """Which request of a dialog this is, or is answered."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> CSeq:
        match = _CSEQ.fullmatch(text.strip(syntax.WHITESPACE))
        if match is None:
            raise SipParseError("malformed CSeq")
        return cls(syntax.parse_number(match[1], MAX_CSEQ, "CSeq"), match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def _parse_uri_parameters(text: str | None) -> tuple[tuple[str, str | None], ...]:
    if not text:
        return ()
    if text.count(";") > syntax.MAX_PARAMETERS:
        raise SipParseError("too many URI parameters")
    parameters: dict[str, str | None] = {}
    for part in text[1:].split(";"):
        name_text, equals, value_text = part.partition("=")
        if not name_text:
            raise SipParseError("empty URI parameter")
        name = syntax.decode_percent(name_text).lower()
        value = syntax.decode_percent(value_text) if equals else None
        if name in parameters and parameters[name] != value:
            raise SipParseError("URI parameter given twice")
        parameters[name] = value
    return tuple(parameters.items())


def _parse_uri_headers(text: str | None) -> tuple[tuple[str, str], ...]:
    if text is None:
        return ()
    if text.count("&") >= syntax.MAX_PARAMETERS:
        raise SipParseError("too many URI headers")
    headers: list[tuple[str, str]] = []
    for part in text.split("&"):
        name, equals, value = part.partition("=")
        if not name or not equals:
            raise SipParseError("malformed URI header")
        headers.append((syntax.decode_percent(name), syntax.decode_percent(value)))
    return tuple(headers)


def uri_params(params: Mapping[str, str | None]) -> tuple[tuple[str, str | None], ...]:
    """URI parameters from a mapping, for building a SipUri."""
    return tuple((name.lower(), value) for name, value in params.items())
