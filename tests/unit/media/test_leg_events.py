"""A stalled reader costs old audio, never a key or the end of the leg."""

from __future__ import annotations

import asyncio

from voicebot.audio import FRAME_SAMPLES, SILENCE, AudioFrame
from voicebot.media.events import DigitPressed, LegEnded, LegEvent
from voicebot.media.leg_events import LegEventQueue


def frame(number: int) -> AudioFrame:
    return AudioFrame(SILENCE, number * FRAME_SAMPLES)


def drain(queue: LegEventQueue) -> list[LegEvent]:
    return [queue.get_nowait() for _ in range(queue.qsize())]


async def test_events_keep_their_order() -> None:
    queue = LegEventQueue()
    sent = [frame(0), DigitPressed("1"), frame(1), LegEnded("hangup")]
    for event in sent:
        queue.put_nowait(event)
    assert drain(queue) == sent
    assert queue.dropped_frames == 0


async def test_oldest_audio_is_dropped_and_nothing_else() -> None:
    queue = LegEventQueue(max_waiting_frames=3)
    queue.put_nowait(DigitPressed("1"))
    for number in range(10):
        queue.put_nowait(frame(number))
        queue.put_nowait(DigitPressed(str(number)))
    queue.put_nowait(LegEnded("hangup"))
    events = drain(queue)
    assert [event for event in events if isinstance(event, AudioFrame)] == [
        frame(7),
        frame(8),
        frame(9),
    ]
    keys = [event.digit for event in events if isinstance(event, DigitPressed)]
    assert keys == ["1", *"0123456789"]
    assert events[-1] == LegEnded("hangup")
    assert queue.dropped_frames == 7


async def test_waiting_reader_gets_the_event() -> None:
    queue = LegEventQueue()
    reader = asyncio.create_task(queue.get())
    await asyncio.sleep(0)
    queue.put_nowait(frame(1))
    assert await reader == frame(1)
