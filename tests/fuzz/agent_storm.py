"""A user agent with calls running, under a storm of damaged messages; time is counted by hand."""

from __future__ import annotations

import contextlib
import gc
import random
import sys
from collections import Counter, deque
from collections.abc import Sequence

from tests.fuzz import seeds, transfer_targets
from tests.fuzz.mutate import mutated
from tests.sip_messages import request, response, sdp
from voicebot.errors import SdpError, SipParseError
from voicebot.gateway.sip.agent.session_timer import SessionTimerPolicy
from voicebot.gateway.sip.agent.sip_call import CallOffered, CallState, ReferReceived, SipCall
from voicebot.gateway.sip.agent.user_agent import Profile, UserAgent
from voicebot.gateway.sip.messages.message import SipRequest, SipResponse, parse_datagram
from voicebot.gateway.sip.messages.peer import Peer
from voicebot.gateway.sip.messages.stream import KeepAlivePing, StreamParser
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.sdp.media_negotiation import LocalMedia, MediaPolicy

MEDIA = LocalMedia("192.0.2.1", 20000)
FRIEND = Peer("UDP", "192.0.2.9", 5062)
"""Whose call has to live through it all: nobody else knows its tags."""

STRANGERS = (
    Peer("UDP", "198.51.100.7", 5060),
    Peer("TCP", "198.51.100.7", 40000),
    Peer("UDP", "2001:db8::7", 5060),
)
MESSAGE_S = 0.005
QUIET_S = 200.0
"""Longer than any transaction, and than any call that is never acknowledged."""

MAX_CALLS = 100
MAX_FOLLOW_UPS = 200
IN_DIALOG = ("INVITE", "UPDATE", "INFO", "REFER", "OPTIONS", "NOTIFY", "PRACK", "BYE", "CANCEL")


def own_messages() -> list[bytes]:
    """Valid ones, of every method and many answers, which the damage begins with."""
    ours = [
        request(method, call_id=f"storm-{method}", body=sdp() if method == "INVITE" else "")
        for method in ("INVITE", "OPTIONS", "CANCEL", "BYE", "INFO", "UPDATE", "PRACK", "MESSAGE")
    ]
    ours += [
        request("INVITE", call_id="storm-late-offer", extra=("Supported: 100rel, timer",)),
        request(
            "INVITE",
            call_id="storm-timer",
            body=sdp(direction="sendonly"),
            extra=("Session-Expires: 300;refresher=uac", "Min-SE: 90", "Require: timer"),
        ),
        request("REGISTER", call_id="storm-register", extra=("Expires: 60",)),
        request(
            "INVITE",
            call_id="storm-digest",
            extra=(
                'Authorization: Digest username="a", realm="r", nonce="n", uri="sip:b", '
                'response="00000000000000000000000000000000", qop=auth, nc=00000001, cnonce="c"',
            ),
        ),
    ]
    return ours


