"""How long each step from the caller's last word to the bot's first one took, on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from voicebot.dialogue.actions import QuestionKind

AudioSource = Literal["ready", "synthesised"]
"""ready: the prompt's audio was there when it was decided on (fixed, or made ahead)."""

STEPS = (
    "speech_end_to_vad_end",
    "speech_end_to_decided",
    "speech_end_to_transcript",
    "speech_end_to_decision",
    "speech_end_to_audio",
    "speech_end_to_first_packet",
    "voice_to_voice",
)
"""Keys of the steps in the order in which they come; each in ms since the last speech sample."""


@dataclass(slots=True)
class TurnTimes:
    """When the steps of one of the caller's turns happened. Monotonic seconds; None: not (yet).

    speech_started_at: when he began to speak, as he is heard here.
    speech_ended_at: his last speech sample on the wire: the arrival of its packet, plus where it
        lies in the packet. Everything is counted from here.
    vad_ended_at: the pause was noticed. decided_at: it was taken for the end of the turn.
    transcript_at: the dialogue had the text. decision_at: the engine had answered with what is
        said, questions to the case directory included.
    guess_ready_at: where a guess of before `decided_at` was right: when its answer was there.
    n_discarded_guesses: guesses of this turn that were not.
    """

    kind: QuestionKind
    speech_started_at: float
    speech_ended_at: float
    vad_ended_at: float
    decided_at: float
    transcript_at: float | None = None
    decision_at: float | None = None
    guess_ready_at: float | None = None
    n_discarded_guesses: int = 0

    def heard_ms(self) -> dict[str, float]:
        """What is kept with the caller's turn."""
        timings = {
            "speech_end_to_vad_end": self._since_speech_ms(self.vad_ended_at),
            "speech_end_to_decided": self._since_speech_ms(self.decided_at),
        }
        if self.transcript_at is not None:
            timings["speech_end_to_transcript"] = self._since_speech_ms(self.transcript_at)
        if self.guess_ready_at is not None:
            timings["guess_head_start"] = (self.decided_at - self.guess_ready_at) * 1000
        if self.n_discarded_guesses:
            timings["discarded_guesses"] = float(self.n_discarded_guesses)
        return timings

    def answer_ms(self, prompt: PromptTimes) -> dict[str, float]:
        """What is kept with the first prompt that answers the turn."""
        first_packet_at = prompt.first_packet_at
        timings: dict[str, float] = {}
        if self.decision_at is not None:
            timings["speech_end_to_decision"] = self._since_speech_ms(self.decision_at)
        if prompt.audio_at is not None:
            timings["speech_end_to_audio"] = self._since_speech_ms(prompt.audio_at)
        timings["speech_end_to_first_packet"] = self._since_speech_ms(first_packet_at)
        timings["voice_to_voice"] = self._since_speech_ms(
            first_packet_at + prompt.leading_silence_s
        )
        if self.decision_at is not None:
            timings["decision_to_first_packet"] = (first_packet_at - self.decision_at) * 1000
        return timings

    def _since_speech_ms(self, at: float) -> float:
        return (at - self.speech_ended_at) * 1000


@dataclass(frozen=True, slots=True)
class PromptTimes:
    """How a prompt came to the wire. Monotonic seconds.

    audio_at: its first samples were there; None: unknown. leading_silence_s: what its audio
    begins with before the first sound.
    """

    first_packet_at: float
    leading_silence_s: float
    audio_at: float | None = None


@dataclass(frozen=True, slots=True)
class AnsweredTurn:
    """One turn and its answer, for whoever counts or traces them. Without a word of theirs.

    started_s, speech_ended_s: of the caller's speech, seconds since the answer of the call.
    timings_ms: of both turns, keys as in records.Turn.
    """

    kind: QuestionKind
    source: AudioSource
    state: str
    started_s: float
    speech_ended_s: float
    timings_ms: Mapping[str, float]
