"""SIP over TLS: whom we let in, whom we believe, and how long we wait for them."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from pathlib import Path

import pytest

from tests.integration.certificates import Certificates
from tests.integration.sip_endpoint_bench import (
    Application,
    TcpPeer,
    UdpPeer,
    end_of,
    running_endpoint,
)
from tests.sip_messages import request, response, sdp
from voicebot.errors import CallFailed
from voicebot.gateway.sip.endpoint import SipEndpoint
from voicebot.gateway.sip.messages.message import SipRequest
from voicebot.gateway.sip.network.transport import ConnectionLimits


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def tls_port(endpoint: SipEndpoint) -> int:
    assert endpoint.tls_port is not None
    return endpoint.tls_port


def over_tls(method: str, **fields: object) -> bytes:
    fields.setdefault("contact", "sip:phone@127.0.0.1:9;transport=tls")
    return request(method, transport="TLS", **fields)  # type: ignore[arg-type]


async def test_call_from_invite_to_our_bye(certificates: Certificates):
    application = Application()
    async with (
        running_endpoint(application, **certificates.settings("127.0.0.1")) as endpoint,
        TcpPeer.open(tls_port(endpoint), tls=certificates.client_context()) as phone,
    ):
        phone.send(over_tls("INVITE", body=sdp()))
        answer = await phone.response(200)
        contact = f"<sip:infolinia@127.0.0.1:{endpoint.tls_port};transport=tls>"
        assert str(answer.contact) == contact
        phone.send(over_tls("ACK", to_tag=answer.to.tag or "", branch="z9hG4bK-ack"))
        leg = await application.next_leg()
        hang_up = asyncio.ensure_future(leg.hang_up("done"))
        bye = await phone.message()
        assert isinstance(bye, SipRequest)
        assert (bye.method, bye.via.transport, bye.via.port) == ("BYE", "TLS", endpoint.tls_port)
        phone.send(response(bye, 200))
        async with asyncio.timeout(2):
            await hang_up


async def test_one_endpoint_calls_another(certificates: Certificates):
    hotline = Application()
    async with (
        running_endpoint(hotline, **certificates.settings("127.0.0.1")) as called,
        running_endpoint(Application(), **certificates.settings("localhost")) as calling,
    ):
        leg = await calling.call(
            f"sip:infolinia@127.0.0.1:{called.tls_port};transport=tls", "debtor"
        )
        ending = asyncio.ensure_future(end_of(leg))
        answered = await hotline.next_leg()
        assert answered.call.peer.transport == "TLS"
        await answered.hang_up("done")
        assert await ending == "hangup"


async def test_sips_call_is_sips_at_both_ends(certificates: Certificates):
    hotline = Application()
    async with (
        running_endpoint(hotline, **certificates.settings("127.0.0.1")) as called,
        running_endpoint(Application(), **certificates.settings("localhost")) as calling,
    ):
        leg = await calling.call(f"sips:infolinia@127.0.0.1:{called.tls_port}", "debtor")
        answered = await hotline.next_leg()
        for call in (leg.call, answered.call):
            assert call.dialog is not None
            assert call.dialog.remote_target.scheme == "sips"
        await leg.hang_up("done")
        assert await hotline.next_end() == "hangup"


async def test_sips_without_tls_is_refused_on_the_way_in(certificates: Certificates):
    async with (
        running_endpoint(Application(), **certificates.settings("127.0.0.1")) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(request("INVITE", "sips:infolinia@127.0.0.1", body=sdp()))
        assert (await phone.response()).status == 480


@pytest.mark.parametrize("scheme", ["sip", "sips"])
async def test_certificate_of_another_domain_gets_no_call(certificates: Certificates, scheme: str):
    hotline = Application()
    async with (
        running_endpoint(hotline, **certificates.settings("elsewhere.example")) as called,
        running_endpoint(Application(), **certificates.settings("localhost")) as calling,
    ):
        with pytest.raises(CallFailed) as failure:
            await calling.call(f"{scheme}:a@127.0.0.1:{called.tls_port};transport=tls", "debtor")
        assert failure.value.status == 503
        assert hotline.n_calls == 0


async def test_certificate_of_an_unknown_authority_gets_no_call(
    certificates: Certificates, tmp_path: Path
):
    hotline = Application()
    (tmp_path / "other").mkdir()
    others = Certificates(tmp_path / "other")
    async with (
        running_endpoint(hotline, **others.settings("127.0.0.1")) as called,
        running_endpoint(Application(), **certificates.settings("localhost")) as calling,
    ):
        with pytest.raises(CallFailed) as failure:
            await calling.call(f"sips:a@127.0.0.1:{called.tls_port}", "debtor")
        assert failure.value.status == 503
        assert hotline.n_calls == 0


async def test_who_has_no_certificate_stays_out_where_one_is_required(certificates: Certificates):
    settings = {**certificates.settings("127.0.0.1"), "tls_client_certificates": "required"}
    async with running_endpoint(Application(), **settings) as endpoint:
        nobody = certificates.client_context()
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            # With TLS 1.3 the refusal comes after the handshake has succeeded here.
            async with TcpPeer.open(tls_port(endpoint), tls=nobody) as stranger:
                stranger.send(over_tls("OPTIONS"))
                assert await stranger.message() is None
        known = certificates.client_context(certificates.issue("pbx.example"))
        async with TcpPeer.open(tls_port(endpoint), tls=known) as pbx:
            pbx.send(over_tls("OPTIONS"))
            assert (await pbx.response()).status == 200


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_old_versions_of_tls_are_refused(certificates: Certificates):
    old = certificates.client_context()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    # Debian's OpenSSL would not even try otherwise.
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    async with running_endpoint(Application(), **certificates.settings("127.0.0.1")) as endpoint:
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with TcpPeer.open(tls_port(endpoint), tls=old):
                pass


async def test_requests_come_back_on_the_connection_of_who_proved_to_be_the_domain(
    certificates: Certificates,
):
    """RFC 5923: a PBX connects, says `alias`, and our call to it needs no second connection."""
    async with running_endpoint(Application(), **certificates.settings("127.0.0.1")) as endpoint:
        pbx_certificate = certificates.client_context(certificates.issue("127.0.0.1", "pbx"))
        settings = {**certificates.settings("127.0.0.1"), "tls_client_certificates": "required"}
        async with (
            running_endpoint(Application(), **settings) as mutual,
            TcpPeer.open(tls_port(mutual), tls=pbx_certificate) as pbx,
            TcpPeer.open(tls_port(endpoint), tls=certificates.client_context()) as stranger,
        ):
            via = "Via: SIP/2.0/TLS 127.0.0.1:5999;branch=z9hG4bK-alias;alias"
            for peer in (pbx, stranger):
                peer.send(over_tls("OPTIONS", via=via))
                assert (await peer.response()).status == 200
            for caller in (mutual, endpoint):
                calling = asyncio.ensure_future(
                    caller.call("sip:anna@127.0.0.1:5999;transport=tls", "debtor", timeout_s=3)
                )
                if caller is mutual:
                    invite = await pbx.message()
                    assert isinstance(invite, SipRequest)
                    assert invite.method == "INVITE"
                    pbx.send(response(invite, 486))
                    expected = 486
                else:
                    # Anybody could claim that port: the stranger is not asked.
                    expected = 503
                with pytest.raises(CallFailed) as failure:
                    await calling
                assert failure.value.status == expected


async def test_who_never_finishes_the_handshake_is_cut(certificates: Certificates):
    limits = ConnectionLimits(handshake_s=0.3)
    async with running_endpoint(
        Application(), limits=limits, **certificates.settings("127.0.0.1")
    ) as endpoint:
        silent = await asyncio.open_connection("127.0.0.1", tls_port(endpoint))
        slow = await asyncio.open_connection("127.0.0.1", tls_port(endpoint))
        slow[1].write(b"\x16\x03\x01\x02\x00\x01\x00")  # the beginning of a ClientHello
        for reader, writer in (silent, slow):
            async with asyncio.timeout(5):
                with contextlib.suppress(ConnectionError):
                    assert await reader.read(100) == b""
            writer.close()


async def test_half_open_handshakes_count_as_connections(certificates: Certificates):
    """Otherwise they would take every file descriptor while they wait for their time-out."""
    limits = ConnectionLimits(max_per_host=3)
    async with running_endpoint(
        Application(), limits=limits, **certificates.settings("127.0.0.1")
    ) as endpoint:
        half_open = [
            await asyncio.open_connection("127.0.0.1", tls_port(endpoint)) for _ in range(3)
        ]
        await asyncio.sleep(0.1)
        reader, writer = await asyncio.open_connection("127.0.0.1", tls_port(endpoint))
        async with asyncio.timeout(5):
            with contextlib.suppress(ConnectionError):
                assert await reader.read(100) == b""
        for _, each in [*half_open, (reader, writer)]:
            each.close()
        async with asyncio.timeout(5):
            while True:
                with contextlib.suppress(ssl.SSLError, ConnectionError):
                    async with TcpPeer.open(
                        tls_port(endpoint), tls=certificates.client_context()
                    ) as phone:
                        phone.send(over_tls("OPTIONS"))
                        assert (await phone.response()).status == 200
                        return
                await asyncio.sleep(0.05)


async def test_slow_and_silent_clients_are_cut_after_the_handshake(certificates: Certificates):
    limits = ConnectionLimits(partial_s=0.2, first_message_s=0.2)
    async with running_endpoint(
        Application(), limits=limits, **certificates.settings("127.0.0.1")
    ) as endpoint:
        context = certificates.client_context()
        async with (
            TcpPeer.open(tls_port(endpoint), tls=context) as slow,
            TcpPeer.open(tls_port(endpoint), tls=context) as silent,
        ):
            slow.send(b"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: ")
            assert await slow.is_closed()
            assert await silent.is_closed()


async def test_renewed_certificate_is_shown_to_the_next(certificates: Certificates):
    limits = ConnectionLimits(certificate_check_s=0)
    async with running_endpoint(
        Application(), limits=limits, **certificates.settings("127.0.0.1")
    ) as endpoint:
        first = await serial_shown(tls_port(endpoint), certificates)
        assert await serial_shown(tls_port(endpoint), certificates) == first
        certificates.issue("127.0.0.1")
        async with asyncio.timeout(15):
            while await serial_shown(tls_port(endpoint), certificates) == first:  # noqa: ASYNC110
                # One host may have a hundred connections, not more.
                await asyncio.sleep(0.2)


async def serial_shown(port: int, certificates: Certificates) -> object:
    context = certificates.client_context()
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
    certificate = shown.getpeercert() or {}
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return certificate["serialNumber"]


async def test_no_plain_text_on_the_tls_port(certificates: Certificates):
    """A phone set to TCP on the wrong port gets no answer, and the server lives on."""
    async with running_endpoint(Application(), **certificates.settings("127.0.0.1")) as endpoint:
        async with TcpPeer.open(tls_port(endpoint)) as plain:
            plain.send(request("OPTIONS", transport="TCP"))
            with contextlib.suppress(ConnectionError):
                assert b"SIP/2.0" not in await plain.reader.read(1000)
        async with TcpPeer.open(tls_port(endpoint), tls=certificates.client_context()) as phone:
            phone.send(over_tls("OPTIONS"))
            assert (await phone.response()).status == 200
