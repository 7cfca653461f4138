"""Whisper through ctranslate2: whole utterances, n-best, no download, one thread.

What was measured on telephone Polish (benchmarks/recognition_nemo.py) and is fixed here:

- beam 5 (beam 1 saves a sixth of the time and loses many more words);
- audio padded with silence to max(8 s, utterance + 6 s): as good as Whisper's 30 s at a quarter
  of its cost; less padding makes it invent words, and say short answers several times;
- behind short answers that silence is not encoded each time but kept (whisper_encoder.py): the
  encoder takes a fifth of the time, and as many answers are right (74 % of 100);
  sentences lose words by it (37.7 % WER against 35.8 on 70 of nEMO), so not for them;
- quiet before and after the voice is cut to 200 ms: with more of it more words are lost
  (44.5 % WER with 300 ms of line noise before and 400 ms behind, 38.3 % after the cut);
- the level is set first: without it a caller at a twentieth of the level loses 5 % more words;
- no prompt before the transcript: hints in it gain nothing measurable, and with one Whisper's
  no-speech probability says nothing any more (0.02 at most).
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import ctranslate2
import numpy as np
import soxr
import tokenizers

from voicebot.audio import SAMPLE_RATE, Samples, seconds
from voicebot.errors import ModelError
from voicebot.speech.backends.whisper_encoder import WhisperEncoder
from voicebot.speech.backends.whisper_features import (
    HOP_SAMPLES,
    MAX_AUDIO_S,
    MODEL_RATE,
    Floats,
    log_mel,
)
from voicebot.speech.backends.whisper_numbers import digit_tokens, needs_words, trusted_start
from voicebot.speech.hallucinations import has_loop, is_made_up, without_loops, words_of
from voicebot.speech.pauses import speech_level, split_at_pauses, trim_quiet
from voicebot.speech.recognizer import RecognitionHints, Transcript, UtteranceRecognizer

log = logging.getLogger(__name__)

BEAM_SIZE = 5
N_HYPOTHESES = 5
WORDS_BEAM_SIZE = 3
"""For numbers written once more: the difference to 5 is small, and so is its time."""

SHORT_ANSWER_BEAM_SIZE = 3
"""For a word or two in answer to yes or no: as good as 5, and a tenth quicker."""

MAX_NO_SPEECH = 0.4
LIKELY_LOG_PROBABILITY = -1.0
"""Text is made up where no speech is likely and the text is not.

Noises of all kinds (hiss, hum, clicks, tones, breath) gave 0.23 to 0.83 and -1.35 or less a
token; digits said one by one 0.1 to 0.81, and -0.2 to -0.8: neither number tells alone.
"""

DOUBTFUL_LOG_PROBABILITY = -0.3
"""Mean log probability of a token at and below which a transcript is doubtful."""

_MIN_PADDED_S = 8.0
_PADDING_S = 6.0
_LONGEST_PIECE_S = MAX_AUDIO_S - _PADDING_S
_ENCODED_PADDING_S = 0.3
"""Encoded with the voice even where the rest of the silence is kept: its last sound rings on."""

_LONGEST_WITH_KEPT_SILENCE_S = 2.0

_SHORT_ANSWER_S = 1.5
_MIN_TOKENS = 12
_TOKENS_PER_S = 12.0
_SPEECH_RMS = 0.1
_QUIET_BELOW_SPEECH_DB = 35.0
_KEPT_QUIET_MS = 200
_MAX_GAIN = 40.0
_SILENT_RMS = 20.0  # of int16: A-law's own idle noise is 8
_SHORTEST_S = 0.08
_MAX_LOOP_CONFIDENCE = 0.2
_TORN_CONFIDENCE = 0.1
_LIKELY_IN_WORDS = -0.8
_FILES = ("model.bin", "config.json", "tokenizer.json")


def confidence_of(mean_log_probability: float) -> float:
    """0..1 from Whisper's score: 1 at 0, 0.5 at the doubtful -0.3, halved with every -0.3 more."""
    return float(0.5 ** (min(0.0, mean_log_probability) / DOUBTFUL_LOG_PROBABILITY))


