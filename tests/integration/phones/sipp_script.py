"""SIPp telephones for transfers: their scenario is written step by step in the test."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.integration.phones.process import running
from tests.peers import need

_SDP = """v=0
o=sipp 1 1 IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8
a=rtpmap:8 PCMA/8000
"""


class SippScript:
    """One phone's part in one call. Each method appends a step."""

    def __init__(self) -> None:
        self._steps: list[str] = []
        self._cseq = 0
        self._n_checks = 0

    # As caller

    def call(self, *headers: str) -> SippScript:
        """INVITE, its answers, ACK."""
        self.request("INVITE", *headers, body=_SDP, kind="application/sdp")
        for status in (100, 180):
            self._steps.append(f'<recv response="{status}" optional="true"/>')
        self._steps.append('<recv response="200" rrs="true"/>')
        self._send("ACK", self._cseq, (), "", "")
        return self

    def refused_call(self, status: int, *headers: str) -> SippScript:
        self.request("INVITE", *headers, body=_SDP, kind="application/sdp")
        self._steps.append('<recv response="100" optional="true"/>')
        self.expect_answer(status)
        self._send("ACK", self._cseq, (), "", "")
        return self

    def request(self, method: str, *headers: str, body: str = "", kind: str = "") -> SippScript:
        """Send a request of the dialog, without its answer."""
        self._cseq += 1
        self._send(method, self._cseq, headers, body, kind)
        return self

    def expect_answer(self, status: int) -> SippScript:
        self._steps.append(f'<recv response="{status}"/>')
        return self

    def hang_up(self) -> SippScript:
        return self.request("BYE").expect_answer(200)

    # As either

    def expect(self, method: str, *patterns: str) -> SippScript:
        """Wait for a request that matches each of these expressions; a mismatch fails."""
        checks = []
        for pattern in patterns:
            self._n_checks += 1
            checks.append(
                f'<ereg regexp={quoteattr(pattern)} search_in="msg" check_it="true" '
                f'assign_to="check{self._n_checks}"/>'
            )
        action = f"<action>{''.join(checks)}</action>" if checks else ""
        self._steps.append(f'<recv request="{method}">{action}</recv>')
        return self

    def answer(self, status: int, *headers: str, with_sdp: bool = False) -> SippScript:
        """Answer the last request."""
        lines = [
            f"SIP/2.0 {status} Whatever",
            "[last_Via:]",
            "[last_From:]",
            "[last_To:];tag=[pid]SIPp[call_number]" if with_sdp else "[last_To:]",
            "[last_Call-ID:]",
            "[last_CSeq:]",
            "Contact: <sip:sipp@[local_ip]:[local_port]>",
            *headers,
        ]
        self._append_send(lines, _SDP if with_sdp else "", "application/sdp" if with_sdp else "")
        return self

    def take_call(self, *patterns: str) -> SippScript:
        """As the called one: INVITE that matches, 200, ACK."""
        return self.expect("INVITE", *patterns).answer(200, with_sdp=True).expect("ACK")

    def pause(self, milliseconds: int) -> SippScript:
        self._steps.append(f'<pause milliseconds="{milliseconds}"/>')
        return self

    def notify(self, status_line: str, state: str) -> SippScript:
        """News of a referral; they must be answered with 200."""
        self.request(
            "NOTIFY",
            "Event: refer",
            f"Subscription-State: {state}",
            body=status_line + "\n",
            kind="message/sipfrag;version=2.0",
        )
        return self.expect_answer(200)

    def write(self, path: Path) -> None:
        names = ",".join(f"check{n}" for n in range(1, self._n_checks + 1))
        references = [f'<Reference variables="{names}"/>'] if names else []
        body = "\n".join([*self._steps, *references])
        path.write_text(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="s">\n{body}\n</scenario>\n'
        )

    def _send(self, method: str, cseq: int, headers: tuple[str, ...], body: str, kind: str) -> None:
        to_tag = "" if method == "INVITE" and cseq == 1 else "[peer_tag_param]"
        lines = [
            f"{method} sip:bot@[remote_ip]:[remote_port] SIP/2.0",
            "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]",
            "From: <sip:sipp@[local_ip]:[local_port]>;tag=[pid]SIPp[call_number]",
            f"To: <sip:bot@[remote_ip]:[remote_port]>{to_tag}",
            "Call-ID: [call_id]",
            f"CSeq: {cseq} {method}",
            "Contact: <sip:sipp@[local_ip]:[local_port]>",
            "Max-Forwards: 70",
            *headers,
        ]
        self._append_send(lines, body, kind)

    def _append_send(self, lines: list[str], body: str, kind: str) -> None:
        if kind:
            lines = [*lines, f"Content-Type: {kind}"]
        text = "\n".join([*lines, "Content-Length: [len]", "", body])
        self._steps.append(f"<send><![CDATA[\n{text}\n]]></send>")


class SippRun:
    """A phone that plays its script."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, errors: Path) -> None:
        self._process = process
        self._errors = errors
        self.port = port

    async def finished(self, timeout_s: float = 20) -> None:
        """The script was played to its end; fails with what SIPp says went wrong."""
        async with asyncio.timeout(timeout_s):
            await self._process.wait()
        errors = self._errors.read_text(errors="replace") if self._errors.exists() else ""
        assert self._process.returncode == 0, errors[-3000:]


@contextlib.asynccontextmanager
async def sipp(
    script: SippScript, directory: Path, server_port: int | None = None, name: str = "phone"
) -> AsyncIterator[SippRun]:
    """server_port: whom to call; None: wait to be called."""
    scenario, errors = directory / f"{name}.xml", directory / f"{name}_errors.log"
    script.write(scenario)
    port = free_port()
    remote = [] if server_port is None else [f"127.0.0.1:{server_port}"]
    async with running(
        *(need("sipp"), *remote, "-sf", str(scenario)),
        *("-i", "127.0.0.1", "-p", str(port), "-m", "1", "-mp", str(free_port())),
        *("-nostdin", "-timeout", "120s", "-timeout_error"),
        *("-trace_err", "-error_file", str(errors)),
        cwd=directory,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    ) as process:
        yield SippRun(process, port, errors)


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
