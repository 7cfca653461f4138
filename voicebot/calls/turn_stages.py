"""What the time between the caller's last word and the bot's first one was spent on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

StageName = Literal[
    "pause",
    "endpointing",
    "recognition",
    "head_start",
    "decision",
    "synthesis",
    "playout",
    "leading_silence",
]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stretch of the wait, in ms since the caller's last speech sample on the wire.

    pause: until silence was noticed. endpointing: until it was the end of the turn. recognition:
    from the pause until the text was there. head_start: a right guess had its answer already.
    decision: what is said to it, and questions to the database. synthesis: until the first audio
    was there. playout: until its first packet. leading_silence: until its first sound.
    """

    name: StageName
    from_ms: float
    to_ms: float

    @property
    def ms(self) -> float:
        return self.to_ms - self.from_ms


def stages(timings_ms: Mapping[str, float]) -> list[Stage]:
    """timings_ms: of a caller's turn and of the prompt that answers it, together; keys that are
    not there leave out their stages. None is shorter than nothing."""
    decided = timings_ms.get("speech_end_to_decided")
    transcript = timings_ms.get("speech_end_to_transcript")
    guessed = None
    if decided is not None and "guess_head_start" in timings_ms:
        guessed = decided - timings_ms["guess_head_start"]
    decision = timings_ms.get("speech_end_to_decision")
    audio = timings_ms.get("speech_end_to_audio")
    first_packet = timings_ms.get("speech_end_to_first_packet")
    paused = timings_ms.get("speech_end_to_vad_end")
    limits: tuple[tuple[StageName, float | None, float | None], ...] = (
        ("pause", 0.0, paused),
        ("endpointing", paused, decided),
        ("recognition", paused, transcript if guessed is None else guessed),
        ("head_start", guessed, decided),
        ("decision", transcript if transcript is not None else decided, decision),
        ("synthesis", decision, audio),
        ("playout", audio if audio is not None else decision, first_packet),
        ("leading_silence", first_packet, timings_ms.get("voice_to_voice")),
    )
    return [
        Stage(name, begin, max(begin, end))
        for name, begin, end in limits
        if begin is not None and end is not None
    ]
