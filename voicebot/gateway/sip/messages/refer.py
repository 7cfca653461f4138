"""Refer-To and Referred-By: who asks whom to call where (RFC 3515, 3892, 5589). No I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse
from voicebot.gateway.sip.messages.replaces import Replaces
from voicebot.gateway.sip.messages.uri import NameAddr, SipUri

MAX_REFER_TO_CHARACTERS = 2048
MAX_REFERRED_BY_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class ReferTarget:
    """Whom to call, and which dialog of his the new call is to replace (attended transfer).

    uri: without headers and without `method`, fit for a Request-URI.
    """

    uri: SipUri
    replaces: Replaces | None = None

    @classmethod
    def parse(cls, text: str) -> ReferTarget:
        """A Refer-To value. Raises SipParseError whose `status_hint` is the answer to give.

        Of the headers in the URI only Replaces is taken over; any other would let a stranger
        write our requests (RFC 3261 19.1.5).
        """
        if len(text) > MAX_REFER_TO_CHARACTERS:
            raise SipParseError("Refer-To is too long", 513)
        uri = NameAddr.parse(text).uri
        if uri.scheme not in ("sip", "sips", "tel"):
            raise SipParseError("Refer-To has a scheme that is no call", 416)
        if (uri.param("method") or "INVITE").upper() != "INVITE":
            raise SipParseError("Refer-To asks for another method than INVITE", 603)
        replaces = [value for name, value in uri.headers if name.lower() == "replaces"]
        if len(replaces) > 1:
            raise SipParseError("Refer-To names two calls to replace")
        params = tuple(pair for pair in uri.params if pair[0] != "method")
        return cls(
            replace(uri, headers=(), params=params),
            Replaces.parse(replaces[0]) if replaces else None,
        )

    def __str__(self) -> str:
        headers = (("Replaces", str(self.replaces)),) if self.replaces else ()
        return str(NameAddr("", replace(self.uri, headers=headers)))


def find_refer_to(request: SipRequest) -> ReferTarget:
    """Of a REFER, which has exactly one (RFC 3515 2.4.1). Raises SipParseError."""
    values = request.headers.get_all("Refer-To")
    if len(values) != 1 or len(syntax.split_commas(values[0])) != 1:
        raise SipParseError("a REFER has exactly one Refer-To")
    return ReferTarget.parse(values[0])


def find_referred_by(request: SipRequest) -> str | None:
    """The Referred-By to pass on in the INVITE (RFC 3892 2.2), or None without a usable one.

    It is a claim of the referrer, proven by nothing.
    """
    values = request.headers.get_all("Referred-By")
    if len(values) != 1 or len(values[0]) > MAX_REFERRED_BY_CHARACTERS:
        return None
    try:
        return str(NameAddr.parse(values[0]))
    except SipParseError:
        return None


def is_without_subscription(message: SipRequest | SipResponse) -> bool:
    """Whether Refer-Sub asks (in a REFER) or tells (in its answer) that no NOTIFY follows
    (RFC 4488)."""
    value = (message.headers.get("Refer-Sub") or "").partition(";")[0]
    return value.strip(syntax.WHITESPACE).lower() == "false"
