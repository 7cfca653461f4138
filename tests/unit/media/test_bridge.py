from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import soundfile

from tests.fakes import FakeLeg
from voicebot.audio import FRAME_SAMPLES, SILENCE, Samples
from voicebot.media.bridge import CUSHION_SAMPLES, MAX_WAITING_SAMPLES, Bridge, BridgeEnded
from voicebot.media.events import LegEnded
from voicebot.media.recorder import Recorder

N_CUSHION = CUSHION_SAMPLES // FRAME_SAMPLES


class Pair:
    """A caller and an agent, bridged; time passes by `tick`."""

    def __init__(self) -> None:
        self.caller = FakeLeg(leg_id="caller")
        self.agent = FakeLeg(leg_id="agent")
        self.bridge = Bridge(self.caller, self.agent)
        self.running: asyncio.Task[BridgeEnded] | None = None
        self.now = 100.0

    async def start(self) -> None:
        self.running = asyncio.create_task(self.bridge.run())
        await settle()

    async def tick(self, caller: int = 0, agent: int = 0) -> tuple[int, int]:
        """Both say a frame of these levels; the levels that the caller and the agent hear."""
        self.now += 0.02
        heard = (self.caller.tick(self.now, frame(caller)), self.agent.tick(self.now, frame(agent)))
        await settle()
        return level(heard[0]), level(heard[1])

    async def ended(self) -> BridgeEnded:
        assert self.running is not None
        async with asyncio.timeout(5):
            return await self.running


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def frame(value: int) -> Samples:
    return np.full(FRAME_SAMPLES, value, dtype=np.int16) if value else SILENCE


def level(samples: Samples) -> int:
    # Its end: something that was cut off before fades out over the first half.
    return int(samples[-1])


async def test_each_hears_the_other_and_not_himself():
    pair = Pair()
    await pair.start()
    heard = [await pair.tick(1000 + n, 2000 + n) for n in range(20)]
    silent, spoken = heard[:N_CUSHION], heard[N_CUSHION:]
    assert silent == [(0, 0)] * N_CUSHION
    assert spoken == [(2000 + n, 1000 + n) for n in range(20 - N_CUSHION)]
    pair.bridge.stop()
    await pair.ended()


async def test_ticks_that_come_in_a_burst_make_no_hole():
    pair = Pair()
    await pair.start()
    heard = [await pair.tick(agent=1000 + n) for n in range(5)]
    for n in range(5, 5 + N_CUSHION):
        # The pacer catches up: nobody else runs in between.
        pair.now += 0.02
        heard.append((level(pair.caller.tick(pair.now, frame(0))), 0))
        pair.agent.tick(pair.now, frame(1000 + n))
    await settle()
    heard += [await pair.tick(agent=1000 + n) for n in range(5 + N_CUSHION, 20)]
    assert [caller for caller, _ in heard[N_CUSHION:]] == list(range(1000, 1000 + 20 - N_CUSHION))
    pair.bridge.stop()
    await pair.ended()


async def test_keys_are_passed_on_both_ways():
    pair = Pair()
    await pair.start()
    pair.caller.press("12#")
    pair.agent.press("9")
    await pair.tick()
    assert (pair.agent.digits_sent, pair.caller.digits_sent) == ("12#", "9")
    pair.bridge.stop()
    await pair.ended()


async def test_it_ends_when_one_hangs_up_and_the_other_can_be_talked_to_again():
    pair = Pair()
    await pair.start()
    await pair.tick(1000, 2000)
    pair.agent.end("hangup")
    assert await pair.ended() == BridgeEnded(pair.agent, "hangup")
    assert not pair.caller.is_over
    assert pair.caller.hang_ups == []
    assert not pair.caller.playout.is_speaking
    # Nobody reads the caller's events any more, and the bot is heard at once.
    pair.caller.playout.say(7, np.full(800, 3000, dtype=np.int16))
    await pair.tick(1500)
    assert (await pair.tick(1500))[0] == 3000
    levels = [level(event.samples) for event in drain(pair.caller) if hasattr(event, "samples")]
    assert levels == [1500, 1500]


async def test_what_one_said_last_is_not_left_in_the_others_ear():
    pair = Pair()
    await pair.start()
    for _ in range(5):
        await pair.tick(agent=2000)
    pair.agent.end()
    await pair.ended()
    pair.caller.playout.pull(pair.now)  # the fade-out of what was being said
    assert (await pair.tick())[0] == 0


