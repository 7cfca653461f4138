"""Registration with Kamailio, a registrar of other people's making."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.phones.kamailio import Kamailio
from tests.integration.trunk_bench import trunked_endpoint
from voicebot.errors import CallFailed
from voicebot.gateway.sip.endpoint import SipEndpoint
from voicebot.gateway.sip.trunks.registration import RegistrationState

pytestmark = pytest.mark.peer


def account(server: Kamailio, **fields: object) -> dict[str, dict[str, object]]:
    return {
        "carrier": {
            "port": server.port,
            "username": "bot",
            "password": "secret",
            "register_expires_s": 3600,
            **fields,
        }
    }


def state_of(endpoint: SipEndpoint) -> RegistrationState:
    trunk = endpoint.trunks.trunks.get("carrier")
    assert trunk is not None
    assert trunk.registration is not None
    return trunk.registration.state


async def until_registered(endpoint: SipEndpoint) -> None:
    """Our own view comes after the registrar's: its answer is still on its way."""
    async with asyncio.timeout(20):
        while not endpoint.trunk_status[0].is_registered:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_registers_with_its_password_and_leaves_when_it_stops(tmp_path: Path):
    async with Kamailio.run(tmp_path) as server:
        async with trunked_endpoint(account(server)) as endpoint:
            assert await server.wait_for("challenged")
            contact = await server.wait_for("registered")
            assert f"sip:bot@127.0.0.1:{endpoint.port}" in contact
            await until_registered(endpoint)
        assert await server.wait_for("register 0")
        assert await server.wait_for("gone")


async def test_wrong_password_is_tried_once_and_reported(tmp_path: Path):
    async with (
        Kamailio.run(tmp_path) as server,
        trunked_endpoint(account(server, password="guess")) as endpoint,
    ):
        await server.wait_for("challenged")
        await server.wait_for("challenged")
        async with asyncio.timeout(20):
            while state_of(endpoint) is not RegistrationState.REFUSED:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        assert server.seen() == []
        assert endpoint.trunk_status[0].is_registered is False


async def test_refreshes_before_it_expires_though_the_nonce_is_stale(tmp_path: Path):
    # The least that Kamailio grants here is 5 s, and its nonces hold for 2 s.
    async with (
        Kamailio.run(tmp_path) as server,
        trunked_endpoint(account(server, register_expires_s=5)) as endpoint,
    ):
        for _ in range(3):
            await server.wait_for("registered")
        await until_registered(endpoint)
        assert "gone" not in server.seen()


async def test_too_brief_an_interval_becomes_the_least_that_is_granted(tmp_path: Path):
    async with (
        Kamailio.run(tmp_path) as server,
        trunked_endpoint(account(server, register_expires_s=1)) as endpoint,
    ):
        await server.wait_for("register 1")
        await server.wait_for("register 5")
        await server.wait_for("registered")
        await until_registered(endpoint)


async def test_call_through_a_proxy_that_wants_the_password(tmp_path: Path):
    async with (
        Kamailio.run(tmp_path) as server,
        trunked_endpoint(account(server, register_expires_s=0)) as endpoint,
    ):
        with pytest.raises(CallFailed) as caught:
            await endpoint.call("600 100 200", "bot", timeout_s=20)
        # 486 is what the right password gets.
        assert caught.value.status == 486
        await server.wait_for("proxy_challenged")
        await server.wait_for("invited +48600100200")


async def test_call_with_a_wrong_password_is_not_repeated_for_ever(tmp_path: Path):
    trunks = {"password": "guess", "register_expires_s": 0}
    async with (
        Kamailio.run(tmp_path) as server,
        trunked_endpoint(account(server, **trunks)) as endpoint,
    ):
        with pytest.raises(CallFailed) as caught:
            await endpoint.call("600 100 200", "bot", timeout_s=20)
        assert caught.value.status == 407
        await server.wait_for("proxy_challenged")
        await server.wait_for("proxy_challenged")
        await asyncio.sleep(0.5)
        assert server.seen() == []


async def test_a_registrar_that_is_not_there_yet_is_tried_again(tmp_path: Path):
    # Nothing listens: the first attempt fails, and the state says so.
    trunks = {"carrier": {"port": 9, "username": "bot", "password": "x", "register_expires_s": 60}}
    async with trunked_endpoint(trunks) as endpoint:
        async with asyncio.timeout(30):
            while state_of(endpoint) is not RegistrationState.FAILING:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        trunk = endpoint.trunks.trunks.get("carrier")
        assert trunk is not None
        assert trunk.registration is not None
        assert trunk.registration.last_status == 408
        assert trunk.registration.next_timeout() is not None
