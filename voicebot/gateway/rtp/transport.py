"""The sockets of one leg's audio; everything it decides lies in RtpSession and the media parts."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import random
import socket
from collections.abc import Collection
from typing import Any

from voicebot.audio import FRAME_MS, FRAME_SAMPLES, SAMPLE_RATE, SILENCE, AudioFrame, Samples
from voicebot.clock import Clock
from voicebot.errors import NoMediaPort, RtpParseError
from voicebot.gateway.rtp.dtmf import DtmfReceiver, DtmfSender
from voicebot.gateway.rtp.packet import MAX_DATAGRAM_BYTES
from voicebot.gateway.rtp.packetizer import Packetizer
from voicebot.gateway.rtp.quality_stats import quality_stats
from voicebot.gateway.rtp.session import Address, RtpSession
from voicebot.gateway.rtp.srtp import SrtpContext
from voicebot.gateway.rtp.srtp_keys import SrtpKeys
from voicebot.media.codecs.catalogue import new_codec
from voicebot.media.codecs.codec import AnyCodec
from voicebot.media.codecs.g711 import PCMA
from voicebot.media.comfort_noise import ComfortNoise
from voicebot.media.concealment import Concealment
from voicebot.media.events import DigitPressed, LegEnded
from voicebot.media.jitter_buffer import JitterBuffer
from voicebot.media.leg_events import LegEventQueue
from voicebot.media.pacer import Pacer
from voicebot.media.playout import Playout
from voicebot.media.recorder import Recorder

log = logging.getLogger(__name__)

MAX_DATAGRAMS_PER_TICK = 64
"""A flood on one port must not hold up the other calls."""

LOOK_TWICE_TICKS = 5
"""Asking an empty socket costs as much as reading a packet. While one packet comes per tick,
only each fifth tick (100 ms) looks whether there is a second one."""

_TIMESTAMP_MASK = 0xFFFFFFFF

_received = memoryview(bytearray(MAX_DATAGRAM_BYTES))
"""Where datagrams are received, of every line one after the other: always in the processor's
cache, and one of the right size is copied out of it."""

_SENDING = {"sendrecv", "sendonly"}
_RECEIVING = {"sendrecv", "recvonly"}


async def open_rtp_line(
    host: str,
    port_min: int,
    port_max: int,
    pacer: Pacer,
    clock: Clock,
    accepts_strangers: bool = False,
) -> RtpLine:
    """Bind a free pair of ports: RTP on an even one, RTCP on the next.

    host: an IPv4 or IPv6 address of ours; 0.0.0.0 and :: listen on all. accepts_strangers: see
    SourceLatch.
    Raises NoMediaPort where the whole range is taken.
    """
    rng = random.SystemRandom()  # SSRC and ports that can't be guessed keep strangers out
    first = port_min + port_min % 2
    n_pairs = (port_max - first + 1) // 2
    start = rng.randrange(n_pairs) if n_pairs > 0 else 0
    for offset in range(n_pairs):
        port = first + 2 * ((start + offset) % n_pairs)
        sockets = _bind_pair(host, port)
        if sockets is not None:
            return RtpLine(*sockets, RtpSession(rng), pacer, clock, accepts_strangers)
    raise NoMediaPort(f"no free pair of RTP ports in {port_min}-{port_max}")


class RtpLine:
    """One leg's audio on the wire, moved by the pacer 20 ms at a time.

    Each tick reads what has arrived, puts one frame of the caller into `events`, sends one
    frame of `playout`, and hands both to `recorder`. Reading in the tick rather than by a
    callback per packet costs less and bounds what a flood can do.
    """

    __slots__ = (
        "_accepts_strangers",
        "_clock",
        "_codec",
        "_concealment",
        "_dtmf_payload_type",
        "_dtmf_receiver",
        "_dtmf_sender",
        "_has_sent_audio",
        "_is_closed",
        "_is_ipv6",
        "_is_receiving",
        "_is_rtcp_muxed",
        "_is_sending",
        "_is_started",
        "_jitter_buffer",
        "_media_since",
        "_noise",
        "_pacer",
        "_packetizer",
        "_payload_type",
        "_position",
        "_recorder",
        "_rtcp_socket",
        "_rtp_socket",
        "_session",
        "_srtp",
        "_ticks_to_look_twice",
        "_timestamp",
        "_unsent_packets",
        "events",
        "local_port",
        "playout",
    )

    def __init__(
        self,
        rtp_socket: socket.socket,
        rtcp_socket: socket.socket,
        session: RtpSession,
        pacer: Pacer,
        clock: Clock,
        accepts_strangers: bool = False,
    ) -> None:
        self._accepts_strangers = accepts_strangers
        self._is_rtcp_muxed = False
        self._rtp_socket = rtp_socket
        self._rtcp_socket = rtcp_socket
        self._is_ipv6 = rtp_socket.family == socket.AF_INET6
        self._session = session
        self._pacer = pacer
        self._clock = clock
        self.local_port: int = rtp_socket.getsockname()[1]
        self.events = LegEventQueue()
        self.playout = Playout()
        self._recorder: Recorder | None = None
        self._codec: AnyCodec = PCMA
        self._payload_type = PCMA.payload_type
        self._packetizer: Packetizer | None = None
        self._dtmf_payload_type: int | None = None
        self._is_sending = False
        self._is_receiving = False
        self._jitter_buffer = _jitter_buffer(self._codec)
        self._concealment = Concealment()
        self._noise: ComfortNoise | None = None
        self._dtmf_receiver = DtmfReceiver()
        self._dtmf_sender = DtmfSender()
        self._srtp: SrtpContext | None = None
        self._position = 0
        self._timestamp = session.first_timestamp
        self._has_sent_audio = False
        self._ticks_to_look_twice = 0
        self._media_since: float | None = None
        self._is_started = False
        self._is_closed = False
        self._unsent_packets = 0

    @property
    def recorder(self) -> Recorder | None:
        """Receives both directions each tick; starts with silence up to the present position."""
        return self._recorder

    @recorder.setter
    def recorder(self, recorder: Recorder | None) -> None:
        if recorder is not None:
            recorder.pad_to(self._position)
        self._recorder = recorder

    @property
    def position_samples(self) -> int:
        """Samples since `start`: the `rtp_time` of the next frame."""
        return self._position

    def configure(
        self,
        remote: Address,
        codec: str,
        payload_type: int,
        dtmf_payload_type: int | None,
        direction: str,
        *,
        ptime_ms: int = FRAME_MS,
        dtmf_clock_rate: int = SAMPLE_RATE,
        srtp: SrtpKeys | None = None,
        control: Address | None = None,
        is_rtcp_muxed: bool = False,
        known_hosts: Collection[str] = (),
    ) -> None:
        """Set what offer and answer agreed on; again at each re-INVITE.

        remote: address literal and port (a host name is a ValueError: resolving would block).
        codec: a name of `catalogue`. direction: ours, sendrecv, sendonly, recvonly or
        inactive. While we may not send, `playout` stands still. ptime_ms: what the other side
        would like to receive; the codec may come only near it. srtp: None: in the clear.
        control: where their RTCP is; None: above RTP. is_rtcp_muxed: it goes with RTP (RFC 5761).
        known_hosts: further hosts whose audio this may be (see SourceLatch).
        """
        self._is_rtcp_muxed = is_rtcp_muxed
        if srtp is None:
            self._srtp = None
        elif self._srtp is None:
            self._srtp = SrtpContext(srtp)
        else:
            self._srtp.rekey(srtp)
        is_receiving = direction in _RECEIVING
        if is_receiving and not self._is_receiving:
            self._media_since = self._clock.monotonic()
        self._is_sending = direction in _SENDING
        self._is_receiving = is_receiving
        if codec != self._codec.name:
            self._codec = new_codec(codec)
            self._jitter_buffer = _jitter_buffer(self._codec, self._jitter_buffer)
            self._packetizer = None
        packet_ms = self._codec.packet_ms(ptime_ms)
        if packet_ms == FRAME_MS:
            self._packetizer = None
        elif self._packetizer is None or self._packetizer.packet_ms != packet_ms:
            self._packetizer = Packetizer(self._codec, packet_ms)
        clock_rate = self._codec.ticks_per_frame * 1000 // FRAME_MS
        self._session.configure(
            self._local_form(remote),
            payload_type,
            dtmf_payload_type,
            clock_rate=clock_rate,
            control=None if control is None else self._local_form(control),
            known_hosts=[self._local_form((host, 0))[0] for host in known_hosts],
            accepts_strangers=self._accepts_strangers,
        )
        self._dtmf_sender.clock_rate = dtmf_clock_rate
        self._payload_type = payload_type
        self._dtmf_payload_type = dtmf_payload_type

    def start(self) -> None:
        """The call is answered: position 0 is now. Call `configure` first."""
        if self._is_started or self._is_closed:
            return
        self._is_started = True
        now = self._clock.monotonic()
        self._media_since = now
        self._session.start_reports(now)
        asyncio.get_running_loop().add_reader(self._rtcp_socket, self._read_rtcp)
        self._drop_early_packets()
        self._pacer.add(self, self._tick_failed)

    def restart(self) -> None:
        """The call is answered after early audio: position 0 is now, as if it began here."""
        while not self.events.empty():
            self.events.get_nowait()
        self._position = 0

    def send_digits(self, digits: str) -> None:
        """Press keys towards the other party; ignored where no telephone events were agreed."""
        if self._dtmf_payload_type is not None:
            self._dtmf_sender.press(digits)

    def stats(self) -> dict[str, float]:
        """Counts and times so far; keys end in their unit, packets have none.

        jitter_ms is that between ticks: what stays within 20 ms does no harm and isn't seen.
        """
        jitter = self._jitter_buffer.stats
        counts = {
            **self._session.stats(),
            "packets_unsent": float(self._unsent_packets),
            "packets_refused": float(self._srtp.refused_packets if self._srtp else 0),
            "late": float(jitter.late),
            "concealed_ms": float(jitter.concealed * FRAME_MS),
            "jitter_buffer_ms": float(self._jitter_buffer.delay_ms),
            "underrun_ms": float(self.playout.underrun_frames * FRAME_MS),
            "dropped_frames_ms": float(self.events.dropped_frames * FRAME_MS),
        }
        packet_ms = FRAME_MS if self._packetizer is None else self._packetizer.packet_ms
        return counts | quality_stats(self._codec.name, counts, packet_ms)

    def seconds_without_media(self, now: float) -> float:
        """How long nothing has come; 0 while the other side may not send (hold)."""
        if not self._is_receiving or self._media_since is None:
            return 0.0
        last = self._session.last_received_at
        since = self._media_since if last is None else max(last, self._media_since)
        return max(now - since, 0.0)

    def close(self) -> None:
        """Say goodbye in RTCP and free the ports. The recorder is not closed. Safe twice."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._is_started:
            self._pacer.remove(self)
            asyncio.get_running_loop().remove_reader(self._rtcp_socket)
            self._send_rtcp(self._session.bye(self._clock.monotonic()))
        self._rtp_socket.close()
        self._rtcp_socket.close()

    # ---- every 20 ms -----------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """One frame in, one frame out. `now`: monotonic seconds."""
        if self._is_closed:
            return
        self._read_rtp(now)
        payload = self._jitter_buffer.get()
        if payload is None:
            inbound = self._conceal()
        else:
            inbound = self._concealment.accept(self._codec.decode(payload))
            if self._noise is not None and self._noise.is_over():
                self._noise = None
        arrived_at = now - self._jitter_buffer.held_s
        self.events.put_nowait(AudioFrame(inbound, self._position, payload is None, arrived_at))
        outbound = self._send(now) if self._is_sending else SILENCE
        self._position += FRAME_SAMPLES
        self._timestamp = (self._timestamp + self._codec.ticks_per_frame) & _TIMESTAMP_MASK
        if self._recorder is not None:
            self._recorder.write(inbound, outbound)
        if self.playout.has_events:
            while (event := self.playout.next_event()) is not None:
                self.events.put_nowait(event)
        if self._session.is_report_due(now):
            report = self._session.handle_timeout(now)
            if report is not None:
                self._send_rtcp(report)

    def _read_rtp(self, now: float) -> None:
        receive = self._rtp_socket.recvfrom_into
        srtp = self._srtp
        self._ticks_to_look_twice -= 1
        for n_read in range(MAX_DATAGRAMS_PER_TICK):
            try:
                n_bytes, source = receive(_received)
            except BlockingIOError:
                if n_read == 0:
                    # What is late now may come in a bunch: look until the socket is empty.
                    self._ticks_to_look_twice = 0
                elif self._ticks_to_look_twice <= 0:
                    self._ticks_to_look_twice = LOOK_TWICE_TICKS
                return
            except OSError:
                continue  # an ICMP error about something we sent
            data = _received[:n_bytes].tobytes()
            if self._is_ipv6:
                source = source[:2]
            if srtp is not None:
                plain = srtp.unprotect(data)
                if plain is None:
                    continue
                data = plain
            packet = self._session.receive_rtp(data, source, now)
            if packet is None or not self._is_receiving:
                continue
            if packet.payload_type == self._payload_type:
                payload = self._codec.payload(packet.payload)
                self._jitter_buffer.put(packet.timestamp, payload, packet.ssrc)
                if self._noise is not None:
                    self._noise.audio_came()
                if self._ticks_to_look_twice > 0 and len(payload) >= self._codec.ticks_per_frame:
                    return
            elif packet.payload_type == self._dtmf_payload_type:
                self._receive_key(packet.payload, packet.timestamp, packet.is_marked)
            else:
                self._receive_noise(packet.payload)

    def _receive_key(self, payload: bytes, timestamp: int, is_marked: bool) -> None:
        try:
            digit = self._dtmf_receiver.receive(payload, timestamp, is_marked)
        except RtpParseError:
            self._session.invalid_packets += 1
            return
        if digit is not None:
            self.events.put_nowait(DigitPressed(digit))

    def _receive_noise(self, payload: bytes) -> None:
        if self._noise is None:
            self._noise = ComfortNoise()
        self._noise.receive(payload)

    def _conceal(self) -> Samples:
        if self._noise is not None:
            return self._noise.frame()
        if not self._jitter_buffer.is_receiving:
            return SILENCE
        made_up = self._codec.conceal(self._jitter_buffer.following)
        return self._concealment.conceal() if made_up is None else made_up

    def _send(self, now: float) -> Samples:
        """Send this tick's packet; the samples in it, as they go into the recording."""
        session = self._session
        timestamp = self._timestamp
        if self._dtmf_sender.is_active and self._dtmf_payload_type is not None:
            key = self._dtmf_sender.next_packet(timestamp)
            if key is not None:
                if self._packetizer is not None:
                    self._send_packets(self._packetizer.flush(), now)
                self._send_rtp(
                    session.next_datagram(
                        key.payload, self._dtmf_payload_type, key.timestamp, key.is_marked, now
                    )
                )
                return SILENCE
            samples = SILENCE
        else:
            samples = self.playout.pull(now)
        if self._packetizer is not None:
            self._send_packets(self._packetizer.add(samples), now)
            return samples
        codec = self._codec
        silence = codec.silence
        payload = codec.encode(samples) if samples is not SILENCE or silence is None else silence
        is_marked = not self._has_sent_audio
        self._has_sent_audio = True
        self._send_rtp(
            session.next_datagram(payload, self._payload_type, timestamp, is_marked, now)
        )
        return samples

    def _send_packets(self, packets: list[tuple[int, bytes]], now: float) -> None:
        """packets: where it begins, in samples from this tick's begin; payload."""
        for begin, payload in packets:
            ticks = begin * self._codec.ticks_per_frame // FRAME_SAMPLES
            is_marked = not self._has_sent_audio
            self._has_sent_audio = True
            self._send_rtp(
                self._session.next_datagram(
                    payload,
                    self._payload_type,
                    (self._timestamp + ticks) & _TIMESTAMP_MASK,
                    is_marked,
                    now,
                )
            )

    def _send_rtp(self, datagram: bytes) -> None:
        remote = self._session.remote
        if remote is None:
            return
        if self._srtp is not None:
            protected = self._srtp.protect(datagram)
            if protected is None:
                self._unsent_packets += 1
                return
            datagram = protected
        try:
            self._rtp_socket.sendto(datagram, remote)
        except OSError:
            # A full buffer, or an ICMP error: the next packet may get through.
            self._unsent_packets += 1

    # ---- control ---------------------------------------------------------------------------

    def _read_rtcp(self) -> None:
        try:
            data, source = self._rtcp_socket.recvfrom(MAX_DATAGRAM_BYTES)
        except OSError:
            return
        if self._srtp is not None:
            plain = self._srtp.unprotect_rtcp(data)
            if plain is None:
                return
            data = plain
        self._session.receive_rtcp(data, source[:2], self._clock.monotonic())

    def _send_rtcp(self, datagram: bytes) -> None:
        is_muxed = self._is_rtcp_muxed
        remote = self._session.remote if is_muxed else self._session.remote_rtcp
        if remote is None:
            return
        if self._srtp is not None:
            protected = self._srtp.protect_rtcp(datagram)
            if protected is None:
                self._unsent_packets += 1
                return
            datagram = protected
        try:
            (self._rtp_socket if is_muxed else self._rtcp_socket).sendto(datagram, remote)
        except OSError:
            self._unsent_packets += 1

    def _drop_early_packets(self) -> None:
        """What came before the answer would only make the caller's audio late."""
        for _ in range(MAX_DATAGRAMS_PER_TICK):
            try:
                self._rtp_socket.recvfrom(MAX_DATAGRAM_BYTES)
            except OSError:
                return

    def _tick_failed(self) -> None:
        self.events.put_nowait(LegEnded("error"))

    def _local_form(self, remote: Address) -> Address:
        """The address as our socket writes it: an IPv6 one shows IPv4 as ::ffff:a.b.c.d."""
        address = ipaddress.ip_address(remote[0])
        if self._is_ipv6 and address.version == 4:
            return f"::ffff:{address}", remote[1]
        return str(address), remote[1]


def _jitter_buffer(
    codec: AnyCodec, predecessor: JitterBuffer[Any] | None = None
) -> JitterBuffer[Any]:
    buffer: JitterBuffer[Any] = JitterBuffer(codec.is_quiet, codec.join, codec.ticks_per_frame)
    if predecessor is not None:
        buffer.stats = predecessor.stats
    return buffer


def _bind_pair(host: str, port: int) -> tuple[socket.socket, socket.socket] | None:
    """Both sockets, or None where one of the two ports is taken."""
    address = ipaddress.ip_address(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    sockets: list[socket.socket] = []
    try:
        for number in (port, port + 1):
            opened = socket.socket(family, socket.SOCK_DGRAM)
            sockets.append(opened)
            opened.setblocking(False)
            if family == socket.AF_INET6 and host == "::":
                opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            opened.bind((host, number))
    except OSError as error:
        for opened in sockets:
            opened.close()
        log.debug("RTP port is taken", extra={"port": port, "reason": str(error)})
        return None
    return sockets[0], sockets[1]
