"""Drives the user agent: hands it what arrives and the time, sends and reports what it says."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from voicebot.clock import Clock
from voicebot.errors import CallFailed, SipParseError
from voicebot.gateway.sip.agent.sip_call import UserAgentEvent
from voicebot.gateway.sip.agent.user_agent import UserAgent
from voicebot.gateway.sip.messages.message import SipMessage
from voicebot.gateway.sip.messages.peer import OutgoingMessage, Peer
from voicebot.gateway.sip.network.rate_limit import RequestLimiter


class AgentDriver:
    """Exists before its user agent and outlives it: without one, nothing happens."""

    def __init__(
        self,
        clock: Clock,
        limiter: RequestLimiter,
        send: Callable[[OutgoingMessage], None],
        handle: Callable[[UserAgentEvent], None],
    ) -> None:
        """send: may call `cannot_send` at once. handle: must not raise."""
        self._clock = clock
        self._limiter = limiter
        self._send = send
        self._handle = handle
        self._wake_up: asyncio.TimerHandle | None = None
        self.user_agent: UserAgent | None = None

    def running(self) -> UserAgent:
        """Raises CallFailed where none runs."""
        if self.user_agent is None:
            raise CallFailed("the endpoint is not running", 503)
        return self.user_agent

    def start(self, user_agent: UserAgent) -> None:
        self.user_agent = user_agent

    def stop(self) -> None:
        """From now on whatever arrives is forgotten."""
        if self._wake_up is not None:
            self._wake_up.cancel()
        self.user_agent = None

    def receive(self, message: bytes | SipMessage | SipParseError, source: Peer) -> None:
        """Take in what the transport received."""
        if self.user_agent is None:
            return
        now = self._clock.monotonic()
        if not self._limiter.admits(message, source, self.user_agent.core.call_ids, now):
            return
        if isinstance(message, SipParseError):
            self.user_agent.receive_malformed(message, source)
        else:
            self.user_agent.receive(message, source, now)
        self.pump()

    def cannot_send(self, message: OutgoingMessage) -> None:
        """The transport has no way for this one."""
        if self.user_agent is not None:
            self.user_agent.transport_failed(message, self._clock.monotonic())
            # Not from here: `send`, which may have called us, is in the middle of a pump.
            asyncio.get_running_loop().call_soon(self.pump)

    def pump(self) -> None:
        """Send what is to be sent, hand events on, set the alarm."""
        user_agent = self.user_agent
        if user_agent is None:
            return
        for message in user_agent.datagrams_to_send():
            self._send(message)
        while (event := user_agent.next_event()) is not None:
            self._handle(event)
        if self._wake_up is not None:
            self._wake_up.cancel()
            self._wake_up = None
        due = user_agent.next_timeout()
        if due is not None:
            delay_s = max(due - self._clock.monotonic(), 0.0)
            self._wake_up = asyncio.get_running_loop().call_later(delay_s, self._alarm)

    def _alarm(self) -> None:
        if self.user_agent is not None:
            self.user_agent.handle_timeout(self._clock.monotonic())
            self.pump()
