"""What the dialogue would answer to a turn that is perhaps over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from voicebot.dialogue.actions import Action, UserTurn

EngineT = TypeVar("EngineT")


@dataclass(frozen=True, slots=True)
class Guess(Generic[EngineT]):
    """A copy of the dialogue that was told `turn`. Right: it takes the dialogue's place; wrong: it
    is dropped, and nothing has happened.

    made_at: monotonic seconds. told_at: the time of day that the dialogue was told.
    """

    turn: UserTurn
    engine: EngineT
    actions: list[Action]
    made_at: float
    told_at: datetime
