"""Keeps us registered with a carrier or PBX (RFC 3261 10.2), without sockets and clocks.

Drain `request_to_send()` after every call, send it (it has no Via yet), and give its final answer
to `receive_response`; one that can't be sent counts as answered 503, an unanswered one as 408.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from enum import StrEnum

from voicebot.errors import SipParseError
from voicebot.gateway.sip.auth.digest import Account
from voicebot.gateway.sip.auth.digest_client import DigestClient
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.message import Headers, SipRequest, SipResponse
from voicebot.gateway.sip.messages.uri import NameAddr, SipUri

# RFC 5626 4.5: waits double from the base time up to the longest, each shortened by chance.
BASE_WAIT_S = 30.0
LONGEST_WAIT_S = 1800.0

_MAX_EXPIRES_S = 86_400
_MAX_RETRY_AFTER_S = 3600
# Of what was granted: a refusal or a lost answer leaves time for another try.
_REFRESH_FROM, _REFRESH_TO = 0.7, 0.85


class RegistrationState(StrEnum):
    """For metrics and logs."""

    TRYING = "trying"
    REGISTERED = "registered"
    FAILING = "failing"
    """No answer, or one that a later try may better."""
    REFUSED = "refused"
    """The password is wrong, or we are not wanted: tried again only at the longest interval."""
    STOPPED = "stopped"


class Registration:
    """Decides when to register, what the answers mean, and when to try again."""

    def __init__(
        self,
        registrar: SipUri,
        address_of_record: SipUri,
        contact: SipUri,
        expires_s: int,
        account: Account | None,
        token: Callable[[], str],
        now: float,
        route: SipUri | None = None,
        chance: Callable[[float, float], float] = random.uniform,
    ) -> None:
        """registrar: Request-URI, a domain without user part. route: the proxy on the way there.

        chance: a number between two.
        """
        self._registrar = registrar
        self._address_of_record = address_of_record
        self.contact = contact
        """Where we are to be reached; changes with our address, before `handle_timeout`."""
        self._expires_s = expires_s
        self._route = route
        self._digest = DigestClient(account) if account else None
        self._token = token
        self._chance = chance
        self._call_id = token() + token()
        self._cseq = 0
        self._due: float | None = now
        self._expires_at: float | None = None
        self._sent: SipRequest | None = None
        self._outbox: SipRequest | None = None
        self._n_tries = 0
        self._n_failures = 0
        self._is_stopping = False
        self.state = RegistrationState.TRYING
        self.last_status = 0
        """SIP status of the last final answer; 0 before the first."""

    def is_registered(self, now: float) -> bool:
        """Whether the registrar knows us now, as far as it told."""
        return self._expires_at is not None and now < self._expires_at

    # Time

    def next_timeout(self) -> float | None:
        return self._due

    def flow_lost(self, now: float) -> None:
        """The connection that calls would come in on has gone: register anew (RFC 5626 4.5)."""
        if self._due is not None:
            self._due = min(self._due, now)

    def handle_timeout(self, now: float) -> None:
        if self._due is not None and now >= self._due and self._sent is None:
            self._due = None
            self._send(self._expires_s)

    def request_to_send(self) -> SipRequest | None:
        request, self._outbox = self._outbox, None
        return request

    def stop(self, now: float) -> None:
        """Take our address back (10.2.2), where the registrar may have it.

        An answer that is still to come is given up: it may have been a yes.
        """
        may_be_registered = self._sent is not None or self.is_registered(now)
        self._is_stopping = True
        self._due = self._sent = self._outbox = None
        self._n_tries = 0
        if may_be_registered:
            self._send(0)
        else:
            self.state = RegistrationState.STOPPED

    # Answers

    def receive_response(self, response: SipResponse, now: float) -> None:
        """Take the final answer to what was sent last."""
        request, self._sent = self._sent, None
        if request is None or response.status < 200:
            self._sent = request
            return
        self.last_status = response.status
        if response.status >= 300 and self._authorized(request, response):
            return
        if self._is_stopping:
            self._expires_at = None
            self.state = RegistrationState.STOPPED
        elif response.status < 300:
            self._registered(response, now)
        elif not self._lengthened(response):
            self._failed(response, now)

    def _registered(self, response: SipResponse, now: float) -> None:
        self._n_failures = 0
        self._n_tries = 0
        granted_s = self._granted_s(response)
        if granted_s <= 0:
            # 200 without our address: it was taken away at once.
            self._failed(response, now)
            return
        self.state = RegistrationState.REGISTERED
        self._expires_at = now + granted_s
        self._due = now + granted_s * self._chance(_REFRESH_FROM, _REFRESH_TO)

    def _granted_s(self, response: SipResponse) -> int:
        """10.2.4: `expires` of our own Contact, else Expires, else what we asked for."""
        try:
            contacts = response.contacts
        except SipParseError:
            contacts = []
        ours = [entry for entry in contacts if _is_same_binding(entry.uri, self.contact)]
        texts = [entry.params.get("expires") for entry in ours]
        texts.append(response.headers.get("Expires"))
        for text in texts:
            if text is not None:
                try:
                    return min(syntax.parse_number(text, 2**32 - 1, "expires"), _MAX_EXPIRES_S)
                except SipParseError:
                    continue
        return self._expires_s

    def _authorized(self, request: SipRequest, response: SipResponse) -> bool:
        """True: sent again with credentials."""
        if self._digest is None:
            return False
        if not self._digest.learn(request, response, self._n_tries):
            return False
        self._n_tries += 1
        self._send(int(request.headers.get("Expires") or 0))
        return True

    def _lengthened(self, response: SipResponse) -> bool:
        """True: 423, so sent again for as long as the registrar wants at least (10.2.8)."""
        if response.status != 423:
            return False
        try:
            minimum_s = syntax.parse_number(
                response.headers.get("Min-Expires") or "", _MAX_EXPIRES_S, "Min-Expires"
            )
        except SipParseError:
            return False
        if minimum_s <= self._expires_s:
            return False
        self._expires_s = minimum_s
        self._n_tries = 0
        self._send(minimum_s)
        return True

    def _failed(self, response: SipResponse, now: float) -> None:
        self._n_failures += 1
        self._n_tries = 0
        if response.status in (401, 403, 407):
            # Wrong passwords in a row get an account locked.
            self.state = RegistrationState.REFUSED
            longest_s = LONGEST_WAIT_S
        else:
            self.state = RegistrationState.FAILING
            longest_s = min(BASE_WAIT_S * 2.0 ** min(self._n_failures, 16), LONGEST_WAIT_S)
        wait_s = self._chance(longest_s / 2, longest_s)
        self._due = now + max(wait_s, retry_after_s(response))

    # Building

    def _send(self, expires_s: int) -> None:
        self._cseq += 1
        own = NameAddr("", self._address_of_record)
        headers = Headers(
            [
                ("Max-Forwards", "70"),
                ("From", str(own.with_tag(self._token()))),
                ("To", str(own)),
                # 10.2: the same for all of one user agent, so that the registrar keeps order.
                ("Call-ID", self._call_id),
                ("CSeq", f"{self._cseq} REGISTER"),
                ("Contact", str(NameAddr("", self.contact))),
                ("Expires", str(expires_s)),
            ]
        )
        if self._route is not None:
            headers.add("Route", str(NameAddr("", self._route)))
        request = SipRequest("REGISTER", self._registrar, headers)
        if self._digest is not None:
            self._digest.authorize(request)
        self._sent = self._outbox = request


def retry_after_s(response: SipResponse) -> float:
    """How long the sender wants no requests; 0: it does not say."""
    text = (response.headers.get("Retry-After") or "").partition(";")[0].partition("(")[0]
    try:
        number = syntax.parse_number(text.strip(), 2**32 - 1, "Retry-After")
    except SipParseError:
        return 0.0
    return float(min(number, _MAX_RETRY_AFTER_S))


def _is_same_binding(uri: SipUri, ours: SipUri) -> bool:
    """Registrars add parameters to what they list, or leave the transport out."""
    same_place = (uri.host.lower(), uri.port or 5060) == (ours.host.lower(), ours.port or 5060)
    return uri.user == ours.user and same_place
