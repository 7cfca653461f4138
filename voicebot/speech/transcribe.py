"""Whole files to text, for people at a command line rather than for calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from voicebot.audio import Samples
from voicebot.speech.pauses import split_at_pauses
from voicebot.speech.recognizer import RecognitionHints, Recognizer, Transcript

ReadSamples = Callable[[Path], Samples]
"""Reads a file as 8 kHz samples; raises AudioFileError."""

LONGEST_PIECE_S = 20.0
"""Longer audio is cut at its pauses: a turn of a call is about as long."""


def transcribe_files(
    paths: Iterable[Path],
    recognizer: Recognizer,
    read_samples: ReadSamples,
    language: str = "pl",
) -> Iterator[dict[str, object]]:
    """One `{"file", "text", "confidence", "no_speech"}` a file, as soon as it is done.

    Blocking. Raises AudioFileError at the first file that is no audio.
    """
    for path in paths:
        transcript = transcribe_samples(read_samples(path), recognizer, language)
        yield {
            "file": str(path),
            "text": transcript.text,
            "confidence": round(transcript.confidence, 3),
            "no_speech": round(transcript.no_speech, 3),
        }


def transcribe_samples(
    samples: Samples, recognizer: Recognizer, language: str = "pl"
) -> Transcript:
    """Any length of 8 kHz audio. Confidence is the mean over the pieces, by their length."""
    pieces = []
    for piece in split_at_pauses(samples, LONGEST_PIECE_S):
        utterance = recognizer.start(RecognitionHints(language=language))
        utterance.accept(piece)
        pieces.append(utterance.transcribe())
    if len(pieces) == 1:
        return pieces[0]
    spoken = [piece for piece in pieces if piece.text]
    spoken_s = sum(piece.audio_s for piece in spoken)
    return Transcript(
        text=" ".join(piece.text for piece in spoken),
        confidence=sum(piece.confidence * piece.audio_s for piece in spoken) / spoken_s
        if spoken_s
        else 0.0,
        no_speech=min(piece.no_speech for piece in pieces),
        audio_s=sum(piece.audio_s for piece in pieces),
        cpu_ms=sum(piece.cpu_ms for piece in pieces),
    )
