"""The part of the user agent that lets the other side change a call: its re-INVITE and UPDATE."""

from __future__ import annotations

import secrets

from voicebot.errors import SdpError
from voicebot.gateway.sip.agent.agent_core import ALLOW, SUPPORTED, AgentCore, retry_after
from voicebot.gateway.sip.agent.incoming_calls import IncomingCalls
from voicebot.gateway.sip.agent.session_timer import accept_timer, check_interval
from voicebot.gateway.sip.agent.sip_call import CallState, MediaChanged, SipCall
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.agent.transaction import InviteServerTransaction, ServerTransaction
from voicebot.gateway.sip.messages.message import make_response
from voicebot.gateway.sip.sdp.sdp_body import SDP_TYPE, find_sdp


class SessionRequests:
    """Answers at once: nobody has to be asked about hold, codec or address."""

    def __init__(self, core: AgentCore, incoming: IncomingCalls) -> None:
        self._core = core
        self._incoming = incoming

    def receive_reinvite(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        core = self._core
        request = transaction.request
        if not isinstance(transaction, InviteServerTransaction):
            return
        session = call.session
        if call.state is CallState.INVITED:
            # 14.2: a second INVITE before the first is answered.
            core.respond(transaction, 500, now, [retry_after(secrets.randbelow(11))])
        elif call.state is not CallState.UP:
            core.respond(transaction, 481, now)
        elif call.local_media is None or call.negotiation.has_open_offer:
            # 14.2, RFC 6337 2.3: an offer of ours is not answered yet.
            core.respond(transaction, 491, now)
        elif refusal := check_interval(request, core.profile.session_timer):
            status, fields = refusal
            core.respond(transaction, status, now, fields)
        else:
            before = call.media
            try:
                media = self._incoming.send_session(
                    call, call.local_media, transaction, request, now
                )
            except SdpError as error:
                # The session goes on as it was (14.2).
                core.respond(transaction, error.status_hint, now)
                return
            session.note_allowed(request)
            dialog.refresh_target(request)
            if media is not None and media != before:
                core.events.append(MediaChanged(call, media))

    def receive_update(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        """RFC 3311 5.2: in a call that is up, or before the answer to its INVITE."""
        core = self._core
        request = transaction.request
        if call.state in (CallState.ENDING, CallState.ENDED):
            core.respond(transaction, 481, now)
            return
        if refusal := check_interval(request, core.profile.session_timer):
            status, fields = refusal
            core.respond(transaction, status, now, fields)
            return
        offer = find_sdp(request)
        body = b""
        before = call.media
        if offer is not None:
            status = self._obstacle(call, dialog)
            if status or call.local_media is None:
                headers = [retry_after(secrets.randbelow(11))] if status == 500 else []
                core.respond(transaction, status, now, headers)
                return
            try:
                body, media = call.negotiation.answer(
                    offer, call.local_media, call.session.direction
                )
                call.media = media
                if early := call.early.get(dialog.remote.tag or ""):
                    early.media = media
            except SdpError as error:
                core.respond(transaction, error.status_hint, now)
                return
        fields = [core.contact(call), ALLOW, SUPPORTED]
        if call.state is CallState.UP:
            call.session.timer, timer_fields = accept_timer(
                request, core.profile.session_timer, now
            )
            fields += timer_fields
        response = make_response(
            request, 200, headers=fields, body=body, content_type=SDP_TYPE if body else None
        )
        core.layer.respond(transaction, response, now)
        call.session.note_allowed(request)
        dialog.refresh_target(request)
        if call.media is not None and call.media != before:
            core.events.append(MediaChanged(call, call.media))

    def _obstacle(self, call: SipCall, dialog: SipDialog) -> int:
        """The status that refuses an offer now; 0: none."""
        if call.local_media is None:
            return 500  # the offer of the INVITE is not answered yet
        if call.state is CallState.CALLING:
            early = call.early.get(dialog.remote.tag or "")
            return 0 if early is not None and early.is_settled else 491
        return 491 if call.negotiation.has_open_offer else 0
