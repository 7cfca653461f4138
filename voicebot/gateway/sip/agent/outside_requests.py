"""The part of the user agent that sends requests outside any call: REGISTER, OPTIONS."""

from __future__ import annotations

from collections.abc import Callable

from voicebot.gateway.sip.agent.agent_core import AgentCore, SentRequest, first_cseq
from voicebot.gateway.sip.messages.message import Headers, SipRequest, SipResponse
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import NameAddr, SipUri

OnAnswer = Callable[[SipResponse], None]


class OutsideRequests:
    """Sends one and hands its final answer on; 408 where nobody answers, 503 where it can't go."""

    def __init__(self, core: AgentCore) -> None:
        self._core = core

    def send(self, request: SipRequest, peer: Peer, on_answer: OnAnswer, now: float) -> None:
        """request: without Via; it is left as it is."""
        core = self._core
        headers = request.headers.copy()
        local_host = core.profile.local_host_for(peer.host)
        headers.prepend("Via", str(core.via(peer.transport, local_host)))
        sent = SipRequest(request.method, request.uri, headers, request.body)

        def receive(sent: SentRequest, response: SipResponse, now: float) -> None:
            if response.status >= 200:
                on_answer(response)

        core.send_request(sent, peer, now, receive)

    def options(self, uri: SipUri, own: NameAddr, route: SipUri | None) -> SipRequest:
        """Asks `uri` whether it is there. own: our From, without a tag."""
        core = self._core
        headers = Headers(
            [
                ("Max-Forwards", "70"),
                ("From", str(own.with_tag(core.token()))),
                ("To", str(NameAddr("", uri))),
                ("Call-ID", core.token() + core.token()),
                ("CSeq", f"{first_cseq()} OPTIONS"),
                ("Accept", "application/sdp"),
            ]
        )
        if route is not None:
            headers.add("Route", str(NameAddr("", route)))
        return SipRequest("OPTIONS", uri, headers)
