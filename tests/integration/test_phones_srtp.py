"""Encrypted calls with a real telephone: both sides hear, the wire does not."""

from __future__ import annotations

import asyncio
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
)
from tests.integration.phones.wire_tap import WireTap

LISTEN_S = 5

pytestmark = pytest.mark.peer

# What baresip calls it, and our policy that goes with it.
WAYS = [
    pytest.param("srtp-mand", "mandatory", id="RTP/SAVP"),
    pytest.param("srtp", "optional", id="best effort"),
]


@pytest.mark.parametrize(("encryption", "policy"), WAYS)
async def test_we_hear_baresip_and_the_wire_does_not(tmp_path: Path, encryption: str, policy: str):
    said = probe_signal(4, seed=17)
    wav = write_file(tmp_path / "said.wav", said, HANG_UP_AFTER_S)
    async with (
        WireTap.open(tmp_path / "call.pcap") as tap,
        EchoServerProcess.run(tmp_path, srtp=policy) as server,
        Baresip.open(
            tmp_path, microphone=wav, modules=["srtp"], parameters=f";mediaenc={encryption}"
        ) as phone,
    ):
        await phone.dial(server.uri("echo"))
        rtp_port = await server.answered_at()
        await asyncio.sleep(LISTEN_S)
        phone.hang_up()
        ended = await server.next("ended")
    assert ended["reason"] == "hangup"
    assert_came_through(heard_by_server(ended), said)
    streams = tap.streams(rtp_port)
    assert len(streams) == 2
    for stream in streams:
        assert max(correlations(stream.samples(), said)) < 0.2
    stats = ended["stats"]
    assert isinstance(stats, dict)
    # baresip opens its firewall with RTCP in the clear, before it has our key.
    assert stats["packets_refused"] <= 1


@pytest.mark.parametrize(("encryption", "policy"), WAYS)
async def test_baresip_hears_us(tmp_path: Path, encryption: str, policy: str):
    """It plays what it hears into its own microphone: both directions are needed for that."""
    async with (
        EchoServerProcess.run(tmp_path, srtp=policy) as server,
        Baresip.open(
            tmp_path, repeats=True, modules=["srtp"], parameters=f";mediaenc={encryption}"
        ) as phone,
    ):
        await phone.dial(server.uri("probe"))
        await asyncio.sleep(PROBE_S + 1)
        phone.hang_up()
        ended = await server.next("ended")
    assert_came_through(heard_by_server(ended), probe_signal(PROBE_S))


@pytest.mark.parametrize(
    ("parameters", "policy"), [("", "mandatory"), (";mediaenc=srtp-mand", "off")]
)
async def test_call_without_encryption_in_common_gets_488(
    tmp_path: Path, parameters: str, policy: str
):
    async with (
        EchoServerProcess.run(tmp_path, srtp=policy) as server,
        Baresip.open(tmp_path, repeats=True, modules=["srtp"], parameters=parameters) as phone,
    ):
        with pytest.raises(AssertionError, match="488"):
            await phone.dial(server.uri("echo"))
    assert not [event for event in server.told if event["event"] == "answered"]
