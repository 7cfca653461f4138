"""One run of training: embed the recordings and their copies, measure, fit the head."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.errors import AudioFileError
from voicebot.speech.emotion.augmentation import add_noise, change_speed, cut
from voicebot.speech.emotion.emotion import EmotionEncoder
from voicebot.speech.emotion.evaluation import Condition, Outcome, evaluate
from voicebot.speech.emotion.features import MIN_SAMPLES
from voicebot.speech.emotion.head import HeadMetadata, LinearHead
from voicebot.speech.emotion.head_training import LabelledEmbeddings, fit_head
from voicebot.speech.emotion.labelled_calls import LabelledFile

OnProgress = Callable[[str, int, int], None]
"""Told a step, how much of it is done and how much there is."""

Change = Callable[[Samples, np.random.Generator], Samples]


@dataclass(frozen=True, slots=True)
class Take:
    """One way to hear all recordings. name: also that of its file in the cache."""

    name: str
    change: Change


WHOLE = Take("whole utterances", lambda samples, rng: samples)
NOISY = Take("noise 15 dB", lambda samples, rng: add_noise(samples, 15.0, rng))
WINDOWS = tuple(
    Take(f"first {seconds:g} s", lambda samples, rng, s=seconds: cut(samples, s))  # type: ignore[misc]
    for seconds in (1.0, 2.0, 3.0)
)
_WINDOWED_PER_SPEAKER = 150
_COPIED_PER_SPEAKER = 250
"""More of one speaker's recordings cost time and change no figure by half a per cent."""

COPIES = (
    Take("slower", lambda samples, rng: change_speed(samples, 0.88)),
    Take("faster", lambda samples, rng: change_speed(samples, 1.13)),
)
"""Trained on besides the recordings: for the encoder people of another size."""


class EmbeddingCache:
    """Embeddings of whole takes, so that a second run with other settings takes seconds.

    folder: None keeps nothing. salt: what the embeddings depend on besides recordings and take.
    """

    def __init__(self, folder: Path | None, salt: str) -> None:
        self._folder = folder
        self._salt = salt

    def get(self, files: Sequence[LabelledFile], take: Take) -> npt.NDArray[np.float32] | None:
        path = self._path(files, take)
        if path is None or not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as arrays:
            found: npt.NDArray[np.float32] = arrays["embeddings"]
            return found

    def put(
        self, files: Sequence[LabelledFile], take: Take, embeddings: npt.NDArray[np.float32]
    ) -> None:
        path = self._path(files, take)
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(".new")
            with new.open("wb") as file:
                np.savez(file, embeddings=embeddings)
            new.replace(path)

    def _path(self, files: Sequence[LabelledFile], take: Take) -> Path | None:
        if self._folder is None:
            return None
        stats = [(one.path.name, one.path.stat().st_size) for one in files]
        key = hashlib.sha256(repr((self._salt, take.name, stats)).encode()).hexdigest()[:16]
        return self._folder / f"{take.name.replace(' ', '-')}-{key}.npz"


class TrainingRun:
    """read: a file as the telephone brings it. line: what a line does to changed audio (A-law)."""

    def __init__(
        self,
        encoder: EmotionEncoder,
        read: Callable[[Path], Samples],
        line: Callable[[Samples], Samples],
        cache: EmbeddingCache,
        on_progress: OnProgress = lambda step, done, total: None,
    ) -> None:
        self._encoder = encoder
        self._read = read
        self._line = line
        self._cache = cache
        self._on_progress = on_progress

    def train(
        self, files: Sequence[LabelledFile], metadata: HeadMetadata
    ) -> tuple[LinearHead, list[Outcome], list[str]]:
        """The head for all speakers, what it came to on those left out, the speakers' names.

        Blocking, minutes. Raises AudioFileError for a recording that can't be read or is too
        short.
        """
        names = sorted({one.speaker for one in files})
        emotions = np.array([one.emotion for one in files], dtype=np.intp)
        speakers = np.array([names.index(one.speaker) for one in files], dtype=np.intp)

        def hear(take: Take, number: int, rows: npt.NDArray[np.intp]) -> LabelledEmbeddings:
            return LabelledEmbeddings(
                self._embed_all([files[row] for row in rows], take),
                emotions[rows],
                speakers[rows],
                np.full(len(rows), number, dtype=np.intp),
            )

        everything = np.arange(len(files))
        copied = evenly(speakers, _COPIED_PER_SPEAKER)
        windowed = evenly(speakers, _WINDOWED_PER_SPEAKER)
        whole = hear(WHOLE, 0, everything)
        copies = [hear(take, number, copied) for number, take in enumerate(COPIES, start=1)]
        training = LabelledEmbeddings.join([whole, *copies])
        noisy = hear(NOISY, 0, everything)
        # A call's first utterances are known whole when a later one has only begun.
        usual = whole.where(np.isin(everything, windowed))
        conditions = [
            Condition(WHOLE.name, whole, whole),
            Condition(NOISY.name, noisy, noisy),
            *(Condition(take.name, hear(take, 0, windowed), usual) for take in WINDOWS),
        ]
        outcomes, temperatures = evaluate(
            training,
            conditions,
            lambda done, total: self._on_progress("leaving one speaker out", done, total),
        )
        return fit_head(training, metadata, temperatures), outcomes, names

    def _embed_all(self, files: Sequence[LabelledFile], take: Take) -> npt.NDArray[np.float32]:
        known = self._cache.get(files, take)
        if known is not None:
            return known
        rng = np.random.default_rng(len(take.name))
        rows = []
        for done, file in enumerate(files):
            self._on_progress(take.name, done, len(files))
            samples = self._read(file.path)
            if len(samples) < MIN_SAMPLES:
                raise AudioFileError(
                    f"{file.path}: too short ({len(samples) / SAMPLE_RATE:.2f} s; half a second "
                    "is the least)"
                )
            changed = samples if take is WHOLE else self._line(take.change(samples, rng))
            # A faster copy of a very short utterance may fall below what the encoder takes.
            if len(changed) < MIN_SAMPLES:
                changed = samples
            rows.append(self._encoder.embed(changed))
        self._on_progress(take.name, len(files), len(files))
        embeddings = np.stack(rows)
        self._cache.put(files, take, embeddings)
        return embeddings


def evenly(speakers: npt.NDArray[np.intp], most: int) -> npt.NDArray[np.intp]:
    """At most `most` rows of each speaker, spread over all of his, in rising order."""
    chosen = []
    for speaker in np.unique(speakers):
        rows = np.flatnonzero(speakers == speaker)
        chosen.append(rows[np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.intp)])
    return np.sort(np.concatenate(chosen))
