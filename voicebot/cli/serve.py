"""`voicebot serve`: run a node until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from voicebot.errors import VoicebotError
from voicebot.logs import configure_logging
from voicebot.settings import Settings, load_settings

if TYPE_CHECKING:
    from voicebot.app import Node

console = Console(stderr=True)


def serve(
    settings_file: Path | None = typer.Option(
        None, "--settings", "-s", help="Settings file; without it ./voicebot.toml is read."
    ),
    demo: bool = typer.Option(
        False,
        help="Demonstration: the intelligible voice, synthetic sample debtors, ports as set.",
    ),
) -> None:
    """Answer calls until SIGTERM or Ctrl-C.

    SIGTERM lets running calls finish (sip.drain_timeout_s) and takes no new ones meanwhile; a
    second signal, and Ctrl-C, end them at once. Changed call scripts are read again within
    seconds, on SIGHUP at once; running calls keep the one they began with.

    Examples:

        voicebot serve --demo

        voicebot serve --settings /etc/voicebot.toml

        VOICEBOT_SIP__PORT=5080 voicebot serve
    """
    settings = load_settings(settings_file)
    if demo:
        settings = settings.model_copy(update={"use": "demo"})
    configure_logging(settings.log_level)
    _take_fast_loop()
    asyncio.run(_serve(settings, demo))


def _take_fast_loop() -> None:
    """uvloop where it is installed; asyncio's own loop works too."""
    try:
        import uvloop
    except ImportError:
        return
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


class StopWish:
    """What the operator's signals ask for."""

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self.now = asyncio.Event()
        """Do not wait for running calls."""

    def stop(self) -> None:
        """After the running calls; the second time at once."""
        if self.wanted.is_set():
            self.now.set()
        self.wanted.set()

    def stop_now(self) -> None:
        self.now.set()
        self.wanted.set()

    async def unless_now(self, work: Coroutine[None, None, None]) -> None:
        """Do this, but only until the operator has no more patience."""
        tasks = [asyncio.ensure_future(work), asyncio.ensure_future(self.now.wait())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _serve(settings: Settings, demo: bool) -> None:
    wish = StopWish()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, wish.stop_now)
    loop.add_signal_handler(signal.SIGTERM, wish.stop)
    from voicebot.app import Node  # loads everything; --help and the small commands need not

    node = Node(settings)
    loop.add_signal_handler(signal.SIGHUP, node.conversations.reload)
    try:
        await node.start(lambda line: console.print(line, style="dim"), with_samples=demo)
        _introduce(node, demo)
        # What is loaded stays: without this a full collection walks all of it, and every
        # call's audio waits for tens of milliseconds.
        gc.collect()
        gc.freeze()
        await wish.wanted.wait()
        if not wish.now.is_set():
            console.print("Draining: no new calls; a second signal ends the running ones")
            await wish.unless_now(node.drain(settings.sip.drain_timeout_s))
        console.print("Stopping: running calls are ended politely")
    except OSError as error:
        raise VoicebotError(
            f"cannot listen: {error.strerror or error}; another program may have the port "
            "(set sip.port or web.port)"
        ) from None
    finally:
        await node.stop()


def _introduce(node: Node, demo: bool) -> None:
    """Say what runs, under which licences, and how to reach it."""
    voice, recognizer = node.choices.voice, node.choices.recognizer
    console.print(f"Recogniser  {recognizer.model_id} ({recognizer.licence})", soft_wrap=True)
    console.print(f"Voice       {voice.model_id or voice.engine} ({voice.licence})", soft_wrap=True)
    for advice in (recognizer.how_to_improve, voice.how_to_improve):
        if advice:
            console.print(
                f"            {advice}",
                style="yellow",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
    if demo:
        console.print(
            "Debtors     synthetic samples, such as: case 24681357, born 8 May 1980, "
            "postcode 00-950",
            highlight=False,
        )
    print(f"SIP         {node.sip.local_uri}  (UDP and TCP)")
    if node.sip.tls_port is not None:
        print(f"            TLS on port {node.sip.tls_port}")
    if node.web is not None:
        print(f"Web phone   {node.web.url}/phone")
        print(f"Console     {node.web.url}/")
    sys.stdout.flush()
