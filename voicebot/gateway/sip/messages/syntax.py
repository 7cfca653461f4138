"""Scanning that several SIP header values share: quoted strings, parameters, comma lists, %HH.

Text is bytes decoded as UTF-8 with surrogateescape, so octets that are no UTF-8 survive and
leave again unchanged. Use `printable_text` before such text reaches a log or a database.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, unquote_to_bytes

from voicebot.errors import SipParseError

TOKEN_CHARACTERS = r"A-Za-z0-9\-.!%*_+`'~"
TOKEN = re.compile(f"[{TOKEN_CHARACTERS}]+")
WHITESPACE = " \t"

_QUOTED = r'"(?:[^"\\]|\\.)*"'
QUOTED_STRING = re.compile(_QUOTED, re.DOTALL)
# Values outside quotes: more than a token, as hosts and bare IPv6 addresses occur (RFC 5118 4.5).
_PARAMETER = re.compile(
    rf'[ \t]*;[ \t]*([{TOKEN_CHARACTERS}]+)[ \t]*(?:=[ \t]*({_QUOTED}|[^\s;,"<>\\]*))?', re.DOTALL
)
_PLAIN_VALUE = re.compile(r'[^\s;,"<>\\\x00-\x20\x7f]+')
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_NEEDS_ESCAPE = re.compile(r'(["\\\x00-\x08\x0a-\x1f\x7f])')
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LIST_SPECIAL = re.compile(r'["\\,<>]')
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

# Labels of DNS lengths: looking up any other name is an error of its own kind.
_LABEL = r"[A-Za-z0-9_\-]{1,63}"
HOST_PATTERN = rf"\[[0-9A-Fa-f:.]+\]|{_LABEL}(?:\.{_LABEL})*\.?"
MAX_HOST_LENGTH = 253

# One value never needs so many; without a limit a stranger buys milliseconds with each datagram.
MAX_PARAMETERS = 64

Parameters = Mapping[str, str | None]


def printable_text(text: str) -> str:
    """The text without controls and stray octets, fit for logs and storage."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def unquote_string(quoted: str) -> str:
    """What a quoted-string (with its quotes) says."""
    inner = quoted[1:-1]
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def quote_string(text: str) -> str:
    """`text` as a quoted-string. Line ends can't be expressed in one and become spaces."""
    text = text.replace("\r", " ").replace("\n", " ")
    return '"' + _NEEDS_ESCAPE.sub(r"\\\1", text) + '"'


def parse_parameters(text: str, start: int = 0) -> dict[str, str | None]:
    """Read `;name=value` pairs from `start` to the end; names in lower case, values unquoted.

    A name given twice with different values is refused: readers would disagree on it.
    """
    parameters: dict[str, str | None] = {}
    text = text.rstrip(WHITESPACE)
    position, end = start, len(text)
    n_parameters = 0
    while position < end:
        match = _PARAMETER.match(text, position)
        if match is None:
            raise SipParseError("malformed header parameter")
        n_parameters += 1
        if n_parameters > MAX_PARAMETERS:
            raise SipParseError("too many header parameters")
        name = match[1].lower()
        value: str | None = match[2]
        if value is not None and value.startswith('"'):
            value = unquote_string(value)
        if name in parameters and parameters[name] != value:
            raise SipParseError("header parameter given twice")
        parameters[name] = value
        position = match.end()
    return parameters


def format_parameters(parameters: Parameters) -> str:
    return "".join(
        f";{name}" if value is None else f";{name}={_format_value(value)}"
        for name, value in parameters.items()
    )


def _format_value(value: str) -> str:
    return value if _PLAIN_VALUE.fullmatch(value) else quote_string(value)


def split_commas(text: str) -> list[str]:
    """Elements of a comma list, stripped. Commas in quotes and in <> do not split."""
    if "," not in text:
        return [text.strip(WHITESPACE)]
    if '"' not in text and "<" not in text:
        return [part.strip(WHITESPACE) for part in text.split(",")]
    parts: list[str] = []
    start = 0
    is_quoted = is_bracketed = False
    skip_to = 0
    for match in _LIST_SPECIAL.finditer(text):
        if match.start() < skip_to:
            continue
        character = match[0]
        if is_quoted:
            if character == "\\":
                skip_to = match.end() + 1
            elif character == '"':
                is_quoted = False
        elif character == '"' and not is_bracketed:
            is_quoted = True
        elif character == "<":
            is_bracketed = True
        elif character == ">":
            is_bracketed = False
        elif character == "," and not is_bracketed:
            parts.append(text[start : match.start()].strip(WHITESPACE))
            start = match.end()
    parts.append(text[start:].strip(WHITESPACE))
    return parts


def decode_percent(text: str) -> str:
    """Undo %HH. Decoding goes through octets, so that a raw octet equals its escaped form."""
    if "%" not in text:
        return text
    if _BAD_ESCAPE.search(text):
        raise SipParseError("malformed %HH escape")
    octets = unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
    return octets.decode("utf-8", "surrogateescape")


def encode_percent(text: str, safe: str) -> str:
    return quote(text, safe=safe, errors="surrogateescape")


def parse_number(text: str, maximum: int, what: str) -> int:
    """A decimal number in 0..maximum. `what` names it in the error."""
    # Comparing lengths first keeps int() away from a value of thousands of digits.
    digits = text.lstrip("0") or "0"
    if not (text.isascii() and text.isdigit()) or len(digits) > len(str(maximum)):
        raise SipParseError(f"{what} is no number or out of range")
    number = int(digits)
    if number > maximum:
        raise SipParseError(f"{what} is out of range")
    return number


def parse_host(text: str) -> str:
    """A host that matches HOST_PATTERN, without the brackets of an IPv6 reference."""
    if not text.startswith("["):
        if len(text) > MAX_HOST_LENGTH:
            raise SipParseError("host too long")
        return text
    # An ABNF error of RFC 3261 lets three colons through, so they occur (RFC 5118 4.10).
    address = text[1:-1].replace(":::", "::", 1)
    try:
        ipaddress.IPv6Address(address)
    except ValueError:
        raise SipParseError("malformed IPv6 address") from None
    return address


def format_host(host: str, port: int | None = None) -> str:
    shown = f"[{host}]" if ":" in host else host
    return shown if port is None else f"{shown}:{port}"


def parse_port(text: str | None) -> int | None:
    if text is None:
        return None
    port = parse_number(text, 65535, "port")
    if port == 0:
        raise SipParseError("port is 0")
    return port


def option_tags(values: Iterable[str]) -> list[str]:
    """Option tags of Require, Supported and the like, without empty elements."""
    return [tag for value in values for tag in split_commas(value) if tag]
