"""The part of the user agent that takes INFO requests in: keys of phones that send them so."""

from __future__ import annotations

from voicebot.gateway.sip.agent.agent_core import AgentCore
from voicebot.gateway.sip.agent.sip_call import CallState, KeyReceived, SipCall
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.agent.transaction import ServerTransaction
from voicebot.gateway.sip.messages.dtmf_info import judge_info


class InfoRequests:
    """Answers each INFO of a call and reports the key in it."""

    def __init__(self, core: AgentCore) -> None:
        self._core = core

    def receive(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        verdict = judge_info(transaction.request)
        self._core.respond(transaction, verdict.status, now, verdict.headers)
        if verdict.digit and call.state is CallState.UP:
            self._core.events.append(KeyReceived(call, verdict.digit))
