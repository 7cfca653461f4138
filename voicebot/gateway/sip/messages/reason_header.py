"""Why a call was ended, as the Reason header field says it (RFC 3326)."""

from __future__ import annotations

from dataclasses import dataclass

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.message import SipMessage

_MAX_CAUSE = 999


@dataclass(frozen=True, slots=True)
class Reason:
    """protocol: `SIP` (cause: a status code), `Q.850` (a cause of ISDN) or another's name."""

    protocol: str
    cause: int
    text: str = ""

    @property
    def field(self) -> tuple[str, str]:
        """As a header field."""
        text = f";text={syntax.quote_string(self.text)}" if self.text else ""
        return ("Reason", f"{self.protocol};cause={self.cause}{text}")


NORMAL_CLEARING = Reason("Q.850", 16, "Normal call clearing")
NO_ANSWER = Reason("Q.850", 19, "No answer from user")
_OF_ENDS = {
    "no_media": Reason("SIP", 408, "Media timeout"),
    "held_too_long": Reason("SIP", 408, "Held for too long"),
    "error": Reason("Q.850", 41, "Temporary failure"),
    "shutdown": Reason("SIP", 503, "Shutting down"),
}


def reason_of_end(why: str) -> Reason:
    """What a BYE says about a leg that ends for `why` (`LegEnded.reason`)."""
    return _OF_ENDS.get(why, NORMAL_CLEARING)


def read_reason(message: SipMessage) -> Reason | None:
    """The first reason with a cause; None where there is none to be read. Raises nothing."""
    for value in message.headers.values("Reason"):
        protocol, semicolon, _ = value.partition(";")
        try:
            parameters = syntax.parse_parameters(value, len(protocol)) if semicolon else {}
            cause = syntax.parse_number(parameters.get("cause") or "", _MAX_CAUSE, "cause")
        except SipParseError:
            continue
        name = syntax.printable_text(protocol.strip(syntax.WHITESPACE))
        return Reason(name, cause, syntax.printable_text(parameters.get("text") or ""))
    return None
