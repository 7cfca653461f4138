"""Which emotion model listens: the best that is there and allowed for the stated use."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voicebot.errors import ModelError
from voicebot.speech.backends.emotion_whisper import WHISPER_ENCODER, WhisperEmotionEncoder
from voicebot.speech.emotion.emotion import EmotionEncoder, EmotionHead
from voicebot.speech.emotion.head import LinearHead
from voicebot.speech.emotion.prosody import PROSODY_ENCODER, ProsodyEncoder
from voicebot.speech.emotion.prosody_head import ArousalHead
from voicebot.speech.model_catalogue import bundled_path
from voicebot.speech.model_store import ModelStore

Use = Literal["commercial", "demo"]
EmotionModel = Literal["auto", "whisper", "prosody"]

ENCODER_ID = "emotion-encoder"
SHIPPED_HEAD = "emotion/nemo.npz"


@dataclass(frozen=True, slots=True)
class EmotionChoice:
    """The pair that will listen.

    model: whisper knows six emotions; prosody only tells how aroused a caller is beside his own
    first utterances. head_path: None for the head that comes with Voicebot.
    """

    model: Literal["whisper", "prosody"]
    head_path: Path | None = None


def choose_emotion(
    use: Use, store: ModelStore, wanted: EmotionModel = "auto", head_path: Path | None = None
) -> EmotionChoice:
    """Decide by the use and by what is installed.

    auto takes whisper where its head may be used: the one that comes with Voicebot was trained
    on speech that is not for business, one's own head (`head_path`) may be. Raises ModelError
    where what is wanted is not there or not allowed.
    """
    if wanted == "prosody":
        return EmotionChoice("prosody")
    head = load_head(EmotionChoice("whisper", head_path))
    assert isinstance(head, LinearHead)
    if use == "commercial" and not head.metadata.is_commercial_ok:
        if wanted == "whisper":
            raise ModelError(
                f"the emotion head is not for business ({head.metadata.licence}): train one on "
                'your own calls with voicebot emotion train, choose "prosody", or set use = "demo"'
            )
        return EmotionChoice("prosody")
    if wanted == "auto" and not store.is_installed(ENCODER_ID):
        return EmotionChoice("prosody")
    return EmotionChoice("whisper", head_path)


def load_encoder(store: ModelStore, choice: EmotionChoice | None = None) -> EmotionEncoder:
    """Load the encoder; called inside a worker, takes a quarter of a second. Raises ModelError.

    choice: the same as for `load_head`; None stands for the six emotions.
    """
    if choice is not None and choice.model == "prosody":
        return ProsodyEncoder()
    return WhisperEmotionEncoder(store.path(ENCODER_ID))


def load_head(choice: EmotionChoice | None = None) -> EmotionHead:
    """Load the head for the encoder of the same choice; called in the node, a few ms.

    Raises ModelError where the file is damaged or was trained for another encoder.
    """
    choice = choice or EmotionChoice("whisper")
    if choice.model == "prosody":
        return ArousalHead()
    path = choice.head_path or bundled_path(SHIPPED_HEAD)
    head = LinearHead.load(path)
    if head.metadata.encoder != WHISPER_ENCODER:
        raise ModelError(f"{path} was trained for another encoder ({head.metadata.encoder})")
    return head


ENCODER_NAMES = {"whisper": WHISPER_ENCODER, "prosody": PROSODY_ENCODER}
"""What `EmotionEncoder.name` is for each choice: known without loading it."""
