"""What the dialogue would answer to a turn that is perhaps over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from voicebot.dialogue.actions import Action, UserTurn

EngineT = TypeVar("EngineT")


@dataclass(frozen=True, slots=True)
class Guess(Generic[EngineT]):
    """A copy of the dialogue that was told `turn`. Right: it takes the dialogue's place; wrong: it
    is dropped, and nothing has happened.

    made_at: monotonic seconds.
    """

    turn: UserTurn
    engine: EngineT
    actions: list[Action]
    made_at: float
