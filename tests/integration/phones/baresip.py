"""baresip, a telephone that knows nothing of us, worked by remote control."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tests.integration.phones.process import end, has_ended, start
from tests.peers import need

MODULES = "/usr/lib/baresip/modules"
HANG_UP_AFTER_S = 60
"""A WAV that ends makes baresip hang up, so files carry this much silence behind the sound."""


class Baresip:
    """One phone with one account. Its microphone is a WAV; its loudspeaker goes nowhere, or,
    where it `repeats`, back into its own microphone."""

    def __init__(self, control: _Control, keypad: tuple[str, int]) -> None:
        self._control = control
        self._keypad = keypad

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls,
        directory: Path,
        *,
        codec: str = "PCMA",
        microphone: Path | None = None,
        repeats: bool = False,
        user: str = "48600100200",
        parameters: str = "",
        modules: Sequence[str] = (),
        settings: Sequence[str] = (),
    ) -> AsyncIterator[Baresip]:
        """microphone: an 8 kHz mono WAV. parameters: further ones of the account's address.
        modules: further ones of baresip's, such as srtp. settings: lines of its config, such as
        `sip_cafile /path`, whose authorities it then believes alone."""
        program = need("baresip")
        control_port, keypad_port = _free_port(), _free_port()
        source = "aubridge,room" if repeats else f"aufile,{microphone}"
        (directory / "config").write_text(
            "\n".join(
                [
                    "sip_listen 127.0.0.1:0",
                    *settings,
                    f"audio_source {source}",
                    "audio_player aubridge,room",
                    "audio_alert aubridge,alert",
                    "audio_path /nonexistent",
                    "ausrc_srate 8000",
                    "auplay_srate 8000",
                    "ausrc_channels 1",
                    "auplay_channels 1",
                    "rtp_ports 41000-44999",
                    f"module_path {MODULES}",
                    *(f"module {name}.so" for name in ("g711", "aufile", "aubridge", "cons")),
                    *(f"module {name}.so" for name in modules),
                    "module_tmp account.so",
                    "module_app menu.so",
                    "module_app ctrl_tcp.so",
                    f"ctrl_tcp_listen 127.0.0.1:{control_port}",
                    f"cons_listen 127.0.0.1:{keypad_port}",
                    "",
                ]
            )
        )
        (directory / "accounts").write_text(
            f"<sip:{user}@127.0.0.1>;regint=0;audio_codecs={codec}{parameters}\n"
        )
        with (directory / "baresip.log").open("wb") as log:
            process = await start(
                *(program, "-4", "-f", str(directory), "-v"), stdout=log, stderr=log
            )
        try:
            control = await _Control.connect(control_port)
            try:
                yield cls(control, ("127.0.0.1", keypad_port))
            finally:
                control.send("quit")
                await has_ended(process, 5)
                await control.close()
        finally:
            await end(process)

    async def dial(self, uri: str) -> None:
        """Returns when the call has been answered; fails when it has not.

        Right after its start baresip may lose the command: its control listens before its
        accounts are loaded. Then nothing at all happens, and it is told once more.
        """
        outcome = ("CALL_ESTABLISHED", "CALL_CLOSED")
        for _ in range(3):
            self._control.send("dial", uri)
            with contextlib.suppress(TimeoutError):
                event = await self._control.event(
                    *outcome, "CALL_OUTGOING", "CALL_RINGING", "CALL_PROGRESS", timeout_s=5
                )
                break
        else:
            raise AssertionError("baresip does not dial; see its baresip.log")
        if event["type"] not in outcome:
            event = await self._control.event(*outcome)
        assert event["type"] == "CALL_ESTABLISHED", event

    async def play(self, path: Path) -> None:
        """Speak a WAV into the running call, from its beginning."""
        self._control.send("ausrc", f"aufile,{path}")

    async def press(self, digits: str) -> None:
        """Keys as a thumb presses them (RFC 4733)."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as thumb:
            for digit in digits:
                thumb.sendto(digit.encode(), self._keypad)
                await asyncio.sleep(0.4)

    def hang_up(self) -> None:
        self._control.send("hangup")

    def transfer(self, uri: str) -> None:
        """Refer the other side of the running call there."""
        self._control.send("transfer", uri)

    async def ended(self, timeout_s: float) -> str:
        """Why the call ended, in baresip's words."""
        return str((await self._control.event("CALL_CLOSED", timeout_s=timeout_s))["param"])


class _Control:
    """baresip's ctrl_tcp: JSON objects in netstrings."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, port: int) -> _Control:
        for _ in range(100):
            with contextlib.suppress(ConnectionRefusedError):
                return cls(*await asyncio.open_connection("127.0.0.1", port))
            await asyncio.sleep(0.1)
        raise AssertionError("baresip did not start; see its baresip.log")

    def send(self, command: str, parameters: str = "") -> None:
        data = json.dumps({"command": command, "params": parameters, "token": command}).encode()
        self._writer.write(b"%d:%s," % (len(data), data))

    async def event(self, *types: str, timeout_s: float = 15) -> dict[str, object]:
        """The next event of one of these types."""
        async with asyncio.timeout(timeout_s):
            while True:
                length = int((await self._reader.readuntil(b":"))[:-1])
                message: dict[str, object] = json.loads(
                    (await self._reader.readexactly(length + 1))[:-1]
                )
                if message.get("type") in types:
                    return message

    async def close(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
