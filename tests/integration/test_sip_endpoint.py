from __future__ import annotations

import asyncio

import pytest

from tests.integration.sip_endpoint_bench import (
    QUICK,
    Application,
    SlowApplication,
    TcpPeer,
    UdpPeer,
    end_of,
    running_endpoint,
)
from tests.sip_messages import G729_ONLY, request, response, sdp
from voicebot.errors import CallFailed
from voicebot.gateway.sip.call_leg import SipCallLeg
from voicebot.gateway.sip.incoming_call import IncomingCall
from voicebot.gateway.sip.network.transport import ConnectionLimits
from voicebot.records import Direction


def invite(peer: UdpPeer | TcpPeer | None = None, **fields: object) -> bytes:
    fields.setdefault("body", sdp())
    if isinstance(peer, UdpPeer):
        fields["contact"] = f"sip:phone@127.0.0.1:{peer.port}"
    if isinstance(peer, TcpPeer):
        fields["transport"] = "TCP"
        fields.setdefault("contact", "sip:phone@127.0.0.1:9;transport=tcp")
    return request("INVITE", **fields)  # type: ignore[arg-type]


async def talk(peer: UdpPeer | TcpPeer) -> str:
    """A call up to its ACK; returns the endpoint's tag."""
    transport = "TCP" if isinstance(peer, TcpPeer) else "UDP"
    peer.send(invite(peer))
    tag = (await peer.response(200)).to.tag or ""
    peer.send(request("ACK", to_tag=tag, branch="z9hG4bK-ack", transport=transport))
    return tag