@dataclass(frozen=True, slots=True)
class Reading:
    """One hypothesis of the beam search, with the mean over its tokens and its end."""

    text: str
    mean_log_probability: float
    n_tokens: int

    @property
    def log_probability(self) -> float:
        return self.mean_log_probability * (self.n_tokens + 1)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the model makes of one piece of audio."""

    text: str
    confidence: float
    no_speech: float
    alternatives: tuple[str, ...] = ()


class WhisperRecognizer:
    """A Whisper model on one core. Blocking, not thread-safe; releases the GIL while it works.

    path: folder with model.bin, config.json, tokenizer.json and a vocabulary, in ctranslate2's
    form. keeps_silence: the silence behind short utterances is not encoded each time. Raises
    ModelError.
    """

    def __init__(
        self,
        path: Path,
        beam_size: int = BEAM_SIZE,
        n_hypotheses: int = N_HYPOTHESES,
        keeps_silence: bool = True,
    ) -> None:
        missing = [name for name in _FILES if not (path / name).is_file()]
        if missing:
            raise ModelError(
                f"{path}: no Whisper model for ctranslate2 ({', '.join(missing)} missing); "
                "get one with: voicebot models pull"
            )
        try:
            self._model = ctranslate2.models.Whisper(
                str(path), device="cpu", compute_type="int8", inter_threads=1, intra_threads=1
            )
            self._tokenizer = tokenizers.Tokenizer.from_file(str(path / "tokenizer.json"))
            self._digit_tokens = digit_tokens(self._tokenizer.get_vocab())
        # tokenizers raises bare Exception for a damaged file.
        except Exception as error:
            raise ModelError(
                f"{path}: the model can't be loaded ({error}); pull it anew"
            ) from error
        self._encoder = _encoder_for(path) if keeps_silence else None
        self._beam_size = beam_size
        self._n_hypotheses = min(n_hypotheses, beam_size)
        self._name = f"{path.name} int8 (ctranslate2 {ctranslate2.__version__})"

    @property
    def name(self) -> str:
        return self._name

    @property
    def is_streaming(self) -> bool:
        return False

    def start(self, hints: RecognitionHints) -> UtteranceRecognizer:
        return _WhisperUtterance(self, hints)

    def hear(self, samples: Samples, hints: RecognitionHints) -> Heard:
        """One piece of audio, 8 kHz, at most 24 s."""
        encoded = self._encode(samples)
        prompt = self._prompt(hints.language)
        audio_s = seconds(len(samples))
        max_tokens = most_tokens(audio_s)
        beam_size = self._beam_size
        if hints.kind == "yes_no" and audio_s < _SHORT_ANSWER_S:
            beam_size = min(beam_size, SHORT_ANSWER_BEAM_SIZE)
        result = self._model.generate(
            encoded,
            [prompt],
            beam_size=beam_size,
            num_hypotheses=min(self._n_hypotheses, beam_size),
            return_scores=True,
            return_no_speech_prob=True,
            max_length=len(prompt) + max_tokens,
        )[0]
        readings = [
            Reading(self._text(ids), float(score), len(ids))
            for ids, score in zip(result.sequences_ids, result.scores, strict=True)
        ]
        heard = judge(readings, float(result.no_speech_prob))
        if not needs_words(heard.text, hints.kind):
            return heard
        start = self._start_of(result.sequences_ids[0], trusted_start(readings[0].text))
        in_words = self._in_words(encoded, prompt, start, max_tokens)
        if start and not are_likely(in_words):
            # What was kept may be what leads it astray.
            in_words = self._in_words(encoded, prompt, [], max_tokens)
        return with_words(heard, in_words)

    def _encode(self, samples: Samples) -> ctranslate2.StorageView:
        audio_s = seconds(len(samples))
        padded_s = with_silence_s(audio_s)
        if self._encoder is None or audio_s > _LONGEST_WITH_KEPT_SILENCE_S:
            mel = log_mel(padded(samples, padded_s), self._model.n_mels)
            return self._model.encode(ctranslate2.StorageView.from_array(mel[None]))
        mel = log_mel(padded(samples, audio_s + _ENCODED_PADDING_S), self._model.n_mels)
        return ctranslate2.StorageView.from_array(self._encoder.encode(mel, padded_s)[None])

    def _in_words(
        self,
        encoded: ctranslate2.StorageView,
        prompt: list[int],
        start: list[int],
        max_tokens: int,
    ) -> list[Reading]:
        """The same audio without digits. start: tokens that are kept."""
        result = self._model.generate(
            encoded,
            [prompt + start],
            beam_size=WORDS_BEAM_SIZE,
            num_hypotheses=WORDS_BEAM_SIZE,
            return_scores=True,
            # Words take more tokens than digits.
            max_length=len(prompt) + len(start) + 2 * max_tokens,
            suppress_tokens=[-1, *self._digit_tokens],
        )[0]
        return [
            Reading(self._text(start + without_start(ids, start)), float(score), len(ids))
            for ids, score in zip(result.sequences_ids, result.scores, strict=True)
        ]

    def _text(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True)
        return text.strip()

    def _start_of(self, ids: list[int], text: str) -> list[int]:
        """The tokens that write `text`, which the reading begins with; none where it does not."""
        for n_tokens in range(1, len(ids) + 1 if text else 0):
            if self._text(ids[:n_tokens]) == text:
                return ids[:n_tokens]
        return []

    def _prompt(self, language: str) -> list[int]:
        names = ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>")
        ids = [self._tokenizer.token_to_id(name) for name in names]
        known = [token for token in ids if token is not None]
        if len(known) < len(ids):
            raise ModelError(f"{self._name}: does not know the language {language}")
        return known


class _WhisperUtterance:
    """Collects audio; every transcript is made from all of it."""

    def __init__(self, recognizer: WhisperRecognizer, hints: RecognitionHints) -> None:
        self._recognizer = recognizer
        self._hints = hints
        self._chunks: list[Samples] = [np.zeros(0, dtype=np.int16)]
        self._last_voice: Samples = self._chunks[0]
        self._last: Transcript | None = None

    def accept(self, samples: Samples) -> str | None:
        self._chunks.append(samples)
        return None

    def transcribe(self) -> Transcript:
        samples = np.concatenate(self._chunks)
        self._chunks = [samples]
        voice = trim_quiet(samples, _QUIET_BELOW_SPEECH_DB, _KEPT_QUIET_MS)
        audio_s = seconds(len(samples))
        # Asked again after nothing but silence came: the answer is the same, and free.
        last = self._last
        if last is not None and np.array_equal(voice, self._last_voice):
            return replace(last, audio_s=audio_s, cpu_ms=0.0)
        self._last_voice = voice
        self._last = self._transcribe(voice, audio_s)
        return self._last

    def _transcribe(self, voice: Samples, audio_s: float) -> Transcript:
        # Of the whole process: ctranslate2 computes in a thread of its own.
        cpu_before_s = time.process_time()
        if speech_level(voice) < _SILENT_RMS or seconds(len(voice)) < _SHORTEST_S:
            return Transcript("", confidence=0.0, no_speech=1.0, audio_s=audio_s)
        pieces = split_at_pauses(voice, _LONGEST_PIECE_S)
        heard = _joined([self._recognizer.hear(piece, self._hints) for piece in pieces])
        return Transcript(
            text=heard.text,
            confidence=heard.confidence,
            no_speech=heard.no_speech,
            alternatives=heard.alternatives,
            audio_s=audio_s,
            cpu_ms=(time.process_time() - cpu_before_s) * 1000,
        )


class _Encoder(Protocol):
    """Encodes what is short with silence that is kept."""

    def encode(self, mel: Floats, padded_s: float) -> Floats: ...


def _encoder_for(path: Path) -> _Encoder | None:
    """None: CTranslate2 encodes everything, slower, as the weights are laid out in a way that only
    it knows."""
    try:
        return WhisperEncoder(path / "model.bin")
    except ModelError as error:
        log.warning("utterances are encoded the slow way", extra={"reason": str(error)})
        return None


def most_tokens(audio_s: float) -> int:
    """Nobody says more tokens than this; a loop would go on to 448 at full cost.

    Of 100 short answers none had more than 8 for each second, the 400 ms of quiet left around
    them included.
    """
    return _MIN_TOKENS + int(_TOKENS_PER_S * audio_s)


def with_silence_s(audio_s: float) -> float:
    """Length of the voice and the silence that Whisper hears behind it."""
    return min(MAX_AUDIO_S, max(_MIN_PADDED_S, audio_s + _PADDING_S))


def padded(samples: Samples, padded_s: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """16 kHz in -1..1 at a set level, with silence behind."""
    # The encoder halves the frames, so there is an even number of them.
    n_frames = int(padded_s * MODEL_RATE / HOP_SAMPLES) // 2 * 2
    gain = min(_MAX_GAIN, _SPEECH_RMS / max(speech_level(samples) / 32768, 1e-6))
    levelled = np.clip(samples.astype(np.float32) * (gain / 32768), -1.0, 1.0)
    audio = np.zeros(n_frames * HOP_SAMPLES, dtype=np.float32)
    voice = soxr.resample(levelled, SAMPLE_RATE, MODEL_RATE)[: len(audio)]
    audio[: len(voice)] = voice
    return audio


def judge(readings: list[Reading], no_speech: float) -> Heard:
    """Drop what was made up; the best of what is left.

    Readings that differ in punctuation or capitals only ("Tak." "Tak!" "Tak") are one reading:
    their probabilities are added, and they are no alternatives to each other.
    """
    best = max((reading.mean_log_probability for reading in readings), default=-np.inf)
    if no_speech > MAX_NO_SPEECH and best < LIKELY_LOG_PROBABILITY:
        return Heard("", 0.0, no_speech)
    honest: dict[str, list[Reading]] = {}
    for reading in readings:
        if reading.text and not is_made_up(reading.text) and not has_loop(reading.text):
            honest.setdefault(" ".join(words_of(reading.text)), []).append(reading)
    if honest:
        same, *others = honest.values()
        together = float(np.logaddexp.reduce([reading.log_probability for reading in same]))
        return Heard(
            text=same[0].text,
            confidence=confidence_of(together / (same[0].n_tokens + 1)),
            no_speech=no_speech,
            alternatives=tuple(other[0].text for other in others),
        )
    looped = readings[0]
    if not looped.text or is_made_up(looped.text):
        return Heard("", 0.0, no_speech)
    confidence = min(_MAX_LOOP_CONFIDENCE, confidence_of(looped.mean_log_probability))
    return Heard(without_loops(looped.text), confidence, no_speech)


def are_likely(readings: list[Reading]) -> bool:
    """Whether the best of the readings may be what was said."""
    if not readings or not readings[0].text:
        return False
    best = readings[0]
    return best.mean_log_probability > _LIKELY_IN_WORDS and not has_loop(best.text)


def with_words(heard: Heard, in_words: list[Reading]) -> Heard:
    """The readings in words before those in digits; without a likely one the digits, which are
    not to be trusted."""
    spelled = judge(in_words, no_speech=0.0) if are_likely(in_words) else None
    if spelled is None or not spelled.text:
        return replace(heard, confidence=min(heard.confidence, _TORN_CONFIDENCE))
    alternatives = (*spelled.alternatives[:1], heard.text, *heard.alternatives)
    return replace(
        heard, text=spelled.text, confidence=spelled.confidence, alternatives=alternatives
    )


def without_start(ids: list[int], start: list[int]) -> list[int]:
    """The generated tokens alone, whether or not the given ones were handed back with them."""
    return ids[len(start) :] if start and ids[: len(start)] == start else ids


def _joined(pieces: list[Heard]) -> Heard:
    """Several pieces as one; as sure as the least sure of those in which somebody spoke."""
    if len(pieces) == 1:
        return pieces[0]
    spoken = [piece for piece in pieces if piece.text]
    return Heard(
        text=" ".join(piece.text for piece in spoken),
        confidence=min((piece.confidence for piece in spoken), default=0.0),
        no_speech=min(piece.no_speech for piece in pieces),
    )
