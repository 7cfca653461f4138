"""How good a call sounded, as a mean opinion score worked out by the E-model (ITU-T G.107)."""

from __future__ import annotations

from dataclasses import dataclass

BASE_RATING = 93.2
"""R of a line without delay and loss: G.107's default values give Ro - Is = 93.2."""

MAX_IMPAIRMENT = 95.0
"""G.107 7.5: what loss can take from the rating at most."""

ECHO_FREE_DELAY_MS = 177.3
"""Above this one-way delay talking to one another begins to suffer (G.107's Idd, as fitted by
Cole and Rosenbluth, "Voice over IP performance monitoring", 2001)."""

FAR_BUFFER_MS = 60.0
"""A jitter buffer that can't be asked: what phones hold back as a rule."""

PROCESSING_MS = 20.0
"""Our own tick, and the sound card or line at the other end."""


@dataclass(frozen=True, slots=True)
class CodecImpairment:
    """G.113: `impairment` (Ie) is what the codec itself takes, `robustness` (Bpl) how well it
    bears loss; with the concealment that goes with it."""

    impairment: float
    robustness: float


G711_CONCEALED = CodecImpairment(0.0, 25.1)
"""G.113 appendix I, for G.711 with the concealment of its appendix I, which ours follows."""

_CODECS = {"PCMA": G711_CONCEALED, "PCMU": G711_CONCEALED}
# G.113 has no narrow-band values for G.722 and Opus. What we hear of them is cut to 4 kHz and
# concealed likewise, so that they rate as G.711 does; on a scale made for telephony their
# better sound could not show anyway.


@dataclass(frozen=True, slots=True)
class Reception:
    """What one side received. delay_ms: one way, from mouth to ear.

    loss: share of the packets (0..1) that never came or came too late to be played.
    burst_ratio: mean length of runs of lost packets over that of random loss; 1: random.
    """

    codec: str
    loss: float
    delay_ms: float
    burst_ratio: float = 1.0


def rating(reception: Reception) -> float:
    """The E-model's R, 0 to 93.2: R = Ro - Is - Id - Ie,eff (G.107 7.1 without the advantage)."""
    codec = _CODECS.get(reception.codec, G711_CONCEALED)
    loss_percent = min(max(reception.loss, 0.0), 1.0) * 100
    codec_impairment = codec.impairment
    if loss_percent:
        # G.107 7.5: Ie,eff = Ie + (95 - Ie) * Ppl / (Ppl / BurstR + Bpl)
        codec_impairment += (
            (MAX_IMPAIRMENT - codec.impairment)
            * loss_percent
            / (loss_percent / max(reception.burst_ratio, 1.0) + codec.robustness)
        )
    delay_ms = max(reception.delay_ms, 0.0)
    delay_impairment = 0.024 * delay_ms + 0.11 * max(delay_ms - ECHO_FREE_DELAY_MS, 0.0)
    return min(max(BASE_RATING - delay_impairment - codec_impairment, 0.0), BASE_RATING)


def opinion_score(rating: float) -> float:
    """MOS of a rating, 1 (bad) to 4.5 (G.107 annex B)."""
    if rating <= 0:
        return 1.0
    if rating >= 100:
        return 4.5
    score = 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6
    return max(score, 1.0)  # just above 0 the polynomial dips below what the scale has


def mean_opinion_score(reception: Reception) -> float:
    """1 (bad) to 4.4 (as good as a telephone gets)."""
    return opinion_score(rating(reception))


def mouth_to_ear_ms(round_trip_ms: float | None, packet_ms: float, buffer_ms: float) -> float:
    """One way from mouth to ear: half the round trip, one packet, the jitter buffer, the ends.

    round_trip_ms: None: never measured, and taken for nothing.
    """
    return (round_trip_ms or 0.0) / 2 + packet_ms + buffer_ms + PROCESSING_MS
