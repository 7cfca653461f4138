"""Vosk (Kaldi): recognition while the caller speaks, n-best, grammars. An optional extra."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from voicebot.audio import SAMPLE_RATE, Samples, seconds
from voicebot.errors import ModelError
from voicebot.speech.recognizer import RecognitionHints, Transcript, UtteranceRecognizer

N_ALTERNATIVES = 3
_KALDI_MODEL_RATE = 16000  # Kaldi's own default where conf/mfcc.conf names none
_FREE_SPEECH = "[unk]"
_GRAMMAR_KINDS = frozenset({"yes_no", "digits"})
"""Questions whose likely answers can be listed. Elsewhere a grammar would make people say what
they did not: an open answer is matched against whatever words it has."""


class VoskRecognizer:
    """A Vosk model. Blocking, not thread-safe; releases the GIL while it works.

    path: unpacked model (am/, conf/, graph/ or the like). Raises ModelError.
    """

    def __init__(self, path: Path, n_alternatives: int = N_ALTERNATIVES) -> None:
        try:
            import vosk
        except ImportError:
            raise ModelError(
                "the Vosk engine is not installed; get it with: pip install 'voicebot[vosk]'"
            ) from None
        if not (path / "conf").is_dir() and not (path / "mfcc.conf").is_file():
            raise ModelError(
                f"{path}: no Vosk model (conf/ missing); get one with: voicebot models pull"
            )
        vosk.SetLogLevel(-1)
        self._kaldi = vosk.KaldiRecognizer
        try:
            self._model = vosk.Model(model_path=str(path))
        # vosk raises bare Exception.
        except Exception as error:
            raise ModelError(f"{path}: the model can't be loaded; pull it anew") from error
        self._model_rate = _model_rate(path)
        # A graph compiled in one piece (HCLG) can't be narrowed to a grammar.
        self._takes_grammar = any(path.rglob("HCLr.fst"))
        self._n_alternatives = n_alternatives
        self._name = f"{path.name} ({self._model_rate} Hz, vosk)"

    @property
    def name(self) -> str:
        return self._name

    @property
    def is_streaming(self) -> bool:
        return True

    def start(self, hints: RecognitionHints) -> UtteranceRecognizer:
        use_grammar = self._takes_grammar and hints.kind in _GRAMMAR_KINDS and bool(hints.phrases)
        if use_grammar:
            kaldi = self._kaldi(self._model, self._model_rate, grammar(hints.phrases))
        else:
            kaldi = self._kaldi(self._model, self._model_rate)
        kaldi.SetWords(True)
        kaldi.SetMaxAlternatives(self._n_alternatives)
        return VoskUtterance(kaldi, self._model_rate)


class VoskUtterance:
    """One utterance; the decoder works while audio comes in.

    Kaldi ends an utterance by itself after a pause: such pieces are kept and joined.
    A transcript ends the piece too, so what is said after it becomes the next piece.
    """

    def __init__(self, kaldi: Any, model_rate: int) -> None:
        self._kaldi = kaldi
        self._model_rate = model_rate
        self._resampler = self._new_resampler()
        self._pieces: list[Transcript] = []
        self._interim = ""
        self._n_samples = 0
        self._cpu_s = 0.0

    def accept(self, samples: Samples) -> str | None:
        # Kaldi works in the thread that calls it, unlike ctranslate2.
        started = time.thread_time()
        self._n_samples += len(samples)
        if self._kaldi.AcceptWaveform(self._at_model_rate(samples).tobytes()):
            self._keep(self._kaldi.Result())
        partial = str(json.loads(self._kaldi.PartialResult()).get("partial", ""))
        self._cpu_s += time.thread_time() - started
        interim = " ".join([*(piece.text for piece in self._pieces), partial]).strip()
        if interim == self._interim:
            return None
        self._interim = interim
        return interim

    def transcribe(self) -> Transcript:
        started = time.thread_time()
        # The resampler holds back the last milliseconds until it is told that there is no more.
        held_back = self._at_model_rate(np.zeros(0, dtype=np.int16), is_last=True)
        self._resampler = self._new_resampler()
        if self._kaldi.AcceptWaveform(held_back.tobytes()):
            self._keep(self._kaldi.Result())
        self._keep(self._kaldi.FinalResult())
        self._cpu_s += time.thread_time() - started
        return joined(self._pieces, seconds(self._n_samples), self._cpu_s * 1000)

    def _new_resampler(self) -> soxr.ResampleStream:
        return soxr.ResampleStream(SAMPLE_RATE, self._model_rate, 1, dtype="int16")

    def _at_model_rate(self, samples: Samples, is_last: bool = False) -> Samples:
        if self._model_rate == SAMPLE_RATE:
            return samples
        resampled: Samples = self._resampler.resample_chunk(
            np.ascontiguousarray(samples), last=is_last
        )
        return resampled

    def _keep(self, result: str) -> None:
        piece = parse_result(result)
        if piece.text:
            self._pieces.append(piece)


def grammar(phrases: Sequence[str]) -> str:
    """Vosk's grammar: the phrases, or something else."""
    known = dict.fromkeys(phrase.lower().strip() for phrase in phrases)
    return json.dumps([*(phrase for phrase in known if phrase), _FREE_SPEECH], ensure_ascii=False)


def parse_result(result: str) -> Transcript:
    """One result with alternatives. Confidence is the mean of the best reading's words where
    Vosk gives it, else its share among the alternatives (their confidences are log-likelihoods).
    """
    found = json.loads(result)
    readings = found.get("alternatives") or [found]
    texts = [str(reading.get("text", "")).replace(_FREE_SPEECH, "").strip() for reading in readings]
    text = " ".join(texts[0].split())
    words = [
        float(word["conf"])
        for word in readings[0].get("result", [])
        if word.get("conf") is not None
    ]
    if not text:
        confidence = 0.0
    elif words:
        confidence = sum(words) / len(words)
    else:
        scores = np.array([float(reading.get("confidence", 0.0)) for reading in readings])
        shares = np.exp(scores - scores.max())
        same = np.array([" ".join(other.split()) == text for other in texts])
        confidence = float(shares[same].sum() / shares.sum())
    return Transcript(
        text=text,
        confidence=min(1.0, max(0.0, confidence)),
        no_speech=0.0 if text else 1.0,
        alternatives=tuple(dict.fromkeys(other for other in texts[1:] if other and other != text)),
    )


def joined(pieces: Sequence[Transcript], audio_s: float, cpu_ms: float) -> Transcript:
    """All pieces as one transcript; as sure as the least sure of them."""
    return Transcript(
        text=" ".join(piece.text for piece in pieces),
        confidence=min((piece.confidence for piece in pieces), default=0.0),
        no_speech=0.0 if pieces else 1.0,
        alternatives=pieces[0].alternatives if len(pieces) == 1 else (),
        audio_s=audio_s,
        cpu_ms=cpu_ms,
    )


def _model_rate(path: Path) -> int:
    """What the model was trained at, from its feature configuration."""
    for file in (path / "conf" / "mfcc.conf", path / "mfcc.conf"):
        if not file.is_file():
            continue
        for line in file.read_text(encoding="utf-8").splitlines():
            key, _, value = line.strip().partition("=")
            if key == "--sample-frequency":
                return int(float(value))
    return _KALDI_MODEL_RATE
