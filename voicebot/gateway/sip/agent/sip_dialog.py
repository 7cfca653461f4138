"""A SIP dialog (RFC 3261 section 12): what makes two user agents' requests belong together."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.gateway.sip.messages.dialog_key import DialogKey
from voicebot.gateway.sip.messages.message import Headers, SipRequest, SipResponse
from voicebot.gateway.sip.messages.uri import NameAddr, SipUri


class SipDialog:
    """Tags, sequence numbers, route set and remote target of one dialog, seen from our side."""

    def __init__(
        self,
        call_id: str,
        local: NameAddr,
        remote: NameAddr,
        remote_target: SipUri,
        route_set: Sequence[NameAddr],
        local_cseq: int,
        remote_cseq: int | None,
        is_secure: bool = False,
    ) -> None:
        """is_secure: it began with a sips URI, so its requests go over TLS only (12.1)."""
        self.call_id = call_id
        self.local = local
        self.remote = remote
        self.remote_target = remote_target
        self.route_set = tuple(route_set)
        self.local_cseq = local_cseq
        self.is_secure = is_secure
        self._remote_cseq = remote_cseq

    @classmethod
    def as_server(cls, request: SipRequest, local_tag: str, first_cseq: int) -> SipDialog:
        """Of a request that we answer (12.1.1). first_cseq: number before our first request."""
        return cls(
            call_id=request.call_id,
            local=request.to.with_tag(local_tag),
            remote=request.from_,
            remote_target=_target(request, request.from_),
            route_set=request.record_routes,
            local_cseq=first_cseq,
            remote_cseq=request.cseq.number,
            is_secure=request.uri.scheme == "sips",
        )

    @classmethod
    def as_client(cls, request: SipRequest, response: SipResponse) -> SipDialog:
        """Of a request of ours and an answer to it (12.1.2): routes in reverse."""
        return cls(
            call_id=request.call_id,
            local=request.from_,
            remote=response.to,
            remote_target=_target(response, request.to),
            route_set=tuple(reversed(response.record_routes)),
            local_cseq=request.cseq.number,
            remote_cseq=None,
            is_secure=request.uri.scheme == "sips",
        )

    @property
    def key(self) -> DialogKey:
        return (self.call_id, self.local.tag or "", self.remote.tag or "")

    @property
    def next_hop(self) -> SipUri:
        """Whom our requests are sent to: the first route, else the remote target."""
        return self.route_set[0].uri if self.route_set else self.remote_target

    def is_in_order(self, request: SipRequest) -> bool:
        """Whether a request of the other side may be handled; False: answer 500 (12.2.2)."""
        if self._remote_cseq is not None and request.cseq.number < self._remote_cseq:
            return False
        self._remote_cseq = request.cseq.number
        return True

    def refresh_target(self, message: SipRequest | SipResponse) -> None:
        """After a re-INVITE or its 2xx, requests go to the new Contact (12.2)."""
        if message.contact is not None:
            self.remote_target = message.contact.uri.without_headers()

    def take_over(self, early: SipDialog) -> None:
        """Go on with the numbers that this dialog had while it was early."""
        self.local_cseq = max(self.local_cseq, early.local_cseq)
        self._remote_cseq = early._remote_cseq

    def create_request(self, method: str) -> SipRequest:
        """A new request inside the dialog, without Via and Contact."""
        self.local_cseq += 1
        return self._request(method, self.local_cseq)

    def create_ack(self, cseq_number: int) -> SipRequest:
        """The ACK of a 2xx: a request of its own with the INVITE's number (13.2.2.4)."""
        return self._request("ACK", cseq_number)

    def _request(self, method: str, cseq_number: int) -> SipRequest:
        uri, routes = self.remote_target, list(self.route_set)
        if routes and not routes[0].uri.is_loose_router:
            # A strict router expects itself in the Request-URI and the target last (12.2.1.1).
            uri = routes.pop(0).uri.without_headers()
            routes.append(NameAddr("", self.remote_target))
        headers = Headers()
        headers.add("Max-Forwards", "70")
        for route in routes:
            headers.add("Route", str(route))
        headers.add("From", str(self.local))
        headers.add("To", str(self.remote))
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{cseq_number} {method}")
        return SipRequest(method, uri, headers, b"")


def _target(message: SipRequest | SipResponse, fallback: NameAddr) -> SipUri:
    """Contact is mandatory, but peers that forget it can still be reached by their address."""
    address = message.contact or fallback
    # 19.1.1: a Request-URI, which the target becomes, takes no headers.
    return address.uri.without_headers()
