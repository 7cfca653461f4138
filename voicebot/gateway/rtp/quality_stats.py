"""What the counts of a leg mean for who listens: loss and opinion score, both ways."""

from __future__ import annotations

from collections.abc import Mapping

from voicebot.audio import FRAME_MS
from voicebot.media.call_quality import (
    FAR_BUFFER_MS,
    Reception,
    mean_opinion_score,
    mouth_to_ear_ms,
)


def quality_stats(
    codec: str, counts: Mapping[str, float], packet_ms: int = FRAME_MS
) -> dict[str, float]:
    """`loss_percent` and `mos` of what we heard, `remote_mos` of what the other side heard.

    counts: what RtpSession and the jitter buffer tell. Nothing comes out for a direction of which
    nothing is known: theirs is known by RTCP alone.
    """
    values: dict[str, float] = {}
    round_trip_ms = counts.get("rtt_ms")
    n_expected = counts["packets_received"] + counts["packets_lost"]
    if counts["packets_received"]:
        n_missed = min(counts["packets_lost"] + counts["late"], n_expected)
        loss = n_missed / n_expected
        delay_ms = mouth_to_ear_ms(round_trip_ms, packet_ms, counts["jitter_buffer_ms"])
        values["loss_percent"] = round(100 * loss, 2)
        values["mos"] = round(mean_opinion_score(Reception(codec, loss, delay_ms)), 2)
    if "remote_loss_percent" in counts:
        buffer_ms = max(FAR_BUFFER_MS, 2 * counts["remote_jitter_ms"])
        delay_ms = mouth_to_ear_ms(round_trip_ms, packet_ms, buffer_ms)
        heard = Reception(codec, counts["remote_loss_percent"] / 100, delay_ms)
        values["remote_mos"] = round(mean_opinion_score(heard), 2)
    return values
