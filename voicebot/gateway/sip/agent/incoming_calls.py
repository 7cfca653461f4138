"""The part of the user agent that is called: INVITE, CANCEL, ACK, and what we answer."""

from __future__ import annotations

from voicebot.errors import SdpError
from voicebot.gateway.sip.agent.agent_core import (
    ALLOW,
    OVERLOAD_RETRY_AFTER_S,
    SUPPORTED,
    AgentCore,
    first_cseq,
    retry_after,
)
from voicebot.gateway.sip.agent.provisional_answers import ProvisionalAnswers
from voicebot.gateway.sip.agent.replacing import find_replaced
from voicebot.gateway.sip.agent.routing import is_behind_nat
from voicebot.gateway.sip.agent.session_timer import accept_timer, check_interval
from voicebot.gateway.sip.agent.sip_call import (
    CallOffered,
    CallState,
    MediaChanged,
    SipCall,
    UnacknowledgedAnswer,
)
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.agent.transaction import InviteServerTransaction, ServerTransaction
from voicebot.gateway.sip.messages.dialog_key import dialog_key
from voicebot.gateway.sip.messages.message import SipRequest, make_response
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.reason_header import NORMAL_CLEARING, Reason, read_reason
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia, check_offer
from voicebot.gateway.sip.sdp.offer_answer import NegotiatedMedia
from voicebot.gateway.sip.sdp.sdp_body import SDP_TYPE, find_sdp
from voicebot.records import Direction

_LOST_ACK = Reason("SIP", 408, "ACK timeout")
_NO_SESSION = Reason("SIP", 488, "No usable answer to our offer")