class AgentStorm:
    """`run` sends damaged messages; `settle` lets all of it fade and says whether calls live.

    Anything that is raised, or that is sent and can't be read, comes out as it is.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.seeds: Sequence[bytes] = [
            *seeds.sip_messages(),
            *own_messages() * 3,
            *transfer_targets.seeds(),
        ]
        profile = Profile(
            user="infolinia",
            port=5060,
            media_policy=MediaPolicy(("PCMA", "PCMU")),
            max_calls=MAX_CALLS,
            local_host_for=lambda peer_host: "192.0.2.1",
            # The friend is silent between our looks; a timer would rightly end his call.
            session_timer=SessionTimerPolicy(expires_s=0),
        )
        token_source = random.Random(seed + 1)
        self.agent = UserAgent(profile, token=lambda: f"{token_source.getrandbits(64):016x}")
        self.now = 0.0
        self.last = b""
        self.counts: Counter[str] = Counter()
        self._follow_ups: deque[bytes] = deque()
        self._friend_cseq = 1
        self._friend = self._call_of_the_friend()

    @property
    def friend_is_up(self) -> bool:
        return self._friend.state is CallState.UP

    def run(self, n_messages: int) -> None:
        for _ in range(n_messages):
            self.now += MESSAGE_S
            self.last = self._damaged()
            source = self._random.choice(STRANGERS)
            if source.transport == "TCP":
                self._receive_stream(self.last, source)
            else:
                self.agent.receive(self.last, source, self.now)
            self.counts["messages"] += 1
            self._react()
            due = self.agent.next_timeout()
            if due is not None and due <= self.now:
                self.agent.handle_timeout(self.now)
                self._react()

    def settle(self) -> int:
        """Let all transactions and half-finished calls end; Python's memory blocks then in use."""
        end = self.now + QUIET_S
        while (due := self.agent.next_timeout()) is not None and due <= end:
            self.now = max(due, self.now)
            self.agent.handle_timeout(self.now)
            self._react()
        self.now = end
        for call in list(self.agent.core.calls.values()):
            if call is not self._friend:
                self.agent.hang_up(call, self.now)
        end += QUIET_S
        while (due := self.agent.next_timeout()) is not None and due <= end:
            self.now = max(due, self.now)
            self.agent.handle_timeout(self.now)
            self._react()
        self.now = end
        self._ask_the_friend()
        gc.collect()
        return blocks_in_use()

    def _damaged(self) -> bytes:
        """One more message; mostly with names of its own, else all would be repetitions."""
        if self._follow_ups and self._random.random() < 0.5:
            message = self._follow_ups.popleft()
            return mutated([message], self._random) if self._random.random() < 0.5 else message
        number = self.counts["messages"]
        if self._random.random() < 0.5:
            message = self._with_a_damaged_line(self._random.choice(self.seeds))
        else:
            message = mutated(self.seeds, self._random)
        if self._random.random() < 0.8:
            message = message.replace(b"storm-", b"storm%d-" % number)
            message = message.replace(b"z9hG4bK", b"z9hG4bK%d" % number)
        return message

    def _with_a_damaged_line(self, message: bytes) -> bytes:
        """Sound but for one line: such messages get further than wholly broken ones."""
        lines = message.split(b"\r\n")
        index = self._random.randrange(len(lines))
        lines[index] = mutated([lines[index]], self._random)
        return b"\r\n".join(lines)

    def _receive_stream(self, data: bytes, source: Peer) -> None:
        for item in StreamParser().feed(data):
            if isinstance(item, SipParseError):
                self.agent.receive_malformed(item, source)
            elif not isinstance(item, KeepAlivePing):
                self.agent.receive(item, source, self.now)

    def _react(self) -> None:
        """Do with events what an endpoint does, and answer some of what is sent, damaged too."""
        while (event := self.agent.next_event()) is not None:
            self.counts[type(event).__name__] += 1
            if isinstance(event, CallOffered):
                self._decide(event.call)
            elif isinstance(event, ReferReceived):
                self.agent.referrals.refuse(event.refer, 603, self.now)
        for outgoing in self.agent.datagrams_to_send():
            self.counts["sent"] += 1
            if outgoing.data.startswith(b"SIP/2.0"):
                self._follow(outgoing.data)
                continue
            sent = parse_datagram(outgoing.data)
            assert isinstance(sent, SipRequest)
            if sent.method != "ACK" and self._random.random() < 0.7:
                status = self._random.choice((100, 180, 200, 401, 481, 491, 500, 503, 603))
                answer = response(sent, status)
                if self._random.random() < 0.5:
                    answer = mutated([answer], self._random)
                self.agent.receive(answer, outgoing.peer, self.now)

    def _follow(self, answer: bytes) -> None:
        """Go on in the call that has been answered, as its caller might, or an attacker."""
        if not answer.startswith(b"SIP/2.0 200") or len(self._follow_ups) > MAX_FOLLOW_UPS:
            return
        try:
            message = parse_datagram(answer)
        except SipParseError:
            # An answer copies what it answers, faults and all.
            return
        if not isinstance(message, SipResponse) or message.cseq.method != "INVITE":
            return
        self.counts["calls answered"] += 1
        if message.from_.tag is None or message.to.tag is None:
            return
        number = message.cseq.number
        methods = ["ACK", *self._random.choices(IN_DIALOG, k=3), "BYE"]
        for index, method in enumerate(methods):
            cseq = number if method == "ACK" else number + index
            if cseq >= 1 << 31:
                return
            self._follow_ups.append(
                request(
                    method,
                    call_id=message.call_id,
                    from_tag=message.from_.tag,
                    to_tag=message.to.tag,
                    cseq=cseq,
                    branch=f"z9hG4bK-follow-{self.counts['messages']}-{index}",
                    body=sdp() if method in ("INVITE", "UPDATE") else "",
                    extra=("Refer-To: <sip:a@b>",) if method == "REFER" else (),
                )
            )

    def _decide(self, call: SipCall) -> None:
        if self._random.random() < 0.3:
            self.agent.ring(call, self.now)
        if self._random.random() < 0.3:
            self.agent.reject(call, 486, self.now)
            return
        with contextlib.suppress(SdpError):
            self.agent.answer(call, MEDIA, self.now)
            return
        self.agent.reject(call, 488, self.now)

    def _call_of_the_friend(self) -> SipCall:
        invite = request("INVITE", call_id="friend", from_tag="friend", body=sdp())
        self.agent.receive(invite, FRIEND, self.now)
        offered = self.agent.next_event()
        assert isinstance(offered, CallOffered)
        self.agent.answer(offered.call, MEDIA, self.now)
        (answer,) = (
            message
            for outgoing in self.agent.datagrams_to_send()
            if isinstance(message := parse_datagram(outgoing.data), SipResponse)
            and message.status == 200
        )
        assert answer.to.tag is not None
        self._friend_tag = answer.to.tag
        self.agent.receive(self._from_friend("ACK"), FRIEND, self.now)
        return offered.call

    def _ask_the_friend(self) -> None:
        """His call answers as if nothing had happened."""
        self._friend_cseq += 1
        self.agent.datagrams_to_send()
        options = self._from_friend("OPTIONS", self._friend_cseq)
        self.agent.receive(options, FRIEND, self.now)
        (answer,) = self.agent.datagrams_to_send()
        message = parse_datagram(answer.data)
        assert isinstance(message, SipResponse)
        assert message.status == 200, message.status
        self.now += QUIET_S
        self.agent.handle_timeout(self.now)

    def _from_friend(self, method: str, cseq: int = 1) -> bytes:
        return request(
            method,
            str(SipUri("sip", "infolinia", "192.0.2.1", 5060)),
            call_id="friend",
            from_tag="friend",
            to_tag=self._friend_tag,
            cseq=cseq,
            branch=f"z9hG4bK-friend-{cseq}",
        )


def blocks_in_use() -> int:
    """Blocks that Python's allocator has handed out and not got back."""
    return sys.getallocatedblocks()
