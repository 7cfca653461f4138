"""The part of the user agent that is called: INVITE, CANCEL, ACK, and what we answer."""

from __future__ import annotations

from voicebot.errors import SdpError
from voicebot.gateway.sip.agent_core import (
    ALLOW,
    OVERLOAD_RETRY_AFTER_S,
    SUPPORTED,
    AgentCore,
    first_cseq,
    retry_after,
)
from voicebot.gateway.sip.media_negotiation import LocalMedia, check_offer
from voicebot.gateway.sip.message import SipRequest, make_response
from voicebot.gateway.sip.peer import Peer
from voicebot.gateway.sip.replacing import find_replaced
from voicebot.gateway.sip.routing import is_behind_nat
from voicebot.gateway.sip.sdp import NegotiatedMedia
from voicebot.gateway.sip.sdp_body import SDP_TYPE, find_sdp
from voicebot.gateway.sip.sip_call import (
    CallOffered,
    CallState,
    MediaChanged,
    SipCall,
    UnacknowledgedAnswer,
)
from voicebot.gateway.sip.sip_dialog import SipDialog, dialog_key
from voicebot.gateway.sip.transaction import InviteServerTransaction, ServerTransaction
from voicebot.records import Direction


class IncomingCalls:
    """Takes INVITEs in and answers them as the application decides."""

    def __init__(self, core: AgentCore) -> None:
        self._core = core

    def receive_invite(self, transaction: ServerTransaction, source: Peer, now: float) -> None:
        if not isinstance(transaction, InviteServerTransaction):
            return
        core = self._core
        request = transaction.request
        if core.is_busy:
            core.respond(transaction, 503, now, [retry_after(OVERLOAD_RETRY_AFTER_S)])
            return
        replaced = find_replaced(core, request)
        local_host = core.profile.local_host_for(source.host)
        offer = find_sdp(request)
        if offer is not None:
            try:
                check_offer(offer, local_host, core.profile.media_policy)
            except SdpError as error:
                core.respond(transaction, error.status_hint, now)
                return
        local_tag = core.token()
        call = SipCall(
            call_ref=core.token(),
            direction=Direction.INBOUND,
            state=CallState.INVITED,
            invite=request,
            peer=source,
            local_host=local_host,
            local_tag=local_tag,
            dialog=SipDialog.as_server(request, local_tag, first_cseq()),
            negotiation=core.negotiation(),
            is_behind_nat=is_behind_nat(request, source),
            server_transaction=transaction,
            replaces=replaced,
        )
        core.keep(call)
        core.layer.respond(transaction, make_response(request, 100), now)
        core.events.append(CallOffered(call))

    def receive_cancel(
        self, transaction: ServerTransaction, request: SipRequest, now: float
    ) -> None:
        core = self._core
        invite = core.layer.find_server(request, "INVITE")
        if invite is None:
            core.respond(transaction, 481, now)
            return
        call = next((c for c in core.calls.values() if c.server_transaction is invite), None)
        # 9.2: the same To tag as in the answer to the INVITE.
        core.respond(transaction, 200, now, to_tag=call.local_tag if call else invite.to_tag)
        if call is not None and call.state is CallState.INVITED:
            core.respond(invite, 487, now, to_tag=call.local_tag)
            core.end(call, "cancelled")

    def receive_ack(self, request: SipRequest, now: float) -> None:
        """Also of a re-INVITE that we answered."""
        core = self._core
        transaction = core.layer.find_server(request)
        if isinstance(transaction, InviteServerTransaction) and not core.layer.receive_ack(
            transaction, now
        ):
            return
        call = core.dialogs.get(dialog_key(request))
        if call is None:
            return
        answer = call.unacknowledged.pop(request.cseq.number, None)
        if answer is None:
            return
        if answer.awaits_sdp and not core.accept_answer(call, request):
            core.send_bye(call, now)
            core.report_end(call, "error")
        elif answer.awaits_sdp and call.media is not None:
            core.events.append(MediaChanged(call, call.media))
        if call.bye_is_wanted and call.state is CallState.UP and not call.unacknowledged:
            core.send_bye(call, now)

    # What the application decides

    def ring(self, call: SipCall, now: float) -> None:
        if call.state is CallState.INVITED and call.server_transaction is not None:
            contact = self._core.contact(call)
            self._core.respond(call.server_transaction, 180, now, [contact], to_tag=call.local_tag)

    def answer(self, call: SipCall, media: LocalMedia, now: float) -> NegotiatedMedia | None:
        if call.state is not CallState.INVITED or call.server_transaction is None:
            return None
        call.local_media = media
        agreed = self.send_session(call, media, call.server_transaction, call.invite, now)
        call.state = CallState.UP
        return agreed

    def reject(self, call: SipCall, status: int, now: float) -> None:
        if call.state is CallState.INVITED and call.server_transaction is not None:
            self._core.respond(call.server_transaction, status, now, to_tag=call.local_tag)
            self._core.forget(call)

    def send_session(
        self,
        call: SipCall,
        local: LocalMedia,
        transaction: InviteServerTransaction,
        invite: SipRequest,
        now: float,
    ) -> NegotiatedMedia | None:
        """Answer a first or later INVITE with 2xx. Raises SdpError."""
        media = None
        offer = find_sdp(invite)
        if offer is not None:
            body, media = call.negotiation.answer(offer, local)
        else:
            body = call.negotiation.offer(local)
        response = make_response(
            invite,
            200,
            to_tag=call.local_tag,
            headers=[self._core.contact(call), ALLOW, SUPPORTED],
            body=body,
            content_type=SDP_TYPE,
        )
        call.unacknowledged[invite.cseq.number] = UnacknowledgedAnswer(
            transaction, response, awaits_sdp=media is None, timers=self._core.timers, now=now
        )
        self._core.layer.respond(transaction, response, now)
        if media is not None:
            call.media = media
        return media

    # Time

    def handle_timeout(self, call: SipCall, now: float) -> None:
        """Repeat the 2xx that are not acknowledged yet."""
        core = self._core
        for answer in list(call.unacknowledged.values()):
            if answer.is_lost(now):
                # 13.3.1.4: without ACK there is no session, and a BYE says so.
                call.unacknowledged.clear()
                core.send_bye(call, now)
                core.report_end(call, "lost_ack")
                return
            if answer.is_due(now):
                core.layer.respond(answer.transaction, answer.response, now)
