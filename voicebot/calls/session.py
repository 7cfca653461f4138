"""The one place where media, speech and dialogue meet: one call, from answer to record."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol, Self, assert_never

from voicebot.audio import SAMPLE_RATE, AudioFrame
from voicebot.calls.barge_in import BargeIn
from voicebot.calls.call_notes import CallNotes, shown_text
from voicebot.calls.case_directory import CaseDirectory
from voicebot.calls.decision_log import DecisionLog
from voicebot.calls.digit_collector import DigitCollector
from voicebot.calls.guess import Guess
from voicebot.calls.intent_adviser import IntentAdviser
from voicebot.calls.ledger import CallLedger
from voicebot.calls.leg import CallLeg
from voicebot.calls.listener import HeardTurn, Listener
from voicebot.calls.live_calls import LiveCall, LiveCalls
from voicebot.calls.prompter import Prompter
from voicebot.calls.record_keeper import RecordKeeper
from voicebot.calls.silence_watch import SilenceWatch
from voicebot.calls.turn_times import TurnTimes
from voicebot.clock import Clock
from voicebot.dialogue.actions import (
    Action,
    CallerLeft,
    DialogueEvent,
    HangUp,
    Listen,
    NoInput,
    Query,
    QueryAnswered,
    RecordPlan,
    RecordPromise,
    Say,
    SpokenOver,
    StopRecording,
    SystemFailed,
    TimeRanOut,
    UserTurn,
)
from voicebot.dialogue.answer_completeness import Completeness
from voicebot.dialogue.trail import Edge
from voicebot.errors import SpeechWorkerError, VoicebotError
from voicebot.media.echo_guard import EchoGuard
from voicebot.media.events import DigitPressed, LegEnded, LegEvent, PlayoutEnded, PlayoutStarted
from voicebot.media.line_sounds import LineSound, LineSounds
from voicebot.records import Disposition, Speaker, Turn
from voicebot.speech.recognizer import Transcript

log = logging.getLogger(__name__)

LAST_WORDS_S = 90.0
"""At most this long is waited for the closing prompts before the leg is ended; the help lines
read to a caller in a crisis take half of it."""

MIN_CONFIDENCE_TO_HURRY = 0.15
"""Words that are less sure than that never end a turn early. Whisper gives a right "Nie." over a
telephone 0.21, and what it invents about 0.1."""

LEG_END_PATIENCE_S = 5.0
MEANT_SPEECH_S = 0.6
"""Of speech over a prompt, which is more than a cough, "mhm" or "aha" has."""

QUERY_PATIENCE_S = 5.0
"""A case directory that takes longer counts as down: the caller is waiting on the line."""


class Understanding(Protocol):
    @property
    def intent(self) -> str: ...
    @property
    def slots(self) -> dict[str, object]: ...


class Engine(Protocol):
    """The dialogue engine as the call needs it."""

    @property
    def state_name(self) -> str: ...
    @property
    def disposition(self) -> Disposition: ...
    @property
    def n_not_understood(self) -> int: ...
    @property
    def last_understanding(self) -> Understanding | None: ...
    @property
    def variables(self) -> Mapping[str, object]: ...
    def take_trail(self) -> list[Edge]: ...
    def copy(self) -> Self: ...
    def completeness(self, text: str, now: datetime) -> Completeness: ...
    def possible_says(self, now: datetime) -> list[Say]: ...
    def doubtful_intents(self, turn: UserTurn, now: datetime) -> Mapping[str, str]: ...
    def start(self, now: datetime) -> list[Action]: ...
    def handle(self, event: DialogueEvent, now: datetime) -> list[Action]: ...


class CallSession:
    """Runs one answered call until somebody hangs up, and keeps its record.

    Frames arrive every 20 ms and are handled at once, without awaiting anything. What the
    caller has said goes to the dialogue one turn after the other, in a task of its own.
    """

    def __init__(
        self,
        leg: CallLeg,
        engine: Engine,
        listener: Listener,
        prompter: Prompter,
        cases: CaseDirectory,
        ledger: CallLedger,
        live_calls: LiveCalls,
        barge_in: BargeIn,
        clock: Clock,
        max_call_s: float = 1200.0,
        decisions: DecisionLog | None = None,
        adviser: IntentAdviser | None = None,
    ) -> None:
        self._leg = leg
        self._engine = engine
        self._listener = listener
        self._prompter = prompter
        self._cases = cases
        self._ledger = ledger
        self._live_calls = live_calls
        self._barge_in = barge_in
        self._clock = clock
        self._decisions = decisions
        self._adviser = adviser
        self._max_call_samples = int(max_call_s * SAMPLE_RATE)
        self._call_id = ledger.record.call_id
        self._live = LiveCall(ledger.record, clock.now(), self._hang_up_from_console)
        self._notes = CallNotes(ledger, self._live, live_calls, clock.monotonic())
        self._moods = listener.moods
        self._keeper = RecordKeeper(ledger, cases, leg, prompter, self._moods, self._notes, clock)
        self._line_sounds = LineSounds()
        self._echo_guard = EchoGuard(leg.playout)
        self._digits = DigitCollector()
        self._silence = SilenceWatch()
        self._inbox: asyncio.Queue[HeardTurn | DialogueEvent] = asyncio.Queue()
        self._position = 0
        self._guess: Guess[Engine] | None = None
        self._n_discarded_guesses = 0
        self._is_thinking = True
        self._has_failed = False
        self._is_out_of_time = False
        self._disposition: Disposition | None = None
        self._end_reason = ""
        self._conversation: asyncio.Task[None] | None = None
        self._hanging_up: asyncio.Task[None] | None = None
        self._is_leg_ending = False
        self._has_leg_ended = False

    async def run(self) -> None:
        """Returns when the call is over and its record is written. Raises nothing of the call's."""
        await self._ledger.open()
        self._live_calls.add(self._live)
        self._conversation = asyncio.create_task(self._converse(), name="conversation")
        try:
            while not isinstance(event := await self._leg.events.get(), LegEnded):
                self._handle_leg_event(event)
            self._end_reason = self._end_reason or event.reason
            self._has_leg_ended = True
        except Exception:
            log.exception("a call failed", extra={"call_id": self._call_id})
            self._disposition = Disposition.ERROR
            self._start_hanging_up("internal error", at_once=True)
        finally:
            await self._finish()

    # ---- the caller's side: every 20 ms -----------------------------------------------------

    def _handle_leg_event(self, event: LegEvent) -> None:
        match event:
            case AudioFrame():
                self._handle_frame(event)
            case DigitPressed():
                entry = self._digits.press(event.digit, self._position)
                self._stop_for_keys(entry)
            case PlayoutStarted():
                begun = self._prompter.playout_started(event.utterance_id, event.at, event.sent_at)
                if begun is not None:
                    self._notes.show(is_bot_speaking=True)
            case PlayoutEnded():
                self._handle_playout_ended(event)
            case LegEnded():
                pass
            case _:
                assert_never(event)

    def _handle_frame(self, frame: AudioFrame) -> None:
        self._position = frame.rtp_time
        now = self._clock.monotonic()
        # Before the frame: it may be the one that ends the turn.
        said = self._listener.take_guess()
        if said is not None:
            self._consider(said, now)
        elif self._guess is not None and self._guess.turn.mood != self._moods.now():
            # Read behind the words: he may have to be answered otherwise.
            self._prepare_answer(replace(self._guess.turn, mood=self._moods.now()), now)
        is_speech = self._listener.receive_frame(frame, now, self._prompter.speaking)
        is_echo = self._echo_guard.receive_frame(frame.samples, is_speech)
        wants_to_speak = self._barge_in.receive_frame(
            is_speech and not is_echo and not self._line_sounds.is_music,
            self._may_interrupt,
            frame.samples,
        )
        sound = self._line_sounds.receive_frame(frame.samples, is_speech)
        if sound is not None:
            self._handle_line_sound(sound)
        # Only in a turn: its transcript decides whether the prompt goes on.
        if wants_to_speak and self._listener.is_hearing:
            self._prompter.interrupt(now)
            self._notes.show(is_bot_speaking=False)
        heard = self._listener.take_turn()
        if heard is not None:
            if self._prompter.is_interrupted:
                heard.over = self._over_when_stopped
            self._inbox.put_nowait(heard)
        self._stop_for_keys(self._digits.handle_position(self._position))
        if self._silence.handle_position(self._position, self._is_quiet):
            self._inbox.put_nowait(NoInput())
        if self._prompter.take_failure():
            self._inbox.put_nowait(SystemFailed())
        self._watch_length()

    def _consider(self, said: Transcript, now: float) -> None:
        """In a pause: whether these words are the turn's end, and what would be answered to them.

        The answer is got from a copy of the dialogue, and what it says is made ahead. Nothing else
        comes of it before the turn is over and has these very words.
        """
        wall_now = self._clock.now()
        is_doubtful = said.confidence < MIN_CONFIDENCE_TO_HURRY
        completeness = self._engine.completeness(said.text, wall_now)
        if is_doubtful and completeness is Completeness.COMPLETE:
            completeness = Completeness.OPEN
        if self._is_thinking or self._hanging_up is not None or not self._inbox.empty():
            # What he answers to is not yet decided.
            self._listener.settle(completeness)
            return
        self._drop_guess()
        was_stopped = self._prompter.is_interrupted
        over = self._over_when_stopped if was_stopped else self._listener.over
        is_understood = self._prepare_answer(self._user_turn(said, over), now)
        self._listener.settle(completeness, is_understood)

    def _prepare_answer(self, turn: UserTurn, now: float) -> bool:
        """Guess that this is the turn; whether the dialogue has an answer to it."""
        engine = self._engine.copy()
        told_at = self._clock.now()
        actions = engine.handle(turn, told_at)
        self._prompter.prepare(action for action in actions if isinstance(action, Say))
        self._guess = Guess(turn, engine, actions, now, told_at)
        understood = engine.last_understanding
        return (
            understood is not None
            and understood is not self._engine.last_understanding
            and bool(understood.intent or understood.slots)
            and engine.n_not_understood == self._engine.n_not_understood
            and any(not isinstance(action, Listen) for action in actions)
        )

    def _user_turn(self, said: Transcript, over: SpokenOver) -> UserTurn:
        return UserTurn(
            text=said.text,
            confidence=said.confidence,
            alternatives=said.alternatives,
            has_barged_in=self._prompter.is_interrupted,
            over=over,
            has_heard_question=self._prompter.has_put_question,
            mood=self._moods.now(),
        )

    def _drop_guess(self) -> None:
        if self._guess is not None:
            self._guess = None
            self._n_discarded_guesses += 1

    def _handle_line_sound(self, sound: LineSound) -> None:
        log.info("line sound", extra={"call_id": self._call_id, "sound": sound.kind})
        match sound.kind:
            case "fax" | "busy" | "ringing":
                self._start_hanging_up(sound.kind, at_once=True)
            case "music":
                # Nobody is there for now: the bot goes on, and asks again when nothing comes.
                self._listener.ignore()
                self._prompter.resume()
            case "music_over":
                self._listener.attend()
            case "noise":
                pass

    @property
    def _over_when_stopped(self) -> SpokenOver:
        """Whoever has stopped the bot is answered in any case; as little as an "mhm" must be
        understood, or the bot goes on where it stopped."""
        return "prompt" if self._listener.speech_s < MEANT_SPEECH_S else ""

    @property
    def _may_interrupt(self) -> bool:
        return self._prompter.speaking == "prompt" and self._hanging_up is None

    @property
    def _is_quiet(self) -> bool:
        """Nobody says anything, and nothing that was said waits to be answered."""
        return (
            self._prompter.is_idle
            and not self._prompter.is_interrupted
            and not self._listener.is_hearing
            and not self._digits.is_collecting
            and not self._is_thinking
            and self._inbox.empty()
        )

    def _stop_for_keys(self, entry: str | None) -> None:
        """A caller who presses keys has heard enough; a whole entry is his answer."""
        if (entry is not None or self._digits.is_collecting) and self._may_interrupt:
            self._prompter.interrupt(self._clock.monotonic())
        if entry is not None:
            self._inbox.put_nowait(UserTurn(digits=entry, mood=self._moods.now()))

    def _handle_playout_ended(self, event: PlayoutEnded) -> None:
        prompt = self._prompter.playout_ended(event.utterance_id, event.at)
        if prompt is not None:
            self._notes.note_bot(prompt)
        if self._prompter.is_idle:
            self._notes.show(is_bot_speaking=False)

    def _watch_length(self) -> None:
        if self._position >= self._max_call_samples + LAST_WORDS_S * SAMPLE_RATE:
            self._start_hanging_up("call took too long", at_once=True)
        elif self._position >= self._max_call_samples and not self._is_out_of_time:
            self._is_out_of_time = True
            self._inbox.put_nowait(TimeRanOut())

    # ---- the dialogue's side: a few times a minute ------------------------------------------

    async def _converse(self) -> None:
        """Hand one event after the other to the dialogue and do what it answers."""
        try:
            await self._perform(self._start())
            while self._hanging_up is None:
                self._is_thinking = False
                event = await self._inbox.get()
                self._is_thinking = True
                if isinstance(event, HeardTurn):
                    await self._answer_turn(event)
                elif isinstance(event, SystemFailed) and self._has_failed:
                    self._disposition = Disposition.ERROR
                    self._start_hanging_up("no voice is left")
                else:
                    self._has_failed |= isinstance(event, SystemFailed)
                    await self._answer(event)
        except Exception:
            log.exception("a conversation failed", extra={"call_id": self._call_id})
            self._disposition = Disposition.ERROR
            self._start_hanging_up("internal error")

    async def _answer_turn(self, heard: HeardTurn) -> None:
        try:
            transcript = await heard.transcribe()
        except SpeechWorkerError as error:
            log.warning(
                "a turn could not be transcribed",
                extra={"call_id": self._call_id, "kind": type(error).__name__},
            )
            # Empty and of no confidence: the dialogue asks the caller to say it again.
            await self._answer(UserTurn(confidence=0.0, over=heard.over), heard)
            return
        if heard.voice is not None:
            (self._moods.keep if transcript.text else self._moods.drop)(heard.voice)
        if not transcript.text:
            self._prompter.resume()
            return
        heard.times.transcript_at = self._clock.monotonic()
        turn = await self._with_advice(self._user_turn(transcript, heard.over))
        await self._answer(turn, heard)

    async def _with_advice(self, turn: UserTurn) -> UserTurn:
        """The turn with what a language model takes it for, where one may be asked and the
        classifier is not sure."""
        if self._adviser is None:
            return turn
        doubtful = self._engine.doubtful_intents(turn, self._clock.now())
        hint = await self._adviser.choose(turn.text, doubtful) if doubtful else ""
        return replace(turn, hinted_intent=hint) if hint else turn

    async def _answer(self, event: DialogueEvent, heard: HeardTurn | None = None) -> None:
        """heard: the turn that `event` is the transcript of."""
        self._silence.stop()
        state = self._engine.state_name
        understood_before = self._engine.last_understanding
        actions = self._decide(event, heard)
        if any(not isinstance(action, Listen) for action in actions):
            # The answer takes the place of what was still being said, but for disclosures.
            self._prompter.interrupt(self._clock.monotonic())
            cut = self._prompter.forget_interrupted()
        else:
            self._prompter.resume()
            cut = []
        if isinstance(event, UserTurn):
            understanding = self._engine.last_understanding
            is_new = understanding is not understood_before
            self._note_caller_turn(
                event,
                heard,
                understanding if is_new else None,
                state,
                bot_began_at=cut[0].started_at if cut else self._prompter.speaking_since,
            )
        for prompt in cut:
            self._notes.note_bot(prompt)
        await self._perform(actions, heard.times if heard is not None else None)

    def _decide(self, event: DialogueEvent, heard: HeardTurn | None) -> list[Action]:
        """The dialogue's answer: the one that was guessed, where the guess was right."""
        guess = self._guess
        if guess is None or guess.turn != event:
            self._drop_guess()
            actions = self._handle(event, heard)
        else:
            self._guess = None
            self._engine = guess.engine
            actions = guess.actions
            self._note_decision(event, guess.told_at, actions, heard)
            if heard is not None:
                heard.times.guess_ready_at = guess.made_at
        if heard is not None:
            heard.times.n_discarded_guesses = self._n_discarded_guesses
            self._n_discarded_guesses = 0
        return actions

    def _start(self) -> list[Action]:
        told_at = self._clock.now()
        actions = self._engine.start(told_at)
        self._note_decision(None, told_at, actions)
        return actions

    def _handle(self, event: DialogueEvent, heard: HeardTurn | None = None) -> list[Action]:
        told_at = self._clock.now()
        actions = self._engine.handle(event, told_at)
        self._note_decision(event, told_at, actions, heard)
        return actions

    def _note_decision(
        self,
        event: DialogueEvent | None,
        told_at: datetime,
        actions: list[Action],
        heard: HeardTurn | None = None,
    ) -> None:
        """told_at: as the dialogue was told, so that it can be told the same again."""
        if self._decisions is not None:
            span = heard.span if heard is not None else None
            self._decisions.note(event, told_at, actions, self._engine, span)

    async def _perform(self, actions: list[Action], answered: TurnTimes | None = None) -> None:
        """answered: the caller's turn, for the time that the first prompt takes to come."""
        queue = list(actions)
        while queue:
            action = queue.pop(0)
            match action:
                case Say():
                    if answered is not None:
                        answered.decision_at = self._clock.monotonic()
                    self._prompter.say(action, self._engine.state_name, answered)
                    answered = None
                case Listen():
                    self._expect(action)
                case Query():
                    answer = QueryAnswered(action.name, await self._ask_directory(action))
                    queue = self._handle(answer) + queue
                case HangUp():
                    self._disposition = action.disposition
                    self._start_hanging_up(action.reason)
                case RecordPromise() | RecordPlan():
                    if not await self._keeper.keep_commitment(action):
                        # What was to be said of it is not said.
                        failure = SystemFailed(promise_lost=True)
                        queue = self._handle(failure)
                case _:
                    if isinstance(action, StopRecording) and self._decisions is not None:
                        # It tells in words what the dropped recording told.
                        self._decisions.discard()
                    self._keeper.keep(action)

    async def _ask_directory(self, query: Query) -> dict[str, object]:
        """No answer where the directory is down: the dialogue knows what to say then."""
        try:
            async with asyncio.timeout(QUERY_PATIENCE_S):
                data = await self._cases.answer(query)
        except (VoicebotError, TimeoutError) as error:
            log.error(
                "a case query failed",
                extra={"call_id": self._call_id, "query": query.name, "kind": type(error).__name__},
            )
            return {}
        self._ledger.update(case_id=self._cases.case_id, is_verified=self._cases.is_verified)
        return data

    def _expect(self, listen: Listen) -> None:
        self._silence.expect(listen.no_input_s)
        self._listener.expect(listen)
        self._prompter.prepare(self._engine.possible_says(self._clock.now()))
        self._digits.expect(listen.max_digits)
        self._notes.show(state=self._engine.state_name)

    def _note_caller_turn(
        self,
        event: UserTurn,
        heard: HeardTurn | None,
        understanding: Understanding | None,
        state: str,
        bot_began_at: float | None,
    ) -> None:
        timings_ms: dict[str, float] = {}
        started_s = ended_s = self._position / SAMPLE_RATE
        if heard is not None:
            started_s, ended_s = heard.started_s, heard.ended_s
            timings_ms = heard.times.heard_ms()
        intent = understanding.intent if understanding else ""
        slots = dict(understanding.slots) if understanding else {}
        turn = Turn(
            Speaker.CALLER,
            shown_text(event, slots, intent),
            started_s,
            ended_s,
            confidence=event.confidence,
            intent=intent,
            slots=slots,
            state=state,
            timings_ms=timings_ms,
        )
        if heard is not None and heard.voice is not None and self._moods.is_on:
            turn = replace(turn, mood=heard.voice.mood)
            heard.voice.when_read = partial(self._notes.note_mood, turn)
        self._notes.note_caller(turn, bot_began_at)

    # ---- the end ----------------------------------------------------------------------------

    def _hang_up_from_console(self) -> None:
        self._start_hanging_up("ended from the console", at_once=True)

    def _start_hanging_up(self, reason: str, at_once: bool = False) -> None:
        """at_once: without the last words. Safe to call again, also to hurry."""
        if at_once:
            self._prompter.fall_silent(self._clock.monotonic())
        if self._hanging_up is None:
            self._end_reason = reason
            self._hanging_up = asyncio.create_task(self._hang_up(reason), name="hang up")
            if at_once and self._conversation is not None:
                self._conversation.cancel()

    async def _hang_up(self, reason: str) -> None:
        """Let the last words be heard, then end the leg."""
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await self._prompter.wait_silent()
        except TimeoutError:
            log.warning("last words took too long", extra={"call_id": self._call_id})
        self._is_leg_ending = True
        await self._leg.hang_up(reason)

    async def _finish(self) -> None:
        await self._stop_tasks()
        self._prompter.fall_silent(self._clock.monotonic())
        for prompt in self._prompter.forget_interrupted():
            self._notes.note_bot(prompt)
        self._notes.flush()
        await self._prompter.close()
        while not self._inbox.empty():
            unheard = self._inbox.get_nowait()
            if isinstance(unheard, HeardTurn):
                unheard.drop()
        await self._listener.close()
        if self._disposition is None:
            self._disposition = self._last_disposition()
        if self._leg.recorder is not None:
            self._leg.recorder.close()
        if self._decisions is not None:
            self._decisions.close()
        self._live_calls.remove(self._call_id)
        await self._ledger.close(
            self._clock.now(), self._disposition, self._end_reason, self._leg.media_stats()
        )
        log.info(
            "call ended",
            extra={
                "call_id": self._call_id,
                "disposition": str(self._disposition),
                "reason": self._end_reason,
            },
        )

    async def _stop_tasks(self) -> None:
        tasks = [task for task in (self._conversation, self._hanging_up) if task is not None]
        if self._hanging_up is not None and (self._is_leg_ending or not self._has_leg_ended):
            # The other side is being told; cut short only if it does not answer.
            await asyncio.wait({self._hanging_up}, timeout=LEG_END_PATIENCE_S)
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("a leg could not be ended", exc_info=result)

    def _last_disposition(self) -> Disposition:
        """The caller hung up first: keep what the dialogue still wants recorded."""
        for action in self._handle(CallerLeft()):
            if isinstance(action, HangUp):
                return action.disposition
            if not isinstance(action, Say | Listen | Query | RecordPromise | RecordPlan):
                self._keeper.keep(action)
        return self._engine.disposition
