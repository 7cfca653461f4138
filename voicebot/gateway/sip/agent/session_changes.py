"""The part of the user agent that changes running calls: re-INVITE, UPDATE, session timer."""

from __future__ import annotations

import contextlib
import secrets

from voicebot.errors import SipParseError
from voicebot.gateway.sip.agent.agent_core import ACCEPT, ALLOW, AgentCore, SentRequest, supported
from voicebot.gateway.sip.agent.session_state import PendingChange
from voicebot.gateway.sip.agent.session_timer import read_min_se, timer_fields, timer_of_answer
from voicebot.gateway.sip.agent.sip_call import (
    CallState,
    MediaChanged,
    SessionChangeEnded,
    SipCall,
)
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.messages.message import SipResponse
from voicebot.gateway.sip.messages.reason_header import Reason
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia
from voicebot.gateway.sip.sdp.sdp_body import SDP_TYPE
from voicebot.records import Direction

_MAX_GLARES = 6
_EXPIRED = Reason("SIP", 408, "Session timer expired")
_GONE = Reason("SIP", 408, "No answer inside the call")
_NO_SESSION = Reason("SIP", 488, "No usable answer to our offer")


class SessionChanges:
    """Sends what is wanted as soon as it may be sent, and tells how it went."""

    def __init__(self, core: AgentCore) -> None:
        self._core = core

    def change(
        self,
        call: SipCall,
        now: float,
        direction: str | None = None,
        media: LocalMedia | None = None,
    ) -> None:
        """Offer a session with this direction, or with audio elsewhere.

        SessionChangeEnded follows, at once where the call is not up.
        """
        if call.state is not CallState.UP or call.bye_is_wanted:
            self._core.events.append(SessionChangeEnded(call, 481))
            return
        session = call.session
        session.direction = direction or session.direction
        call.local_media = media or call.local_media
        session.wants_change = True
        self.pursue(call, now)

    def pursue(self, call: SipCall, now: float) -> None:
        """Send what waits, if nothing is on its way in this call (14.1)."""
        session = call.session
        if session.pending is not None or session.change_at is not None:
            return
        if call.state is not CallState.UP or call.bye_is_wanted:
            return
        if call.unacknowledged or call.invite_is_open:
            return
        if session.wants_change:
            self._send(call, "INVITE", now)
        elif session.wants_refresh:
            self._send(call, "UPDATE" if "UPDATE" in session.peer_methods else "INVITE", now)

    def _send(self, call: SipCall, method: str, now: float) -> None:
        core, session, dialog, local = self._core, call.session, call.dialog, call.local_media
        if dialog is None or local is None:
            return
        session.pending = PendingChange(method, session.wants_change)
        session.wants_refresh = False
        request = dialog.create_request(method)
        fields = [core.contact(call), ALLOW, ACCEPT, supported(without="100rel")]
        fields += timer_fields(core.profile.session_timer, session.timer, session.min_se_s)
        for name, value in fields:
            request.headers.add(name, value)
        if method == "INVITE":
            write = call.negotiation.offer if session.wants_change else call.negotiation.repeat
            session.wants_change = False
            request.headers.add("Content-Type", SDP_TYPE)
            request.body = write(local, _direction_to_offer(call))
        core.send_in_dialog(call, dialog, request, now, self._receive_response)

    # Answers

    def _receive_response(self, sent: SentRequest, response: SipResponse, now: float) -> None:
        call, dialog = sent.call, sent.dialog
        if call is None or dialog is None or response.status < 200:
            return
        is_invite = sent.request.method == "INVITE"
        if response.status < 300:
            if is_invite and self._acknowledge(call, dialog, response):
                return
            if call.state is CallState.UP:
                self._accepted(call, dialog, response, is_invite, now)
        else:
            if is_invite:
                call.negotiation.withdraw()
            if call.state is CallState.UP and call.session.pending is not None:
                self._refused(call, call.session.pending, response, now)

    def _acknowledge(self, call: SipCall, dialog: SipDialog, response: SipResponse) -> bool:
        """Send the ACK; True: it was sent before, and got lost."""
        number = response.cseq.number
        key = (dialog.remote.tag or "", number)
        known = key in call.acks
        if not known:
            ack = dialog.create_ack(number)
            peer = self._core.add_via(call, dialog, ack)
            call.acks[key] = (ack.to_bytes(), peer)
        self._core.layer.send_stateless(*call.acks[key])
        return known

    def _accepted(
        self, call: SipCall, dialog: SipDialog, response: SipResponse, has_offer: bool, now: float
    ) -> None:
        core, session = self._core, call.session
        with contextlib.suppress(SipParseError):  # an unreadable Contact changes nothing
            dialog.refresh_target(response)
        session.note_allowed(response)
        session.timer = timer_of_answer(response, core.profile.session_timer, now)
        before = call.media
        if has_offer and not core.accept_answer(call, response):
            core.send_bye(call, now, _NO_SESSION)
            core.report_end(call, "error")
            return
        if has_offer and call.media is not None and call.media != before:
            core.events.append(MediaChanged(call, call.media))
        session.wants_refresh = False
        self._settle(call, 200, now)

    def _refused(
        self, call: SipCall, pending: PendingChange, response: SipResponse, now: float
    ) -> None:
        session, status = call.session, response.status
        if status in (408, 481):
            # 12.2.1.2: the other side knows nothing of the call any more.
            self._core.send_bye(call, now, _GONE)
            self._core.report_end(call, "session_expired")
        elif status == 491 and session.n_glares < _MAX_GLARES:
            session.n_glares += 1
            self._want_again(call, pending)
            session.change_at = now + glare_delay_s(call.direction is Direction.OUTBOUND)
        elif status == 422 and read_min_se(response) > session.min_se_s:
            session.min_se_s = read_min_se(response)
            self._want_again(call, pending)
            self.pursue(call, now)
        elif pending.method == "UPDATE" and status in (405, 501):
            session.peer_methods -= {"UPDATE"}
            self._want_again(call, pending)
            self.pursue(call, now)
        else:
            self._settle(call, status, now)

    def _want_again(self, call: SipCall, pending: PendingChange) -> None:
        call.session.pending = None
        if pending.is_change:
            call.session.wants_change = True
        else:
            call.session.wants_refresh = True

    def _settle(self, call: SipCall, status: int, now: float) -> None:
        session, pending = call.session, call.session.pending
        session.pending = None
        session.n_glares = 0
        if pending is not None and pending.is_change and not session.wants_change:
            if status == 200:
                session.agreed_direction = session.direction
            else:
                # The session goes on as it was (14.1).
                session.direction = session.agreed_direction
            self._core.events.append(SessionChangeEnded(call, status))
        self.pursue(call, now)

    # Time

    def handle_timeout(self, call: SipCall, now: float) -> None:
        session = call.session
        if session.change_at is not None and now >= session.change_at:
            session.change_at = None
            self.pursue(call, now)
        timer = session.timer
        if timer is None or call.state is not CallState.UP:
            return
        if timer.is_expired(now):
            session.timer = None
            self._core.send_bye(call, now, _EXPIRED)
            self._core.report_end(call, "session_expired")
        elif timer.is_refresh_due(now):
            session.wants_refresh = True
            self.pursue(call, now)


def glare_delay_s(owns_call_id: bool) -> float:
    """How long to wait after 491, so that both sides do not meet again (14.1)."""
    if owns_call_id:
        return (210 + secrets.randbelow(191)) / 100
    return secrets.randbelow(201) / 100


def _direction_to_offer(call: SipCall) -> str:
    """RFC 3264 8.4: who holds while he is held offers inactive."""
    wanted = call.session.direction
    is_held = call.media is not None and not call.media.may_send
    return "inactive" if wanted == "sendonly" and is_held else wanted
