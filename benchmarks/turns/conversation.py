"""One call of the benchmark: the caller hears out each question, answers it, notes what came."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from benchmarks.turns.dialogue import Answer, Dialogue
from benchmarks.turns.prompt_ear import PromptEar
from benchmarks.turns.stream_caller import Spoken, StreamCaller
from benchmarks.turns.verdicts import ANSWER_PATIENCE_S, TurnHeard
from voicebot.audio import Samples

REACTION_S = 0.6
"""The caller answers so long after a question that he has made out."""

SETTLED_S = 1.3
"""After so much quiet the bot has finished, whatever it said."""

OPENING_PATIENCE_S = 25.0
POLL_S = 0.02
FRAME_S = 0.02
MAX_CALLS_FOR_HELP = 2


@dataclass(slots=True)
class CallHeard:
    """What came of one call. ended_early: why not all questions were put."""

    call: int
    turns: list[TurnHeard] = field(default_factory=list)
    ended_early: str = ""
    n_clears: int = 0
    gaps_ms: list[float] = field(default_factory=list)
    duration_s: float = 0.0
    caller_late_ms: float = 0.0


class Conversation:
    """Talks through one stream by a plan."""

    def __init__(
        self,
        caller: StreamCaller,
        dialogue: Dialogue,
        ear: PromptEar,
        plan: Mapping[str, Answer],
        voice: Mapping[str, Samples],
        call: int,
    ) -> None:
        """voice: the answers' audio by question, and `halo`."""
        self._caller = caller
        self._dialogue = dialogue
        self._ear = ear
        self._plan = plan
        self._voice = voice
        self._order = [question.question_id for question in dialogue.questions]
        self._result = CallHeard(call)

    async def run(self, n_turns: int) -> CallHeard:
        """At most so many turns; returns early where the call is over or stuck."""
        caller, result = self._caller, self._result
        question = await self._hear_question(caller.began_at, OPENING_PATIENCE_S, self._order[0])
        n_calls_for_help = 0
        while len(result.turns) < n_turns and not caller.is_over.is_set():
            if question:
                n_calls_for_help = 0
                turn = await self._take_turn(question)
                result.turns.append(turn)
                if turn.question == self._order[-1]:
                    break
                question = "" if turn.was_never_answered else turn.next_question
            elif n_calls_for_help == MAX_CALLS_FOR_HELP:
                result.ended_early = "the bot does not go on"
                break
            else:
                n_calls_for_help += 1
                question = await self._call_for_help()
        if caller.is_over.is_set() and len(result.turns) < min(n_turns, len(self._order)):
            result.ended_early = result.ended_early or "the bot hung up"
        result.n_clears = caller.playout.n_clears
        result.duration_s = caller.now - caller.began_at
        result.caller_late_ms = caller.max_late_s * 1000
        result.gaps_ms = self._gaps_ms()
        return result

    async def _take_turn(self, question_id: str) -> TurnHeard:
        caller = self._caller
        question = self._dialogue.question(question_id)
        answer = self._plan[question_id]
        samples = self._voice[question_id]
        spoken = await caller.say(samples)
        ended_at = _last_sample_at(spoken)
        answered_at = await self._hear_bot(spoken.first_at, ended_at + ANSWER_PATIENCE_S)
        following = ""
        if answered_at is not None:
            place = self._order.index(question_id) + 1
            expected = self._order[place] if place < len(self._order) else ""
            following = await self._hear_question(spoken.first_at, ANSWER_PATIENCE_S, expected)
            if not expected and not following:
                following = "goodbye"
        return TurnHeard(
            call=self._result.call,
            question=question_id,
            kind=question.kind,
            style=answer.style,
            is_variable=self._is_followed_by_variable(question_id),
            text=answer.text,
            started_s=spoken.first_at - caller.began_at,
            ended_s=ended_at - caller.began_at,
            answered_s=None if answered_at is None else answered_at - caller.began_at,
            next_question=following,
        )

    def _is_followed_by_variable(self, question_id: str) -> bool:
        place = self._order.index(question_id) + 1
        return place < len(self._order) and self._dialogue.questions[place].is_variable

    async def _hear_bot(self, since: float, until: float) -> float | None:
        """When the bot is first heard; None where it is not in time."""
        caller = self._caller
        while True:
            now = caller.now
            first = caller.playout.first_audible_at(since, min(now, until))
            if first is not None or now >= until or caller.is_over.is_set():
                return first
            await asyncio.sleep(POLL_S)

    async def _hear_question(self, since: float, patience_s: float, expected: str) -> str:
        """Waits until the bot has finished; the question that it asked, "" where it is none.

        patience_s: of quiet, before it is given up.
        """
        caller = self._caller
        began_at = caller.now
        tried_at = 0.0
        while not caller.is_over.is_set():
            now = caller.now
            last = caller.playout.last_audible_at(since, now)
            quiet_s = now - max(last or 0.0, began_at if last is None else 0.0)
            if last is not None and quiet_s >= REACTION_S and last != tried_at:
                tried_at = last
                heard = caller.playout.heard_without_gaps(max(since, last - 8.0), last)
                name, _ = await asyncio.to_thread(self._ear.recognise, heard, expected)
                if name:
                    return name
            if quiet_s >= (patience_s if last is None else SETTLED_S):
                return ""
            await asyncio.sleep(POLL_S)
        return ""

    async def _call_for_help(self) -> str:
        """A caller who gets no answer: "Halo, słucham?" No turn of the benchmark."""
        since = self._caller.now
        spoken = await self._caller.say(self._voice["halo"])
        if await self._hear_bot(since, spoken.last_at + ANSWER_PATIENCE_S) is None:
            return ""
        return await self._hear_question(since, ANSWER_PATIENCE_S, "")

    def _gaps_ms(self) -> list[float]:
        """Holes within what the bot said: between two pieces of its audio with no caller between.

        What is as long as a pause between prompts would be taken by the caller for their end.
        """
        return [
            gap.length_s * 1000
            for gap in self._caller.playout.gaps
            if gap.length_s < REACTION_S and not self._has_caller_spoken(gap.at_s, gap.length_s)
        ]

    def _has_caller_spoken(self, at_s: float, length_s: float) -> bool:
        return any(
            turn.started_s < at_s + length_s and at_s < (turn.answered_s or turn.ended_s)
            for turn in self._result.turns
        )


def _last_sample_at(spoken: Spoken) -> float:
    """When the last sample of speech was on the wire: with its frame. The answers' audio is
    trimmed to its last 5 ms of speech, so the last frame is never all silence."""
    return spoken.last_at
