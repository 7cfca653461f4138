"""Written conversations with a dialogue in ten lines and a database in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pytest

from tests.simulated_time import SimulatedClock, simulated
from tests.storage_fakes import FakeDatabase
from voicebot.calls.chat_session import MAX_CHAT_S, ChatSay
from voicebot.calls.chat_sessions import ChatScript, ChatSessions
from voicebot.calls.intent_adviser import IntentAdviser
from voicebot.calls.live_calls import LiveCalls
from voicebot.dialogue.actions import (
    Action,
    CallerLeft,
    DialogueEvent,
    HangUp,
    Listen,
    Notify,
    Query,
    QueryAnswered,
    RecordCallback,
    RecordEvent,
    RecordPlan,
    Say,
    StopRecording,
    SystemFailed,
    TimeRanOut,
    UserTurn,
)
from voicebot.dialogue.state import Understanding
from voicebot.errors import ChatRefused, NotFound, StorageError
from voicebot.records import CallRecord, Disposition, Speaker
from voicebot.settings import ChatSettings
from voicebot.storage.samples import sample_debtors

KEPT = "Treść jest zapisywana."
DEBTOR = sample_debtors(date(2026, 3, 11))[0]


class SmallTalk:
    """Greets, and does what it is told: each word is an order."""

    def __init__(self) -> None:
        self.state_name = "start"
        self.disposition = Disposition.ABANDONED
        self.last_understanding: Understanding | None = None
        self.events: list[DialogueEvent] = []

    def start(self, now: datetime) -> list[Action]:
        greeting = Say("greeting", "Jestem automatem.", is_static=True)
        return [greeting, RecordEvent("ai_disclosed"), say("W czym pomóc?"), Listen("open")]

    def doubtful_intents(self, turn: UserTurn, now: datetime) -> dict[str, str]:
        return {"pay_now": "płaci teraz"} if turn.text == "hm" else {}

    def handle(self, event: DialogueEvent, now: datetime) -> list[Action]:
        self.events.append(event)
        match event:
            case CallerLeft():
                return [RecordCallback("left", ""), HangUp("caller left", Disposition.CALLBACK)]
            case TimeRanOut():
                return [say("Czas minął."), HangUp("too long", Disposition.CALLBACK)]
            case SystemFailed():
                return [say("Nie udało się zapisać."), Listen("open")]
            case QueryAnswered(data=data):
                return [say(f"{sorted(data.items())}"), Listen("open")]
            case UserTurn(digits=digits) if digits:
                self.last_understanding = Understanding("", 1, {"pesel": "***"}, "start")
                return [say(f"klawisze {digits}"), Listen("open")]
            case UserTurn(text=text):
                return self._obey(text)
        return []

    def _obey(self, text: str) -> list[Action]:
        facts = {"birth_date": DEBTOR.contact.birth_date, "postcode": DEBTOR.contact.postcode}
        match text.split()[0]:
            case "sprawa":
                return [Query("find_case", {"case_number": DEBTOR.case.case_number})]
            case "fakt":
                fact = text.split()[1]
                return [Query("verify_fact", {"fact": fact, "value": facts[fact]})]
            case "raty":
                plan = RecordPlan(6, 20000, 129490, date(2026, 4, 1))
                return [plan, say("Zapisane."), Listen("open")]
            case "cyfry":
                return [say("Proszę podać cyfry."), Listen("digits", max_digits=8)]
            case "tak?":
                return [Listen("yes_no")]
            case "wybór":
                return [Listen("choice", phrases=("całość", "część"))]
            case "sms":
                return [Notify("sms", "raty"), StopRecording(), Listen("open")]
            case "błąd":
                raise RuntimeError("a fault")
            case "koniec":
                return [say("Do widzenia."), HangUp("said goodbye", Disposition.INFORMED)]
        return [say(f"echo {text}"), Listen("open")]


def say(text: str) -> Say:
    return Say("p", text, is_static=True)


@dataclass
class Bench:
    settings: ChatSettings = field(default_factory=ChatSettings)
    database: FakeDatabase = field(default_factory=FakeDatabase)
    live: LiveCalls = field(default_factory=LiveCalls)
    engines: list[SmallTalk] = field(default_factory=list)
    given: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    adviser: IntentAdviser | None = None

    def __post_init__(self) -> None:
        self.clock = SimulatedClock()
        scripts = [ChatScript(name, name.title(), "v1", self._engine) for name in ("a", "b")]
        self.chats = ChatSessions(
            self.settings,
            lambda: scripts,
            self.database,
            self.live,
            self.clock,
            "node",
            self.adviser,
            self._late,
        )

    async def _late(self, name: str) -> ChatScript:
        """A third script, which is still being read at first."""
        if name not in {"late", "late call out"}:
            raise NotFound("no such script")
        return ChatScript(name, "", "v1", self._engine, needs_case=name == "late call out")

    def _engine(self, seed: str, given: Mapping[str, object]) -> SmallTalk:
        self.given.append((seed, given))
        self.engines.append(SmallTalk())
        return self.engines[-1]

    async def begin(self, text: str = "", script: str | None = None) -> str:
        session, _ = await self.chats.begin(script, text, "1.1.1.1", KEPT)
        return session

    async def says(self, session: str, text: str) -> list[str]:
        reply = await self.chats.answer(session, text, "1.1.1.1")
        return [item.text for item in reply.says]

    @property
    def record(self) -> CallRecord:
        (record,) = self.database.calls.rows.values()
        return record


async def verified(bench: Bench) -> str:
    await bench.database.cases.add(DEBTOR.contact, DEBTOR.case)
    session = await bench.begin()
    for text in ("sprawa", "fakt birth_date", "fakt postcode"):
        await bench.says(session, text)
    return session


@simulated
async def test_machine_tells_what_it_is_and_what_it_keeps_before_it_asks():
    bench = Bench()
    _, reply = await bench.chats.begin(None, "", "1.1.1.1", KEPT)
    assert [item.text for item in reply.says] == ["Jestem automatem.", KEPT, "W czym pomóc?"]
    assert reply.says[1] == ChatSay("text_kept", KEPT)
    assert reply.listen is not None
    assert reply.listen.kind == "open"
    await bench.chats.stop()
    names = [link.entry.name for link in bench.database.audit.rows]
    assert names == ["ai_disclosed", "text_kept_disclosed"]
    assert bench.record.ai_disclosed_at is not None
    assert bench.record.recording_disclosed_at is None


@simulated
async def test_first_words_may_come_with_the_request_but_the_notice_goes_first():
    bench = Bench()
    _, reply = await bench.chats.begin("b", "cześć", "1.1.1.1", KEPT)
    texts = [item.text for item in reply.says]
    assert texts == ["Jestem automatem.", KEPT, "W czym pomóc?", "echo cześć"]
    assert (bench.record.script, bench.record.script_version) == ("b", "v1")
    assert (bench.record.leg_kind, bench.record.remote_party) == ("chat", "")
    await bench.chats.stop()


@simulated
async def test_turns_are_kept_in_order_and_shown_live():
    bench = Bench()
    session = await bench.begin()
    await bench.says(session, "ala")
    (live,) = bench.live.all()
    assert [turn.text for turn in live.turns][-2:] == ["ala", "echo ala"]
    reply = await bench.chats.answer(session, "koniec", "1.1.1.1")
    assert (reply.is_over, reply.listen) == (True, None)
    assert reply.disposition is Disposition.INFORMED
    turns = await bench.database.calls.turns(bench.record.call_id)
    assert [turn.text for turn in turns if turn.speaker is Speaker.CALLER] == ["ala", "koniec"]
    assert len(bench.live) == 0
    assert bench.record.end_reason == "said goodbye"
    with pytest.raises(NotFound):
        await bench.says(session, "jeszcze")
    await bench.chats.stop()


@simulated
async def test_plan_counts_only_when_it_is_written():
    bench = Bench()
    session = await verified(bench)
    assert await bench.says(session, "raty") == ["Zapisane."]
    assert len(bench.database.plans.rows) == 1
    bench.database.fail_with = StorageError("no")
    assert await bench.says(session, "raty") == ["Nie udało się zapisać."]
    assert bench.engines[0].events[-1] == SystemFailed(promise_lost=True)
    bench.database.fail_with = None
    await bench.chats.stop()


@simulated
async def test_stranger_gets_no_plan():
    bench = Bench()
    session = await bench.begin()
    assert await bench.says(session, "raty") == ["Nie udało się zapisać."]
    await bench.chats.stop()


@simulated
async def test_digits_that_are_asked_for_count_as_keyed_and_proofs_are_masked():
    bench = Bench()
    session = await bench.begin()
    assert await bench.says(session, "1234") == ["echo 1234"]
    await bench.says(session, "cyfry")
    assert await bench.says(session, "78-34") == ["klawisze 7834"]
    await bench.says(session, "cyfry")
    assert await bench.says(session, "12 34 marca") == ["echo 12 34 marca"]
    await bench.says(session, "cyfry")
    assert await bench.says(session, "17") == ["echo 17"]
    await bench.chats.stop()
    turns = await bench.database.calls.turns(bench.record.call_id)
    written = [turn.text for turn in turns if turn.speaker is Speaker.CALLER]
    assert written[2] == "••••"
    assert "7834" not in "".join(written)


@simulated
async def test_answers_worth_a_button():
    bench = Bench()
    session = await bench.begin()
    for text, choices in (("tak?", ("tak", "nie")), ("wybór", ("całość", "część")), ("x", ())):
        reply = await bench.chats.answer(session, text, "1.1.1.1")
        assert reply.listen is not None
        assert reply.listen.choices == choices
    await bench.says(session, "sms")
    await bench.chats.stop()
    assert len(bench.database.notifications.rows) == 1


@simulated
async def test_silence_ends_a_conversation_and_keeps_what_it_came_to():
    bench = Bench(ChatSettings(idle_minutes=10))
    bench.chats.start()
    session = await bench.begin()
    await asyncio.sleep(9 * 60)
    await bench.says(session, "jestem")
    await asyncio.sleep(9 * 60)
    assert bench.chats.n_chats == 1
    await asyncio.sleep(90)
    assert bench.chats.n_chats == 0
    assert (bench.record.end_reason, bench.record.disposition) == (
        "chat idle",
        Disposition.CALLBACK,
    )
    assert [c.reason for c in bench.database.callbacks.rows.values()] == ["left"]
    with pytest.raises(NotFound):
        await bench.says(session, "już jestem")
    await bench.chats.stop()


@simulated
async def test_endless_conversation_is_politely_ended():
    bench = Bench()
    session = await bench.begin()
    await asyncio.sleep(MAX_CHAT_S)
    assert await bench.says(session, "jeszcze jedno") == ["Czas minął."]
    assert bench.record.end_reason == "too long"
    await bench.chats.stop()


@simulated
async def test_second_message_before_the_answer_is_refused():
    bench = Bench()
    await bench.database.cases.add(DEBTOR.contact, DEBTOR.case)
    session = await bench.begin()
    gate = asyncio.Event()
    find = bench.database.cases.find

    async def slow_find(case_number: str):
        await gate.wait()
        return await find(case_number)

    bench.database.cases.find = slow_find  # type: ignore[method-assign]
    first = asyncio.create_task(bench.says(session, "sprawa"))
    await asyncio.sleep(0)
    with pytest.raises(ChatRefused) as refusal:
        await bench.says(session, "halo?")
    assert refusal.value.status_hint == 409
    # The console's wish waits for the answer, and then holds.
    (live,) = bench.live.all()
    live.hang_up()
    gate.set()
    assert await first == ["[('found', True), ('is_company', False)]"]
    assert bench.chats.n_chats == 0
    assert bench.record.end_reason == "ended from the console"
    await bench.chats.stop()


@simulated
async def test_case_directory_that_hangs_does_not_hang_the_chat():
    bench = Bench()
    session = await bench.begin()

    async def never(case_number: str) -> None:
        await asyncio.Event().wait()

    bench.database.cases.find = never  # type: ignore[method-assign]
    assert await bench.says(session, "sprawa") == ["[]"]
    await bench.chats.stop()


@simulated
async def test_fault_ends_one_conversation_and_no_other():
    bench = Bench()
    broken, whole = await bench.begin(), await bench.begin()
    with pytest.raises(RuntimeError):
        await bench.says(broken, "błąd")
    with pytest.raises(NotFound):
        await bench.says(broken, "halo")
    assert await bench.says(whole, "ala") == ["echo ala"]
    await bench.chats.stop()
    ends = {r.end_reason: r.disposition for r in bench.database.calls.rows.values()}
    assert ends == {"internal error": Disposition.ERROR, "shutdown": Disposition.CALLBACK}


@simulated
async def test_no_more_conversations_than_allowed_and_none_while_stopping():
    bench = Bench(ChatSettings(max_sessions=2))
    first = await bench.begin()
    await bench.begin()
    with pytest.raises(ChatRefused) as refusal:
        await bench.begin()
    assert refusal.value.status_hint == 503
    await bench.says(first, "koniec")
    running = await bench.begin()
    bench.chats.drain()
    assert await bench.says(running, "ala") == ["echo ala"]
    with pytest.raises(ChatRefused):
        await bench.begin()
    await bench.chats.stop()


@simulated
async def test_away_database_delays_neither_greeting_nor_farewell_for_long():
    bench = Bench()
    away = StorageError("away")
    away.retryable = True
    bench.database.fail_with = away
    session = await bench.begin()
    before = bench.clock.monotonic()
    await bench.says(session, "koniec")
    assert bench.clock.monotonic() - before < 5
    bench.database.fail_with = None
    await bench.chats.stop()
    assert bench.record.disposition is Disposition.INFORMED


@simulated
@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (ChatSettings(), ["a", "b"]),
        (ChatSettings(public=True), ["a"]),
        (ChatSettings(public=True, scripts=("b",)), ["b"]),
    ],
)
async def test_public_gets_only_what_is_meant_for_it(settings: ChatSettings, names: list[str]):
    bench = Bench(settings)
    assert [script.name for script in bench.chats.scripts] == names
    for name in ("a", "b"):
        if name in names:
            await bench.begin(script=name)
        else:
            with pytest.raises(NotFound):
                await bench.begin(script=name)
    await bench.chats.stop()


@simulated
async def test_script_that_is_still_being_read_is_waited_for():
    bench = Bench()
    await bench.begin(script="late")
    assert bench.record.script == "late"
    with pytest.raises(NotFound):
        await bench.begin(script="never")
    await bench.chats.stop()
    public = Bench(ChatSettings(public=True, scripts=("late", "late call out")))
    await public.begin(script="late")
    with pytest.raises(NotFound):
        await public.begin(script="late call out")
    await public.chats.stop()
    closed = Bench(ChatSettings(public=True))
    with pytest.raises(NotFound):
        await closed.begin(script="late")
    await closed.chats.stop()


@simulated
async def test_script_for_outgoing_calls_is_told_whom_it_is_about():
    bench = Bench()
    await bench.database.cases.add(DEBTOR.contact, DEBTOR.case)
    number = DEBTOR.case.case_number
    await bench.chats.begin(None, "", "1.1.1.1", KEPT, case_number=number)
    ((seed, given),) = bench.given
    assert seed == given["case_number"] == number
    assert (given["person"].last_name, given["is_company"]) == (DEBTOR.contact.last_name, False)
    with pytest.raises(NotFound):
        await bench.chats.begin(None, "", "1.1.1.1", KEPT, case_number="99999999")
    await bench.chats.stop()


class Guesser:
    """A language model with one opinion."""

    async def complete(self, instruction: str, question: str) -> str:
        return "pay_now"


@simulated
async def test_language_model_is_asked_only_where_the_classifier_is_not_sure():
    bench = Bench(adviser=IntentAdviser(Guesser(), timeout_s=1))
    session = await bench.begin()
    await bench.says(session, "hm")
    await bench.says(session, "na pewno")
    hints = [e.hinted_intent for e in bench.engines[0].events if isinstance(e, UserTurn)]
    assert hints == ["pay_now", ""]
    await bench.chats.stop()


@simulated
async def test_ids_cannot_be_guessed_from_one_another():
    bench = Bench(ChatSettings(messages_per_minute=1000))
    sessions = [await bench.begin() for _ in range(20)]
    assert len(set(sessions)) == 20
    assert {len(session) for session in sessions} == {32}
    assert not any(r.call_id in sessions for r in bench.database.calls.rows.values())
    await bench.chats.stop()
