"""After a dispute, a claim of limitation, a death or a crisis nobody is urged to pay.

rules.md §1 dispute.pause, timebarred.block, bankruptcy/deceased/rep/minor, and §8.
"""

from __future__ import annotations

from collections.abc import Iterator

from voicebot.dialogue.check.moments import Doing, Listening, Saying
from voicebot.dialogue.check.properties.property import Finding, Property
from voicebot.dialogue.check.reading import ScriptReading, agreement_of, filled_by

_WHEN = "after a dispute, limitation claim, death, crisis or the like"


def _urging(_: ScriptReading, saying: Saying) -> Iterator[Finding]:
    if saying.facts.is_stopped and saying.prompt.persuades:
        yield Finding(
            saying.spoken.line or saying.prompt.line,
            f"{saying.prompt.prompt_id} urges to pay in state {saying.state.name}, {_WHEN}",
            saying.spoken.file or saying.prompt.file,
        )


def _asking(reading: ScriptReading, listening: Listening) -> Iterator[Finding]:
    listen = listening.state.listen
    if not listening.facts.is_stopped or listen is None:
        return
    asked = {variable for name, slot in listen.slots.items() for variable in filled_by(name, slot)}
    # An open question may take an amount that is offered; these ask for one.
    is_asking = listen.kind in {"amount", "date"}
    if is_asking and asked & reading.money_variables:
        yield Finding(
            listening.state.line,
            f"state {listening.state.name} asks for a payment {_WHEN}",
            listening.state.file,
        )


def _agreeing(_: ScriptReading, doing: Doing) -> Iterator[Finding]:
    agreement = agreement_of(doing.step)
    if doing.facts.is_stopped and agreement is not None:
        yield Finding(doing.step.line, f"a {agreement.what} {_WHEN}", doing.step.file)


PROPERTIES = (
    Property("urged after a dispute", Saying, _urging),
    Property("asked to pay after a dispute", Listening, _asking),
    Property("agreed after a dispute", Doing, _agreeing),
)
