"""SIPp as a telephone that plays files of G.711, worked by in-dialog INFO requests."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

from tests.integration.phones.process import end, start
from tests.peers import need

_PAYLOAD_TYPES = {"PCMU": 0, "PCMA": 8, "G722": 9}

HANG_UP = "hang_up"

_OFFER = """
v=0
o=sipp 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [{port}] RTP/AVP {pt} 101
a=rtpmap:{pt} {codec}/8000
a=rtpmap:101 telephone-event/8000
"""

_REQUEST = """
{method} sip:{user}@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: <sip:{caller}@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]
To: <sip:{user}@[remote_ip]:[remote_port]>{to_tag}
Call-ID: [call_id]
CSeq: {cseq}
Contact: <sip:{caller}@[local_ip]:[local_port]>
Max-Forwards: 70
"""

_OK = """
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
"""


class SippPhone:
    """One call. `play` a file by its name; `wait` for the end of the call."""

    def __init__(
        self, process: asyncio.subprocess.Process, port: int, call_id: str, errors: Path
    ) -> None:
        self._process = process
        self._port = port
        self._call_id = call_id
        self._errors = errors
        self._cseq = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def call(
        cls,
        directory: Path,
        server_port: int,
        files: Mapping[str, Path],
        *,
        user: str = "echo",
        caller: str = "600100200",
        codec: str = "PCMA",
        timeout_s: int = 150,
    ) -> AsyncIterator[SippPhone]:
        """files: bare G.711, or all captures (.pcap; only root may send them), by name. They are
        played when `play` names them, not before."""
        port, call_id = _free_port(), "sipp-phone@test"
        scenario = directory / "phone.xml"
        scenario.write_text(_scenario(files, user, caller, codec))
        errors = directory / "sipp_errors.log"
        with (directory / "sipp.log").open("wb") as log:
            process = await start(
                *(need("sipp"), f"127.0.0.1:{server_port}", "-sf", str(scenario)),
                *("-i", "127.0.0.1", "-p", str(port), "-cid_str", call_id, "-m", "1"),
                *("-mp", str(_free_port()), "-nostdin"),
                *("-timeout", f"{timeout_s}s", "-timeout_error"),
                *("-trace_err", "-error_file", str(errors)),
                cwd=directory,
                stdout=log,
                stderr=log,
            )
        phone = cls(process, port, call_id, errors)
        try:
            yield phone
        finally:
            await end(process)

    async def play(self, name: str) -> None:
        """Speak this file into the running call.

        An INFO tells SIPp, which finds its call by Call-ID alone and answers to the server.
        """
        self._cseq += 1
        body = f"play:{name};"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as remote:
            remote.connect(("127.0.0.1", self._port))
            host, port = remote.getsockname()
            request = "\r\n".join(
                [
                    f"INFO sip:phone@127.0.0.1:{self._port} SIP/2.0",
                    f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-remote-{self._cseq}",
                    "From: <sip:remote@127.0.0.1>;tag=remote",
                    "To: <sip:phone@127.0.0.1>",
                    f"Call-ID: {self._call_id}",
                    f"CSeq: {self._cseq} INFO",
                    "Max-Forwards: 70",
                    f"Content-Length: {len(body)}",
                    "",
                    body,
                ]
            )
            remote.send(request.encode())

    async def hang_up(self) -> None:
        await self.play(HANG_UP)

    async def wait(self, timeout_s: float = 20) -> None:
        """The end of the call; fails with what SIPp says went wrong."""
        async with asyncio.timeout(timeout_s):
            await self._process.wait()
        errors = self._errors.read_text(errors="replace") if self._errors.exists() else ""
        assert self._process.returncode == 0, errors[-3000:]


def _scenario(files: Mapping[str, Path], user: str, caller: str, codec: str) -> str:
    pt = _PAYLOAD_TYPES[codec]

    def request(method: str, cseq: str, to_tag: str = "[peer_tag_param]") -> str:
        return _REQUEST.format(
            method=method, user=user, caller=caller, cseq=cseq, to_tag=to_tag
        ).strip()

    def send(text: str, **attributes: str) -> str:
        extra = "".join(f' {key}="{value}"' for key, value in attributes.items())
        lines = "\n      ".join(text.strip().splitlines())
        return f"  <send{extra}><![CDATA[\n      {lines}\n\n  ]]></send>"

    invite = request("INVITE", "1 INVITE", "")
    invite += "\nContent-Type: application/sdp\nContent-Length: [len]\n"
    has_captures = any(path.suffix == ".pcap" for path in files.values())
    # SIPp sends the one from `-mp`, the other from a socket of its own.
    port = "media_port" if has_captures else "rtpstream_audio_port"
    invite += _OFFER.format(pt=pt, codec=codec, port=port)
    ack = request("ACK", "1 ACK") + "\nContent-Length: 0"
    bye = request("BYE", "2 BYE") + "\nContent-Length: 0"
    steps = [
        send(invite),
        '  <recv response="100" optional="true"/>',
        '  <recv response="180" optional="true"/>',
        '  <recv response="200" rrs="true"/>',
        send(ack),
        '  <label id="1"/>',
        '  <recv request="BYE" optional="true" next="2"/>',
        '  <recv request="INFO"><action>'
        '<ereg regexp="play:([a-z0-9_]+);" search_in="msg" assign_to="whole,name"/>'
        "</action></recv>",
        '  <Reference variables="whole"/>',
        send(_OK),
    ]
    labels = {name: number for number, name in enumerate(files, start=10)} | {HANG_UP: 3}
    for name, label in labels.items():
        # An expression that does not match leaves its variable as it was, so names are compared.
        steps.append(
            f'  <nop><action><strcmp assign_to="order" variable="name" value="{name}"/>'
            '<test assign_to="is_it" variable="order" compare="equal" value="0"/></action></nop>'
        )
        steps.append(f'  <nop test="is_it" next="{label}"/>')
    steps.append('  <nop next="1"/>')
    for number, path in enumerate(files.values(), start=10):
        steps += [
            f'  <label id="{number}"/>',
            f'  <nop next="1"><action><exec {_exec(path, pt)}/></action></nop>',
        ]
    steps += [
        '  <label id="2"/>',
        send(_OK, next="4"),
        '  <label id="3"/>',
        send(bye),
        '  <recv response="200"/>',
        '  <label id="4"/>',
        "  <nop/>",
    ]
    body = "\n".join(steps)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="phone">\n{body}\n</scenario>\n'


def _exec(path: Path, payload_type: int) -> str:
    if path.suffix == ".pcap":
        return f'play_pcap_audio="{path}"'
    return f'rtp_stream="{path},1,{payload_type}"'


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