async def test_a_prompt_that_still_plays_is_cut_off():
    pair = Pair()
    pair.caller.playout.say(1, np.full(80_000, 3000, dtype=np.int16))
    await pair.start()
    heard = [await pair.tick(agent=2000) for _ in range(10)]
    assert {caller for caller, _ in heard} == {0, 2000}
    pair.bridge.stop()
    await pair.ended()


async def test_a_backlog_is_bounded_and_shrinks_in_pauses():
    pair = Pair()
    await pair.start()
    for _ in range(50):  # the caller is on hold: nobody takes what waits for him
        pair.agent.tick(pair.now, frame(2000))
        await settle()
    assert pair.caller.playout.waiting_samples == MAX_WAITING_SAMPLES
    assert pair.bridge.n_dropped_frames > 0
    for _ in range(20):
        await pair.tick()
    assert pair.caller.playout.waiting_samples <= CUSHION_SAMPLES + FRAME_SAMPLES
    pair.bridge.stop()
    await pair.ended()


async def test_the_recording_of_the_caller_goes_on_in_both_directions(tmp_path: Path):
    pair = Pair()
    recorder = pair.caller.recorder = Recorder(tmp_path / "call.wav")
    pair.caller.playout.say(1, np.full(5 * FRAME_SAMPLES, 3000, dtype=np.int16))
    for _ in range(5):
        await pair.tick(1000)
    drain(pair.caller)
    await pair.start()
    for _ in range(10):
        await pair.tick(1000, 2000)
    pair.agent.end()
    await pair.ended()
    pair.caller.playout.say(2, np.full(5 * FRAME_SAMPLES, 4000, dtype=np.int16))
    for _ in range(5):
        await pair.tick(1000)
    recorder.close()
    await recorder.wait_closed()
    both, _ = soundfile.read(recorder.path, dtype="int16")
    middles = both[FRAME_SAMPLES // 2 :: FRAME_SAMPLES]
    assert set(middles[:, 0]) == {1000}
    said = [value for value in middles[:, 1] if value]
    assert said == [3000] * 5 + [2000] * (10 - N_CUSHION) + [4000] * 5


async def test_a_party_that_is_transferred_is_replaced_without_the_other_noticing():
    pair = Pair()
    await pair.start()
    for _ in range(5):
        await pair.tick(1000, 2000)
    other = FakeLeg(leg_id="other")
    pair.agent.end("replaced")
    assert pair.bridge.replace(pair.agent, other)
    await settle()
    heard = []
    for _ in range(10):
        pair.now += 0.02
        heard.append(level(other.tick(pair.now, frame(5000))))
        await pair.tick(1000)
    assert 1000 in heard
    assert (await pair.tick(1000))[0] == 5000
    assert not pair.bridge.replace(pair.agent, other)
    other.end()
    assert await pair.ended() == BridgeEnded(other, "hangup")


async def test_what_was_said_and_pressed_before_is_not_passed_on():
    pair = Pair()
    for _ in range(5):
        await pair.tick(agent=2000)
    pair.agent.press("1")
    await pair.start()
    heard = [await pair.tick(agent=3000) for _ in range(5)]
    assert [caller for caller, _ in heard] == [0] * N_CUSHION + [3000] * (5 - N_CUSHION)
    assert pair.caller.digits_sent == ""
    pair.bridge.stop()
    await pair.ended()


async def test_a_bridge_that_has_ended_replaces_nobody():
    pair = Pair()
    await pair.start()
    pair.agent.end()
    await pair.ended()
    other = FakeLeg(leg_id="other")
    assert not pair.bridge.replace(pair.agent, other)
    other.tick(pair.now, frame(5000))
    await settle()
    assert not pair.caller.playout.is_speaking


async def test_who_is_gone_already_ends_it_at_once():
    pair = Pair()
    pair.caller.end("hangup")
    await pair.start()
    assert await pair.ended() == BridgeEnded(pair.caller, "hangup")


async def test_a_cancelled_bridge_leaves_both_legs_usable():
    pair = Pair()
    await pair.start()
    assert pair.running is not None
    pair.running.cancel()
    await asyncio.gather(pair.running, return_exceptions=True)
    await pair.tick(1000, 2000)
    assert pair.caller.events.qsize() == pair.agent.events.qsize() == 1
    pair.caller.end()
    assert drain(pair.caller)[-1] == LegEnded("hangup")


def drain(leg: FakeLeg) -> list[object]:
    return [leg.events.get_nowait() for _ in range(leg.events.qsize())]
