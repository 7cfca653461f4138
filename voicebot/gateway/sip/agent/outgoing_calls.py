"""The part of the user agent that calls: INVITE, its answers, forks, CANCEL."""

from __future__ import annotations

from collections.abc import Iterable

from voicebot.errors import SipParseError
from voicebot.gateway.sip.agent.agent_core import (
    ACCEPT,
    ALLOW,
    SUPPORTED,
    AgentCore,
    SentRequest,
    first_cseq,
    ignore_response,
)
from voicebot.gateway.sip.agent.early_dialog import EarlyDialog
from voicebot.gateway.sip.agent.early_dialogs import EarlyDialogs
from voicebot.gateway.sip.agent.session_timer import read_min_se, timer_fields, timer_of_answer
from voicebot.gateway.sip.agent.sip_call import (
    CallAnswered,
    CallRefused,
    CallState,
    SipCall,
)
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.auth.digest_client import AUTHORIZATION_FIELDS
from voicebot.gateway.sip.messages.message import Headers, SipRequest, SipResponse
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.reason_header import NORMAL_CLEARING, Reason, read_reason
from voicebot.gateway.sip.messages.uri import NameAddr, SipUri
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia
from voicebot.gateway.sip.sdp.sdp_body import SDP_TYPE, find_sdp
from voicebot.gateway.sip.trunks.trunk_terms import TrunkTerms
from voicebot.records import Direction

_NO_SESSION = Reason("SIP", 488, "No usable answer to our offer")
_MAX_TARGETS = 16


