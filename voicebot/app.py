"""Composition root: builds every part of a node and joins them. Read it as the map."""

from __future__ import annotations

import asyncio
import logging
import socket
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from voicebot.calls.call_traces import CallTraces, traces_to
from voicebot.calls.chat_scripts import chat_script
from voicebot.calls.chat_session import LEG_KIND as CHAT
from voicebot.calls.chat_sessions import ChatScript, ChatSessions
from voicebot.calls.conversation_maker import ConversationMaker
from voicebot.calls.conversations import Conversations, ScriptPlaces
from voicebot.calls.intent_adviser import IntentAdviser
from voicebot.calls.leg import CallLeg
from voicebot.calls.live_calls import LiveCalls
from voicebot.calls.outbound_call import about_case
from voicebot.calls.prompt_preparer import PromptPreparer, fixed_prompts
from voicebot.calls.reception import CallParts, Conversation, Reception
from voicebot.clock import Clock, SystemClock
from voicebot.dialogue.check.script_check import load_checked_script
from voicebot.dialogue.engine import make_classifier
from voicebot.dialogue.polish.readout import phone
from voicebot.dialogue.script import EMOTION, Script
from voicebot.dialogue.script_paths import find_script, shipped_folder
from voicebot.errors import NotFound, ScriptError, SettingsError
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.endpoint import SipEndpoint
from voicebot.gateway.sip.incoming_call import IncomingCall
from voicebot.gateway.sip.trunks.dial_rules import DAY_S, E164, PastCall
from voicebot.media.codecs.catalogue import check_codecs
from voicebot.media.pacer import Pacer
from voicebot.media.recorder import repair
from voicebot.media.speech_detector import SpeechDetector
from voicebot.media.vad import VoiceActivityDetector
from voicebot.records import Direction
from voicebot.settings import Settings
from voicebot.speech.emotion.emotion_choice import EmotionChoice, choose_emotion, load_head
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.prompt_cache import PromptCache
from voicebot.speech.recognizer_choice import RecognizerChoice, choose_recognizer
from voicebot.speech.voice_choice import VoiceChoice, choose_voice
from voicebot.speech.worker_parts import WorkerSpec
from voicebot.speech.worker_pool import SpeechPool
from voicebot.storage.database import Database
from voicebot.storage.samples import add_samples
from voicebot.storage.secret import load_secret
from voicebot.web.language_model import ChatCompletions
from voicebot.web.server import WebServer

log = logging.getLogger(__name__)

Progress = Callable[[str], None]

DRAIN_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class SpeechChoices:
    """Which recogniser and voice this installation has, and what reads emotion, if anything."""

    recognizer: RecognizerChoice
    voice: VoiceChoice
    emotion: EmotionChoice | None = None

    @property
    def names(self) -> dict[str, str]:
        """What recognises and what speaks, for a call's record."""
        return {
            "recognizer": f"{self.recognizer.engine} {self.recognizer.model_id}".strip(),
            "voice": f"{self.voice.engine} {self.voice.model_id}".strip(),
        }


def choose_speech(settings: Settings) -> SpeechChoices:
    """Raises ModelError saying which command gets what is missing."""
    store = ModelStore(
        Path(settings.models_directory), load_catalogue(), mirror=settings.models_mirror
    )
    return SpeechChoices(
        choose_recognizer(settings.use, settings.speech.recognizer, store),
        choose_voice(settings.use, settings.speech.synthesizer, store),
        _choose_emotion(settings, store),
    )


def _choose_emotion(settings: Settings, store: ModelStore) -> EmotionChoice | None:
    emotion = settings.emotion
    if not emotion.enabled:
        return None
    head = Path(emotion.head) if emotion.head else None
    return choose_emotion(settings.use, store, emotion.model, head)


def check_emotion_notice(settings: Settings, script: Script) -> None:
    """Raises SettingsError where emotion is to be read and the script never says so."""
    if settings.emotion.enabled and not script.discloses(EMOTION):
        raise SettingsError(
            f"emotion.enabled: the script {script.name} never tells the caller that his voice is "
            "read (a prompt with discloses: [emotion])"
        )


def script_places(settings: Settings) -> ScriptPlaces:
    """Where this installation's scripts are. Raises ScriptError for a missing default one."""
    dialogue = settings.dialogue
    folders = [shipped_folder()]
    default = None
    if dialogue.scripts_directory:
        folders.append(Path(dialogue.scripts_directory))
        if not folders[-1].is_dir():
            raise SettingsError(f"dialogue.scripts_directory: {folders[-1]} is no folder")
        default = folders[-1] / f"{dialogue.script}.yaml"
    if default is None or not default.is_file():
        default = find_script(dialogue.script)
    return ScriptPlaces(default, folders, dialogue.numbers, settings.sip.user)


