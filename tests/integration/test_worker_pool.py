"""Real worker processes with engines that load at once."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from voicebot.errors import ModelError, SpeechWorkerError
from voicebot.speech.recognizer import RecognitionHints
from voicebot.speech.worker_parts import WorkerSpec
from voicebot.speech.worker_pool import CallSpeech, CallUtterance, SpeechPool

_CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _worker_finds_the_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(_CHECKOUT))


def spec(loader: str = "load_parts", timeout_s: float = 5.0) -> WorkerSpec:
    return WorkerSpec(
        recognizer=None,
        voice=None,
        models_directory="models",
        transcribe_timeout_s=timeout_s,
        loader=f"tests.speech_worker_fake:{loader}",
        log_level="CRITICAL",
    )


@pytest.fixture
async def pool() -> AsyncIterator[SpeechPool]:
    pool = SpeechPool(spec(), n_workers=2)
    await pool.start()
    yield pool
    await pool.stop()


def utterance(call: CallSpeech, order: str = "", kind: str = "open") -> CallUtterance:
    return call.open_utterance(RecognitionHints(kind=kind, phrases=(order,) if order else ()))


async def spoken(call: CallSpeech, text: str, rate: float = 1.0) -> list[tuple[int, int]]:
    """Length and value of each chunk."""
    return [(len(chunk), int(chunk[0])) async for chunk in call.synthesize(text, rate)]


def pid_of(pool: SpeechPool) -> int:
    """The worker that has calls."""
    [stats] = [stats for stats in pool.stats() if stats.n_calls]
    return stats.pid


async def test_a_transcript_covers_what_was_fed(pool: SpeechPool) -> None:
    heard = utterance(pool.open_call(), kind="digits")
    heard.feed(np.ones(160, dtype=np.int16))
    transcript = await heard.transcribe()
    assert transcript.text == "digits 160"
    assert (transcript.confidence, transcript.no_speech) == (0.75, 0.125)
    assert (transcript.alternatives, transcript.audio_s) == (("zażółć",), 0.02)
    heard.feed(np.ones(240, dtype=np.int16))
    assert (await heard.transcribe()).text == "digits 400"
    assert heard.interim == "400 so far"
    heard.close()
    heard.close()


async def test_synthesis_comes_in_chunks_at_the_wanted_rate(pool: SpeechPool) -> None:
    call = pool.open_call()
    assert await spoken(call, "Ala ma kota") == [(160, 3), (160, 2), (160, 4)]
    assert await spoken(call, "Ala", rate=0.5) == [(320, 3)]


async def test_recognition_does_not_delay_synthesis(pool: SpeechPool) -> None:
    call = pool.open_call()
    slow = asyncio.create_task(utterance(call, "sleep 1.0").transcribe())
    await asyncio.sleep(0.1)
    assert len(await spoken(call, "Ala ma kota")) == 3
    assert not slow.done()
    await slow


async def test_sentences_go_out_as_they_are_ready_and_stop_when_nobody_listens(
    pool: SpeechPool,
) -> None:
    call = pool.open_call()
    chunks = call.synthesize("Ala " + "sleep0.2 " * 50)
    started = time.monotonic()
    async for _ in chunks:
        break
    await chunks.aclose()
    # The next sentence does not wait for the ten seconds that nobody wants any more.
    assert await spoken(call, "kota") == [(160, 4)]
    assert time.monotonic() - started < 3


async def test_a_request_that_is_not_wanted_any_more_costs_nothing(pool: SpeechPool) -> None:
    call = pool.open_call()
    running = asyncio.create_task(utterance(call, "sleep 0.5").transcribe())
    await asyncio.sleep(0.1)
    unwanted = [asyncio.create_task(utterance(call, "sleep 5").transcribe()) for _ in range(3)]
    closed = utterance(call, "sleep 5")
    abandoned = asyncio.create_task(closed.transcribe())
    wanted = asyncio.create_task(utterance(call).transcribe())
    await asyncio.sleep(0.1)
    for task in unwanted:
        task.cancel()
    closed.close()
    started = time.monotonic()
    await wanted
    assert time.monotonic() - started < 2
    await running
    with pytest.raises(SpeechWorkerError, match="closed"):
        await abandoned


async def test_a_slow_transcript_times_out() -> None:
    pool = SpeechPool(spec(timeout_s=0.2), n_workers=1)
    await pool.start()
    try:
        with pytest.raises(SpeechWorkerError, match=r"transcribe.*within 0\.2 s"):
            await utterance(pool.open_call(), "sleep 0.6").transcribe()
    finally:
        await pool.stop()


async def test_an_engines_failure_fails_the_request_alone(pool: SpeechPool) -> None:
    call = pool.open_call()
    with pytest.raises(SpeechWorkerError, match="recogniser failed"):
        await utterance(call, "fail").transcribe()
    with pytest.raises(SpeechWorkerError, match="voice failed"):
        await spoken(call, "Ala fail")
    assert (await utterance(call).transcribe()).text == "open 0"
    assert await spoken(call, "kota") == [(160, 4)]
    assert all(stats.n_restarts == 0 for stats in pool.stats())


async def test_calls_are_spread_over_the_workers(pool: SpeechPool) -> None:
    calls = [pool.open_call() for _ in range(4)]
    for call in calls:
        await utterance(call).transcribe()
    assert [stats.n_calls for stats in pool.stats()] == [2, 2]
    for call in calls:
        call.close()
        call.close()
    assert [stats.n_calls for stats in pool.stats()] == [0, 0]


async def test_a_dead_worker_fails_its_requests_and_the_call_goes_on_elsewhere(
    pool: SpeechPool,
) -> None:
    call = pool.open_call()
    heard = utterance(call, "sleep 0.3")
    heard.feed(np.ones(160, dtype=np.int16))
    pending = asyncio.create_task(heard.transcribe())
    speaking = asyncio.create_task(spoken(call, "sleep0.5 Ala"))
    await asyncio.sleep(0.1)
    dead = pid_of(pool)
    os.kill(dead, signal.SIGKILL)
    with pytest.raises(SpeechWorkerError):
        await pending
    with pytest.raises(SpeechWorkerError):
        await speaking
    # What was heard is not lost with the worker.
    heard.feed(np.ones(80, dtype=np.int16))
    assert (await heard.transcribe()).text == "open 240"
    assert await spoken(call, "kota") == [(160, 4)]
    assert pid_of(pool) != dead


async def test_a_dead_worker_is_replaced(pool: SpeechPool) -> None:
    before = {stats.pid for stats in pool.stats()}
    with pytest.raises(SpeechWorkerError):
        await utterance(pool.open_call(), "crash").transcribe()
    async with asyncio.timeout(20):
        while not all(stats.is_alive for stats in pool.stats()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert sum(stats.n_restarts for stats in pool.stats()) == 1
    assert len({stats.pid for stats in pool.stats()} - before) == 1


async def test_without_a_living_worker_a_call_is_told_and_feeding_does_not_fail() -> None:
    pool = SpeechPool(spec(), n_workers=1)
    await pool.start()
    call = pool.open_call()
    heard = utterance(call, "sleep 5")
    await pool.stop()
    heard.feed(np.ones(160, dtype=np.int16))
    with pytest.raises(SpeechWorkerError):
        await heard.transcribe()
    with pytest.raises(SpeechWorkerError):
        await spoken(call, "Ala")
    heard.close()
    call.close()


@pytest.mark.parametrize(
    ("loader", "error", "reason"),
    [
        ("load_nothing", ModelError, "damaged; pull it anew"),
        ("crash_while_loading", SpeechWorkerError, "ended while it loaded"),
    ],
)
async def test_a_worker_that_cant_load_is_told_at_the_start(
    loader: str, error: type[Exception], reason: str
) -> None:
    pool = SpeechPool(spec(loader), n_workers=2)
    with pytest.raises(error, match=reason):
        await pool.start()
    assert not any(stats.is_alive for stats in pool.stats())


async def test_what_a_worker_lacks_is_told() -> None:
    pool = SpeechPool(spec("load_only_a_voice"), n_workers=1)
    await pool.start()
    try:
        call = pool.open_call()
        assert await spoken(call, "kota") == [(160, 4)]
        with pytest.raises(SpeechWorkerError, match="no recogniser"):
            await utterance(call).transcribe()
        assert pool.info.synthesizer == "fake voice"
        assert pool.info.recognizer == ""
    finally:
        await pool.stop()


async def test_workers_report_how_busy_they_are(pool: SpeechPool) -> None:
    call = pool.open_call()
    work = [asyncio.create_task(utterance(call, "sleep 1.5").transcribe()) for _ in range(3)]
    async with asyncio.timeout(10):
        while max(stats.recognition_busy for stats in pool.stats()) < 0.5:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    [busy] = [stats for stats in pool.stats() if stats.n_calls]
    assert busy.rss_mb > 10
    assert busy.pending > 0
    await asyncio.gather(*work)


async def test_ctrl_c_is_left_to_the_node(pool: SpeechPool) -> None:
    for stats in pool.stats():
        os.kill(stats.pid, signal.SIGINT)
    call = pool.open_call()
    assert await spoken(call, "kota") == [(160, 4)]
    assert all(stats.is_alive and stats.n_restarts == 0 for stats in pool.stats())


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # A zombie that nobody has reaped yet is no running process.
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


_NODE = """
import asyncio, sys
from voicebot.speech.worker_parts import WorkerSpec
from voicebot.speech.worker_pool import SpeechPool
from voicebot.speech.recognizer import RecognitionHints

