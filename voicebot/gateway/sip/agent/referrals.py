"""The part of the user agent that transfers: REFER and NOTIFY in both directions (RFC 3515)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from voicebot.gateway.sip.agent.agent_core import AgentCore, SentRequest
from voicebot.gateway.sip.agent.dialog_requests import DialogRequests
from voicebot.gateway.sip.agent.referral import (
    FollowedReferral,
    Notification,
    ReceivedRefer,
    SentReferral,
)
from voicebot.gateway.sip.agent.sip_call import CallState, ReferralEnded, ReferReceived, SipCall
from voicebot.gateway.sip.agent.sip_dialog import SipDialog
from voicebot.gateway.sip.agent.transaction import ServerTransaction
from voicebot.gateway.sip.messages.dialog_key import DialogKey, dialog_key
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.refer import (
    ReferTarget,
    find_refer_to,
    find_referred_by,
    is_without_subscription,
)
from voicebot.gateway.sip.messages.sipfrag import (
    SIPFRAG_CONTENT_TYPE,
    SIPFRAG_TYPE,
    make_sipfrag,
    parse_sipfrag,
)
from voicebot.gateway.sip.messages.subscription_state import EventType, SubscriptionState

ALLOW_EVENTS = ("Allow-Events", "refer")


@dataclass(eq=False)
class _Sent:
    call: SipCall
    referral: SentReferral
    is_reported: bool = False


@dataclass(eq=False)
class _Followed:
    call: SipCall
    refer: ReceivedRefer
    is_accepted: bool = False


class Referrals:
    """Sends REFERs and follows their NOTIFYs; takes REFERs in and sends theirs."""

    def __init__(self, core: AgentCore, in_dialog: DialogRequests) -> None:
        self._core = core
        # NOTIFYs may come after the BYE, in a dialog that has no call any more (RFC 5057 4.2).
        self._sent: dict[DialogKey, list[_Sent]] = {}
        self._followed: list[_Followed] = []
        in_dialog.handlers["REFER"] = self._receive_refer
        in_dialog.handlers["NOTIFY"] = self._receive_notify
        in_dialog.late_handlers["NOTIFY"] = self._receive_late_notify

    # We refer the other side

    def send_refer(
        self, call: SipCall, target: ReferTarget, timeout_s: float, now: float
    ) -> SentReferral | None:
        """Ask the other side of `call` to call `target`; ReferralEnded follows within
        `timeout_s`. None: the call is not up."""
        dialog = call.dialog
        if call.state is not CallState.UP or dialog is None:
            return None
        request = dialog.create_request("REFER")
        contact = self._core.contact(call)
        request.headers.add(*contact)
        request.headers.add("Refer-To", str(target))
        request.headers.add("Referred-By", contact[1])
        request.headers.add(*ALLOW_EVENTS)
        referral = SentReferral(str(request.cseq.number), now + timeout_s)
        self._sent.setdefault(dialog.key, []).append(_Sent(call, referral))
        self._core.send_in_dialog(
            call, dialog, request, now, partial(self._refer_answered, referral)
        )
        return referral

    def _refer_answered(
        self, referral: SentReferral, sent: SentRequest, response: SipResponse, now: float
    ) -> None:
        if response.status >= 200:
            # Sent again with credentials, it has a new number.
            referral.event_id = str(sent.request.cseq.number)
            referral.receive_answer(response.status, is_without_subscription(response))
            self._settle(now)

    def _receive_notify(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        request = transaction.request
        event = EventType.parse(request.headers.get("Event") or "-")
        if event.package != "refer":
            self._core.respond(transaction, 489, now, [ALLOW_EVENTS])
            return
        known = self._sent.get(dialog.key, [])
        matching = [one for one in known if event.event_id in (None, one.referral.event_id)]
        if not matching:
            # RFC 6665 4.1.3: this also tells the other side to stop.
            self._core.respond(transaction, 481, now)
            return
        state = SubscriptionState.parse(request.headers.get("Subscription-State") or "")
        if request.body and request.content_type != SIPFRAG_TYPE:
            self._core.respond(transaction, 415, now, [("Accept", SIPFRAG_TYPE)])
            return
        status = parse_sipfrag(request.body) if request.body else None
        self._core.respond(transaction, 200, now)
        matching[-1].referral.receive_notify(state, status, now)
        self._settle(now)

    def _receive_late_notify(self, transaction: ServerTransaction, now: float) -> bool:
        known = self._sent.get(dialog_key(transaction.request))
        if not known or known[0].call.dialog is None:
            return False
        call, dialog = known[0].call, known[0].call.dialog
        if dialog.is_in_order(transaction.request):
            self._receive_notify(call, dialog, transaction, now)
        else:
            self._core.respond(transaction, 500, now)
        return True

    def calls_changed(self, now: float) -> None:
        """A call may have ended: look whether a referral hangs on it."""
        for known in self._sent.values():
            for one in known:
                if _is_over(one.call):
                    one.referral.party_left(now)

    # The other side refers us

    def refuse_outside(self, transaction: ServerTransaction, source: Peer, now: float) -> None:
        """A REFER that belongs to no call: nobody may send us about so."""
        self._core.respond(transaction, 603, now)

    def _receive_refer(
        self, call: SipCall, dialog: SipDialog, transaction: ServerTransaction, now: float
    ) -> None:
        if call.state is not CallState.UP:
            self._core.respond(transaction, 603, now)
            return
        target = find_refer_to(transaction.request)
        if any(one.call is call for one in self._followed):
            # One at a time; two would race for who the call is joined to.
            self._core.respond(transaction, 491, now)
            return
        call.n_refers_received += 1
        refer = ReceivedRefer(
            transaction,
            target,
            find_referred_by(transaction.request),
            # RFC 3515 2.4.6: not needed with the first one, and old phones don't know it.
            str(transaction.request.cseq.number) if call.n_refers_received > 1 else None,
            FollowedReferral(not is_without_subscription(transaction.request)),
        )
        self._followed.append(_Followed(call, refer))
        self._core.events.append(ReferReceived(call, refer))

    def accept(self, refer: ReceivedRefer, now: float) -> None:
        """202 and the first NOTIFY; `tell` how the new call goes."""
        one = self._undecided(refer)
        if one is None:
            return
        one.is_accepted = True
        headers = [self._core.contact(one.call)]
        if refer.followed.is_over:
            headers.append(("Refer-Sub", "false"))
        # RFC 3515 2.4.2. RFC 7647 has 200 instead, and that both are understood as one.
        self._core.respond(refer.transaction, 202, now, headers)
        self._send_notify(one, refer.followed.accept(now), now)

    def refuse(self, refer: ReceivedRefer, status: int, now: float) -> None:
        one = self._undecided(refer)
        if one is not None:
            self._followed.remove(one)
            self._core.respond(refer.transaction, status, now)

    def tell(self, refer: ReceivedRefer, status: int, now: float) -> None:
        """The call that the referral asked for got this status; the last one is 200 or above."""
        for one in [one for one in self._followed if one.refer is refer and one.is_accepted]:
            self._send_notify(one, refer.followed.tell(status, now), now)
            if status >= 200:
                self._followed.remove(one)

    def _undecided(self, refer: ReceivedRefer) -> _Followed | None:
        return next(
            (one for one in self._followed if one.refer is refer and not one.is_accepted), None
        )

    def _send_notify(self, one: _Followed, news: Notification | None, now: float) -> None:
        dialog = one.call.dialog
        if news is None or dialog is None:
            return
        request = dialog.create_request("NOTIFY")
        _fill_notify(request, one.refer.event_id, news)
        request.headers.add(*self._core.contact(one.call))
        self._core.send_in_dialog(
            one.call, dialog, request, now, partial(self._notify_answered, one.refer)
        )

    def _notify_answered(
        self, refer: ReceivedRefer, sent: SentRequest, response: SipResponse, now: float
    ) -> None:
        if response.status >= 300:
            refer.followed.refused()

    # Time

    def next_timeout(self) -> float | None:
        times = [one.referral.next_timeout() for known in self._sent.values() for one in known]
        times += [one.refer.followed.next_timeout() for one in self._followed]
        return min((time for time in times if time is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        for known in self._sent.values():
            for one in known:
                one.referral.handle_timeout(now, _is_over(one.call))
        self._settle(now)
        for followed in self._followed:
            self._send_notify(followed, followed.refer.followed.handle_timeout(now), now)

    def _settle(self, now: float) -> None:
        """Report outcomes once, forget what is over."""
        for key, known in list(self._sent.items()):
            for one in known:
                if one.referral.outcome is not None and not one.is_reported:
                    one.is_reported = True
                    self._core.events.append(ReferralEnded(one.call, one.referral))
            self._sent[key] = [one for one in known if not one.referral.is_over]
            if not self._sent[key]:
                del self._sent[key]


def _fill_notify(request: SipRequest, event_id: str | None, news: Notification) -> None:
    request.headers.add("Event", str(EventType("refer", event_id)))
    request.headers.add("Subscription-State", str(news.state))
    request.headers.add("Content-Type", SIPFRAG_CONTENT_TYPE)
    request.body = make_sipfrag(news.status)


def _is_over(call: SipCall) -> bool:
    return call.state in (CallState.ENDING, CallState.ENDED)
