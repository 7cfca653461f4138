"""The part of the user agent that calls: INVITE, its answers, forks, CANCEL."""

from __future__ import annotations

from collections.abc import Iterable

from voicebot.errors import SipParseError
from voicebot.gateway.sip.agent_core import (
    ACCEPT,
    ALLOW,
    SUPPORTED,
    AgentCore,
    SentRequest,
    first_cseq,
    ignore_response,
)
from voicebot.gateway.sip.media_negotiation import LocalMedia
from voicebot.gateway.sip.message import Headers, SipRequest, SipResponse
from voicebot.gateway.sip.peer import Peer
from voicebot.gateway.sip.sdp_body import SDP_TYPE
from voicebot.gateway.sip.sip_call import (
    CallAnswered,
    CallProgressed,
    CallRefused,
    CallState,
    SipCall,
)
from voicebot.gateway.sip.sip_dialog import SipDialog
from voicebot.gateway.sip.uri import NameAddr, SipUri
from voicebot.records import Direction


class OutgoingCalls:
    """Places calls and gives them up."""

    def __init__(self, core: AgentCore) -> None:
        self._core = core

    def place_call(
        self,
        uri: SipUri,
        caller: str,
        media: LocalMedia,
        next_hop: Peer,
        now: float,
        headers: Iterable[tuple[str, str]] = (),
    ) -> SipCall:
        core = self._core
        local_host = core.profile.local_host_for(next_hop.host)
        local_tag = core.token()
        own_uri = SipUri("sip", caller, local_host, core.profile.port)
        fields = Headers()
        fields.add("Via", str(core.via(next_hop.transport, local_host)))
        fields.add("Max-Forwards", "70")
        fields.add("From", str(NameAddr("", own_uri).with_tag(local_tag)))
        fields.add("To", str(NameAddr("", uri.without_headers())))
        fields.add("Call-ID", core.token() + core.token())
        fields.add("CSeq", f"{first_cseq()} INVITE")
        invite = SipRequest("INVITE", uri.without_headers(), fields)
        call = SipCall(
            call_ref=core.token(),
            direction=Direction.OUTBOUND,
            state=CallState.CALLING,
            invite=invite,
            peer=next_hop,
            local_host=local_host,
            local_tag=local_tag,
            local_media=media,
            negotiation=core.negotiation(),
        )
        for name, value in (core.contact(call), ALLOW, ACCEPT, SUPPORTED):
            fields.add(name, value)
        for name, value in headers:
            fields.set(name, value)
        fields.add("Content-Type", SDP_TYPE)
        invite.body = call.negotiation.offer(media)
        core.keep(call)
        core.send_request(invite, next_hop, now, self._receive_response, call)
        return call

    def _receive_response(self, sent: SentRequest, response: SipResponse, now: float) -> None:
        call = sent.call
        if call is None:
            return
        if response.status >= 300:
            self._refused(call, 487 if call.cancel_is_wanted else response.status)
        elif response.status >= 200:
            self._receive_2xx(call, response, now)
        elif call.state is CallState.CALLING:
            call.has_provisional = True
            if call.cancel_is_wanted:
                self._send_cancel(call, now)
            elif response.status > 100:
                self._core.events.append(CallProgressed(call, response.status))

    def _receive_2xx(self, call: SipCall, response: SipResponse, now: float) -> None:
        core = self._core
        tag = response.to.tag or ""
        sent = call.acks.get(tag)
        if sent is not None:
            # The 2xx came again, so the ACK was lost (13.2.2.4).
            core.layer.send_stateless(*sent)
            return
        try:
            dialog = SipDialog.as_client(call.invite, response)
        except SipParseError:
            dialog = SipDialog.as_client(call.invite, _without_routing(response))
        self._send_ack(call, dialog)
        if call.state is not CallState.CALLING:
            # Another fork answered too, or the call was given up meanwhile.
            core.end_fork(call, dialog, now)
            return
        call.dialog = dialog
        core.dialogs[dialog.key] = call
        call.cancel_deadline = None
        if call.cancel_is_wanted:
            # CANCEL and 2xx crossed.
            core.send_bye(call, now)
            core.events.append(CallRefused(call, 487))
            return
        call.state = CallState.UP
        if core.accept_answer(call, response) and call.media is not None:
            core.events.append(CallAnswered(call, call.media))
            return
        core.send_bye(call, now)
        core.events.append(CallRefused(call, 488))

    def _send_ack(self, call: SipCall, dialog: SipDialog) -> None:
        ack = dialog.create_ack(call.invite.cseq.number)
        peer = self._core.add_via(call, dialog, ack)
        message = (ack.to_bytes(), peer)
        call.acks[dialog.remote.tag or ""] = message
        self._core.layer.send_stateless(*message)

    def _refused(self, call: SipCall, status: int) -> None:
        if call.state is CallState.CALLING:
            self._core.forget(call)
            self._core.events.append(CallRefused(call, status))

    # Giving up

    def cancel(self, call: SipCall, now: float) -> None:
        """Give up a call that is not answered yet; CallRefused follows."""
        if call.state is CallState.CALLING and not call.cancel_is_wanted:
            call.cancel_is_wanted = True
            # 9.1: not before a provisional answer; there may be nothing to cancel yet.
            if call.has_provisional:
                self._send_cancel(call, now)

    def _send_cancel(self, call: SipCall, now: float) -> None:
        invite = call.invite
        headers = Headers()
        # 9.1: all this as in the INVITE, so that each hop finds its transaction.
        headers.add("Via", str(invite.via))
        headers.add("Max-Forwards", "70")
        for name in ("Route", "From", "To", "Call-ID"):
            for value in invite.headers.get_all(name):
                headers.add(name, value)
        headers.add("CSeq", f"{invite.cseq.number} CANCEL")
        cancel = SipRequest("CANCEL", invite.uri, headers)
        self._core.send_request(cancel, call.peer, now, ignore_response, call)
        call.cancel_deadline = now + self._core.timers.give_up_s

    def handle_timeout(self, call: SipCall, now: float) -> None:
        if call.cancel_deadline is not None and now >= call.cancel_deadline:
            # 9.1: a cancelled INVITE that is not answered in 64*T1 counts as cancelled.
            self._refused(call, 487)


def _without_routing(response: SipResponse) -> SipResponse:
    headers = response.headers.copy()
    headers.remove("Contact")
    headers.remove("Record-Route")
    return SipResponse(response.status, response.reason, headers, response.body)
