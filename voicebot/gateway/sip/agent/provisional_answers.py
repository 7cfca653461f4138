"""The part of the user agent that makes provisional answers arrive (RFC 3262), as who is called."""

from __future__ import annotations

import secrets

from voicebot.errors import SdpError, SipParseError
from voicebot.gateway.sip.agent.agent_core import AgentCore
from voicebot.gateway.sip.agent.provisional_answer import ProvisionalAnswer
from voicebot.gateway.sip.agent.sip_call import (
    CallState,
    MediaChanged,
    SipCall,
    UnacknowledgedAnswer,
)
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.agent.transaction import ServerTransaction
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse, make_response
from voicebot.gateway.sip.sdp.sdp_body import SDP_TYPE, find_sdp

_MAX_RSEQ = 2**32 - 1


class ProvisionalAnswers:
    """Sends reliable answers one after the other, and the 2xx when it may go out."""

    def __init__(self, core: AgentCore) -> None:
        self._core = core

    def send(self, call: SipCall, response: SipResponse, now: float) -> None:
        """An answer of 101 to 199 to a call that comes in, reliably."""
        if call.provisional is not None:
            call.waiting_answers.append(response)
            return
        if call.server_transaction is None:
            return
        # 3: from a random number on, one higher each time.
        call.next_rseq = call.next_rseq or secrets.randbelow(2**31 - 1) + 1
        response.headers.add("Require", "100rel")
        response.headers.add("RSeq", str(call.next_rseq))
        call.provisional = ProvisionalAnswer(
            call.server_transaction, response, call.next_rseq, self._core.timers, now
        )
        call.next_rseq += 1
        self._core.layer.respond(call.server_transaction, response, now)

    def send_final(
        self, call: SipCall, answer: UnacknowledgedAnswer, cseq_number: int, now: float
    ) -> None:
        """A 2xx: not before the PRACK of an answer with a session description (3)."""
        if call.provisional is not None and call.provisional.has_sdp:
            call.waiting_answers = [answer.response]
            return
        call.provisional = None
        call.waiting_answers.clear()
        answer.restart(now)
        call.unacknowledged[cseq_number] = answer
        self._core.layer.respond(answer.transaction, answer.response, now)

    def receive_prack(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        core, request = self._core, transaction.request
        waiting = call.provisional
        if waiting is None or not _acknowledges(request, waiting, call.invite):
            core.respond(transaction, 481, now)
            return
        call.provisional = None
        sdp, body = find_sdp(request), b""
        if sdp is not None and call.local_media is not None:
            # 5: the answer to an offer in our answer, or a new offer.
            try:
                if call.negotiation.has_open_offer:
                    call.media = call.negotiation.accept(sdp)
                else:
                    body, call.media = call.negotiation.answer(
                        sdp, call.local_media, call.session.direction
                    )
                core.events.append(MediaChanged(call, call.media))
            except SdpError as error:
                core.respond(transaction, error.status_hint, now)
                self._go_on(call, now)
                return
        response = make_response(request, 200, body=body, content_type=SDP_TYPE if body else None)
        core.layer.respond(transaction, response, now)
        self._go_on(call, now)

    def _go_on(self, call: SipCall, now: float) -> None:
        """Send what waited for the PRACK."""
        if not call.waiting_answers or call.server_transaction is None:
            return
        response = call.waiting_answers.pop(0)
        if response.status < 200:
            self.send(call, response, now)
            return
        answer = UnacknowledgedAnswer(
            call.server_transaction,
            response,
            awaits_sdp=call.negotiation.has_open_offer,
            timers=self._core.timers,
            now=now,
        )
        self.send_final(call, answer, call.invite.cseq.number, now)

    def handle_timeout(self, call: SipCall, now: float) -> None:
        waiting = call.provisional
        if waiting is None:
            return
        if waiting.is_lost(now):
            # 3: without PRACK in 64*T1 the INVITE is refused with a 5xx.
            is_up = call.state is CallState.UP
            self._core.respond(waiting.transaction, 504, now, to_tag=call.local_tag)
            self._core.end(call, "lost_prack" if is_up else "cancelled")
        elif waiting.is_due(now):
            self._core.layer.respond(waiting.transaction, waiting.response, now)


def _acknowledges(prack: SipRequest, waiting: ProvisionalAnswer, invite: SipRequest) -> bool:
    """7.2: RSeq number, CSeq number, method. Raises SipParseError where RAck can't be read."""
    parts = (prack.headers.get("RAck") or "").split()
    if len(parts) != 3:
        raise SipParseError("RAck is missing or malformed")
    rseq = syntax.parse_number(parts[0], _MAX_RSEQ, "RAck")
    cseq = syntax.parse_number(parts[1], _MAX_RSEQ, "RAck")
    return (rseq, cseq, parts[2]) == (waiting.rseq, invite.cseq.number, "INVITE")