def make_conversations(settings: Settings) -> ConversationMaker:
    """What makes this installation's scripts ready for calls."""
    return ConversationMaker(
        load_checked_script,
        {
            "company": settings.dialogue.company,
            "company_neutral": settings.dialogue.company_neutral or settings.dialogue.company,
            "hotline": phone(settings.dialogue.hotline),
        },
        ZoneInfo(settings.dialogue.timezone),
        lambda script: check_emotion_notice(settings, script),
        lambda script: make_classifier(script, settings.data_path / "intents"),
    )


def make_pool(settings: Settings, choices: SpeechChoices) -> SpeechPool:
    return SpeechPool(
        WorkerSpec(
            choices.recognizer,
            choices.voice,
            settings.models_directory,
            settings.speech.transcribe_timeout_s,
            log_level=settings.log_level,
            emotion=choices.emotion,
        ),
        settings.speech.workers,
    )


def vad_maker(settings: Settings) -> Callable[[], VoiceActivityDetector]:
    """Makes a voice activity detector for each call. Raises ModelError for a missing model."""
    if settings.speech.vad == "webrtc":
        return SpeechDetector
    from voicebot.speech.backends.silero import SileroVad  # an optional extra

    store = ModelStore(Path(settings.models_directory), load_catalogue())
    path = store.path("silero-vad")
    return lambda: SileroVad(path)


def _repair_recording(path: Path) -> None:
    try:
        repair(path)
    except OSError as error:
        log.warning("a recording could not be repaired", extra={"reason": error.strerror})


