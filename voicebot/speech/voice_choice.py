"""Which voice speaks: the best that is installed and allowed for the stated use."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Literal

from voicebot.errors import ModelError
from voicebot.speech.backends import espeak, piper
from voicebot.speech.backends.espeak import EspeakSynthesizer
from voicebot.speech.backends.piper import PiperSynthesizer
from voicebot.speech.backends.rhvoice import RhvoiceSynthesizer
from voicebot.speech.model_store import ModelStore
from voicebot.speech.synthesizer import Synthesizer

Use = Literal["commercial", "demo"]
EngineChoice = Literal["auto", "piper", "rhvoice", "espeak-ng"]

_ESPEAK_LICENCE = "GPL-3.0-or-later (a program that is run; what it says is free)"
_INSTALL_ESPEAK = "apt-get install espeak-ng"
_INSTALL_PIPER = "pip install 'voicebot[piper]'"


@dataclass(frozen=True, slots=True)
class VoiceChoice:
    """The voice that will speak.

    model_id: empty for espeak-ng, which is a program. how_to_improve: one sentence for the
    operator, empty where there is nothing better.
    """

    engine: Literal["piper", "rhvoice", "espeak-ng"]
    model_id: str
    licence: str
    is_commercial_ok: bool
    how_to_improve: str = ""


@dataclass(frozen=True, slots=True)
class InstalledEngines:
    """Which engines this machine can run, models aside."""

    has_espeak: bool
    has_piper: bool

    @classmethod
    def look(cls) -> InstalledEngines:
        return cls(shutil.which(espeak.PROGRAM) is not None, piper.is_installed())


def choose_voice(
    use: Use,
    synthesizer: EngineChoice,
    store: ModelStore,
    engines_here: InstalledEngines | None = None,
) -> VoiceChoice:
    """Decide by what is installed.

    auto takes RHVoice in a demo (it answers in 10 ms), else Piper, else espeak-ng. Raises
    ModelError where the wanted engine is not there or not allowed, or where none is.
    engines_here: None looks at this machine.
    """
    here = engines_here or InstalledEngines.look()
    if synthesizer != "auto":
        return _wanted(use, synthesizer, store, here)
    engines: tuple[Literal["rhvoice", "piper", "espeak-ng"], ...] = (
        ("rhvoice", "piper", "espeak-ng") if use == "demo" else ("piper", "espeak-ng")
    )
    for engine in engines:
        choice = _find(engine, store, here)
        if choice is not None:
            return _with_advice(choice, use, here)
    raise ModelError(f"no voice is installed: {_INSTALL_ESPEAK}, or {_advice(use, here)}")


def build_synthesizer(
    choice: VoiceChoice, store: ModelStore, voice_name: str | None = None
) -> Synthesizer:
    """Load the voice; called inside a worker, takes up to a few seconds.

    voice_name: RHVoice's Magda or Natan. Raises ModelError.
    """
    match choice.engine:
        case "espeak-ng":
            return EspeakSynthesizer()
        case "rhvoice":
            folder = store.path(choice.model_id)
            mark = store.fingerprint(choice.model_id)
            return RhvoiceSynthesizer(folder, voice_name or "Magda", mark)
        case "piper":
            folder = store.path(choice.model_id)
            return PiperSynthesizer(folder, store.fingerprint(choice.model_id))


def _wanted(
    use: Use,
    engine: Literal["piper", "rhvoice", "espeak-ng"],
    store: ModelStore,
    here: InstalledEngines,
) -> VoiceChoice:
    """The engine that the settings name; raises ModelError that says why it can't be."""
    for model in store.catalogue.of_engine(engine):
        if use == "commercial" and not model.commercial_use:
            raise ModelError(
                f"speech.synthesizer = {engine!r} is not allowed with use = 'commercial': "
                f"{model.id} is under {model.licence}; take piper or espeak-ng, or set "
                "use = 'demo' where this is no business call"
            )
    choice = _find(engine, store, here)
    if choice is not None:
        return choice
    if engine == "espeak-ng":
        raise ModelError(f"espeak-ng is not installed: run {_INSTALL_ESPEAK}")
    if engine == "piper" and not here.has_piper:
        raise ModelError(f"Piper is not installed: run {_INSTALL_PIPER}")
    models = [model.id for model in store.catalogue.of_engine(engine)]
    raise ModelError(f"no voice for {engine} is installed: voicebot models pull {models[0]}")


def _find(
    engine: Literal["piper", "rhvoice", "espeak-ng"], store: ModelStore, here: InstalledEngines
) -> VoiceChoice | None:
    if engine == "espeak-ng":
        if not here.has_espeak:
            return None
        return VoiceChoice("espeak-ng", "", _ESPEAK_LICENCE, is_commercial_ok=True)
    if engine == "piper" and not here.has_piper:
        return None
    for model in store.catalogue.of_engine(engine):
        if store.is_installed(model.id):
            return VoiceChoice(engine, model.id, model.licence, model.commercial_use)
    return None


def _with_advice(choice: VoiceChoice, use: Use, here: InstalledEngines) -> VoiceChoice:
    """Say what would be better than this one."""
    if choice.engine == "piper":
        return choice
    if choice.engine == "rhvoice":
        advice = f"a more natural voice, free for business: {_advice('commercial', here)}"
    else:
        advice = f"this voice is robotic; better: {_advice(use, here)}"
    return VoiceChoice(
        choice.engine, choice.model_id, choice.licence, choice.is_commercial_ok, advice
    )


def _advice(use: Use, here: InstalledEngines) -> str:
    if use == "demo":
        return "voicebot models pull rhvoice-pl"
    pull = "voicebot models pull piper-pl-gosia"
    return pull if here.has_piper else f"{_INSTALL_PIPER} and {pull}"
