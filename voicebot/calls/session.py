"""The one place where media, speech and dialogue meet: one call, from answer to record."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, assert_never

from voicebot.audio import SAMPLE_RATE, AudioFrame
from voicebot.calls.barge_in import BargeIn
from voicebot.calls.case_directory import CaseDirectory
from voicebot.calls.digit_collector import DigitCollector
from voicebot.calls.ledger import CallLedger
from voicebot.calls.leg import CallLeg
from voicebot.calls.listener import HeardTurn, Listener
from voicebot.calls.live_calls import LiveCall, LiveCalls
from voicebot.calls.prompter import Prompter, SpokenPrompt
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
    RecordCallback,
    RecordEvent,
    RecordPromise,
    Say,
    StopRecording,
    Transfer,
    UserTurn,
)
from voicebot.errors import SpeechWorkerError, StorageError
from voicebot.media.events import DigitPressed, LegEnded, LegEvent, PlayoutEnded, PlayoutStarted
from voicebot.records import Callback, Disposition, Promise, Speaker, Turn

log = logging.getLogger(__name__)

LAST_WORDS_S = 30.0
"""At most this long is waited for the closing prompt before the leg is ended."""


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
    def last_understanding(self) -> Understanding | None: ...
    def start(self, now: datetime) -> list[Action]: ...
    def handle(self, event: DialogueEvent, now: datetime) -> list[Action]: ...


@dataclass(frozen=True, slots=True)
class _Heard:
    """What goes to the dialogue, with what is known of it. `heard` None: keys or silence."""

    event: DialogueEvent
    heard: HeardTurn | None = None
    at: float = 0.0


@dataclass(slots=True)
class _Answering:
    """Times of the answer that is on its way, monotonic seconds."""

    speech_ended_at: float
    transcript_at: float
    decided_at: float = 0.0


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
        self._digits = DigitCollector()
        self._inbox: asyncio.Queue[_Heard] = asyncio.Queue()
        self._listen: Listen | None = None
        self._quiet_since: int | None = None
        self._position = 0
        self._answered_at = clock.monotonic()
        self._answering: _Answering | None = None
        self._has_interrupted = False
        self._disposition: Disposition | None = None
        self._end_reason = ""
        self._live = LiveCall(ledger.record, clock.now(), self._hang_up_from_console)
        self._transcribing: set[asyncio.Task[None]] = set()
        self._hanging_up: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Returns when the call is over and its record is written. Raises nothing of the call's."""
        await self._ledger.open()
        self._live_calls.add(self._live)
        conversation = asyncio.create_task(self._converse(), name="conversation")
        try:
            while not isinstance(event := await self._leg.events.get(), LegEnded):
                self._handle_leg_event(event)
            self._end_reason = self._end_reason or event.reason
        finally:
            await self._finish(conversation)

    # ---- the caller's side: every 20 ms -----------------------------------------------------

    def _handle_leg_event(self, event: LegEvent) -> None:
        match event:
            case AudioFrame():
                self._handle_frame(event)
            case DigitPressed():
                self._handle_digit(self._digits.press(event.digit, self._position))
            case PlayoutStarted():
                self._handle_playout_started(event)
            case PlayoutEnded():
                self._handle_playout_ended(event)
            case LegEnded():
                pass
            case _:
                assert_never(event)

    def _handle_frame(self, frame: AudioFrame) -> None:
        self._position = frame.rtp_time
        now = self._clock.monotonic()
        is_speech = self._listener.receive_frame(frame, now)
        if self._barge_in.receive_frame(is_speech, self._may_interrupt()):
            self._interrupt(now)
        heard = self._listener.take_turn()
        if heard is not None:
            self._quiet_since = None
            task = asyncio.create_task(self._understand(heard), name="transcript")
            self._transcribing.add(task)
            task.add_done_callback(self._transcribing.discard)
        self._handle_digit(self._digits.handle_position(self._position))
        self._watch_silence()

    def _may_interrupt(self) -> bool:
        prompt = self._prompter.current
        return prompt is not None and prompt.say.allow_barge_in and prompt.started_at is not None

    def _interrupt(self, now: float) -> None:
        self._has_interrupted = True
        for prompt in self._prompter.interrupt(now):
            if prompt.started_at is not None:
                self._add_bot_turn(prompt)
        self._show(is_bot_speaking=False)

    def _handle_digit(self, entry: str | None) -> None:
        if entry is None:
            if self._digits.is_collecting and self._may_interrupt():
                self._interrupt(self._clock.monotonic())
                self._prompter.forget_interrupted()
            return
        now = self._clock.monotonic()
        if self._may_interrupt():
            self._interrupt(now)
            self._prompter.forget_interrupted()
        self._quiet_since = None
        self._inbox.put_nowait(_Heard(UserTurn(digits=entry), at=now))

    def _watch_silence(self) -> None:
        """Counts the silence after a question, in samples of the caller's audio."""
        is_waiting = (
            self._listen is not None
            and self._prompter.is_idle
            and not self._listener.is_hearing
            and not self._digits.is_collecting
            and not self._transcribing
            and self._inbox.empty()
        )
        if not is_waiting or self._listen is None:
            self._quiet_since = None
        elif self._quiet_since is None:
            self._quiet_since = self._position
        elif self._position - self._quiet_since >= self._listen.no_input_s * SAMPLE_RATE:
            self._listen = None
            self._inbox.put_nowait(_Heard(NoInput()))

    async def _understand(self, heard: HeardTurn) -> None:
        """Wait for the transcript of a finished turn and hand it to the dialogue."""
        try:
            transcript = await heard.transcribe()
        except SpeechWorkerError as error:
            log.warning(
                "a turn could not be transcribed",
                extra={"call_id": self._ledger.record.call_id, "kind": type(error).__name__},
            )
            # The dialogue asks again: an empty turn with no confidence is a misunderstanding.
            self._inbox.put_nowait(_Heard(UserTurn(confidence=0.0), heard))
            return
        if not transcript.text:
            if self._has_interrupted:
                self._has_interrupted = False
                self._prompter.resume()
            return
        event = UserTurn(
            text=transcript.text,
            confidence=transcript.confidence,
            alternatives=transcript.alternatives,
            has_barged_in=heard.is_over_bot,
        )
        self._inbox.put_nowait(_Heard(event, heard, self._clock.monotonic()))

    # ---- the dialogue's side: a few times a minute ------------------------------------------

    async def _converse(self) -> None:
        """Hand one event after the other to the dialogue and do what it answers."""
        try:
            await self._perform(self._engine.start(self._clock.now()))
            while self._hanging_up is None:
                heard = await self._inbox.get()
                await self._wait_for_disclosure()
                self._listen = None
                self._has_interrupted = False
                self._prompter.forget_interrupted()
                actions = self._engine.handle(heard.event, self._clock.now())
                self._note_caller_turn(heard)
                await self._perform(actions)
        except Exception:
            log.exception("a conversation failed", extra={"call_id": self._ledger.record.call_id})
            self._disposition = Disposition.ERROR
            self._start_hanging_up("internal error")

    async def _wait_for_disclosure(self) -> None:
        """An answer never cuts a prompt short that must be heard whole."""
        prompt = self._prompter.current
        if prompt is not None and not prompt.say.allow_barge_in:
            heard = asyncio.Event()
            self._prompter.when_said(heard.set)
            await heard.wait()

    async def _perform(self, actions: list[Action]) -> None:
        queue = list(actions)
        while queue:
            action = queue.pop(0)
            match action:
                case Say():
                    await self._prompter.say(action, self._engine.state_name)
                case Listen():
                    self._expect(action)
                case Query():
                    data = await self._answer_query(action)
                    event = QueryAnswered(action.name, data)
                    queue = self._engine.handle(event, self._clock.now()) + queue
                case HangUp():
                    self._disposition = action.disposition
                    self._start_hanging_up(action.reason)
                case _:
                    await self._record(action)

    async def _answer_query(self, query: Query) -> dict[str, object]:
        try:
            data = await self._cases.answer(query)
        except StorageError:
            log.exception("a case query failed", extra={"call_id": self._ledger.record.call_id})
            return {}
        self._ledger.update(case_id=self._cases.case_id, is_verified=self._cases.is_verified)
        return data

    async def _record(
        self, action: RecordPromise | RecordCallback | RecordEvent | StopRecording | Transfer
    ) -> None:
        record = self._ledger.record
        now = self._clock.now()
        match action:
            case RecordPromise():
                if self._cases.case_id is None or not self._cases.is_verified:
                    raise ValueError("a promise without a verified case")
                await self._ledger.add_promise(
                    Promise(
                        self._cases.case_id,
                        record.call_id,
                        action.amount_gr,
                        action.due_date,
                        now,
                    )
                )
                self._disposition = action.disposition
            case RecordCallback():
                await self._ledger.add_callback(
                    Callback(
                        record.call_id,
                        self._cases.case_id,
                        record.remote_party,
                        action.reason,
                        None,
                        now,
                        wanted=action.wanted,
                    )
                )
            case RecordEvent():
                self._prompter.when_said(lambda: self._add_event(action))
            case StopRecording():
                if self._leg.recorder is not None:
                    self._leg.recorder.discard()
                    self._leg.recorder = None
                self._ledger.update(recording_path="")
                self._ledger.add_event("recording_stopped", {}, now)
            case Transfer():
                self._ledger.add_event("transfer_requested", {"reason": action.reason}, now)
            case _:
                assert_never(action)

    def _add_event(self, event: RecordEvent) -> None:
        """An audit entry, once what was said before it has been heard (disclosures!)."""
        now = self._clock.now()
        if event.name in {"ai_disclosed", "recording_disclosed"}:
            self._ledger.update(**{f"{event.name}_at": now})
        self._ledger.add_event(event.name, event.data, now)

    def _expect(self, listen: Listen) -> None:
        self._listen = listen
        self._listener.expect(listen)
        self._digits.expect(listen.max_digits)
        self._show(state=self._engine.state_name)

    # ---- what was said ----------------------------------------------------------------------

    def _note_caller_turn(self, heard: _Heard) -> None:
        event = heard.event
        if not isinstance(event, UserTurn):
            return
        understanding = self._engine.last_understanding
        timings: dict[str, float] = {}
        started = ended = self._position / SAMPLE_RATE
        if heard.heard is not None:
            started, ended = heard.heard.started_s, heard.heard.ended_s
            if heard.at:
                timings["speech_end_to_transcript"] = (heard.at - heard.heard.ended_at) * 1000
            self._answering = _Answering(heard.heard.ended_at, heard.at, self._clock.monotonic())
        turn = Turn(
            Speaker.CALLER,
            event.text or "".join("•" for _ in event.digits),
            started,
            ended,
            confidence=event.confidence,
            intent=understanding.intent if understanding else "",
            slots=dict(understanding.slots) if understanding else {},
            state=self._engine.state_name,
            was_interrupted=event.has_barged_in,
            timings_ms=timings,
        )
        self._ledger.add_turn(turn)
        self._live.turns.append(turn)
        self._show()

    def _handle_playout_started(self, event: PlayoutStarted) -> None:
        prompt = self._prompter.playout_started(event.utterance_id, event.at)
        if prompt is not None:
            self._listener.bot_started()
            self._show(is_bot_speaking=True)

    def _handle_playout_ended(self, event: PlayoutEnded) -> None:
        prompt = self._prompter.playout_ended(event.utterance_id, event.at)
        if prompt is not None:
            self._add_bot_turn(prompt)
        if self._prompter.is_idle:
            self._listener.bot_ended()
            self._show(is_bot_speaking=False)

    def _add_bot_turn(self, prompt: SpokenPrompt) -> None:
        timings: dict[str, float] = {}
        if prompt.started_at is None or prompt.ended_at is None:
            return
        answering, self._answering = self._answering, None
        if answering is not None:
            timings["voice_to_voice"] = (prompt.started_at - answering.speech_ended_at) * 1000
            if answering.transcript_at:
                timings["transcript_to_first_audio"] = (
                    prompt.started_at - answering.transcript_at
                ) * 1000
        turn = Turn(
            Speaker.BOT,
            prompt.say.text,
            prompt.started_at - self._answered_at,
            prompt.ended_at - self._answered_at,
            prompt_id=prompt.say.prompt_id,
            state=prompt.state,
            was_interrupted=prompt.was_interrupted,
            timings_ms=timings,
        )
        self._ledger.add_turn(turn)
        self._live.turns.append(turn)
        self._show()

    def _show(self, state: str | None = None, is_bot_speaking: bool | None = None) -> None:
        """Tell whoever watches the live calls."""
        if state is not None:
            self._live.state = state
        if is_bot_speaking is not None:
            self._live.is_bot_speaking = is_bot_speaking
        self._live_calls.changed(self._live)

    # ---- the end ----------------------------------------------------------------------------

    def _hang_up_from_console(self) -> None:
        self._start_hanging_up("ended from the console")

    def _start_hanging_up(self, reason: str) -> None:
        if self._hanging_up is None:
            self._end_reason = reason
            self._hanging_up = asyncio.create_task(self._hang_up(reason), name="hang up")

    async def _hang_up(self, reason: str) -> None:
        """Let the last words be heard, then end the leg."""
        said = asyncio.Event()
        self._prompter.when_said(said.set)
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                await said.wait()
        except TimeoutError:
            log.warning("last words took too long", extra={"call_id": self._ledger.record.call_id})
        await self._leg.hang_up(reason)

    async def _finish(self, conversation: asyncio.Task[None]) -> None:
        tasks = [conversation, *self._transcribing]
        if self._hanging_up is not None:
            tasks.append(self._hanging_up)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        now = self._clock.monotonic()
        for prompt in self._prompter.interrupt(now):
            if prompt.started_at is not None:
                self._add_bot_turn(prompt)
        self._listener.close()
        if self._disposition is None:
            self._disposition = await self._last_disposition()
        if self._leg.recorder is not None:
            self._leg.recorder.close()
        self._live_calls.remove(self._ledger.record.call_id)
        await self._ledger.close(
            self._clock.now(), self._disposition, self._end_reason, self._leg.media_stats()
        )
        log.info(
            "call ended",
            extra={
                "call_id": self._ledger.record.call_id,
                "disposition": str(self._disposition),
                "reason": self._end_reason,
            },
        )

    async def _last_disposition(self) -> Disposition:
        """The caller hung up first: keep what the dialogue still wants recorded."""
        for action in self._engine.handle(CallerLeft(), self._clock.now()):
            if isinstance(action, HangUp):
                return action.disposition
            if isinstance(action, RecordPromise | RecordCallback | RecordEvent):
                await self._record(action)
        return self._engine.disposition
