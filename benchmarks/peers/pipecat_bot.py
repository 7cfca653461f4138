# mypy: ignore-errors
# Pipecat lives in an environment of its own: here nothing is known of its types.
"""The benchmark's dialogue as a Pipecat bot: our recogniser and voice, Pipecat's turn-taking.

Runs in an environment of its own (requirements.txt beside this file); benchmarks.turns starts it.
The wiring follows what `pipecat init` writes for a Twilio bot with a cascade of services.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import uvicorn
import uvloop
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.turn.smart_turn.base_smart_turn import SmartTurnParams
from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMRunFrame,
    TranscriptionFrame,
    TTSSpeakFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import (
    LLMContextAggregatorPair,
    LLMUserAggregatorParams,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.twilio import TwilioFrameSerializer
from pipecat.services.settings import STTSettings, TTSSettings
from pipecat.services.stt_service import SegmentedSTTService
from pipecat.services.tts_service import TTSService
from pipecat.transcriptions.language import Language
from pipecat.transports.websocket.fastapi import (
    FastAPIWebsocketParams,
    FastAPIWebsocketTransport,
)
from pipecat.turns.user_stop import (
    SpeechTimeoutUserTurnStopStrategy,
    TurnAnalyzerUserTurnStopStrategy,
)
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner

from benchmarks.turns.call_script import GOODBYE, GREETING, LONG_PROMPT
from benchmarks.turns.dialogue import Dialogue, load_dialogue
from voicebot.speech.backends.rhvoice import RhvoiceSynthesizer
from voicebot.speech.backends.whisper import WhisperRecognizer
from voicebot.speech.recognizer import RecognitionHints

SAMPLE_RATE = 8000
N_WORKERS = 2
"""As many recognisers and voices as `voicebot serve` runs by default."""

STT_P99_S = 1.0
"""Our Whisper marks each transcript as final, so Pipecat hardly ever waits for this."""

AMOUNTS = ("sto czterdzieści złotych", "dwieście trzydzieści złotych", "osiemdziesiąt pięć złotych")


@dataclass(frozen=True)
class Models:
    """Loaded once, before the first call; each is used by one call at a time."""

    recognizers: asyncio.Queue[WhisperRecognizer]
    voices: asyncio.Queue[RhvoiceSynthesizer]

    @classmethod
    def load(cls, folder: Path) -> Models:
        models = cls(asyncio.Queue(), asyncio.Queue())
        for _ in range(N_WORKERS):
            recognizer = WhisperRecognizer(folder / "whisper-base")
            # The first transcript of a model is slow; no caller should wait for it.
            warm = recognizer.start(RecognitionHints())
            warm.accept(np.random.default_rng(1).integers(-900, 900, 8000).astype(np.int16))
            warm.transcribe()
            models.recognizers.put_nowait(recognizer)
            models.voices.put_nowait(RhvoiceSynthesizer(folder / "rhvoice-pl", "Magda"))
        return models


class OurWhisper(SegmentedSTTService):
    """Our Whisper base with its own settings (beam 5, 8 s padding) behind Pipecat's interface."""

    def __init__(self, models: Models) -> None:
        super().__init__(
            sample_rate=SAMPLE_RATE,
            # Our recogniser pads for itself.
            trailing_silence_secs=0.0,
            ttfs_p99_latency=STT_P99_S,
            settings=STTSettings(model="whisper-base", language=Language.PL),
        )
        self._models = models

    @property
    def wants_wav_segments(self) -> bool:
        return False

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame, None]:
        recognizer = await self._models.recognizers.get()
        try:
            text = await asyncio.to_thread(_transcribe, recognizer, audio)
        finally:
            self._models.recognizers.put_nowait(recognizer)
        if text:
            yield TranscriptionFrame(text, self._user_id, time_now_iso8601(), Language.PL)


def _transcribe(recognizer: WhisperRecognizer, audio: bytes) -> str:
    utterance = recognizer.start(RecognitionHints())
    utterance.accept(np.frombuffer(audio, dtype=np.int16))
    return utterance.transcribe().text


class OurVoice(TTSService):
    """Our RHVoice behind Pipecat's interface; its audio goes on as it comes."""

    def __init__(self, models: Models) -> None:
        super().__init__(
            sample_rate=SAMPLE_RATE,
            push_start_frame=True,
            push_stop_frames=True,
            settings=TTSSettings(model="rhvoice", voice="Magda", language=Language.PL),
        )
        self._models = models

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame, None]:
        async with contextlib.aclosing(_speak(self._models.voices, text)) as chunks:
            async for frame in self._stream_audio_frames_from_iterator(
                chunks, in_sample_rate=SAMPLE_RATE, context_id=context_id
            ):
                yield frame


async def _speak(
    voices: asyncio.Queue[RhvoiceSynthesizer], text: str
) -> AsyncGenerator[bytes, None]:
    """Synthesis on a thread, which hands its voice back itself: a call may be gone by then."""
    voice = await voices.get()
    loop = asyncio.get_running_loop()
    chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
    is_cancelled = threading.Event()

    def work() -> None:
        try:
            for samples in voice.synthesize(text):
                if is_cancelled.is_set():
                    break
                loop.call_soon_threadsafe(chunks.put_nowait, samples.tobytes())
        finally:
            loop.call_soon_threadsafe(chunks.put_nowait, None)
            loop.call_soon_threadsafe(voices.put_nowait, voice)

    threading.Thread(target=work, daemon=True).start()
    try:
        while (chunk := await chunks.get()) is not None:
            yield chunk
    finally:
        is_cancelled.set()


