"""What a synthetic debtor says on a test call, read from a YAML file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from voicebot.errors import ScriptError


def checked_pattern(text: str) -> str:
    """The text itself. Raises ValueError where it is no regular expression."""
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"no regular expression: {error}") from None
    return text


class DebtorTurn(BaseModel):
    """One answer. `hear`: regular expression on what the bot has just said (case ignored);
    empty: any prompt. Exactly one of `say` (Polish text), `keys` (0-9 * #), `play` (a WAV
    beside the script), `silence` (say nothing). times: so often it may be used."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hear: str = ""
    say: str = ""
    keys: str = Field("", pattern=r"^[0-9*#]*$")
    play: str = ""
    silence: bool = False
    times: int = Field(1, ge=1)

    @field_validator("hear")
    @classmethod
    def _is_a_pattern(cls, text: str) -> str:
        return checked_pattern(text)

    @model_validator(mode="after")
    def _is_one_answer(self) -> Self:
        if sum(map(bool, (self.say, self.keys, self.play, self.silence))) != 1:
            raise ValueError("give exactly one of say, keys, play, silence")
        return self

    def fits(self, heard: str) -> bool:
        return not self.hear or re.search(self.hear, heard, re.IGNORECASE) is not None


class DebtorScript(BaseModel):
    """A synthetic debtor: his turns, of which the first that fits and is left is used.

    repeat_when: what the bot says when it did not understand; where no turn fits, the debtor
    then repeats his last words.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    voice: str = Field("Natan", description="RHVoice voice; another engine takes its only one.")
    barge_in_after_s: float | None = Field(
        None, description="Speak this long after a prompt began instead of waiting for its end."
    )
    hang_up_after: float = Field(8.0, description="Seconds of quiet after which he hangs up.")
    repeat_when: str = Field(
        r"słabo słychać|nie było jasne|tego nie rozumiem|proszę powtórzyć|jednym słowem",
        description="Regular expression on what the bot said; empty: never repeats himself.",
    )
    turns: tuple[DebtorTurn, ...] = ()

    @field_validator("repeat_when")
    @classmethod
    def _is_a_pattern(cls, text: str) -> str:
        return checked_pattern(text)

    def asks_again(self, heard: str) -> bool:
        return bool(self.repeat_when) and (
            re.search(self.repeat_when, heard, re.IGNORECASE) is not None
        )


def load_debtor_script(path: Path) -> DebtorScript:
    """Raises ScriptError naming the file and what is wrong in it."""
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        return DebtorScript.model_validate(values)
    except (OSError, UnicodeDecodeError) as error:
        raise ScriptError([f"{path}: {error}"]) from None
    except yaml.YAMLError as error:
        raise ScriptError([f"{path}: {error}"]) from None
    except ValidationError as error:
        raise ScriptError(
            [
                f"{path}: {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
                for problem in error.errors()
            ]
        ) from None
