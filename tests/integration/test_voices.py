"""The real voices: what they say has the right rate, level and length, and comes in chunks."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from tests.models import model_store, need_model
from tests.peers import need
from voicebot.audio import Samples, seconds
from voicebot.errors import ModelError
from voicebot.speech.backends.espeak import EspeakSynthesizer
from voicebot.speech.backends.piper import PiperSynthesizer, is_installed
from voicebot.speech.backends.rhvoice import RhvoiceSynthesizer
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.voice_audio import TARGET_DBFS, speech_dbfs
from voicebot.speech.voice_choice import VoiceChoice, build_synthesizer

TEXTS = (
    "Dzień dobry, tu infolinia. Rozmawia pan z automatem, a rozmowa jest nagrywana.",
    "Do zapłaty jest tysiąc dwieście złotych.",
    "Proszę podać datę urodzenia oraz cztery ostatnie cyfry numeru pesel.",
)

ENGLISH = "Good morning. This call is recorded. Please tell me the number of your case."

_loaded: dict[str, Synthesizer] = {}


def load(voice: str) -> Synthesizer:
    """Loaded once: Piper takes seconds."""
    if voice not in _loaded:
        match voice:
            case "espeak-ng":
                need("espeak-ng")
                _loaded[voice] = EspeakSynthesizer()
            case "joe":
                if not is_installed():
                    pytest.skip("piper-tts is not installed (extra piper)")
                _loaded[voice] = PiperSynthesizer(need_model("piper-en-joe"))
            case _:
                _loaded[voice] = RhvoiceSynthesizer(need_model("rhvoice-pl"), voice)
    return _loaded[voice]


@pytest.fixture(params=["Magda", "Natan", "espeak-ng", "joe"])
def voice(request: pytest.FixtureRequest) -> Synthesizer:
    return load(request.param)


def spoken(voice: Synthesizer, text: str, rate: float = 1.0) -> Samples:
    return np.concatenate([np.zeros(0, dtype=np.int16), *voice.synthesize(text, rate)])


@pytest.mark.parametrize("text", TEXTS)
def test_speech_is_telephone_audio_at_the_one_loudness(voice: Synthesizer, text: str) -> None:
    text = ENGLISH if "en_US" in voice.name else text
    samples = spoken(voice, text)
    assert samples.dtype == np.int16
    assert samples.ndim == 1
    assert speech_dbfs(samples) == pytest.approx(TARGET_DBFS, abs=3)
    assert np.abs(samples.astype(int)).max() < 32200
    letters_a_second = len(text) / seconds(len(samples))
    assert 7 < letters_a_second < 25


def test_slower_is_longer_by_as_much(voice: Synthesizer) -> None:
    # Two sentences, so that Piper's own variation weighs less.
    normal, slow = (len(spoken(voice, TEXTS[0] * 2, rate)) for rate in (1.0, 0.7))
    assert 1.15 < slow / normal < 1.6


def test_audio_comes_before_the_text_is_spoken_to_its_end(voice: Synthesizer) -> None:
    chunks = [len(chunk) for chunk in voice.synthesize(" ".join(TEXTS))]
    assert len(chunks) >= 3
    assert chunks[0] < sum(chunks) / 2
    assert min(chunks) > 0


def test_a_voice_that_is_stopped_speaks_again_from_the_start(voice: Synthesizer) -> None:
    before = set(threading.enumerate())
    speech = voice.synthesize(" ".join(TEXTS))
    first = next(iter(speech))
    speech.close()  # type: ignore[attr-defined]  # they are generators
    assert len(first)
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)
    assert not [t for t in threading.enumerate() if t.name == "rhvoice"]
    again = spoken(voice, TEXTS[1])
    assert seconds(len(again)) > 1


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_nothing_to_say_is_no_sound(voice: Synthesizer, text: str) -> None:
    assert len(spoken(voice, text)) == 0


@pytest.mark.parametrize("text", ["-v en", "[[kw]] <speak>&amp; %s \x00\x07", "a" * 300, "…!?"])
def test_odd_text_does_no_harm(voice: Synthesizer, text: str) -> None:
    spoken(voice, text)
    assert seconds(len(spoken(voice, TEXTS[1]))) > 1


def test_names_tell_voices_apart_for_the_prompt_cache() -> None:
    names = [load(voice).name for voice in ("Magda", "Natan", "espeak-ng")]
    assert len(set(names)) == 3
    assert names[0].startswith("rhvoice-magda-1.")


def test_same_text_sounds_the_same_again() -> None:
    magda = load("Magda")
    assert spoken(magda, TEXTS[1]).tolist() == spoken(magda, TEXTS[1]).tolist()


def test_magda_and_natan_are_two_voices() -> None:
    lengths = {len(spoken(load(voice), TEXTS[0])) for voice in ("Magda", "Natan")}
    assert len(lengths) == 2


def test_the_choice_is_loaded_with_a_fingerprint_in_its_name() -> None:
    need_model("rhvoice-pl")
    store = model_store()
    choice = VoiceChoice("rhvoice", "rhvoice-pl", "", is_commercial_ok=False)
    built = build_synthesizer(choice, store, voice_name="Natan")
    assert built.name.startswith("rhvoice-natan-")
    assert built.name.endswith(store.fingerprint("rhvoice-pl"))


def test_unknown_voices_are_refused() -> None:
    with pytest.raises(ModelError, match="it has Magda, Natan"):
        RhvoiceSynthesizer(need_model("rhvoice-pl"), "Zosia")
    need("espeak-ng")
    with pytest.raises(ModelError, match="no voice for 'xx'"):
        EspeakSynthesizer("xx")


@pytest.mark.parametrize("spoilt", ["voice.onnx", "voice.onnx.json"])
def test_a_damaged_piper_voice_is_refused_with_its_path(tmp_path: Path, spoilt: str) -> None:
    if not is_installed():
        pytest.skip("piper-tts is not installed (extra piper)")
    (model,) = need_model("piper-en-joe").glob("*.onnx")
    shutil.copyfile(model, tmp_path / "voice.onnx")
    shutil.copyfile(f"{model}.json", tmp_path / "voice.onnx.json")
    (tmp_path / spoilt).write_bytes(b"{}")
    with pytest.raises(ModelError, match=r"Piper can't load .*voice\.onnx"):
        PiperSynthesizer(tmp_path)