class ScriptInsteadOfLlm(FrameProcessor):
    """Says the dialogue's next prompt for each turn of the caller, at once."""

    def __init__(self, dialogue: Dialogue, is_long: bool) -> None:
        super().__init__()
        self._dialogue = dialogue
        self._opening = [GREETING, *(LONG_PROMPT if is_long else ())]
        self._place = -1

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, LLMContextFrame):
            await self.push_frame(TTSSpeakFrame(self._next_text(frame.context)), direction)
        else:
            await self.push_frame(frame, direction)

    def _next_text(self, context: LLMContext) -> str:
        messages = context.get_messages()
        is_answer = bool(messages) and messages[-1].get("role") == "user"
        # Pipecat asks the LLM to go on after a noise that stopped the bot: it says it again.
        self._place += 1 if is_answer or self._place < 0 else 0
        if self._place >= len(self._dialogue.questions):
            return GOODBYE
        question = self._dialogue.questions[self._place]
        before = self._opening if self._place == 0 else []
        if question.is_variable:
            # Another amount each time, so that nobody could have kept the audio.
            amount = AMOUNTS[self._place % len(AMOUNTS)]
            before = [self._dialogue.lead_in.format(kwota=amount)]
        return " ".join([*before, question.text])


def turn_parameters(variant: str) -> LLMUserAggregatorParams:
    """default: as Pipecat comes. tuned: as fast as its parts go. smart: its turn model, with less
    patience where the model holds a turn for unfinished."""
    if variant == "default":
        return LLMUserAggregatorParams(vad_analyzer=SileroVADAnalyzer())
    # 0.2 s of silence is what Pipecat's own latencies are stated for; start_secs and min_volume
    # are lowered for short and quiet answers.
    vad = SileroVADAnalyzer(params=VADParams(start_secs=0.1, stop_secs=0.2, min_volume=0.3))
    if variant == "tuned":
        stop = SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.1)
    else:
        analyzer = LocalSmartTurnAnalyzerV3(params=SmartTurnParams(stop_secs=1.0))
        stop = TurnAnalyzerUserTurnStopStrategy(turn_analyzer=analyzer)
    strategies = UserTurnStrategies(stop=[stop])
    return LLMUserAggregatorParams(vad_analyzer=vad, user_turn_strategies=strategies)


async def run_call(
    websocket: WebSocket, models: Models, dialogue: Dialogue, variant: str, is_long: bool
) -> None:
    """One call, from its WebSocket to its end."""
    _, call = await parse_telephony_websocket(websocket)
    serializer = TwilioFrameSerializer(
        stream_sid=call["stream_id"],
        call_sid=call["call_id"],
        params=TwilioFrameSerializer.InputParams(auto_hang_up=False),
    )
    transport = FastAPIWebsocketTransport(
        websocket=websocket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            add_wav_header=False,
            serializer=serializer,
        ),
    )
    user, assistant = LLMContextAggregatorPair(LLMContext(), user_params=turn_parameters(variant))
    pipeline = Pipeline(
        [
            transport.input(),
            OurWhisper(models),
            user,
            ScriptInsteadOfLlm(dialogue, is_long),
            OurVoice(models),
            transport.output(),
            assistant,
        ]
    )
    worker = PipelineWorker(
        pipeline,
        params=PipelineParams(audio_in_sample_rate=SAMPLE_RATE, audio_out_sample_rate=SAMPLE_RATE),
        cancel_on_idle_timeout=False,
    )
    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)

    @transport.event_handler("on_client_connected")
    async def on_client_connected(_transport: object, _client: object) -> None:
        await worker.queue_frames([LLMRunFrame()])

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(_transport: object, _client: object) -> None:
        await runner.cancel()

    await runner.run()


def make_app(models: Models, variant: str, is_long: bool) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        print("ready", flush=True)
        yield

    app = FastAPI(lifespan=lifespan)
    dialogue = load_dialogue()

    @app.websocket("/ws")
    async def serve(websocket: WebSocket) -> None:
        await websocket.accept()
        await run_call(websocket, models, dialogue, variant, is_long)

    return app


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--variant", choices=["default", "tuned", "smart"], default="default")
    parser.add_argument("--long-prompt", action="store_true")
    options = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="WARNING")
    # The same event loop as ours.
    uvloop.run(_serve(options))


async def _serve(options: argparse.Namespace) -> None:
    models = Models.load(options.models)
    app = make_app(models, options.variant, options.long_prompt)
    # Listening before "ready" is said: uvicorn would bind only after its lifespan has begun.
    with socket.create_server(("127.0.0.1", options.port)) as listening:
        await uvicorn.Server(uvicorn.Config(app, log_level="warning")).serve([listening])


if __name__ == "__main__":
    main()