class Node:
    """Everything that one `voicebot serve` runs. `start`, then `stop`; each once."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        check_codecs(settings.sip.codecs, "sip.codecs")
        for name, trunk in settings.trunks.items():
            check_codecs(trunk.codecs, f"trunks.{name}.codecs")
        self.clock = clock or SystemClock()
        # After a crash a node closes its own open calls; a one-off call has no port and no past.
        self.name = f"{socket.gethostname()}:{settings.sip.port or uuid.uuid4().hex[:8]}"
        self.live_calls = LiveCalls()
        self.choices = choose_speech(settings)
        make = make_conversations(settings)
        self.conversations = Conversations(script_places(settings), make, make.beside_calls)
        self.pacer = Pacer(self.clock)
        self.pool = make_pool(settings, self.choices)
        self.sip = SipEndpoint(
            settings.sip,
            self.pacer,
            self.clock,
            self._take_sip_call,
            count_waiting=self._count_waiting,
            count_other_calls=self._count_other_calls,
            trunks=settings.trunks,
            dial=settings.dial,
        )
        self.database: Database | None = None
        self.web: WebServer | None = None
        self._traces: CallTraces | None = None
        self._reception: Reception | None = None
        self._language_model = ChatCompletions(settings.language_model)

    @property
    def script(self) -> Script:
        """Of calls that ask for no other."""
        return self.conversations.default.script

    async def start(self, progress: Progress, with_samples: bool = False) -> None:
        """Bring everything up, in the order in which a call needs it.

        Raises VoicebotError (what to do is in the text) or OSError (an address is taken).
        """
        settings = self.settings
        if settings.telemetry.otlp_endpoint:
            self._traces = traces_to(
                settings.telemetry.otlp_endpoint, self.name, self.live_calls, self.clock
            )
        settings.data_path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.database = await Database.open(settings.database_url, load_secret(settings.data_path))
        await self._close_orphans(self.database, progress)
        await self._count_past_calls(self.database)
        if with_samples:
            zone = ZoneInfo(settings.dialogue.timezone)
            await add_samples(self.database, self.clock.now().astimezone(zone).date())
        progress("Starting speech workers")
        await self.pool.start()
        prompt_cache = PromptCache(settings.data_path, self.pool.info.synthesizer)
        preparer = PromptPreparer(prompt_cache, self.pool.open_call, self.live_calls)
        progress(f"Preparing {len(fixed_prompts(self.conversations.default))} prompts")
        await preparer.prepare(self.conversations.default)
        self._reception = Reception(
            CallParts(
                conversation=self.conversations.default,
                prompt_audio=prompt_cache,
                open_speech=self.pool.open_call,
                make_vad=vad_maker(settings),
                store=self.database,
                turns=settings.turns,
                recordings_path=settings.recordings_path if settings.recording.enabled else None,
                clock=self.clock,
                node=self.name,
                emotion_head=load_head(self.choices.emotion) if self.choices.emotion else None,
                models=self.choices.names,
                adviser=self._make_adviser(),
            ),
            self.live_calls,
        )
        if settings.dial.accept_refer:
            self.sip.transfers.allow_through(self.sip.trunks.dialler, self._take_referred_call)
        await self.sip.start()
        self.web = WebServer(
            settings,
            self.database,
            self.live_calls,
            self.pool,
            self.sip,
            self.pacer,
            self.clock,
            self.take_call,
            self._check_dial,
            self._make_chats(self.database) if settings.chat.enabled else None,
            self.conversations,
        )
        await self.web.start()
        self.conversations.start(
            preparer.prepare_later, reads_ahead=settings.dialogue.prepare_all_scripts
        )

    async def drain(self, timeout_s: float) -> None:
        """Take no new calls and return when the running ones are over, at the latest after
        `timeout_s`. `stop` afterwards."""
        self.sip.drain()
        if self.web is not None:
            self.web.drain()
        try:
            async with asyncio.timeout(timeout_s):
                # A call that still rings is in no list that could be watched.
                while self.sip.n_calls or len(self.live_calls):  # noqa: ASYNC110
                    await asyncio.sleep(DRAIN_POLL_S)
        except TimeoutError:
            log.warning("calls go on after the time to drain", extra={"n": len(self.live_calls)})

    async def stop(self) -> None:
        """Say goodbye to running calls and write everything down."""
        await self.conversations.stop()
        await self.sip.stop()
        if self.web is not None:
            await self.web.stop()
        await self._language_model.close()
        await self.pool.stop()
        if self._traces is not None:
            await self._traces.stop()
        if self.database is not None:
            await self.database.close()

    def _make_adviser(self) -> IntentAdviser | None:
        asked = self.settings.language_model
        return IntentAdviser(self._language_model, asked.timeout_ms / 1000) if asked.url else None

    async def take_call(
        self, leg: CallLeg, is_caller: bool = True, conversation: Conversation | None = None
    ) -> str:
        """Run the dialogue on an answered leg until the call is over; its id.

        conversation: None: by whom was called.
        """
        if self._reception is None:
            raise RuntimeError("the node has not been started")
        if conversation is None:
            is_inbound = leg.direction is Direction.INBOUND
            conversation = await self.conversations.choose(leg.local_party if is_inbound else "")
        return await self._reception.take(leg, is_caller, conversation)

    async def conversation_about(self, case_number: str) -> Conversation:
        """The default script's, about a case where one is named. Raises NotFound, SettingsError."""
        if self.database is None:
            raise RuntimeError("the node has not been started")
        return await about_case(self.conversations.default, self.database.cases, case_number)

    def _make_chats(self, database: Database) -> ChatSessions:
        return ChatSessions(
            self.settings.chat,
            lambda: [chat_script(conversation) for conversation in self.conversations.ready],
            database,
            self.live_calls,
            self.clock,
            self.name,
            self._make_adviser(),
            self._find_chat_script,
        )

    async def _find_chat_script(self, name: str) -> ChatScript:
        """Also one that is still being read. Raises NotFound."""
        try:
            return chat_script(await self.conversations.choose(name=name))
        except ScriptError:
            # Why it is broken was logged when it was read.
            raise NotFound("no such script") from None

    async def _close_orphans(self, database: Database, progress: Progress) -> None:
        """Close the calls of a process that was killed, and make their recordings whole."""
        recordings = [
            Path(call.recording_path)
            for call in await database.calls.open_calls()
            if call.node == self.name and call.recording_path
        ]
        n_orphans = await database.calls.close_orphans(self.clock.now(), self.name)
        for path in recordings:
            await asyncio.to_thread(_repair_recording, path)
        if n_orphans:
            progress(f"{n_orphans} calls of a process that was killed are closed as unknown")

    async def _count_past_calls(self, database: Database) -> None:
        """A restart must not double what may be dialled in a day, as far as records tell."""
        now = self.clock.now()
        past = [
            PastCall((now - call.started_at).total_seconds())
            async for call in database.calls.each(since=now - timedelta(seconds=DAY_S))
            if call.direction is Direction.OUTBOUND
        ]
        self.sip.trunks.rules.restore(past, self.clock.monotonic())

    def _check_dial(self, number: str, provider: str) -> E164:
        """The dialling rules hold for calls over a provider's REST, too."""
        return self.sip.trunks.rules.check(number, provider, "", self.clock.monotonic())

    def _count_waiting(self) -> int:
        return sum(worker.recognition_queue for worker in self.pool.stats())

    def _count_other_calls(self) -> int:
        # A chat needs no line.
        return sum(call.record.leg_kind not in {"sip", CHAT} for call in self.live_calls.all())

    async def _take_sip_call(self, incoming: IncomingCall) -> None:
        # Who takes over somebody's call is unknown: maybe a colleague it was handed to.
        is_caller = incoming.replaces is None
        # A script may have to be read first: the caller hears nothing worse than ringing.
        conversation = await self.conversations.choose(incoming.request_uri.user)
        await self.take_call(await incoming.answer(), is_caller, conversation)

    async def _take_referred_call(self, referrer: SipCallLeg, target: SipCallLeg | None) -> None:
        """Somebody new is on the line: he hears the disclosures and is verified like anybody."""
        if target is not None:
            # Whom a colleague or a PBX sends us to may well be an employee.
            await self.take_call(target, is_caller=False)