class OutgoingCalls:
    """Places calls and gives them up."""

    def __init__(self, core: AgentCore, early: EarlyDialogs) -> None:
        self._core = core
        self._early = early

    def place_call(
        self,
        uri: SipUri,
        caller: str,
        media: LocalMedia,
        next_hop: Peer,
        now: float,
        headers: Iterable[tuple[str, str]] = (),
        expires_s: int | None = None,
        terms: TrunkTerms | None = None,
    ) -> SipCall:
        core = self._core
        local_host = core.profile.local_host_for(next_hop.host)
        local_tag = core.token()
        # RFC 5630 4: who calls a sips URI says so of himself.
        is_sips = uri.scheme == "sips"
        own_port = core.profile.tls_port if is_sips else core.profile.port
        own = NameAddr("", SipUri(uri.scheme, caller, local_host, own_port))
        shown = terms.shown if terms else own
        fields = Headers()
        fields.add("Via", str(core.via(next_hop.transport, local_host)))
        fields.add("Max-Forwards", "70")
        fields.add("From", str(shown.with_tag(local_tag)))
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
            negotiation=core.negotiation(terms),
            terms=terms,
        )
        for name, value in (core.contact(call), ALLOW, ACCEPT, SUPPORTED):
            fields.add(name, value)
        for name, value in timer_fields(core.profile.session_timer, None, 0):
            fields.add(name, value)
        if expires_s is not None:
            fields.add("Expires", str(expires_s))
        for name, value in (*(terms.headers if terms else ()), *headers):
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
            if not self._ask_for_longer(sent, call, response, now):
                self._refused_by(call, response)
        elif response.status >= 200:
            self._receive_2xx(call, response, now)
        elif call.state is CallState.CALLING:
            call.has_provisional = True
            if call.cancel_is_wanted:
                if not call.has_cancelled:
                    self._send_cancel(call, now)
            elif response.status > 100:
                self._early.receive_provisional(call, response, now)

    def _ask_for_longer(
        self, sent: SentRequest, call: SipCall, response: SipResponse, now: float
    ) -> bool:
        """RFC 4028 7.3: after 422 once more, with the session timer that was asked for."""
        least_s = read_min_se(response) if response.status == 422 else 0
        session = call.session
        if least_s <= session.min_se_s or call.cancel_is_wanted:
            return False
        if call.state is not CallState.CALLING:
            return False
        session.min_se_s = least_s
        fields = timer_fields(self._core.profile.session_timer, None, least_s)
        self._core.send_again(sent, fields, now)
        return True

    def _receive_2xx(self, call: SipCall, response: SipResponse, now: float) -> None:
        core = self._core
        sent = call.acks.get((response.to.tag or "", response.cseq.number))
        if sent is not None:
            # The 2xx came again, so the ACK was lost (13.2.2.4).
            core.layer.send_stateless(*sent)
            return
        try:
            dialog = SipDialog.as_client(call.invite, response)
        except SipParseError:
            dialog = SipDialog.as_client(call.invite, _without_routing(response))
        early = self._early.confirm(call, dialog) if call.state is CallState.CALLING else None
        self._send_ack(call, dialog, response.cseq.number)
        if call.state is not CallState.CALLING:
            # Another fork answered too, or the call was given up meanwhile.
            core.end_fork(call, dialog, now)
            return
        call.dialog = dialog
        core.dialogs[dialog.key] = call
        if call.cancel_is_wanted:
            # CANCEL and 2xx crossed.
            core.send_bye(call, now, call.end_reason or NORMAL_CLEARING)
            core.events.append(CallRefused(call, 487))
            return
        call.state = CallState.UP
        call.session.note_allowed(response)
        call.session.timer = timer_of_answer(response, core.profile.session_timer, now)
        if self._agree(call, early, response) and call.media is not None:
            core.events.append(CallAnswered(call, call.media))
            return
        core.send_bye(call, now, _NO_SESSION)
        core.events.append(CallRefused(call, 488))

    def _agree(self, call: SipCall, early: EarlyDialog | None, response: SipResponse) -> bool:
        """False: there is no usable answer to our offer."""
        has_answer = find_sdp(response) is not None
        if early is not None and early.media is not None and (early.is_settled or not has_answer):
            # RFC 3262 5: the answer came before, and the 2xx says nothing new.
            call.media = early.media
            call.negotiation.settle(early.media)
            return True
        return self._core.accept_answer(call, response)

    def _send_ack(self, call: SipCall, dialog: SipDialog, cseq_number: int) -> None:
        ack = dialog.create_ack(cseq_number)
        if cseq_number == call.invite.cseq.number:
            # 13.2.2.4: the same credentials as in the INVITE.
            for name in AUTHORIZATION_FIELDS:
                for value in call.invite.headers.get_all(name):
                    ack.headers.add(name, value)
        peer = self._core.add_via(call, dialog, ack)
        message = (ack.to_bytes(), peer)
        call.acks[(dialog.remote.tag or "", cseq_number)] = message
        self._core.layer.send_stateless(*message)

    def _refused_by(self, call: SipCall, response: SipResponse) -> None:
        if call.state is not CallState.CALLING:
            return
        is_redirected = response.status < 400 and not call.cancel_is_wanted
        self._core.forget(call)
        self._core.events.append(
            CallRefused(
                call,
                487 if call.cancel_is_wanted else response.status,
                targets=_targets(response) if is_redirected else (),
                cause=read_reason(response),
                retry_after_s=_retry_after_s(response),
            )
        )

    # Giving up

    def cancel(self, call: SipCall, now: float, reason: Reason | None = None) -> None:
        """Give up a call that is not answered yet; CallRefused follows."""
        if call.state is CallState.CALLING and not call.cancel_is_wanted:
            call.cancel_is_wanted = True
            call.end_reason = reason
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
        if call.end_reason is not None:
            headers.add(*call.end_reason.field)
        cancel = SipRequest("CANCEL", invite.uri, headers)
        self._core.send_request(cancel, call.peer, now, ignore_response, call)
        self._core.layer.cancelled(invite, now)
        call.has_cancelled = True


def _without_routing(response: SipResponse) -> SipResponse:
    headers = response.headers.copy()
    headers.remove("Contact")
    headers.remove("Record-Route")
    return SipResponse(response.status, response.reason, headers, response.body)


def _targets(response: SipResponse) -> tuple[SipUri, ...]:
    """Where a 3xx answer points, by q (21.3, 20.10); what can't be read is left out."""
    try:
        contacts = response.contacts[:_MAX_TARGETS]
    except SipParseError:
        return ()
    ordered = sorted(contacts, key=_preference, reverse=True)
    return tuple(contact.uri.without_headers() for contact in ordered)


def _preference(contact: NameAddr) -> float:
    value = dict(contact.params).get("q") or "1"
    digits = value.replace(".", "", 1)
    return float(value) if digits.isascii() and digits.isdigit() else 0.0


def _retry_after_s(response: SipResponse) -> int | None:
    """20.33: a number, perhaps followed by a comment and parameters."""
    number = (response.headers.get("Retry-After") or "").replace("(", ";").split(";")[0].strip()
    is_number = number.isascii() and number.isdigit() and len(number) <= 9
    return int(number) if is_number else None
