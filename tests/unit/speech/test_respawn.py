from __future__ import annotations

from voicebot.speech.respawn import FIRST_DELAY_S, LONGEST_DELAY_S, RespawnDelay


def test_the_wait_doubles_up_to_a_limit() -> None:
    delay = RespawnDelay()
    waits = [delay.after_death(lived_s=0.1) for _ in range(10)]
    assert waits[:3] == [FIRST_DELAY_S, 2 * FIRST_DELAY_S, 4 * FIRST_DELAY_S]
    assert waits[-1] == LONGEST_DELAY_S


def test_a_worker_that_lived_is_replaced_at_once() -> None:
    delay = RespawnDelay()
    for _ in range(5):
        delay.after_death(lived_s=0.1)
    assert delay.after_death(lived_s=3600) == FIRST_DELAY_S
