"""Every message of RFC 4475 and RFC 5118 at a running endpoint, while a call is up."""

from __future__ import annotations

import asyncio
import contextlib
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.sip_endpoint_bench import (
    Application,
    TcpPeer,
    UdpPeer,
    running_endpoint,
)
from tests.shared import shared_path
from tests.sip_messages import request, sdp

SILENCE_S = 0.15
"""Where no answer may come. Short enough for seventy messages."""

ANSWER_PATIENCE_S = 10.0


@dataclass(frozen=True)
class Case:
    path: Path
    ok: frozenset[str]
    reply_required: bool

    @property
    def data(self) -> bytes:
        return self.path.read_bytes()

    @property
    def top_via(self) -> str:
        match = re.search(rb"(?im)^(?:via|v)[ \t]*:(.*(?:\r?\n[ \t].*)*)", self.data)
        return match[1].decode("latin-1") if match else ""

    @property
    def call_id(self) -> bytes:
        """Of the answer, too; empty where the message has none."""
        match = re.search(rb"(?im)^(?:call-id|i)[ \t]*:[ \t\r\n]*(\S+)", self.data)
        return match[1] if match else b""

    @property
    def is_tcp(self) -> bool:
        return re.search(r"/\s*(TCP|TLS)\s", self.top_via) is not None

    @property
    def has_length(self) -> bool:
        return re.search(rb"(?im)^(content-length|l)[ \t]*:", self.data) is not None

    @property
    def via_port(self) -> int:
        """Where an answer over UDP goes: no message here but one asks for rport."""
        match = re.search(r"UDP\s+(?:\[[^\]]*\]|[^\s;:]+)\s*(?::\s*(\d+))?", self.top_via)
        return int(match[1]) if match and match[1] else 5060

    @property
    def patience_s(self) -> float:
        """How long to wait for an answer: one that must come may be late on a busy machine."""
        return ANSWER_PATIENCE_S if self.reply_required and "none" not in self.ok else SILENCE_S

    def accepts(self, status: int | None) -> bool:
        if status is None:
            return "none" in self.ok
        return str(status) in self.ok or (200 <= status < 300 and "2xx" in self.ok)

    def accepts_over_tcp(self, status: int | None) -> bool:
        """RFC 3261 18.3: on a stream a message without Content-Length has no end."""
        if status == 400 and not self.has_length:
            return True
        return self.accepts(status) or (status is None and not self.reply_required)


def cases(folder: str) -> list[Case]:
    directory = shared_path(f"sip_torture/{folder}")
    found: list[Case] = []
    for line in (directory / "EXPECT.tsv").read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        name, _, _, ok, reply_required, *_ = line.split("\t")
        found.append(Case(directory / name, frozenset(ok.split(",")), reply_required == "yes"))
        fixed = directory / name.replace(".dat", ".fixed.dat")
        if fixed.exists():
            found.append(Case(fixed, frozenset(ok.split(",")), reply_required == "yes"))
    assert found
    return found


_CSEQ = re.compile(rb"^CSeq\s*:\s*[0-9]+\s+(\S+)\s*$", re.IGNORECASE | re.MULTILINE)


def status_for(case: Case, answer: bytes) -> int | None:
    """Status of a final answer to this message; None for anything else.

    Read without the parser: an answer repeats header fields as broken as they came.
    """
    match = re.match(rb"SIP/2\.0 ([2-6][0-9][0-9]) ", answer)
    if match is None or case.call_id not in answer:
        return None
    # Messages of one Call-ID come one after the other: a refused INVITE is still being answered
    # when the next is replayed.
    asked, answered = _CSEQ.search(case.data), _CSEQ.search(answer)
    is_other = asked is not None and answered is not None and asked[1] != answered[1]
    return None if is_other else int(match[1])


async def replay_over_tcp(case: Case, port: int, host: str, data: bytes = b"") -> int | None:
    reader, writer = await asyncio.open_connection(host, port)
    heard = b""
    try:
        writer.write(data or case.data)
        async with asyncio.timeout(case.patience_s):
            while received := await reader.read(65536):
                heard += received
                # Provisional answers have no body, so each answer starts after a blank line.
                for answer in heard.split(b"\r\n\r\n"):
                    if (status := status_for(case, answer)) is not None:
                        return status
    except TimeoutError:
        pass
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
    return None


async def wrong_over_tcp(folder: str, port: int, host: str) -> list[str]:
    """Every message over TCP, whatever its Via says; the answers that are not as expected."""
    wrong: list[str] = []
    for case in cases(folder):
        data = case.data
        if ".fixed" in case.path.name:
            # Else a repetition of the unfixed one, answered where that came from.
            data = data.replace(case.call_id, b"fixed-" + case.call_id)
        status = await replay_over_tcp(case, port, host, data)
        if not case.accepts_over_tcp(status):
            wrong.append(f"{case.path.name}: {status}, allowed {sorted(case.ok)}")
    return wrong


async def wrong_over_udp(folder: str, port: int, source_host: str) -> list[str]:
    """Over UDP, but those whose Via says TCP; the answers that are not as expected."""
    wrong: list[str] = []
    for number, case in enumerate(cases(folder), start=2):
        status = await replay(case, port, source_host.format(number))
        is_silence_allowed = status is None and not case.reply_required
        if not case.accepts(status) and not is_silence_allowed:
            wrong.append(f"{case.path.name}: {status}, allowed {sorted(case.ok)}")
    return wrong


