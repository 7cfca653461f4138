"""Opus (RFC 7587), coded at 8 kHz: libopus changes the rate better than we could around it.

Importing this raises where libopus is not installed; see `catalogue`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from opuslib_next import Decoder, Encoder, OpusError

from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, SILENCE, Samples
from voicebot.media.codecs.opus_packet import MAX_PACKET_TICKS, packet_ticks
from voicebot.media.codecs.pieces import is_quiet

BIT_RATE = 24000
"""What RFC 7587 section 3.1.1 names for wideband speech: ample for narrowband with FEC."""

COMPLEXITY = 5
"""Of 10: half the CPU time of the full one, with no difference that a telephone lets through."""

EXPECTED_LOSS_PERCENT = 10
"""The encoder adds the FEC of a frame only where it expects losses."""

MAX_CONCEALED_FRAMES = 10
"""200 ms. Later the decoder makes comfort noise for ever; a recogniser is better off without."""

TICKS_PER_SAMPLE = 48000 // SAMPLE_RATE
_MAX_PACKET_SAMPLES = MAX_PACKET_TICKS // TICKS_PER_SAMPLE


class OpusPacket:
    """One packet, decoded when its first part is played: the decoder must see packets in order."""

    __slots__ = ("data", "samples", "ticks")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.ticks = packet_ticks(data)
        self.samples: Samples | None = None


class OpusAudio:
    """Parts of packets in a row: (tick at which it begins, packet, first tick in it, last + 1)."""

    __slots__ = ("_n_ticks", "parts")

    def __init__(self, parts: tuple[tuple[int, OpusPacket, int, int], ...], n_ticks: int) -> None:
        self.parts = parts
        self._n_ticks = n_ticks

    def __len__(self) -> int:
        return self._n_ticks

    def __getitem__(self, ticks: slice, /) -> OpusAudio:
        first, end, _ = ticks.indices(self._n_ticks)
        parts = []
        for at, packet, start, stop in self.parts:
            cut_start, cut_stop = max(start, start + first - at), min(stop, start + end - at)
            if cut_start < cut_stop:
                parts.append((max(at - first, 0), packet, cut_start, cut_stop))
        return OpusAudio(tuple(parts), max(end - first, 0))


class OpusCodec:
    """One leg's encoder and decoder."""

    name: ClassVar[str] = "opus"
    payload_type: ClassVar[int] = 96
    ticks_per_frame: ClassVar[int] = FRAME_SAMPLES * TICKS_PER_SAMPLE
    silence: ClassVar[None] = None

    def __init__(self) -> None:
        encoder = Encoder(SAMPLE_RATE, 1, "voip")
        encoder.bitrate = BIT_RATE
        encoder.complexity = COMPLEXITY
        encoder.inband_fec = 1
        encoder.packet_loss_perc = EXPECTED_LOSS_PERCENT
        encoder.dtx = 0
        self._encoder = encoder
        self._decoder = Decoder(SAMPLE_RATE, 1)
        self._last = SILENCE
        self._concealed_frames = 0

    def packet_ms(self, wanted_ms: int) -> int:
        """Opus has frames of 10, 20, 40 and 60 ms; the next shorter one is taken."""
        return max((ms for ms in (10, 20, 40, 60) if ms <= wanted_ms), default=10)

    def encode(self, samples: Samples) -> bytes:
        data: bytes = self._encoder.encode(samples.tobytes(), len(samples))
        return data

    def payload(self, data: bytes) -> OpusAudio:
        packet = OpusPacket(data)
        return OpusAudio(((0, packet, 0, packet.ticks),), packet.ticks)

    def join(self, pieces: Sequence[tuple[int, OpusAudio]]) -> OpusAudio:
        parts = [
            (start + at, packet, first, end)
            for start, audio in pieces
            for at, packet, first, end in audio.parts
        ]
        return OpusAudio(tuple(parts), self.ticks_per_frame)

    def is_quiet(self, frame: OpusAudio) -> bool:
        """As the frame played before it was: looking into this one would move the decoder on."""
        return is_quiet(self._last)

    def decode(self, frame: OpusAudio) -> Samples:
        self._concealed_frames = 0
        if len(frame.parts) == 1:
            # Nearly every frame is one packet, or a piece of one.
            _, packet, start, stop = frame.parts[0]
            samples = self._samples(packet)[start // TICKS_PER_SAMPLE : stop // TICKS_PER_SAMPLE]
            if len(samples) == FRAME_SAMPLES:
                self._last = samples
                return samples
        joined = np.zeros(FRAME_SAMPLES, dtype=np.int16)
        for at, packet, start, stop in frame.parts:
            samples = self._samples(packet)[start // TICKS_PER_SAMPLE : stop // TICKS_PER_SAMPLE]
            place = joined[at // TICKS_PER_SAMPLE :][: len(samples)]
            place[:] = samples[: len(place)]
        self._last = joined
        return joined

    def conceal(self, following: OpusAudio | None) -> Samples:
        """From the FEC in the packet after it where there is one, else made up by the decoder.

        Silence before long: the packets of a party that sends none in pauses (DTX) don't come.
        """
        data = b""
        if following is not None and following.parts:
            at, packet, start, _ = following.parts[0]
            if at == start == 0 and packet.samples is None:
                data = packet.data
        self._concealed_frames += 1
        if self._concealed_frames > MAX_CONCEALED_FRAMES and not data:
            self._last = SILENCE
        else:
            self._last = self._decode(data, FRAME_SAMPLES, is_fec=bool(data))
        return self._last

    def _samples(self, packet: OpusPacket) -> Samples:
        if packet.samples is None:
            samples = self._decode(packet.data, _MAX_PACKET_SAMPLES)
            wanted = packet.ticks // TICKS_PER_SAMPLE
            if len(samples) < wanted:  # a damaged one
                samples = np.concatenate((samples, np.zeros(wanted - len(samples), np.int16)))
            packet.samples = samples
        return packet.samples

    def _decode(self, data: bytes, max_samples: int, is_fec: bool = False) -> Samples:
        """Nothing but silence comes of what the decoder refuses."""
        try:
            decoded = self._decoder.decode(data, max_samples, is_fec)
        except OpusError:
            return SILENCE
        return np.frombuffer(decoded, dtype=np.int16)
