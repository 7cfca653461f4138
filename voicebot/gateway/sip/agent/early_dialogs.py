"""The part of the user agent that hears provisional answers to its calls: PRACK, early media."""

from __future__ import annotations

from voicebot.errors import SipParseError
from voicebot.gateway.sip.agent.agent_core import AgentCore, ignore_response
from voicebot.gateway.sip.agent.early_dialog import EarlyDialog
from voicebot.gateway.sip.agent.sip_call import CallProgressed, SipCall
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.message import SipResponse
from voicebot.gateway.sip.sdp.sdp_body import find_sdp

_MAX_RSEQ = 2**32 - 1
# A call that rings in more places than that is some mischief.
_MAX_FORKS = 16


class EarlyDialogs:
    """Keeps the forks of each call that is not answered."""

    def __init__(self, core: AgentCore) -> None:
        self._core = core

    def receive_provisional(self, call: SipCall, response: SipResponse, now: float) -> None:
        """Take in an answer of 101 to 199. Raises SipParseError."""
        tag = response.to.tag
        rseq = _rseq_of(response)
        early = self._fork(call, response) if tag else None
        if early is not None and rseq is not None:
            if early.last_rseq is not None and rseq != early.last_rseq + 1:
                # 4: a repetition, whose PRACK is on its way, or one too early.
                return
            early.last_rseq = rseq
            self._send_prack(call, early, response, rseq, now)
        media = None
        sdp = find_sdp(response)
        if early is not None and sdp is not None and not early.is_settled:
            media = early.media = call.negotiation.preview(sdp)
            early.is_settled = media is not None and rseq is not None
        call.session.note_allowed(response)
        self._core.events.append(CallProgressed(call, response.status, media))

    def _fork(self, call: SipCall, response: SipResponse) -> EarlyDialog | None:
        tag = response.to.tag or ""
        if tag not in call.early and len(call.early) < _MAX_FORKS:
            dialog = SipDialog.as_client(call.invite, response)
            call.early[tag] = EarlyDialog(dialog)
            self._core.dialogs[dialog.key] = call
        return call.early.get(tag)

    def _send_prack(
        self, call: SipCall, early: EarlyDialog, response: SipResponse, rseq: int, now: float
    ) -> None:
        prack = early.dialog.create_request("PRACK")
        prack.headers.add("RAck", f"{rseq} {response.cseq}")
        self._core.send_in_dialog(call, early.dialog, prack, now, ignore_response)

    def confirm(self, call: SipCall, dialog: SipDialog) -> EarlyDialog | None:
        """A fork answered: its numbers go on in `dialog`, the other forks are forgotten.

        13.2.2.4: the route set is the one of the 2xx.
        """
        early = call.early.get(dialog.remote.tag or "")
        if early is not None:
            dialog.take_over(early.dialog)
        self._core.drop_early(call)
        return early


def _rseq_of(response: SipResponse) -> int | None:
    """The number of an answer that wants a PRACK."""
    if "100rel" not in syntax.option_tags(response.headers.get_all("Require")):
        return None
    value = response.headers.get("RSeq")
    if value is None:
        return None
    try:
        return syntax.parse_number(value, _MAX_RSEQ, "RSeq")
    except SipParseError:
        return None
