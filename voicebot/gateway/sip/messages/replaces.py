"""The Replaces header field (RFC 3891): a new call that takes the place of a running one.

A dialog is replaced only by who names it exactly: Call-ID and both tags, which only its two ends
and whoever they told can know. Calls that are ringing are nobody's to take: what we have to say
to the one who was called is not for who picks the call up elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.dialog_key import DialogKey
from voicebot.gateway.sip.messages.message import SipRequest

MAX_REPLACES_CHARACTERS = 1024

# RFC 3261 section 25: callid = word [ "@" word ]
_WORD = r"[A-Za-z0-9\-.!%*_+`'~()<>:\\\"/\[\]?{}]+"
_CALL_ID = re.compile(rf"{_WORD}(?:@{_WORD})?")
_TAG = re.compile(f"[{syntax.TOKEN_CHARACTERS}]+")


@dataclass(frozen=True, slots=True)
class Replaces:
    """Which dialog is to be replaced, seen from the side that is asked to replace it.

    to_tag: the tag of the asked side; from_tag: of its present partner.
    is_early_only: not to be done once that dialog is answered.
    """

    call_id: str
    to_tag: str
    from_tag: str
    is_early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> Replaces:
        """One value. Raises SipParseError."""
        text = text.strip(syntax.WHITESPACE)
        if len(text) > MAX_REPLACES_CHARACTERS:
            raise SipParseError("Replaces is too long")
        call_id, semicolon, _ = text.partition(";")
        call_id = call_id.rstrip(syntax.WHITESPACE)
        if not _CALL_ID.fullmatch(call_id) or not semicolon:
            raise SipParseError("malformed Replaces")
        parameters = syntax.parse_parameters(text, text.index(";"))
        to_tag, from_tag = parameters.get("to-tag"), parameters.get("from-tag")
        if not to_tag or not from_tag or not _TAG.fullmatch(to_tag) or not _TAG.fullmatch(from_tag):
            raise SipParseError("Replaces without both tags")
        return cls(call_id, to_tag, from_tag, "early-only" in parameters)

    def __str__(self) -> str:
        flag = ";early-only" if self.is_early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{flag}"

    @property
    def dialog_keys(self) -> tuple[DialogKey, ...]:
        """What to look for among our dialogs; a tag `0` also means none at all (section 3)."""
        return tuple(
            (self.call_id, ours, theirs)
            for ours in _readings(self.to_tag)
            for theirs in _readings(self.from_tag)
        )


def find_replaces(request: SipRequest) -> Replaces | None:
    """Of a request; None without one. Raises SipParseError, as section 3 asks, where it has two,
    or one that is malformed or stands in another request than an INVITE."""
    values = request.headers.get_all("Replaces")
    if not values:
        return None
    if len(values) > 1 or request.method != "INVITE" or "Join" in request.headers:
        raise SipParseError("Replaces given twice, or where it does not belong")
    return Replaces.parse(values[0])


def _readings(tag: str) -> tuple[str, ...]:
    return (tag, "") if tag == "0" else (tag,)