class IncomingCalls:
    """Takes INVITEs in and answers them as the application decides."""

    def __init__(self, core: AgentCore, provisionals: ProvisionalAnswers) -> None:
        self._core = core
        self._provisionals = provisionals

    def receive_invite(self, transaction: ServerTransaction, source: Peer, now: float) -> None:
        if not isinstance(transaction, InviteServerTransaction):
            return
        core = self._core
        request = transaction.request
        if core.is_busy:
            core.respond(transaction, 503, now, [retry_after(OVERLOAD_RETRY_AFTER_S)])
            return
        if refusal := check_interval(request, core.profile.session_timer):
            status, fields = refusal
            core.respond(transaction, status, now, fields)
            return
        replaced = find_replaced(core, request)
        local_host = core.profile.local_host_for(source.host)
        terms = core.terms_of(request, source)
        offer = find_sdp(request)
        if offer is not None:
            try:
                check_offer(offer, local_host, core.media_policy(terms))
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
            negotiation=core.negotiation(terms),
            terms=terms,
            is_behind_nat=is_behind_nat(request, source),
            server_transaction=transaction,
            replaces=replaced,
            expires_at=_expiry(request, now),
        )
        call.session.note_allowed(request)
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
        if call is not None and call.invite_is_open:
            core.respond(invite, 487, now, to_tag=call.local_tag)
            core.end(call, "cancelled", read_reason(request))

    def receive_ack(self, request: SipRequest, now: float) -> SipCall | None:
        """Also of a re-INVITE that we answered. Returns the call whose answer it settles."""
        core = self._core
        transaction = core.layer.find_server(request)
        if isinstance(transaction, InviteServerTransaction) and not core.layer.receive_ack(
            transaction, now
        ):
            return None
        call = core.dialogs.get(dialog_key(request))
        if call is None:
            return None
        answer = call.unacknowledged.pop(request.cseq.number, None)
        if answer is None:
            return None
        if answer.awaits_sdp and not core.accept_answer(call, request):
            core.send_bye(call, now, _NO_SESSION)
            core.report_end(call, "error")
        elif answer.awaits_sdp and call.media is not None:
            core.events.append(MediaChanged(call, call.media))
        if call.bye_is_wanted and call.state is CallState.UP and not call.unacknowledged:
            core.send_bye(call, now, call.end_reason or NORMAL_CLEARING)
        return call

    # What the application decides

    def ring(self, call: SipCall, now: float) -> None:
        if call.state is not CallState.INVITED or call.server_transaction is None:
            return
        response = make_response(
            call.invite, 180, to_tag=call.local_tag, headers=[self._core.contact(call), ALLOW]
        )
        if "100rel" not in call.invite.require:
            self._core.layer.respond(call.server_transaction, response, now)
        elif find_sdp(call.invite) is not None or call.local_media is not None:
            self._provisionals.send(call, response, now)
        # Else it would have to carry our offer (RFC 3262 5), and no port is taken for it yet:
        # the caller hears nothing until the 200.

    def answer_early(self, call: SipCall, media: LocalMedia, now: float) -> NegotiatedMedia | None:
        """183 with a session description: audio before the call is taken."""
        if call.state is not CallState.INVITED or call.server_transaction is None:
            return None
        offer = find_sdp(call.invite)
        is_reliable = "100rel" in (*call.invite.require, *call.invite.supported)
        if offer is not None:
            body, call.media = call.negotiation.answer(offer, media, call.session.direction)
        elif is_reliable:
            body = call.negotiation.offer(media, call.session.direction)
        else:
            # RFC 3261 13.2.1: an offer of ours must arrive, and only a reliable answer does.
            raise SdpError("no early audio without an offer or 100rel", 488)
        call.local_media = media
        response = make_response(
            call.invite,
            183,
            to_tag=call.local_tag,
            headers=[self._core.contact(call), ALLOW],
            body=body,
            content_type=SDP_TYPE,
        )
        call.early_sdp = b"" if is_reliable else body
        if is_reliable:
            self._provisionals.send(call, response, now)
        else:
            self._core.layer.respond(call.server_transaction, response, now)
        return call.media

    def answer(self, call: SipCall, media: LocalMedia, now: float) -> NegotiatedMedia | None:
        if call.state is not CallState.INVITED or call.server_transaction is None:
            return None
        if call.early_sdp is not None:
            # Offer and answer are done; unreliable words are said again (13.2.1).
            self._send_answer(call, call.server_transaction, call.invite, call.early_sdp, now)
            call.state = CallState.UP
            return call.media
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
            body, media = call.negotiation.answer(offer, local, call.session.direction)
        else:
            body = call.negotiation.offer(local, call.session.direction)
        self._send_answer(call, transaction, invite, body, now)
        if media is not None:
            call.media = media
        return media

    def _send_answer(
        self,
        call: SipCall,
        transaction: InviteServerTransaction,
        invite: SipRequest,
        body: bytes,
        now: float,
    ) -> None:
        core = self._core
        call.expires_at = None
        call.session.timer, timer_fields = accept_timer(invite, core.profile.session_timer, now)
        response = make_response(
            invite,
            200,
            to_tag=call.local_tag,
            headers=[core.contact(call), ALLOW, SUPPORTED, *timer_fields],
            body=body,
            content_type=SDP_TYPE if body else None,
        )
        answer = UnacknowledgedAnswer(
            transaction,
            response,
            awaits_sdp=call.negotiation.has_open_offer,
            timers=core.timers,
            now=now,
        )
        self._provisionals.send_final(call, answer, invite.cseq.number, now)

    # Time

    def handle_timeout(self, call: SipCall, now: float) -> None:
        """Repeat the 2xx that are not acknowledged yet; give up what has expired."""
        core = self._core
        self._provisionals.handle_timeout(call, now)
        if call.expires_at is not None and now >= call.expires_at:
            call.expires_at = None
            if call.state is CallState.INVITED and call.server_transaction is not None:
                # 13.3.1: the caller wanted no answer later than this.
                core.respond(call.server_transaction, 487, now, to_tag=call.local_tag)
                core.end(call, "expired")
        for answer in list(call.unacknowledged.values()):
            if answer.is_lost(now):
                # 13.3.1.4: without ACK there is no session, and a BYE says so.
                call.unacknowledged.clear()
                core.send_bye(call, now, _LOST_ACK)
                core.report_end(call, "lost_ack")
                return
            if answer.is_due(now):
                core.layer.respond(answer.transaction, answer.response, now)


def _expiry(invite: SipRequest, now: float) -> float | None:
    """Until when an INVITE wants its answer; a date of RFC 2543 times is ignored (20.19)."""
    value = invite.headers.get("Expires") or ""
    return now + int(value) if value.isascii() and value.isdigit() else None
