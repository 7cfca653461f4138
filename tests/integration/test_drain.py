"""`voicebot serve` told to stop while somebody talks: a real process and real signals."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.integration.running_server import RunningServer
from tests.integration.sip_endpoint_bench import UdpPeer
from tests.integration.stream_providers.environment import PBX_TOKEN, stream_environment
from tests.integration.stream_providers.fake_rest import FakeRest, bound_socket
from tests.integration.stream_providers.providers import CALLED, Providers
from tests.integration.test_sip_transport import statuses
from tests.sip_messages import request, response, sdp

SHORT_SCRIPT = Path(__file__).parents[1] / "data" / "scripts" / "good.yaml"
"""What is said does not matter here, and fourteen prompts are spoken sooner than eighty."""


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for both servers: the second finds its prompts spoken."""
    return tmp_path_factory.mktemp("drained")


async def started(directory: Path, **settings: object) -> RunningServer:
    return await asyncio.to_thread(
        RunningServer, directory, DIALOGUE__SCRIPT=SHORT_SCRIPT, **settings
    )


async def talk(phone: UdpPeer) -> str:
    """A call that is up; the server's tag in it."""
    contact = f"sip:phone@127.0.0.1:{phone.port}"
    phone.send(request("INVITE", call_id="honest", body=sdp(), contact=contact))
    tag = (await phone.response(200, timeout_s=20)).to.tag or ""
    phone.send(request("ACK", call_id="honest", to_tag=tag, branch="z9hG4bK-ack"))
    return tag


async def refused(other: UdpPeer) -> None:
    """Returns once new calls are refused: the signal takes its time to arrive."""
    for number in range(100):
        other.send(request("OPTIONS", call_id=f"d{number}", branch=f"z9hG4bK-d{number}"))
        if (await other.response()).status == 503:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the server goes on taking calls")


async def ready(server: RunningServer) -> tuple[int, list[str]]:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{server.web_url}/ready") as answer,
    ):
        return answer.status, (await answer.json())["reasons"]


async def web_phone_says(server: RunningServer) -> str:
    """How a call from the web phone ends that is made now."""
    url = server.web_url.replace("http:", "ws:") + "/phone/ws"
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(url, headers={"Origin": server.web_url}) as socket,
    ):
        message = await socket.receive(timeout=10)
        return str(message.data)


async def test_running_call_finishes_and_then_the_process_ends_with_0(directory: Path):
    server = await started(directory)
    try:
        async with (
            UdpPeer.open(server.sip_port) as phone,
            UdpPeer.open(server.sip_port) as other,
        ):
            tag = await talk(phone)
            assert await ready(server) == (200, [])
            server.signal(signal.SIGTERM)
            await refused(other)
            assert await statuses(other, 1) == (503, 503)
            assert await ready(server) == (503, ["the node is stopping"])
            assert "shutdown" in await web_phone_says(server)
            phone.send(request("OPTIONS", call_id="honest", to_tag=tag, cseq=2, branch="z9hG4bK-o"))
            assert (await phone.response(200)).cseq.method == "OPTIONS", "the call is still up"
            assert server.is_running
            phone.send(request("BYE", call_id="honest", to_tag=tag, cseq=3, branch="z9hG4bK-bye"))
            assert (await phone.response(200)).cseq.method == "BYE"
            assert await asyncio.to_thread(server.wait) == 0
        assert "Traceback" not in server.log, server.log
    finally:
        server.kill()


async def providers_find_it_busy(providers: Providers) -> None:
    """At its webhooks, and for a stream whose webhook was answered before."""
    call = {
        "CallSid": "CA1",
        "From": "+48600100401",
        "To": CALLED,
        "CallStatus": "ringing",
        "Direction": "inbound",
    }
    voice = await providers.post_twilio("/streams/twilio/voice", call)
    assert 'Reject reason="busy"' in await voice.text()
    answer = await providers.post_vonage(
        "/streams/vonage/answer", {"from": "48600100402", "to": CALLED[1:], "uuid": "u"}
    )
    assert answer.status == 503
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await providers.session.ws_connect(f"{providers.web_url}/streams/asterisk/{PBX_TOKEN}")
    assert refusal.value.status == 503


async def test_streamed_call_finishes_and_then_the_process_ends_with_0(directory: Path):
    caller = "+48600100400"
    with bound_socket() as rest_socket:
        server = await started(directory, **stream_environment(rest_socket, audiosocket_port=0))
        try:
            async with (
                FakeRest.running(rest_socket) as rest,
                aiohttp.ClientSession() as client,
                server.watch(caller) as watch,
            ):
                providers = Providers(server.web_url, client, rest)
                async with providers.twilio_call(caller) as stream:
                    await stream.hears(0.5)
                    server.signal(signal.SIGTERM)
                    async with UdpPeer.open(server.sip_port) as other:
                        await refused(other)
                    await providers_find_it_busy(providers)
                    await stream.hears(1)
                    assert server.is_running
                    assert not stream.is_over.is_set(), "the call is still up"
                assert await asyncio.to_thread(server.wait) == 0
                assert (await watch.ended()).end_reason == "hangup"
            assert "Traceback" not in server.log, server.log
        finally:
            server.kill()


async def test_second_signal_ends_calls_at_once(directory: Path):
    server = await started(directory)
    try:
        async with (
            UdpPeer.open(server.sip_port) as phone,
            UdpPeer.open(server.sip_port) as other,
        ):
            await talk(phone)
            server.signal(signal.SIGTERM)
            await refused(other)
            assert server.is_running
            server.signal(signal.SIGTERM)
            bye = await phone.request("BYE", timeout_s=20)
            phone.send(response(bye, 200))
            assert await asyncio.to_thread(server.wait) == 0
        assert "Traceback" not in server.log, server.log
    finally:
        server.kill()
