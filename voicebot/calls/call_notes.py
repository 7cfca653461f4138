"""Notes who said what and when: for the record, and for whoever watches the running call."""

from __future__ import annotations

from dataclasses import replace

from voicebot.calls.ledger import CallLedger
from voicebot.calls.live_calls import LiveCall, LiveCalls
from voicebot.calls.prompter import SpokenPrompt
from voicebot.calls.turn_times import AnsweredTurn, TurnTimes
from voicebot.dialogue.actions import UserTurn
from voicebot.records import Speaker, Turn, TurnMood

MASK = "•"
MASKED_SLOT = "***"
"""How the dialogue shows a slot that proves the caller's identity."""


class CallNotes:
    """Keeps turns in the order in which they began; a turn is noted when it is over."""

    def __init__(
        self, ledger: CallLedger, live: LiveCall, live_calls: LiveCalls, answered_at: float
    ) -> None:
        """answered_at: monotonic time that is second 0 of the call."""
        self._ledger = ledger
        self._live = live
        self._live_calls = live_calls
        self._answered_at = answered_at
        self._overlapped: list[Turn] = []
        self._indexes: dict[float, int] = {}

    def show(self, state: str | None = None, is_bot_speaking: bool | None = None) -> None:
        """Tell whoever watches the live calls."""
        if state is not None:
            self._live.state = state
        if is_bot_speaking is not None:
            self._live.is_bot_speaking = is_bot_speaking
        self._live_calls.changed(self._live)

    def note_caller(self, turn: Turn, bot_began_at: float | None) -> None:
        """bot_began_at: when the prompt began that is being said, monotonic; None: it is silent."""
        if bot_began_at is not None and bot_began_at - self._answered_at < turn.started_s:
            self._overlapped.append(turn)
        else:
            self._add(turn)

    def note_bot(self, prompt: SpokenPrompt) -> None:
        """Of a prompt that the caller heard, whole or in part."""
        if prompt.started_at is None or prompt.ended_at is None:
            return
        if prompt.was_interrupted and prompt.ended_at <= prompt.started_at:
            return  # cut before its first sound
        timings_ms: dict[str, float] = {}
        if prompt.answers is not None and prompt.times is not None:
            timings_ms = prompt.answers.answer_ms(prompt.times)
            self._note_answer(prompt, prompt.answers, timings_ms)
        turn = Turn(
            Speaker.BOT,
            prompt.text,
            prompt.started_at - self._answered_at,
            prompt.ended_at - self._answered_at,
            prompt_id=prompt.say.prompt_id,
            state=prompt.state,
            was_interrupted=prompt.was_interrupted,
            timings_ms=timings_ms,
        )
        self._add(turn)
        self.flush()

    def _note_answer(
        self, prompt: SpokenPrompt, turn: TurnTimes, timings_ms: dict[str, float]
    ) -> None:
        self._live.answers.append(
            AnsweredTurn(
                turn.kind,
                prompt.source,
                prompt.state,
                turn.speech_started_at - self._answered_at,
                turn.speech_ended_at - self._answered_at,
                turn.heard_ms() | timings_ms,
            )
        )

    def flush(self) -> None:
        """Nothing is left that began before the turns held back."""
        overlapped, self._overlapped = self._overlapped, []
        for turn in overlapped:
            self._add(turn)

    def note_mood(self, turn: Turn, mood: TurnMood) -> None:
        """Of a caller's turn that was noted before its voice was read."""
        self._overlapped = [
            replace(other, mood=mood) if other is turn else other for other in self._overlapped
        ]
        index = self._indexes.get(turn.started_s)
        if index is not None:
            self._ledger.set_mood(index, mood)
            self._live.turns[index] = replace(self._live.turns[index], mood=mood)

    def drop_moods(self) -> None:
        """The caller refused: no turn keeps what was read from its voice."""
        self._overlapped = [replace(turn, mood=None) for turn in self._overlapped]
        self._live.turns[:] = [replace(turn, mood=None) for turn in self._live.turns]
        self._ledger.drop_moods()

    def _add(self, turn: Turn) -> None:
        index = self._ledger.add_turn(turn)
        if turn.speaker is Speaker.CALLER:
            self._indexes[turn.started_s] = index
        self._live.turns.append(turn)
        self.show()


def shown_text(turn: UserTurn, slots: dict[str, object], intent: str) -> str:
    """What a caller's turn is kept as. Keys are masked unless they are known to be no secret:
    a key with a meaning of its own, or an entry of which the dialogue masked nothing."""
    if not turn.digits:
        return turn.text
    is_open = MASKED_SLOT not in slots.values() if slots else bool(intent)
    return turn.digits if is_open else MASK * len(turn.digits)