async def main():
    pool = SpeechPool(WorkerSpec(None, None, "models", loader=sys.argv[1]), 2)
    await pool.start()
    heard = pool.open_call().open_utterance(RecognitionHints(phrases=("sleep 60",)))
    asyncio.get_running_loop().create_task(heard.transcribe())
    await asyncio.sleep(0.3)
    print(*(stats.pid for stats in pool.stats()), flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def test_no_worker_outlives_a_killed_node() -> None:
    node = subprocess.Popen(
        [sys.executable, "-c", _NODE, "tests.speech_worker_fake:load_parts"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=_CHECKOUT,
    )
    with node:
        assert node.stdout is not None
        pids = [int(pid) for pid in node.stdout.readline().split()]
        assert len(pids) == 2
        assert all(is_running(pid) for pid in pids)
        node.kill()
    deadline = time.monotonic() + 5
    while any(is_running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(is_running(pid) for pid in pids)


async def test_stopping_while_workers_start_leaves_nothing_behind() -> None:
    """Cancelled at many moments of the start; an unreaped process is a warning, so an error."""
    for moment in range(12):
        pool = SpeechPool(spec(), n_workers=1)
        starting = asyncio.create_task(pool.start())
        for _ in range(moment):
            await asyncio.sleep(0)
        await asyncio.sleep(0.002 * moment)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert not any(stats.is_alive for stats in pool.stats())
