"""voicebot transcribe and voicebot speak: recognition and voices on files."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from voicebot.audio import Samples, seconds
from voicebot.errors import AudioFileError, ModelError, SettingsError
from voicebot.media.audio_file import read_telephone_audio, write_wav
from voicebot.settings import Settings, load_settings
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.recognizer_choice import build_recognizer, choose_recognizer
from voicebot.speech.transcribe import transcribe_files
from voicebot.speech.voice_choice import EngineChoice, build_synthesizer, choose_voice


class RecognizerName(StrEnum):
    AUTO = "auto"
    WHISPER = "whisper"
    VOSK = "vosk"


class VoiceName(StrEnum):
    AUTO = "auto"
    PIPER = "piper"
    RHVOICE = "rhvoice"
    ESPEAK_NG = "espeak-ng"


_ENGINES: dict[VoiceName, EngineChoice] = {
    VoiceName.AUTO: "auto",
    VoiceName.PIPER: "piper",
    VoiceName.RHVOICE: "rhvoice",
    VoiceName.ESPEAK_NG: "espeak-ng",
}

SettingsPath = Annotated[
    Path | None,
    typer.Option("--settings", "-s", help="Settings file; without it ./voicebot.toml is read."),
]


def transcribe(
    files: Annotated[
        list[Path], typer.Argument(metavar="WAV…", help="WAV or FLAC, any sample rate.")
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON list rather than readable lines.")
    ] = False,
    recognizer: Annotated[
        RecognizerName | None, typer.Option(help="Without it as in the settings.")
    ] = None,
    settings: SettingsPath = None,
) -> None:
    """Write down what is said in audio files, as the bot would hear it over a telephone.

    Examples:

        voicebot transcribe call.wav

        voicebot transcribe --json *.wav > heard.json
    """
    errors = Console(stderr=True)
    try:
        values = load_settings(settings)
        store = _store(values)
        choice = choose_recognizer(values.use, recognizer or values.speech.recognizer, store)
        # Each is read once before the model is loaded: one that is no audio is told at once,
        # not after the hour that the others took.
        for path in files:
            read_telephone_audio(path)
        with errors.status(f"Loading {choice.model_id} …"):
            engine = build_recognizer(choice, store)
        entries = []
        with errors.status("Listening …"):
            for entry in transcribe_files(files, engine, read_telephone_audio):
                entries.append(entry)
                if not as_json:
                    _show(entry, is_only=len(files) == 1)
    except (AudioFileError, ModelError, SettingsError) as error:
        errors.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(entries, ensure_ascii=False, indent=2))


def speak(
    text: Annotated[str, typer.Argument(help="Polish text, numbers in words.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="WAV file to write (8 kHz).")],
    voice: Annotated[VoiceName | None, typer.Option(help="Without it as in the settings.")] = None,
    rate: Annotated[float, typer.Option(min=0.5, max=2.0, help="1 is normal, 0.85 slower.")] = 1.0,
    settings: SettingsPath = None,
) -> None:
    """Speak a text into a WAV file, as a caller would hear it.

    Example:

        voicebot speak "Dzień dobry, w czym mogę pomóc?" -o hello.wav
    """
    errors = Console(stderr=True)
    try:
        if not text.strip():
            raise typer.BadParameter("there is nothing to say", param_hint="TEXT")
        values = load_settings(settings)
        store = _store(values)
        wanted = values.speech.synthesizer if voice is None else _ENGINES[voice]
        choice = choose_voice(values.use, wanted, store)
        synthesizer = build_synthesizer(choice, store)
        chunks: list[Samples] = list(synthesizer.synthesize(text, rate))
        samples = np.concatenate(chunks) if chunks else np.zeros(0, dtype=np.int16)
        write_wav(output, samples)
    except (AudioFileError, ModelError, SettingsError) as error:
        errors.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        raise typer.Exit(1) from None
    errors.print(
        f"{output}: {seconds(len(samples)):.1f} s, voice {synthesizer.name} ({choice.licence})",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _store(settings: Settings) -> ModelStore:
    return ModelStore(Path(settings.models_directory), load_catalogue())


def _show(entry: dict[str, object], is_only: bool) -> None:
    text = entry["text"] or f"(no speech: {entry['no_speech']})"
    typer.echo(text if is_only else f"{entry['file']}: {text}")
