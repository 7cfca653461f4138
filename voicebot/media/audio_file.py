"""Audio files as people have them, read into and written from mono 16-bit samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from voicebot.audio import SAMPLE_RATE, Samples
from voicebot.errors import AudioFileError
from voicebot.media.resampler import resample

KINDS = "WAV and FLAC (any sample rate, mono or stereo), and what else libsndfile reads (OGG, MP3)"


def read_audio(path: Path) -> tuple[Samples, int]:
    """Samples and sample rate (Hz) of a file; several channels are mixed to one. Blocking.

    Raises AudioFileError, which names the file and the kinds that are read.
    """
    try:
        data, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except OSError as error:
        raise AudioFileError(f"{path}: {error.strerror or error}") from None
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError) as error:
        raise AudioFileError(f"{path}: {_reason(path, error)}; read are {KINDS}") from None
    if not len(data):
        raise AudioFileError(f"{path}: holds no audio")
    mono = np.nan_to_num(data.mean(axis=1), posinf=1.0, neginf=-1.0)
    samples = np.clip(np.rint(mono * 32768), -32768, 32767).astype(np.int16)
    return samples, int(sample_rate)


def read_telephone_audio(path: Path) -> Samples:
    """The file at 8 kHz. Blocking. Raises AudioFileError."""
    samples, sample_rate = read_audio(path)
    return resample(samples, sample_rate)


def write_wav(path: Path, samples: Samples, sample_rate: int = SAMPLE_RATE) -> None:
    """Write a 16-bit WAV. samples: shape (n,), or (n, channels). Blocking.

    Raises AudioFileError where the place can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "wb") as file:
            soundfile.write(file, samples, sample_rate, format="WAV", subtype="PCM_16")
    except OSError as error:
        raise AudioFileError(f"{path}: {error.strerror or error}") from None


def _reason(path: Path, error: Exception) -> str:
    if not path.exists():
        return "no such file"
    if path.is_dir():
        return "is a folder"
    if not path.stat().st_size:
        return "is empty"
    detail = getattr(error, "error_string", "") or str(error)
    return f"is no audio file that can be read ({detail.strip().rstrip('.')})"
