"""A user agent on a bench: messages in as bytes, messages out as objects, time by hand."""

from __future__ import annotations

import itertools

from tests.sip_messages import describe, request, response, sdp
from voicebot.gateway.sip.agent.sip_call import CallOffered, SipCall, UserAgentEvent
from voicebot.gateway.sip.agent.user_agent import Profile, UserAgent
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse, parse_datagram
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia, MediaPolicy

PHONE = Peer("UDP", "192.0.2.9", 5062)
MEDIA = LocalMedia("192.0.2.1", 20000)


class Bench:
    def __init__(
        self,
        max_calls: int = 10,
        max_server_transactions: int = 10_000,
        serves_tls: bool = False,
    ) -> None:
        counter = itertools.count(1)
        profile = Profile(
            user="infolinia",
            port=5060,
            media_policy=MediaPolicy(("PCMA", "PCMU")),
            max_calls=max_calls,
            local_host_for=lambda peer_host: "192.0.2.1",
            serves_tls=serves_tls,
        )
        self.user_agent = UserAgent(
            profile,
            max_server_transactions=max_server_transactions,
            token=lambda: f"token{next(counter)}",
        )
        self.now = 0.0
        self.sent_to: list[Peer] = []

    def receive(self, data: bytes, source: Peer = PHONE) -> None:
        self.user_agent.receive(data, source, self.now)

    def sent(self) -> list[SipRequest | SipResponse]:
        """What was sent since the last look."""
        messages = []
        for outgoing in self.user_agent.datagrams_to_send():
            self.sent_to.append(outgoing.peer)
            messages.append(parse_datagram(outgoing.data))
        return messages

    def sent_request(self) -> SipRequest:
        """The one request among what was sent since the last look."""
        requests = [message for message in self.sent() if isinstance(message, SipRequest)]
        assert len(requests) == 1, [describe(message) for message in requests]
        return requests[0]

    def sent_lines(self) -> list[str]:
        return [describe(message) for message in self.sent()]

    def events(self) -> list[UserAgentEvent]:
        events = []
        while (event := self.user_agent.next_event()) is not None:
            events.append(event)
        return events

    def event_names(self) -> list[str]:
        return [type(event).__name__ for event in self.events()]

    def advance(self, seconds: float) -> None:
        """Let time pass, waking the user agent whenever it wants."""
        end = self.now + seconds
        while (due := self.user_agent.next_timeout()) is not None and due <= end:
            self.now = due
            self.user_agent.handle_timeout(due)
        self.now = end

    # Whole steps

    def offered_call(self, **fields: object) -> SipCall:
        """An INVITE came in and waits for the decision."""
        fields.setdefault("body", sdp())
        self.receive(request("INVITE", **fields))  # type: ignore[arg-type]
        offered = [event for event in self.events() if isinstance(event, CallOffered)]
        assert len(offered) == 1
        return offered[0].call

    def answered_call(self, **fields: object) -> SipCall:
        """The call was answered with 200; its ACK is still to come."""
        call = self.offered_call(**fields)
        self.user_agent.answer(call, MEDIA, self.now)
        return call

    def running_call(self, **fields: object) -> SipCall:
        """Answered and acknowledged."""
        call = self.answered_call(**fields)
        self.ack(call)
        self.sent()
        self.events()
        return call

    def ack(self, call: SipCall, cseq: int = 1, body: str = "") -> None:
        self.receive(
            request("ACK", to_tag=call.local_tag, branch=f"z9hG4bK-ack{cseq}", cseq=cseq, body=body)
        )

    def in_dialog(self, method: str, call: SipCall, cseq: int = 2, **fields: object) -> None:
        branch = f"z9hG4bK-{method}{cseq}"
        self.receive(
            request(method, to_tag=call.local_tag, branch=branch, cseq=cseq, **fields)  # type: ignore[arg-type]
        )

    def placed_call(self, uri: str = "sip:600100200@192.0.2.9:5062") -> tuple[SipCall, SipRequest]:
        """Our INVITE is out."""
        call = self.user_agent.place_call(SipUri.parse(uri), "bot", MEDIA, PHONE, self.now)
        return call, self.sent_request()

    def taken_call(self) -> tuple[SipCall, SipRequest]:
        """Our call was answered with 200 and acknowledged."""
        call, invite = self.placed_call()
        self.receive(response(invite, 200, body=sdp()))
        assert self.sent_lines() == ["ACK"]
        self.events()
        return call, invite
