"""Speech goes out with a little silence ahead of it, and silence does not."""

import numpy as np

from voicebot.audio import SILENCE
from voicebot.gateway.websocket.talk_spurts import LEAD_FRAMES, TalkSpurts

SPEECH = np.ones(160, dtype=np.int16)


def pattern(spurts: TalkSpurts, frames: str) -> str:
    """S for speech, _ for silence; what is sent for each frame, by spaces."""
    sent = (spurts.take(SPEECH if frame == "S" else SILENCE) for frame in frames)
    return " ".join("".join("S" if frame.any() else "_" for frame in part) for part in sent)


def test_speech_has_a_lead_and_one_silent_frame_behind_it() -> None:
    lead = "_" * LEAD_FRAMES
    assert pattern(TalkSpurts(), "__SSS___S") == f"  {lead}S S S _   {lead}S"


def test_after_clearing_the_lead_is_built_anew() -> None:
    spurts = TalkSpurts()
    pattern(spurts, "SS")
    spurts.clear()
    assert pattern(spurts, "SS") == "_" * LEAD_FRAMES + "S S"
