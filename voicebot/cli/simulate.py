"""`voicebot simulate-caller`: synthetic debtors call a server over real SIP and RTP."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from voicebot.errors import CallFailed
from voicebot.logs import configure_logging
from voicebot.settings import Settings, SipSettings, load_settings

if TYPE_CHECKING:
    from voicebot.audio import Samples
    from voicebot.calls.debtor_script import DebtorScript
    from voicebot.calls.simulated_debtor import Progress, SimulatedCall
    from voicebot.gateway.sip.incoming_call import IncomingCall
    from voicebot.speech.speech_service import SpeechService

console = Console(stderr=True)

RTP_PORTS = (30000, 39999)
"""Apart from a server's own, so that both can run on one machine."""


def simulate_caller(
    uri: str = typer.Argument("sip:infolinia@127.0.0.1:5060", help="Whom to call."),
    debtor: Path = typer.Option(
        ..., "--debtor", "-d", help="YAML file: what the debtor says (call_scripts/debtors/)."
    ),
    calls: int = typer.Option(1, min=1, max=500, help="So many debtors call at once."),
    minutes: float = typer.Option(
        0.0, min=0, help="Go on calling for so long: whoever has finished calls again."
    ),
    codec: str = typer.Option("PCMA", help="PCMA or PCMU."),
    in_order: bool = typer.Option(
        False, help="Answer in the file's order without recognising what the bot says (cheap)."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print the calls as JSON."),
    settings_file: Path | None = typer.Option(None, "--settings", "-s", help="Settings file."),
) -> None:
    """Call a running server as a synthetic Polish debtor; print what was said and the times.

    The voice is RHVoice's Natan where it is installed, else espeak-ng. Response times are
    measured at the caller's ear: from his last spoken sample to the bot's first audible one.

    Examples:

        voicebot simulate-caller -d call_scripts/debtors/placi_w_piatek.yaml

        voicebot simulate-caller -d debtor.yaml --calls 20 --minutes 3 --in-order
    """
    settings = load_settings(settings_file)
    if codec not in ("PCMA", "PCMU"):
        raise typer.BadParameter("PCMA or PCMU", param_hint="--codec")
    settings = settings.model_copy(
        update={
            "use": "demo",
            "sip": SipSettings(
                host=settings.sip.host,
                port=0,
                rtp_port_min=RTP_PORTS[0],
                rtp_port_max=RTP_PORTS[1],
                codecs=(codec,),
                max_calls=1000,
            ),
        }
    )
    configure_logging("WARNING")
    results, failures = asyncio.run(_simulate(settings, uri, debtor, calls, minutes, in_order))
    if as_json:
        print(json.dumps([_as_dict(result) for result in results], ensure_ascii=False))
    _summarise(results, failures)
    if failures:
        raise typer.Exit(1)


async def _simulate(
    settings: Settings, uri: str, path: Path, n_calls: int, minutes: float, in_order: bool
) -> tuple[list[SimulatedCall], list[str]]:
    from voicebot.app import choose_speech
    from voicebot.calls.debtor_script import load_debtor_script
    from voicebot.calls.simulated_debtor import SimulatedDebtor
    from voicebot.clock import SystemClock
    from voicebot.gateway.sip.endpoint import SipEndpoint
    from voicebot.media.pacer import Pacer
    from voicebot.speech.worker_parts import WorkerSpec
    from voicebot.speech.worker_pool import SpeechPool

    script = load_debtor_script(path)
    choices = choose_speech(settings)
    clock = SystemClock()
    spec = WorkerSpec(
        None if in_order else choices.recognizer,
        choices.voice,
        settings.models_directory,
        voice_name=script.voice if choices.voice.engine == "rhvoice" else "",
    )
    pool = SpeechPool(spec, 1)
    endpoint = SipEndpoint(settings.sip, Pacer(clock), clock, _take_nothing)
    recordings: dict[str, Samples] = {}
    results: list[SimulatedCall] = []
    failures: list[str] = []
    ends_at = time.monotonic() + minutes * 60

    async def call_again_and_again(number: int) -> None:
        await asyncio.sleep(number * 0.1)
        while True:
            try:
                leg = await endpoint.call(uri, f"48000000{100 + number}", 30)
            except CallFailed as error:
                failures.append(f"{error} ({error.status})")
                return
            speech = pool.open_call()
            caller = SimulatedDebtor(
                leg, script, speech, clock, _teller(number, n_calls), not in_order, recordings
            )
            results.append(await caller.run())
            speech.close()
            if time.monotonic() >= ends_at:
                return

    await pool.start()
    try:
        recordings.update(_read_recordings(path, script))
        recordings.update(await _speak_ahead(pool.open_call(), script))
        await endpoint.start()
        await asyncio.gather(*(call_again_and_again(number) for number in range(n_calls)))
    finally:
        await endpoint.stop()
        await pool.stop()
    return results, failures


async def _take_nothing(incoming: IncomingCall) -> None:
    incoming.reject(480)


def _read_recordings(path: Path, script: DebtorScript) -> dict[str, Samples]:
    from voicebot.media.audio_file import read_telephone_audio

    return {
        turn.play: read_telephone_audio(path.parent / turn.play)
        for turn in script.turns
        if turn.play
    }


async def _speak_ahead(speech: SpeechService, script: DebtorScript) -> dict[str, Samples]:
    """Make the debtor's voice before the calls, so that many debtors cost no more than one."""
    import numpy as np

    texts = {turn.say for turn in script.turns if turn.say}
    made = {}
    for text in sorted(texts):
        made[text] = np.concatenate([part async for part in speech.synthesize(text)])
    speech.close()
    return made


def _teller(number: int, n_calls: int) -> Progress:
    name = f"{number + 1:3d}  " if n_calls > 1 else ""

    def tell(who: str, at_s: float, text: str) -> None:
        if n_calls == 1 or who == "debtor":
            style = "cyan" if who == "debtor" else ""
            console.print(f"{name}{at_s:6.1f} s  {who:6}  {text}", style=style, highlight=False)

    return tell


def _summarise(results: list[SimulatedCall], failures: list[str]) -> None:
    times = sorted(t for result in results for t in result.response_times_ms)
    console.print(f"{len(results)} calls ended, {len(failures)} failed")
    for reason in sorted(set(failures)):
        console.print(f"  {failures.count(reason)} x {reason}", style="red")
    if times:
        p95 = times[min(int(len(times) * 0.95), len(times) - 1)]
        console.print(
            f"response time over {len(times)} turns: median {statistics.median(times):.0f} ms, "
            f"p95 {p95:.0f} ms"
        )


def _as_dict(result: SimulatedCall) -> dict[str, object]:
    return {
        "end_reason": result.end_reason,
        "duration_s": round(result.duration_s, 2),
        "prompts": [asdict(prompt) for prompt in result.prompts],
        "said": [turn.say or turn.keys or turn.play for turn in result.said],
        "left_over": [turn.say or turn.keys or turn.play for turn in result.left_over],
    }
