"""One RTP stream each way and its RTCP (RFC 3550): no sockets, no clock."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Collection

from voicebot.audio import SAMPLE_RATE
from voicebot.errors import RtpParseError
from voicebot.gateway.rtp import rtcp
from voicebot.gateway.rtp.packet import HEADER, RTCP_TYPES, RtpPacket, parse_packet
from voicebot.gateway.rtp.source_latch import Address, SourceLatch
from voicebot.media import comfort_noise

__all__ = ["Address", "RtpSession"]

MAX_DROPOUT = 3000
MAX_MISORDER = 100
"""RFC 3550 A.1: further jumps of the sequence number are a restart of the sender."""

MAX_TRANSIT_STEP_S = 8
"""No network's jitter."""

RTCP_INTERVAL_S = 5.0
RTCP_COMPENSATION = 2.71828 - 1.5
"""RFC 3550 A.7: makes up for what timer reconsideration shortens."""

_FRAME_BYTES = 160
_FRAME_PACKET = struct.Struct("!BBHII160s")
"""Header and payload of 20 ms of G.711, what nearly every packet is: packed at once."""

_SEQUENCE_MODULUS = 1 << 16
_TIMESTAMP_MASK = 0xFFFFFFFF


class RtpSession:
    """Keeps one leg's RTP state: who may send to us, what was lost, what we report.

    Who is not let in by its SourceLatch can't take over or disturb a call. `receive_*` never
    raise: what is malformed or foreign is counted and dropped.

    RTCP reports come from `handle_timeout` once `next_timeout` has passed.
    """

    # Slots, as in the other objects that each tick touches for each call: a tenth of the CPU
    # time of a hundred calls went into finding attributes in cold memory.
    __slots__ = (
        "_bad_sequence",
        "_base_sequence",
        "_clock_rate",
        "_cname",
        "_control",
        "_cycles",
        "_expected_prior",
        "_first_sequence",
        "_first_timestamp",
        "_highest_sequence",
        "_jitter",
        "_last_received_at",
        "_last_report_at",
        "_last_report_ntp",
        "_last_sent_at",
        "_last_timestamp",
        "_latch",
        "_latched",
        "_lost_before",
        "_next_report_at",
        "_octets_sent",
        "_packets_received",
        "_packets_sent",
        "_payload_types",
        "_received",
        "_received_prior",
        "_remote_has_left",
        "_remote_report",
        "_remote_ssrc",
        "_rng",
        "_round_trip_s",
        "_rtcp_source",
        "_sent_before_report",
        "_sequence_number",
        "_timed_payload_type",
        "_transit",
        "foreign_packets",
        "invalid_packets",
        "ssrc",
    )

    def __init__(self, rng: random.Random) -> None:
        self.ssrc = rng.getrandbits(32)
        self._cname = f"{rng.getrandbits(64):016x}@voicebot"
        self._rng = rng
        self._sequence_number = self._first_sequence = rng.getrandbits(15)
        self._first_timestamp = rng.getrandbits(32)
        self._payload_types: frozenset[int] = frozenset()
        self._timed_payload_type = -1
        self._clock_rate = SAMPLE_RATE
        self._latch = SourceLatch()
        self._latched: Address | None = None
        self._control: Address | None = None
        self._rtcp_source: Address | None = None
        # what we send
        self._packets_sent = 0
        self._octets_sent = 0
        self._sent_before_report = 0
        self._last_timestamp = self._first_timestamp
        self._last_sent_at = 0.0
        # what we receive
        self._remote_ssrc: int | None = None
        self._base_sequence = 0
        self._highest_sequence = 0
        self._cycles = 0
        self._bad_sequence = -1
        self._received = 0
        self._lost_before = 0
        self._packets_received = 0
        self._expected_prior = 0
        self._received_prior = 0
        self._transit = math.inf
        self._jitter = 0.0
        self._last_received_at: float | None = None
        self._last_report_ntp = 0
        self._last_report_at = 0.0
        self._round_trip_s: float | None = None
        self._remote_report: tuple[int, int, int] | None = None
        self._remote_has_left = False
        self._next_report_at: float | None = None
        self.invalid_packets = 0
        self.foreign_packets = 0

    # ---- addresses -------------------------------------------------------------------------

    def configure(
        self,
        remote: Address,
        payload_type: int,
        dtmf_payload_type: int | None,
        *,
        clock_rate: int = SAMPLE_RATE,
        control: Address | None = None,
        known_hosts: Collection[str] = (),
        accepts_strangers: bool = False,
    ) -> None:
        """Set what signalling agreed on, again at a re-INVITE; a new address latches anew.

        clock_rate: RTP ticks a second of the codec.
        control: where their RTCP is (a=rtcp, RFC 3605); None: the port above RTP's.
        known_hosts, accepts_strangers: see SourceLatch.
        """
        accepted = {payload_type}
        if dtmf_payload_type is not None:
            accepted.add(dtmf_payload_type)
        if clock_rate == SAMPLE_RATE:
            # Also where nobody agreed on it: who sends it anyway has nothing else to say.
            accepted.add(comfort_noise.PAYLOAD_TYPE)
        self._payload_types = frozenset(accepted)
        self._timed_payload_type = payload_type
        if clock_rate != self._clock_rate:
            self._jitter *= clock_rate / self._clock_rate
            self._clock_rate = clock_rate
            self._transit = math.inf
        self._control = control
        if self._latch.configure(remote, known_hosts, accepts_strangers):
            self._latched = None
            self._rtcp_source = None

    @property
    def remote(self) -> Address | None:
        """Where our RTP goes."""
        return self._latch.remote

    @property
    def remote_rtcp(self) -> Address | None:
        """Where our RTCP goes: whence theirs comes, else where signalling says, else the port
        above RTP's (section 11). The signalled one of a phone behind a NAT reaches nobody."""
        return self._rtcp_source or self._expected_control

    @property
    def _expected_control(self) -> Address | None:
        if self._control is not None and self._latch.is_where_signalled:
            return self._control
        remote = self.remote
        return None if remote is None or remote[1] >= 65535 else (remote[0], remote[1] + 1)

    # ---- sending ---------------------------------------------------------------------------

    @property
    def first_timestamp(self) -> int:
        """Random start of our RTP timestamps (section 5.1)."""
        return self._first_timestamp

    def next_datagram(
        self, payload: bytes, payload_type: int, timestamp: int, is_marked: bool, now: float
    ) -> bytes:
        """Header and payload, with the next sequence number. timestamp: 32 bits."""
        sequence_number = self._sequence_number
        self._sequence_number = (sequence_number + 1) & 0xFFFF
        self._packets_sent += 1
        self._octets_sent += len(payload)
        self._last_timestamp = timestamp
        self._last_sent_at = now
        second = payload_type | 0x80 if is_marked else payload_type
        if len(payload) == _FRAME_BYTES:
            return _FRAME_PACKET.pack(0x80, second, sequence_number, timestamp, self.ssrc, payload)
        return HEADER.pack(0x80, second, sequence_number, timestamp, self.ssrc) + payload

    # ---- receiving -------------------------------------------------------------------------

    def receive_rtp(self, data: bytes, source: Address, now: float) -> RtpPacket | None:
        """The packet, where it belongs to this call; None otherwise.

        now: monotonic seconds of its arrival, as exact as can be had (jitter).
        """
        try:
            packet = parse_packet(data)
        except RtpParseError:
            self.invalid_packets += 1
            return None
        if packet.payload_type not in self._payload_types:
            if data[1] in RTCP_TYPES:
                self.receive_rtcp(data, source, now)
            else:
                self.invalid_packets += 1
            return None
        if (source != self._latched or packet.ssrc != self._remote_ssrc) and not self._admit(
            packet, source, now
        ):
            return None
        sequence_number = packet.sequence_number
        if sequence_number == self._highest_sequence + 1:
            # Nearly every packet follows on the one before.
            self._highest_sequence = sequence_number
            self._received += 1
            self._packets_received += 1
        elif not self._count(sequence_number):
            return None
        self._last_received_at = now
        if packet.payload_type == self._timed_payload_type:
            # A.8: smoothed difference of transit times, in RTP ticks.
            transit = now * self._clock_rate - packet.timestamp
            difference = abs(transit - self._transit)
            # Else timestamps wrapped, jumped or just began.
            if difference < MAX_TRANSIT_STEP_S * self._clock_rate:
                self._jitter += (difference - self._jitter) / 16
            self._transit = transit
        return packet

    def receive_rtcp(self, data: bytes, source: Address, now: float) -> None:
        """Take in a datagram of the control port."""
        if not self._may_report(source):
            self.foreign_packets += 1
            return
        try:
            packets = rtcp.parse_compound(data)
        except RtpParseError:
            self.invalid_packets += 1
            return
        for packet in packets:
            match packet:
                case rtcp.SenderReport():
                    if packet.ssrc == self._remote_ssrc:
                        self._rtcp_source = source
                        self._last_report_ntp = packet.ntp_time >> 16 & 0xFFFFFFFF
                        self._last_report_at = now
                    self._read_blocks(packet.blocks, now)
                case rtcp.ReceiverReport():
                    self._read_blocks(packet.blocks, now)
                case rtcp.Bye():
                    if self._remote_ssrc in packet.ssrcs:
                        self._remote_has_left = True

    @property
    def remote_has_left(self) -> bool:
        """An RTCP BYE came for their stream. A hint only: the call ends by signalling."""
        return self._remote_has_left

    @property
    def last_received_at(self) -> float | None:
        """When their last valid RTP packet arrived."""
        return self._last_received_at

    def _may_report(self, source: Address) -> bool:
        """Whether RTCP from here may be the other side's: of its host, later of its one port."""
        if source in (self._rtcp_source, self._expected_control):
            return True
        remote = self.remote
        return self._rtcp_source is None and remote is not None and source[0] == remote[0]

    def _admit(self, packet: RtpPacket, source: Address, now: float) -> bool:
        """Whether a packet from a source or SSRC that is not yet the call's may be taken."""
        ssrc, sequence_number = packet.ssrc, packet.sequence_number
        if source != self._latched:
            if not self._latch.admits(source, ssrc, sequence_number, now):
                self.foreign_packets += 1
                return False
            self._latched = source
            self._rtcp_source = None
            if ssrc != self._remote_ssrc:
                self._start_source(packet)
            return True
        # The same sender with a new SSRC (its other party changed).
        if self._latch.admits_ssrc(source, ssrc, sequence_number, now):
            self._start_source(packet)
            return True
        return False

    def _start_source(self, packet: RtpPacket) -> None:
        self._remote_ssrc = packet.ssrc
        self._remote_has_left = False
        self._last_report_ntp = 0
        self._restart_sequence(packet.sequence_number)
        self._transit = math.inf

    # ---- A.1, A.3: sequence numbers and loss ----------------------------------------------

    def _restart_sequence(self, sequence_number: int) -> None:
        self._lost_before += max(self._expected() - self._received, 0)
        self._base_sequence = sequence_number
        self._highest_sequence = (sequence_number - 1) & 0xFFFF
        self._cycles = -_SEQUENCE_MODULUS if sequence_number == 0 else 0
        self._bad_sequence = -1
        self._received = 0
        self._expected_prior = 0
        self._received_prior = 0

    def _count(self, sequence_number: int) -> bool:
        step = (sequence_number - self._highest_sequence) & 0xFFFF
        if step < MAX_DROPOUT:
            if sequence_number < self._highest_sequence:
                self._cycles += _SEQUENCE_MODULUS
            self._highest_sequence = sequence_number
        elif step <= _SEQUENCE_MODULUS - MAX_MISORDER:
            if sequence_number != self._bad_sequence:
                self._bad_sequence = (sequence_number + 1) & 0xFFFF
                return False
            # Two in order: the sender has restarted.
            self._restart_sequence(sequence_number)
            self._highest_sequence = sequence_number
            self._cycles = 0
        self._received += 1
        self._packets_received += 1
        return True

    def _expected(self) -> int:
        if self._remote_ssrc is None or not self._received:
            return 0
        return self._cycles + self._highest_sequence - self._base_sequence + 1

    @property
    def packets_lost(self) -> int:
        """Packets that never came, over all sources of this leg; duplicates can hide some."""
        return self._lost_before + max(self._expected() - self._received, 0)

    # ---- RTCP ------------------------------------------------------------------------------

    def start_reports(self, now: float) -> None:
        """The leg begins: the first report is due after half an interval (section 6.2)."""
        self._next_report_at = now + self._interval_s() / 2

    def next_timeout(self) -> float | None:
        """Monotonic time at which to call `handle_timeout`; None: do not wake me."""
        return self._next_report_at

    def is_report_due(self, now: float) -> bool:
        """Whether `handle_timeout` has something to do; asked each tick, so cheaper than it."""
        return self._next_report_at is not None and now >= self._next_report_at

    def handle_timeout(self, now: float) -> bytes | None:
        """A report to send to `remote_rtcp` where one is due."""
        if self._next_report_at is None or now < self._next_report_at:
            return None
        self._next_report_at = now + self._interval_s()
        return rtcp.build_compound(self._report(now))

    def bye(self, now: float) -> bytes:
        """The last datagram for `remote_rtcp`; no reports are due after it."""
        self._next_report_at = None
        return rtcp.build_compound([*self._report(now), rtcp.Bye((self.ssrc,))])

    def _interval_s(self) -> float:
        return RTCP_INTERVAL_S * self._rng.uniform(0.5, 1.5) / RTCP_COMPENSATION

    def _report(self, now: float) -> list[rtcp.RtcpPacket]:
        blocks = self._blocks(now)
        description = rtcp.SourceDescription(((self.ssrc, self._cname),))
        if self._packets_sent == self._sent_before_report:
            return [rtcp.ReceiverReport(self.ssrc, blocks), description]
        self._sent_before_report = self._packets_sent
        elapsed_ticks = int(max(now - self._last_sent_at, 0.0) * self._clock_rate)
        report = rtcp.SenderReport(
            self.ssrc,
            _ntp(now),
            (self._last_timestamp + elapsed_ticks) & _TIMESTAMP_MASK,
            self._packets_sent & 0xFFFFFFFF,
            self._octets_sent & 0xFFFFFFFF,
            blocks,
        )
        return [report, description]

    def _blocks(self, now: float) -> tuple[rtcp.ReportBlock, ...]:
        if self._remote_ssrc is None or not self._received:
            return ()
        expected = self._expected()
        new_expected = expected - self._expected_prior
        new_lost = new_expected - (self._received - self._received_prior)
        self._expected_prior = expected
        self._received_prior = self._received
        fraction = min(max((new_lost << 8) // new_expected, 0), 255) if new_expected > 0 else 0
        lost = min(max(expected - self._received, -0x800000), 0x7FFFFF)
        delay_s = now - self._last_report_at if self._last_report_ntp else 0.0
        block = rtcp.ReportBlock(
            self._remote_ssrc,
            fraction,
            lost,
            max(self._cycles + self._highest_sequence, 0) & 0xFFFFFFFF,
            int(self._jitter) & 0xFFFFFFFF,
            self._last_report_ntp,
            int(max(delay_s, 0.0) * 65536) & 0xFFFFFFFF,
        )
        return (block,)

    def _read_blocks(self, blocks: tuple[rtcp.ReportBlock, ...], now: float) -> None:
        for block in blocks:
            if block.ssrc != self.ssrc:
                continue
            # Also those that we count as sent while their report was on its way.
            n_expected = (block.highest_sequence - self._first_sequence + 1) & 0xFFFFFFFF
            if 0 < n_expected <= self._packets_sent:
                n_lost = min(max(block.cumulative_lost, 0), n_expected)
                self._remote_report = n_lost, n_expected, block.jitter
            if block.last_sender_report:
                # Section 6.4.1: A - LSR - DLSR, modulo the 16 bits of seconds.
                ticks = (_ntp(now) >> 16) - block.last_sender_report - block.delay
                round_trip_s = (ticks & 0xFFFFFFFF) / 65536
                if round_trip_s < 60:  # a peer that counts wrong gives nonsense
                    self._round_trip_s = round_trip_s

    def stats(self) -> dict[str, float]:
        """What happened so far. `rtt_ms` only once it was measured; `remote_*`, how the other
        side receives us, only once it has reported."""
        values = {
            "packets_sent": float(self._packets_sent),
            "packets_received": float(self._packets_received),
            "packets_lost": float(self.packets_lost),
            "packets_invalid": float(self.invalid_packets),
            "packets_foreign": float(self.foreign_packets),
            "jitter_ms": round(self._jitter * 1000 / self._clock_rate, 3),
        }
        if self._round_trip_s is not None:
            values["rtt_ms"] = round(self._round_trip_s * 1000, 3)
        if self._remote_report is not None:
            n_lost, n_expected, jitter = self._remote_report
            values["remote_lost"] = float(n_lost)
            values["remote_loss_percent"] = round(100 * n_lost / n_expected, 2)
            values["remote_jitter_ms"] = round(jitter * 1000 / self._clock_rate, 3)
        return values


def _ntp(now: float) -> int:
    """NTP format of the monotonic clock: section 4 allows any clock all our reports share,
    and the machine's time of day is nobody's business."""
    return int(now * (1 << 32)) & 0xFFFFFFFFFFFFFFFF
