"""Telephones that call over TLS and TCP: a whole call, heard both ways."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.certificates import Certificates
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


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


async def test_baresip_over_tls_with_srtp_is_heard_and_the_wire_tells_nothing(
    tmp_path: Path, certificates: Certificates
):
    said = probe_signal(4, seed=23)
    wav = write_file(tmp_path / "said.wav", said, HANG_UP_AFTER_S)
    async with (
        WireTap.open(tmp_path / "call.pcap") as tap,
        EchoServerProcess.run(
            tmp_path, srtp="mandatory", **certificates.settings("127.0.0.1")
        ) as server,
        Baresip.open(
            tmp_path,
            microphone=wav,
            modules=["srtp"],
            parameters=";transport=tls;mediaenc=srtp-mand",
            settings=[f"sip_cafile {certificates.authorities}"],
        ) as phone,
    ):
        await phone.dial(f"sip:echo@127.0.0.1:{server.tls_port};transport=tls")
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


async def test_baresip_over_tls_hears_us(tmp_path: Path, certificates: Certificates):
    """It plays what it hears into its own microphone; the keys travel inside TLS."""
    async with (
        EchoServerProcess.run(
            tmp_path, srtp="mandatory", **certificates.settings("127.0.0.1")
        ) as server,
        Baresip.open(
            tmp_path,
            repeats=True,
            modules=["srtp"],
            parameters=";transport=tls;mediaenc=srtp-mand",
            settings=[f"sip_cafile {certificates.authorities}"],
        ) as phone,
    ):
        await phone.dial(f"sip:probe@127.0.0.1:{server.tls_port};transport=tls")
        await asyncio.sleep(PROBE_S + 1)
        phone.hang_up()
        ended = await server.next("ended")
    assert_came_through(heard_by_server(ended), probe_signal(PROBE_S))


async def test_baresip_over_tcp(tmp_path: Path):
    said = probe_signal(4, seed=29)
    wav = write_file(tmp_path / "said.wav", said, HANG_UP_AFTER_S)
    async with (
        EchoServerProcess.run(tmp_path) as server,
        Baresip.open(tmp_path, microphone=wav, parameters=";transport=tcp") as phone,
    ):
        await phone.dial(f"{server.uri('echo')};transport=tcp")
        await asyncio.sleep(LISTEN_S)
        phone.hang_up()
        ended = await server.next("ended")
    assert ended["reason"] == "hangup"
    assert_came_through(heard_by_server(ended), said)
