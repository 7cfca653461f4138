"""Real telephones hear what we say and we hear what they say: whole, in time, right side up."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from tests.integration.echo_server import PROBE_S
from tests.integration.phones.baresip import HANG_UP_AFTER_S, Baresip
from tests.integration.phones.echo_client import (
    EchoServerProcess,
    heard_by_server,
)
from tests.integration.phones.probe_signal import (
    assert_came_through,
    correlations,
    probe_signal,
    write_file,
    write_g711,
)
from tests.integration.phones.sipp import SippPhone
from tests.integration.phones.wire_tap import WireTap
from voicebot.audio import Samples

CODECS = ["PCMA", "PCMU"]
LISTEN_S = 5
DTMF_CAPTURES = Path("/usr/share/sip-tester")

pytestmark = pytest.mark.peer


@pytest.mark.parametrize("codec", CODECS)
async def test_we_hear_baresip(tmp_path: Path, codec: str):
    said = probe_signal(4, seed=7)
    wav = write_file(tmp_path / "said.wav", said, HANG_UP_AFTER_S)
    async with (
        EchoServerProcess.run(tmp_path) as server,
        Baresip.open(tmp_path, codec=codec, microphone=wav) as phone,
    ):
        await phone.dial(server.uri("echo"))
        await asyncio.sleep(LISTEN_S)
        phone.hang_up()
        ended = await server.next("ended")
    assert ended["reason"] == "hangup"
    assert_came_through(heard_by_server(ended), said)


@pytest.mark.parametrize("codec", CODECS)
async def test_baresip_hears_us(tmp_path: Path, codec: str):
    """It plays what it hears into its own microphone. That its encoder does not turn the sound
    over is known from the other direction, so a sound that comes back upright was heard so."""
    async with (
        EchoServerProcess.run(tmp_path) as server,
        Baresip.open(tmp_path, codec=codec, repeats=True) as phone,
    ):
        await phone.dial(server.uri("probe"))
        await asyncio.sleep(PROBE_S + 1)
        phone.hang_up()
        ended = await server.next("ended")
    assert_came_through(heard_by_server(ended), probe_signal(PROBE_S))


@pytest.mark.parametrize("codec", CODECS)
async def test_echo_of_sipp_on_the_wire(tmp_path: Path, codec: str):
    """Not even our own recorder is believed: both directions are read from a capture."""
    said = probe_signal(4, seed=11)
    file = write_g711(tmp_path / "said.g711", said, codec, trailing_silence_s=5)
    async with (
        WireTap.open(tmp_path / "call.pcap") as tap,
        EchoServerProcess.run(tmp_path) as server,
        SippPhone.call(tmp_path, server.port, {"said": file}, codec=codec) as phone,
    ):
        rtp_port = await server.answered_at()
        await phone.play("said")
        await asyncio.sleep(LISTEN_S)
        await phone.hang_up()
        await phone.wait()
        ended = await server.next("ended")
    assert ended["reason"] == "hangup"
    assert_came_through(heard_by_server(ended), said)
    check_echo(tap, rtp_port, said)


@pytest.mark.parametrize("codec", CODECS)
async def test_echo_of_baresip_on_the_wire(tmp_path: Path, codec: str):
    said = probe_signal(4, seed=13)
    wav = write_file(tmp_path / "said.wav", said, HANG_UP_AFTER_S)
    async with (
        WireTap.open(tmp_path / "call.pcap") as tap,
        EchoServerProcess.run(tmp_path) as server,
        Baresip.open(tmp_path, codec=codec, microphone=wav) as phone,
    ):
        await phone.dial(server.uri("echo"))
        rtp_port = await server.answered_at()
        await asyncio.sleep(LISTEN_S)
        phone.hang_up()
        await server.next("ended")
    check_echo(tap, rtp_port, said)


async def test_keys_of_baresip(tmp_path: Path):
    wav = write_file(tmp_path / "quiet.wav", probe_signal(0.5), HANG_UP_AFTER_S)
    async with (
        EchoServerProcess.run(tmp_path) as server,
        Baresip.open(tmp_path, microphone=wav) as phone,
    ):
        await phone.dial(server.uri())
        await phone.press("24681357#*")
        keys = [(await server.next("digit"))["digit"] for _ in range(10)]
        phone.hang_up()
        await server.next("ended")
    assert keys == list("24681357#*")


async def test_keys_of_sipp(tmp_path: Path):
    """Recorded telephone events of another phone, which come with SIPp."""
    if os.geteuid() != 0:
        pytest.skip("SIPp sends captures through a raw socket, which only root may open")
    keys = {"2": "2", "9": "9", "star": "*", "pound": "#"}  # in the order of that one stream
    captures = {key: DTMF_CAPTURES / f"dtmf_2833_{key}.pcap" for key in keys}
    async with (
        EchoServerProcess.run(tmp_path) as server,
        SippPhone.call(tmp_path, server.port, captures) as phone,
    ):
        await server.next("answered")
        heard = []
        for key in keys:
            await phone.play(key)
            heard.append((await server.next("digit"))["digit"])
            await asyncio.sleep(0.5)
        await phone.hang_up()
        await phone.wait()
        await server.next("ended")
    assert heard == list(keys.values())


def check_echo(tap: WireTap, rtp_port: int, said: Samples) -> None:
    streams = tap.streams(rtp_port)
    to_server = [stream for stream in streams if stream.target_port == rtp_port]
    from_server = [stream for stream in streams if stream.source_port == rtp_port]
    assert (len(to_server), len(from_server)) == (1, 1)
    assert min(correlations(to_server[0].samples(), said)) >= 0.99
    assert_came_through(from_server[0].samples(), said)
    # What was sent and what came back, too.
    assert from_server[0].payload_type == to_server[0].payload_type