async def test_call_over_udp_from_invite_to_bye():
    application = Application()
    async with (
        running_endpoint(application) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        assert endpoint.local_uri == f"sip:infolinia@127.0.0.1:{endpoint.port}"
        phone.send(invite(phone))
        assert (await phone.response()).status == 100
        answer = await phone.response()
        assert answer.status == 200
        assert str(answer.contact) == f"<sip:infolinia@127.0.0.1:{endpoint.port}>"
        assert b"c=IN IP4 127.0.0.1" in answer.body
        phone.send(request("ACK", to_tag=answer.to.tag or "", branch="z9hG4bK-ack"))
        await asyncio.sleep(0.1)
        leg = application.legs[0]
        assert (leg.kind, leg.direction) == ("sip", Direction.INBOUND)
        assert (leg.remote_party, leg.local_party) == ("600100200", "infolinia")
        assert leg.media_stats()["packets_sent"] > 0
        phone.send(request("BYE", to_tag=answer.to.tag or "", cseq=2, branch="z9hG4bK-bye"))
        assert (await phone.response(200)).cseq.method == "BYE"
        assert await application.next_end() == "hangup"
        await leg.hang_up("late")  # returns at once
        assert endpoint.n_calls == 0


async def test_call_over_tcp_is_hung_up_on_its_own_connection():
    application = Application()
    async with (
        running_endpoint(application) as endpoint,
        TcpPeer.open(endpoint.port) as phone,
    ):
        await talk(phone)
        leg = await application.next_leg()
        hang_up = asyncio.ensure_future(leg.hang_up("done"))
        bye = await phone.message()
        assert bye is not None
        assert bye.cseq.method == "BYE"
        phone.send(response(bye, 200))  # type: ignore[arg-type]
        async with asyncio.timeout(2):
            await hang_up


async def test_call_over_ipv6():
    application = Application()
    async with (
        running_endpoint(application, host="::1") as endpoint,
        UdpPeer.open(endpoint.port, "::1") as phone,
    ):
        phone.send(request("INVITE", body=sdp().replace("IP4 127.0.0.1", "IP6 ::1")))
        answer = await phone.response(200)
        assert b"c=IN IP6 ::1" in answer.body
        assert answer.contact is not None
        assert answer.contact.uri.host == "::1"
        phone.send(request("BYE", to_tag=answer.to.tag or "", cseq=2, branch="z9hG4bK-bye"))
        assert await application.next_end() == "hangup"


@pytest.mark.parametrize(("host", "phone_host"), [("0.0.0.0", "127.0.0.1"), ("::", "127.0.0.1")])
async def test_listening_everywhere_tells_each_peer_the_address_it_can_reach(
    host: str, phone_host: str
):
    application = Application()
    async with (
        running_endpoint(application, host=host) as endpoint,
        UdpPeer.open(endpoint.port, phone_host) as phone,
    ):
        phone.send(invite(phone))
        answer = await phone.response(200)
        assert answer.contact is not None
        assert answer.contact.uri.host == "127.0.0.1"
        assert b"c=IN IP4 127.0.0.1" in answer.body
        tag = answer.to.tag or ""
        phone.send(request("ACK", to_tag=tag, branch="z9hG4bK-ack"))
        await asyncio.sleep(0.06)
        assert application.legs[0].media_stats()["packets_unsent"] == 0
        phone.send(request("BYE", to_tag=tag, cseq=2, branch="z9hG4bK-bye"))
        assert await application.next_end() == "hangup"


async def test_public_address_is_told_instead_of_our_own():
    async with (
        running_endpoint(Application(), public_host="198.51.100.7") as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(invite(phone))
        answer = await phone.response(200)
        assert b"c=IN IP4 198.51.100.7" in answer.body
        assert answer.contact is not None
        assert answer.contact.uri.host == "198.51.100.7"
        tag = answer.to.tag or ""
        phone.send(request("BYE", to_tag=tag, cseq=2, branch="z9hG4bK-bye"))
        assert (await phone.response(200)).status == 200


async def test_caller_may_give_up_before_the_answer():
    application = SlowApplication()
    async with (
        running_endpoint(application) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(invite(phone))
        assert (await phone.response(180)).status == 180
        phone.send(request("CANCEL"))
        assert (await phone.response(200)).cseq.method == "CANCEL"
        assert (await phone.response(487)).cseq.method == "INVITE"
        phone.send(request("ACK"))
        application.may_answer.set()
        await asyncio.sleep(0.05)
        assert application.legs == []
        assert endpoint.n_calls == 0


async def test_lost_ack_ends_the_leg():
    application = Application()
    async with (
        running_endpoint(application) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(invite(phone))
        bye = await phone.request("BYE")
        phone.send(response(bye, 200))
        assert await application.next_end() == "lost_ack"
        await application.legs[0].hang_up("after")


async def test_call_without_media_is_ended():
    application = Application()
    async with (
        running_endpoint(application, no_media_timeout_s=1) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        await talk(phone)
        bye = await phone.request("BYE")
        phone.send(response(bye, 200))
        assert await application.next_end() == "no_media"


async def test_delayed_offer_gives_a_leg_once_the_answer_is_there():
    application = Application()
    async with (
        running_endpoint(application) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(invite(phone, body=""))
        answer = await phone.response(200)
        await asyncio.sleep(0.05)
        assert application.legs == []
        tag = answer.to.tag or ""
        phone.send(request("ACK", to_tag=tag, branch="z9hG4bK-ack", body=sdp(formats="0")))
        await asyncio.sleep(0.05)
        assert len(application.legs) == 1
        phone.send(request("BYE", to_tag=tag, cseq=2, branch="z9hG4bK-bye"))
        assert await application.next_end() == "hangup"


async def test_delayed_offer_without_an_answer_gives_no_leg():
    application = Application()
    async with (
        running_endpoint(application) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(invite(phone, body=""))
        tag = (await phone.response(200)).to.tag or ""
        phone.send(request("ACK", to_tag=tag, branch="z9hG4bK-ack"))
        bye = await phone.request("BYE")
        phone.send(response(bye, 200))
        await asyncio.sleep(0.05)
        assert application.legs == []
        assert endpoint.n_calls == 0


class FailingApplication(Application):
    async def decide(self, incoming: IncomingCall) -> SipCallLeg | None:
        if incoming.called == "answered":
            await incoming.answer()
        raise RuntimeError("a fault in the application")


async def test_fault_in_one_call_ends_that_call_alone(caplog: pytest.LogCaptureFixture):
    application = FailingApplication()
    async with (
        running_endpoint(application) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(invite(phone))
        assert (await phone.response(500)).status == 500
        phone.send(request("ACK"))
        phone.send(invite(phone, uri="sip:answered@127.0.0.1", call_id="c2", branch="z9hG4bK-2"))
        answer = await phone.response(200)
        tag = answer.to.tag or ""
        phone.send(
            request(
                "ACK",
                uri="sip:answered@127.0.0.1",
                call_id="c2",
                to_tag=tag,
                branch="z9hG4bK-a2",
            )
        )
        bye = await phone.request("BYE")
        phone.send(response(bye, 200))
        phone.send(request("OPTIONS", call_id="c3", branch="z9hG4bK-3"))
        assert (await phone.response(200)).cseq.method == "OPTIONS"
    assert "a fault in the application" in caplog.text


class IndifferentApplication(Application):
    async def decide(self, incoming: IncomingCall) -> SipCallLeg | None:
        return None


async def test_call_that_nobody_decides_on_is_rejected():
    async with (
        running_endpoint(IndifferentApplication()) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(invite(phone))
        assert (await phone.response(480)).status == 480


async def test_wrong_codec_is_488_and_no_application_is_asked():
    application = Application()
    async with (
        running_endpoint(application) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
    ):
        phone.send(invite(phone, body=G729_ONLY))
        assert (await phone.response()).status == 488
        assert application.n_calls == 0


async def test_stopping_hangs_up_running_calls():
    application = Application()
    async with running_endpoint(application) as endpoint, UdpPeer.open(endpoint.port) as phone:
        await talk(phone)
        await asyncio.sleep(0.05)
        stopping = asyncio.ensure_future(endpoint.stop())
        bye = await phone.request("BYE")
        phone.send(response(bye, 200))
        async with asyncio.timeout(2):
            await stopping
        assert await application.next_end() == "shutdown"


# Calls that we place


async def test_one_endpoint_calls_another():
    hotline = Application()
    async with running_endpoint(hotline) as called, running_endpoint(Application()) as calling:
        leg = await calling.call(called.local_uri, "debtor")
        assert leg.direction is Direction.OUTBOUND
        assert leg.remote_party == "infolinia"
        assert leg.local_party == "debtor"
        await asyncio.sleep(0.2)
        assert leg.media_stats()["packets_received"] > 0
        assert hotline.legs[0].remote_party == "debtor"
        assert hotline.legs[0].media_stats()["packets_received"] > 0
        await leg.hang_up("done")
        assert await hotline.next_end() == "hangup"
        assert calling.n_calls == called.n_calls == 0


async def test_one_endpoint_calls_another_over_tcp():
    hotline = Application()
    async with running_endpoint(hotline) as called, running_endpoint(Application()) as calling:
        leg = await calling.call(f"{called.local_uri};transport=tcp", "debtor")
        await asyncio.sleep(0.1)
        ending = asyncio.ensure_future(end_of(leg))
        await hotline.legs[0].hang_up("done")
        assert await ending == "hangup"


async def test_refused_call_says_why():
    class Busy(Application):
        async def decide(self, incoming: IncomingCall) -> SipCallLeg | None:
            incoming.reject(486)
            return None

    async with running_endpoint(Busy()) as called, running_endpoint(Application()) as calling:
        with pytest.raises(CallFailed) as failure:
            await calling.call(called.local_uri, "debtor")
        assert failure.value.status == 486


async def test_unanswered_call_is_cancelled():
    hotline = SlowApplication()
    async with running_endpoint(hotline) as called, running_endpoint(Application()) as calling:
        with pytest.raises(CallFailed) as failure:
            await calling.call(called.local_uri, "debtor", timeout_s=0.2)
        assert failure.value.status == 408
        await asyncio.sleep(0.1)
        assert calling.n_calls == called.n_calls == 0
        hotline.may_answer.set()


async def test_call_to_nobody_fails():
    async with running_endpoint(Application()) as calling:
        with pytest.raises(CallFailed) as failure:
            await calling.call("sip:nobody@127.0.0.1:9", "debtor")
        assert failure.value.status == 408
        with pytest.raises(CallFailed) as failure:
            await calling.call("sip:nobody@127.0.0.1:9;transport=tcp", "debtor")
        assert failure.value.status == 503
        with pytest.raises(CallFailed):
            await calling.call("sip:nobody@no-such-host.invalid", "debtor")
        with pytest.raises(CallFailed):
            await calling.call("mailto:nobody@example.com", "debtor")


# Connections


async def test_slow_and_silent_connections_are_cut():
    limits = ConnectionLimits(partial_s=0.2, first_message_s=0.2)
    async with (
        running_endpoint(Application(), limits=limits) as endpoint,
        TcpPeer.open(endpoint.port) as slow,
        TcpPeer.open(endpoint.port) as silent,
    ):
        slow.send(b"OPTIONS sip:x@127.0.0.1 SIP/2.0\r\nVia: ")
        assert await slow.message() is None
        assert await silent.message() is None


async def test_number_of_connections_is_limited():
    limits = ConnectionLimits(max_per_host=2)
    async with (
        running_endpoint(Application(), limits=limits) as endpoint,
        TcpPeer.open(endpoint.port) as first,
        TcpPeer.open(endpoint.port) as second,
        TcpPeer.open(endpoint.port) as third,
    ):
        assert await third.is_closed()
        for peer in (first, second):
            peer.send(request("OPTIONS", transport="TCP"))
            assert (await peer.response(200)).status == 200


async def test_stream_that_lost_its_way_is_answered_and_closed():
    async with (
        running_endpoint(Application()) as endpoint,
        TcpPeer.open(endpoint.port) as phone,
    ):
        bad = request("OPTIONS", transport="TCP").replace(
            b"Content-Length: 0", b"Content-Length: x"
        )
        phone.send(bad)
        assert (await phone.response()).status == 400
        assert await phone.message() is None


async def test_keep_alive_is_answered():
    async with (
        running_endpoint(Application()) as endpoint,
        TcpPeer.open(endpoint.port) as phone,
    ):
        phone.send(b"\r\n\r\n")
        async with asyncio.timeout(2):
            assert await phone.reader.readexactly(2) == b"\r\n"


def test_quick_timers_keep_the_proportions_of_the_rfc():
    assert QUICK.give_up_s == 64 * QUICK.t1_s