async def replay(case: Case, port: int, source_host: str) -> int | None:
    """Status of the final answer; None: silence, or the connection was closed."""
    if case.is_tcp:
        return await replay_over_tcp(case, port, "::1" if ":" in source_host else "127.0.0.1")
    async with UdpPeer.open(port, source_host, case.via_port) as peer:
        peer.send(case.data)
        try:
            async with asyncio.timeout(case.patience_s):
                while True:
                    status = status_for(case, await peer.heard.get())
                    if status is not None:
                        return status
        except TimeoutError:
            return None


async def start_call(peer: UdpPeer, host: str = "127.0.0.1") -> str:
    """A call of an honest phone; returns our tag."""
    offer = sdp().replace("IP4 127.0.0.1", f"IP6 {host}" if ":" in host else f"IP4 {host}")
    peer.send(request("INVITE", body=offer, call_id="honest"))
    answer = await peer.response(200)
    tag = answer.to.tag or ""
    peer.send(request("ACK", call_id="honest", to_tag=tag, branch="z9hG4bK-ack"))
    return tag


async def is_alive(peer: UdpPeer, tag: str, cseq: int) -> bool:
    peer.send(
        request("OPTIONS", call_id="honest", to_tag=tag, cseq=cseq, branch=f"z9hG4bK-o{cseq}")
    )
    return (await peer.response()).status == 200


@pytest.mark.parametrize(
    ("folder", "host", "source_host"),
    [
        # Any address of 127/8 is ours: ports 5060 and so on are free there, and with one
        # address for each message no answer is taken for another one's.
        ("rfc4475", "127.0.0.1", "127.0.44.{}"),
        ("rfc5118", "::1", "::1"),
        # Several of these are one transaction by branch, Call-ID and CSeq: answers go to the
        # address of the first.
        ("rfc5118", "127.0.0.1", "127.0.51.18"),
    ],
)
async def test_each_message_gets_the_right_answer_and_the_call_goes_on(
    folder: str, host: str, source_host: str
):
    application = Application()
    wrong: list[str] = []
    async with (
        running_endpoint(application, host=host, max_calls=100) as endpoint,
        UdpPeer.open(endpoint.port, host) as phone,
    ):
        tag = await start_call(phone, host)
        for number, case in enumerate(cases(folder), start=2):
            status = await replay(case, endpoint.port, source_host.format(number))
            is_silence_allowed = status is None and not case.reply_required
            if not case.accepts(status) and not is_silence_allowed:
                wrong.append(f"{case.path.name}: {status}, allowed {sorted(case.ok)}")
            assert await is_alive(phone, tag, number), f"the call died of {case.path.name}"
        assert wrong == []
        honest = application.legs[0]
        assert honest.media_stats()["packets_sent"] > 0
        phone.send(request("BYE", call_id="honest", to_tag=tag, cseq=900, branch="z9hG4bK-bye"))
        assert (await phone.response()).status == 200


@pytest.mark.parametrize(
    ("folder", "host"), [("rfc4475", "127.0.0.1"), ("rfc5118", "::1"), ("rfc5118", "127.0.0.1")]
)
async def test_each_message_over_tcp_gets_the_right_answer_and_the_call_goes_on(
    folder: str, host: str
):
    application = Application()
    async with (
        running_endpoint(application, host=host, max_calls=100) as endpoint,
        UdpPeer.open(endpoint.port, host) as phone,
    ):
        tag = await start_call(phone, host)
        assert await wrong_over_tcp(folder, endpoint.port, host) == []
        assert await is_alive(phone, tag, 2)
        assert application.legs[0].media_stats()["packets_sent"] > 0
        phone.send(request("BYE", call_id="honest", to_tag=tag, cseq=900, branch="z9hG4bK-bye"))
        assert (await phone.response()).status == 200


async def test_request_after_the_first_in_a_datagram_starts_no_call():
    case = next(case for case in cases("rfc4475") if case.path.name == "dblreq.dat")
    application = Application()
    async with running_endpoint(application) as endpoint:
        status = await replay(case, endpoint.port, "127.0.44.75")
        assert status == 405
        assert application.n_calls == 0


async def test_two_messages_in_one_stream_are_both_answered():
    application = Application()
    async with (
        running_endpoint(application) as endpoint,
        TcpPeer.open(endpoint.port) as connection,
    ):
        first = request("OPTIONS", transport="TCP", call_id="a", branch="z9hG4bK-a")
        second = request("OPTIONS", transport="TCP", call_id="b", branch="z9hG4bK-b")
        connection.send(first + second[:50])
        assert (await connection.response(200)).call_id == "a"
        connection.send(second[50:])
        assert (await connection.response(200)).call_id == "b"


async def test_no_garbage_reaches_a_running_call():
    application = Application()
    async with (
        running_endpoint(application) as endpoint,
        UdpPeer.open(endpoint.port) as phone,
        UdpPeer.open(endpoint.port) as stranger,
    ):
        tag = await start_call(phone)
        for data in (b"", b"\0" * 1400, b"\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256))):
            for _ in range(20):
                stranger.send(data)
        assert await is_alive(phone, tag, 2)
        assert stranger.heard.empty()
        phone.send(request("BYE", call_id="honest", to_tag=tag, cseq=3, branch="z9hG4bK-bye"))
        assert await application.next_end() == "hangup"
