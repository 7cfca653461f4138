"""A synthetic debtor and the bot on two joined legs: who hears what, and what comes of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.calls.bench import BALANCE_GR, FRIDAY, Bench
from tests.fakes import FakeLeg, FakeSpeech
from tests.simulated_time import simulated
from voicebot.calls.debtor_script import DebtorScript, load_debtor_script
from voicebot.calls.reception import Reception
from voicebot.calls.simulated_debtor import SimulatedCall, SimulatedDebtor
from voicebot.errors import ScriptError
from voicebot.records import Disposition

PROOFS = [
    {"hear": "podać.*numer|numer sprawy", "say": "dwa cztery sześć osiem jeden trzy pięć siedem"},
    {"hear": "urodzenia", "say": "ósmego maja tysiąc dziewięćset osiemdziesiątego roku"},
    {"hear": "pocztowy", "keys": "00950"},
]
AGREES = [
    *PROOFS,
    {"hear": "wpłata", "say": "zapłacę całość w piątek"},
    {"hear": "zapisać", "say": "tak, zgadza się"},
    {"hear": "pomóc", "say": "nie, dziękuję"},
]


async def play(bench: Bench, turns: list[dict[str, Any]], **script: Any) -> SimulatedCall:
    """One call of a debtor to the bench's hotline."""
    await bench.add_debtor()
    bot, debtor = FakeLeg(), FakeLeg(leg_id="debtor")
    taken = asyncio.create_task(Reception(bench.parts, bench.live_calls).take(bot))
    told: list[str] = []
    caller = SimulatedDebtor(
        debtor,
        DebtorScript.model_validate({"turns": turns, **script}),
        FakeSpeech(bench.book),
        bench.clock,
        lambda who, at_s, text: told.append(f"{who}: {text}"),
    )
    running = asyncio.create_task(caller.run())
    from_debtor = None
    n_pressed = 0
    while not (bot.is_over and debtor.is_over):
        now = bench.clock.monotonic()
        from_bot = bot.tick(now, from_debtor)
        from_debtor = debtor.tick(now, from_bot)
        bot.press(debtor.digits_sent[n_pressed:])
        n_pressed = len(debtor.digits_sent)
        await asyncio.sleep(0.02)
        if bot.is_over or debtor.is_over:
            bot.end()
            debtor.end()
    await taken
    assert told != []
    return await running


@simulated
async def test_debtor_who_agrees_leaves_a_promise():
    bench = Bench()
    call = await play(bench, AGREES)
    assert [turn.say or turn.keys for turn in call.said] == [
        turn.get("say") or turn["keys"] for turn in AGREES
    ]
    assert call.left_over == []
    [promise] = bench.database.promises.rows.values()
    assert (promise.amount_gr, promise.due_date) == (BALANCE_GR, FRIDAY)
    assert "Dzień dobry" in call.prompts[0].text
    assert "Do widzenia" in call.prompts[-1].text
    # Recognition starts after 60 ms and takes 150; endpointing waits up to 700 ms.
    assert all(200 < ms < 900 for ms in call.response_times_ms)
    assert len(call.response_times_ms) == 5, "keys have no last sound to measure from"


@simulated
async def test_debtor_who_is_not_understood_repeats_himself():
    bench = Bench()
    bench.speech.fail_transcripts = 2
    call = await play(bench, AGREES)
    assert call.said[0].say == call.said[1].say
    assert call.left_over == []
    assert bench.database.calls.rows["leg-1"].disposition is Disposition.PTP_FULL


@simulated
async def test_turns_that_never_fitted_are_told():
    bench = Bench()
    call = await play(
        bench,
        [*PROOFS, {"hear": "wpłata", "say": "nie zapłacę"}, {"hear": "krokodyl", "say": "tak"}],
    )
    assert [turn.hear for turn in call.left_over] == ["krokodyl"]


@simulated
async def test_turn_may_be_used_as_often_as_it_says():
    bench = Bench()
    call = await play(
        bench,
        [{"hear": "numer", "say": "zaraz poszukam", "times": 2}],
        repeat_when="",
        hang_up_after=5,
    )
    assert [turn.say for turn in call.said] == ["zaraz poszukam"] * 2
    assert call.end_reason == "hung up by the debtor"


@simulated
async def test_silent_debtor_is_released():
    bench = Bench()
    call = await play(bench, [{"silence": True, "times": 9}], hang_up_after=60)
    assert call.said == []
    assert bench.database.calls.rows["leg-1"].disposition is Disposition.NO_INPUT


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{hear: '(', say: tak}", "no regular expression"),
        ("{say: tak, keys: '1'}", "exactly one"),
        ("{hear: tak}", "exactly one"),
        ("{say: tak, times: 0}", "greater than or equal to 1"),
        ("{sya: tak}", "Extra inputs"),
    ],
)
def test_debtor_script_that_can_not_be_used_is_refused_with_the_reason(tmp_path, line, reason):
    path = tmp_path / "debtor.yaml"
    path.write_text(f"turns:\n  - {line}\n", encoding="utf-8")
    with pytest.raises(ScriptError, match=reason):
        load_debtor_script(path)
