"""The part of the user agent that answers challenges to requests of a call."""

from __future__ import annotations

from voicebot.gateway.sip.agent.agent_core import AgentCore, SentRequest
from voicebot.gateway.sip.agent.sip_call import CallState, SipCall
from voicebot.gateway.sip.messages.message import SipResponse

# 22.1: a CANCEL can't be sent again; servers must not challenge it.
_NEVER_ANSWERED = frozenset({"ACK", "CANCEL"})


class Authentication:
    """Sends a request once more, with credentials, where the call has an account for it."""

    def __init__(self, core: AgentCore) -> None:
        self._core = core
        core.response_takers.append(self._take)

    def _take(self, sent: SentRequest, response: SipResponse, now: float) -> bool:
        call = sent.call
        if call is None or call.digest is None or sent.request.method in _NEVER_ANSWERED:
            return False
        if _is_unwanted(call, sent):
            return False
        if not call.digest.learn(sent.request, response, sent.n_tries):
            return False
        self._core.send_again(sent, (), now)
        return True


def _is_unwanted(call: SipCall, sent: SentRequest) -> bool:
    """Whether nobody waits for the answer any more: a new INVITE would make a phone ring."""
    if sent.request.method == "BYE":
        return False
    return call.cancel_is_wanted or call.state in (CallState.ENDING, CallState.ENDED)
