"""Small stand-ins for what a call is joined to: its leg, its voice and its ears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from voicebot.audio import FRAME_SAMPLES, SAMPLE_RATE, SILENCE, AudioFrame, Samples, seconds
from voicebot.errors import SpeechWorkerError
from voicebot.media.events import DigitPressed, LegEnded
from voicebot.media.leg_events import LegEventQueue
from voicebot.media.playout import Playout
from voicebot.media.recorder import Recorder
from voicebot.media.voicing import Pitch
from voicebot.records import Direction
from voicebot.speech.emotion.emotion import EMOTIONS, GROUPS, Embedding, EmotionReading
from voicebot.speech.recognizer import RecognitionHints, Transcript


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: datetime = datetime(2026, 3, 11, 9, 15, tzinfo=UTC)) -> None:
        self._now = now
        self._monotonic = 1000.0

    def monotonic(self) -> float:
        return self._monotonic

    def now(self) -> datetime:
        return self._now

    def move(self, seconds: float) -> None:
        self._monotonic += seconds
        self._now += timedelta(seconds=seconds)


class VoiceBook:
    """Speech made of levels: each text is a constant sound of its own level, so that whoever
    hears it knows what was said, without a model."""

    S_PER_CHARACTER = 0.05

    def __init__(self) -> None:
        self._levels: dict[str, int] = {}
        self._texts: dict[int, str] = {}
        self._angry: set[int] = set()

    def sound(self, text: str, seconds: float | None = None) -> Samples:
        """seconds: by default as long as the text would take."""
        level = self._levels.setdefault(text, 1000 + 7 * len(self._levels))
        self._texts[level] = text
        seconds = max(0.3, len(text) * self.S_PER_CHARACTER) if seconds is None else seconds
        return np.full(round(seconds * SAMPLE_RATE), level, dtype=np.int16)

    def angry(self, text: str, seconds: float) -> Samples:
        """The text as sound, said in anger."""
        sound = self.sound(text, seconds)
        self._angry.add(int(sound[0]))
        return sound

    def is_angry(self, level: int) -> bool:
        """Whether that sound was said in anger."""
        return level in self._angry

    def text(self, level: int) -> str:
        return self._texts.get(level, "")

    def words(self, samples: Samples) -> list[str]:
        """What is heard: each text once for each stretch of frames with its level."""
        stretches = Stretches()
        for start in range(0, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            stretches.add(start, samples[start : start + FRAME_SAMPLES])
        return [self.text(level) for _, level in stretches.changes if level]


class Stretches:
    """Sound cut into stretches of one level; a frame of two levels belongs to the one before."""

    def __init__(self) -> None:
        self.changes: list[tuple[int, int]] = []
        self._last = 0

    def add(self, position: int, frame: Samples) -> None:
        if frame is SILENCE:
            level = 0
        elif frame[0] == frame[-1] and frame.min() == frame.max():
            level = int(frame[0])
        else:
            return
        if level != self._last:
            self.changes.append((position, level))
            self._last = level


NOISE = "(noise)"
"""Said by a VoiceBook it is speech to the detector, and nothing to the recogniser."""


class LevelVad:
    """Any sound is speech."""

    def is_speech(self, frame: Samples) -> bool:
        return bool(frame.any())


class AnyVoice:
    """Any sound is voiced, always at one pitch: the samples here are levels."""

    def receive_frame(self, frame: Samples) -> None:
        pass

    def pitch(self) -> Pitch:
        return Pitch(1.0, 120.0)


@dataclass
class FakeSpeech:
    """Speech workers that need `transcribe_s` and `synthesis_s`, and fail when told to.

    fail_transcripts, fail_sentences: so many of the next ones fail; lost: texts no worker can
    say. confidence: of each transcript, or of one text.
    """

    book: VoiceBook
    transcribe_s: float = 0.15
    synthesis_s: float = 0.1
    chunk_s: float = 0.5
    fail_transcripts: int = 0
    fail_sentences: int = 0
    is_dead: bool = False
    lost: set[str] = field(default_factory=set)
    confidence: float = 0.9
    transcripts: list[str] = field(default_factory=list)
    hints: list[RecognitionHints] = field(default_factory=list)
    n_dropped: int = 0
    n_waiting: int = 0
    asked_as_guess: list[bool] = field(default_factory=list)
    n_open: int = 0
    n_closed: int = 0
    sentences: list[str] = field(default_factory=list)
    embed_s: float = 0.02
    embedded_s: list[float] = field(default_factory=list)

    def open_utterance(self, hints: RecognitionHints) -> FakeUtterance:
        self.hints.append(hints)
        self.n_open += 1
        return FakeUtterance(self)

    async def synthesize(self, text: str, rate: float = 1.0) -> AsyncIterator[Samples]:
        self.sentences.append(text)
        await asyncio.sleep(self.synthesis_s)
        sound = self.book.sound(text)
        size = round(self.chunk_s * SAMPLE_RATE)
        for start in range(0, len(sound), size):
            if self.is_dead or text in self.lost:
                raise SpeechWorkerError("no speech worker is running")
            if self.fail_sentences and start > 0:
                self.fail_sentences -= 1
                raise SpeechWorkerError("the worker died in the middle")
            yield sound[start : start + size]
            await asyncio.sleep(self.synthesis_s / 10)

    async def embed(self, samples: Samples) -> Embedding:
        self.embedded_s.append(seconds(len(samples)))
        await asyncio.sleep(self.embed_s)
        if self.is_dead:
            raise SpeechWorkerError("no speech worker is running")
        levels = [level for level in map(int, np.unique(samples)) if level]
        loudest = max(levels, default=0)
        return LevelHead.voice("anger" if self.book.is_angry(loudest) else "neutral")

    def close(self) -> None:
        self.n_closed += 1


class FakeUtterance:
    def __init__(self, speech: FakeSpeech) -> None:
        self._speech = speech
        self._chunks: list[Samples] = []
        self._is_closed = False

    def feed(self, samples: Samples) -> None:
        assert len(samples) == FRAME_SAMPLES
        self._chunks.append(samples)

    async def transcribe(self, is_guess: bool = False) -> Transcript:
        self._speech.asked_as_guess.append(is_guess)
        if self._is_closed:
            raise SpeechWorkerError("the utterance is closed")
        heard = np.concatenate(self._chunks)
        try:
            await asyncio.sleep(self._speech.transcribe_s)
        except asyncio.CancelledError:
            self._speech.n_dropped += 1
            raise
        if self._speech.is_dead or self._speech.fail_transcripts:
            self._speech.fail_transcripts = max(0, self._speech.fail_transcripts - 1)
            raise SpeechWorkerError("the worker died")
        text = " ".join(word for word in self._speech.book.words(heard) if word != NOISE)
        self._speech.transcripts.append(text)
        return Transcript(text, self._speech.confidence if text else 0.0, 0.0 if text else 1.0)

    def close(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            self._speech.n_open -= 1


class LevelHead:
    """Reads what `voice` and FakeSpeech write: which emotion, and how sure to be of it."""

    def __init__(self) -> None:
        self.baselines: list[list[Embedding]] = []

    @staticmethod
    def voice(emotion: str, confidence: float = 0.8) -> Embedding:
        return np.array([EMOTIONS.index(emotion), confidence], dtype=np.float32)

    @staticmethod
    def emotion(embedding: Embedding) -> str:
        return EMOTIONS[int(embedding[0])]

    def read(self, embedding: Embedding, baseline: Sequence[Embedding] = ()) -> EmotionReading:
        self.baselines.append(list(baseline))
        emotion = self.emotion(embedding)
        confidence = float(embedding[1])
        group = GROUPS[emotion]
        # The rest goes to the other groups, so that `confidence` is that of the group.
        others = [name for name in EMOTIONS if GROUPS[name] != group]
        probabilities = dict.fromkeys(EMOTIONS, 0.0)
        probabilities[emotion] = confidence
        probabilities |= dict.fromkeys(others, (1 - confidence) / len(others))
        return EmotionReading(emotion, group, probabilities, confidence)


class FakePromptAudio:
    """A prompt cache that holds the texts it is given."""

    def __init__(self, book: VoiceBook, texts: set[str]) -> None:
        self._book = book
        self.texts = texts

    def get(self, text: str, rate: float) -> Samples | None:
        return self._book.sound(text) if text in self.texts else None


class FakeLeg:
    """A leg without a network: `tick` is 20 ms of both directions.

    `says` is what the other party is going to say; `heard` is what it heard of the bot.
    """

    kind = "sip"
    local_party = "infolinia"

    def __init__(
        self,
        remote_party: str = "+48000000101",
        leg_id: str = "leg-1",
        direction: Direction = Direction.INBOUND,
    ) -> None:
        self.leg_id = leg_id
        self.remote_party = remote_party
        self.direction = direction
        self.events = LegEventQueue()
        self.playout = Playout()
        self.recorder: Recorder | None = None
        self.hang_ups: list[str] = []
        self.hang_up_s = 0.1
        self.is_over = False
        self.digits_sent = ""
        self.position = 0
        self._inbound: list[Samples] = []
        self._heard = Stretches()
        self.is_bot_audible = False

    def tick(self, now: float, inbound: Samples | None = None) -> Samples:
        """20 ms pass; what goes out. inbound: None takes it from what `says` has queued."""
        if inbound is None:
            inbound = self._inbound.pop(0) if self._inbound else SILENCE
        outbound = self.playout.pull(now)
        self._heard.add(self.position, outbound)
        self.is_bot_audible = outbound is not SILENCE and bool(outbound.any())
        self.events.put_nowait(AudioFrame(inbound, self.position))
        while (event := self.playout.next_event()) is not None:
            self.events.put_nowait(event)
        if self.recorder is not None:
            self.recorder.write(inbound, outbound)
        self.position += FRAME_SAMPLES
        return outbound

    def says(self, sound: Samples, pause_s: float = 0.0) -> None:
        """The party will say this, after what it is saying already and a pause."""
        sound = np.concatenate([np.zeros(round(pause_s * SAMPLE_RATE), np.int16), sound])
        sound = np.pad(sound, (0, -len(sound) % FRAME_SAMPLES))
        self._inbound += np.split(sound, len(sound) // FRAME_SAMPLES)

    @property
    def is_speaking(self) -> bool:
        return bool(self._inbound)

    def heard(self, book: VoiceBook, since_s: float = 0.0) -> list[str]:
        """What the bot began to say since then."""
        return [
            book.text(level)
            for position, level in self._heard.changes
            if level and position >= since_s * SAMPLE_RATE
        ]

    def press(self, digits: str) -> None:
        for digit in digits:
            self.events.put_nowait(DigitPressed(digit))

    def end(self, reason: str = "hangup") -> None:
        """The other party is gone."""
        if not self.is_over:
            self.is_over = True
            self.events.put_nowait(LegEnded(reason))

    def send_digits(self, digits: str) -> None:
        self.digits_sent += digits

    async def hang_up(self, reason: str) -> None:
        self.hang_ups.append(reason)
        self.end(reason)
        await asyncio.sleep(self.hang_up_s)

    def media_stats(self) -> dict[str, float]:
        return {"packets_received": self.position / FRAME_SAMPLES}
