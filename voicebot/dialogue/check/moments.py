"""What the explorer comes by: something said, done, asked. Properties look at these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from voicebot.dialogue.check.abstract_values import Bound
from voicebot.dialogue.script import Prompt, Spoken, State, Step


class Facts(NamedTuple):
    """What is known of a conversation at one moment.

    values: of ScriptReading.tracked, in that order. is_proven: case_details was answered.
    is_third_party: somebody else speaks. is_handed_over: somebody else is being fetched.
    heard: which notices. is_stopped: something was said or done after which nobody is urged to pay.
    read_back: what was read back since it changed. bounded: what was compared with a limit since.
    """

    values: tuple[object, ...]
    is_proven: bool = False
    is_third_party: bool = False
    is_handed_over: bool = False
    heard: frozenset[str] = frozenset()
    is_stopped: bool = False
    read_back: frozenset[str] = frozenset()
    bounded: frozenset[Bound] = frozenset()


@dataclass(frozen=True, slots=True)
class Saying:
    """A prompt, said in a state or on a way out of it."""

    state: State
    spoken: Spoken
    prompt: Prompt
    facts: Facts


@dataclass(frozen=True, slots=True)
class Doing:
    state: State
    step: Step
    facts: Facts


@dataclass(frozen=True, slots=True)
class Listening:
    """The caller is waited for. answered: the intents that surely have a rule here now."""

    state: State
    facts: Facts
    answered: frozenset[str]
