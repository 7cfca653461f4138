"""A process to be killed: stores calls and notes in a file what was acknowledged.

Each line on stdin is `FILE CALL_ID URL`; a child is forked for it, so that the slow imports
are paid once. The child writes its pid, then `turn N`, `promise N` after each write returned.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace

from tests.integration.storage.examples import ANSWER, NOW, call, promise
from tests.storage_fakes import SECRET
from voicebot.storage.database import Database


async def write_until_killed(notes: int, call_id: str, url: str) -> None:
    def note(text: str) -> None:
        os.write(notes, f"{text}\n".encode())

    database = await Database.open(url, SECRET)
    await database.calls.start(call(call_id, answered_at=NOW))
    note("call")
    case_id = (await database.cases.list())[0].case_id
    number = 0
    while True:
        turn = replace(ANSWER, started_s=float(number), ended_s=number + 0.5)
        await database.calls.add_turn(call_id, number, turn)
        note(f"turn {number}")
        if number % 5 == 0:
            made = promise(case_id, call_id=call_id, amount_gr=1000 + number)
            await database.promises.add(made)
            note(f"promise {made.amount_gr}")
            await database.audit.append(call_id, "promise_recorded", {"n": number}, NOW)
            note(f"audit {number}")
        number += 1


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # children are reaped by the kernel
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            file, call_id, url = line.split()
            notes = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.write(notes, f"pid {os.getpid()}\n".encode())
            asyncio.run(write_until_killed(notes, call_id, url))


if __name__ == "__main__":
    main()
