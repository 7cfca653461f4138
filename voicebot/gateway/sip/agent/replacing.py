"""Which call a new one is to replace: the rules of RFC 3891 section 3."""

from __future__ import annotations

from voicebot.errors import SipParseError
from voicebot.gateway.sip.agent.agent_core import AgentCore
from voicebot.gateway.sip.agent.sip_call import CallState, SipCall
from voicebot.gateway.sip.messages.message import SipRequest
from voicebot.gateway.sip.messages.replaces import find_replaces


def find_replaced(core: AgentCore, invite: SipRequest) -> SipCall | None:
    """The running call that a new INVITE names; None where it names none.

    Raises SipParseError with the status to refuse the INVITE with. Calls that ring are nobody's
    to take: what we have to say to whom we call is not for who picks the call up elsewhere.
    """
    replaces = find_replaces(invite)
    if replaces is None:
        return None
    found = [core.dialogs[key] for key in replaces.dialog_keys if key in core.dialogs]
    if len(found) != 1:
        raise SipParseError("the call to replace is not here", 481)
    call = found[0]
    if call.state in (CallState.ENDING, CallState.ENDED):
        raise SipParseError("the call to replace is over", 603)
    if call.state is not CallState.UP:
        raise SipParseError("the call to replace is not answered", 481)
    if replaces.is_early_only:
        raise SipParseError("the call to replace is answered", 486)
    return call
