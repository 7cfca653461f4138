"""Real telephones with codecs that keep the sound but not each sample: G.722 and Opus."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from tests.integration.echo_server import PROBE_S
from tests.integration.phones.baresip import HANG_UP_AFTER_S, Baresip
from tests.integration.phones.echo_client import (
    EchoServerProcess,
    heard_by_server,
)
from tests.integration.phones.probe_signal import probe_signal, write_file
from tests.integration.phones.sipp import SippPhone
from tests.integration.phones.spectrum import likeness, syllables
from tests.integration.phones.wire_tap import WireTap
from tests.peers import need
from voicebot.audio import SAMPLE_RATE, Samples

CODECS = {"G722": "G722/16000/1", "opus": "opus/48000/2"}
"""By our name; as baresip's accounts write it."""

SAMPLE_RATES = {"G722": 16000, "opus": 48000}
"""Of baresip's microphone and loudspeaker: its own resampler takes much of a voice away."""

PAYLOAD_TYPE_OF_G722 = 9
LISTEN_S = 6
ALIKE = 0.75

pytestmark = pytest.mark.peer


def assert_sounds_like(heard: Samples, said: Samples) -> None:
    """Most half seconds: a busy machine makes real jitter buffers skip now and then."""
    found = likeness(heard, said)
    shown = [round(value, 2) for value in found]
    assert len(found) >= 4, shown
    assert sum(value >= ALIKE for value in found) >= 0.6 * len(found), shown


def phone_with(
    directory: Path, codec: str, microphone: Path | None = None, repeats: bool = False
) -> contextlib.AbstractAsyncContextManager[Baresip]:
    rate = SAMPLE_RATES[codec]
    return Baresip.open(
        directory,
        codec=CODECS[codec],
        microphone=microphone,
        repeats=repeats,
        modules=["g722", "opus"],
        # baresip takes the first line of each name.
        settings=[f"ausrc_srate {rate}", f"auplay_srate {rate}"],
    )


@pytest.mark.parametrize("codec", CODECS)
async def test_we_hear_baresip(tmp_path: Path, codec: str):
    said = syllables(4, seed=7)
    wav = tmp_path / "said.wav"
    wide = soxr.resample(said, SAMPLE_RATE, SAMPLE_RATES[codec])
    silence = np.zeros(HANG_UP_AFTER_S * SAMPLE_RATES[codec], dtype=np.int16)
    soundfile.write(wav, np.concatenate([wide, silence]), SAMPLE_RATES[codec], subtype="PCM_16")
    async with (
        EchoServerProcess.run(tmp_path, codecs=f"{codec},PCMA") as server,
        phone_with(tmp_path, codec, microphone=wav) as phone,
    ):
        await phone.dial(server.uri("echo"))
        await asyncio.sleep(LISTEN_S)
        phone.hang_up()
        ended = await server.next("ended")
    assert ended["reason"] == "hangup"
    assert_sounds_like(heard_by_server(ended), said)


@pytest.mark.parametrize("codec", CODECS)
async def test_baresip_hears_us(tmp_path: Path, codec: str):
    """It plays what it hears into its own microphone: through its decoder and its encoder."""
    async with (
        EchoServerProcess.run(tmp_path, codecs=f"{codec},PCMA") as server,
        phone_with(tmp_path, codec, repeats=True) as phone,
    ):
        await phone.dial(server.uri("probe"))
        await asyncio.sleep(PROBE_S + 1)
        phone.hang_up()
        ended = await server.next("ended")
    heard = heard_by_server(ended)
    assert_sounds_like(heard, probe_signal(PROBE_S))
    # The probe is loud all along, and silence resembles nothing.
    assert float(np.abs(heard[16000:32000].astype(float)).mean()) > 300


async def test_echo_of_sipp_in_g722_on_the_wire(tmp_path: Path):
    """Encoded and decoded by ffmpeg: our codec is believed in neither direction."""
    said = syllables(4, seed=11)
    wav, coded = tmp_path / "said.wav", tmp_path / "said.g722"
    write_file(wav, said, trailing_silence_s=5)
    _ffmpeg("-i", str(wav), "-ar", "16000", "-f", "g722", str(coded))
    async with (
        WireTap.open(tmp_path / "call.pcap") as tap,
        EchoServerProcess.run(tmp_path, codecs="G722") as server,
        SippPhone.call(tmp_path, server.port, {"said": coded}, codec="G722") as phone,
    ):
        rtp_port = await server.answered_at()
        await phone.play("said")
        await asyncio.sleep(LISTEN_S)
        await phone.hang_up()
        await phone.wait()
        ended = await server.next("ended")
    assert_sounds_like(heard_by_server(ended), said)
    from_us = [s for s in tap.streams(rtp_port) if s.source_port == rtp_port]
    shown = [(s.target_port, s.payload_type, len(s.packets), s.packets[0]) for s in from_us]
    assert len(from_us) == 1, shown
    (from_server,) = from_us
    assert from_server.payload_type == PAYLOAD_TYPE_OF_G722
    (tmp_path / "echo.g722").write_bytes(b"".join(data for _, data in from_server.packets))
    _ffmpeg(
        *("-f", "g722", "-i", str(tmp_path / "echo.g722"), "-ar", "8000", "-f", "s16le"),
        str(tmp_path / "echo.raw"),
    )
    echoed = np.frombuffer((tmp_path / "echo.raw").read_bytes(), dtype=np.int16)
    assert_sounds_like(echoed, said)


def _ffmpeg(*arguments: str) -> None:
    subprocess.run([need("ffmpeg"), "-v", "error", "-y", *arguments], check=True, timeout=60)
