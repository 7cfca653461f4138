"""Decides when the caller is asked what he meant, instead of being taken at a guess."""

from __future__ import annotations

from voicebot.dialogue.actions import Listen, UserTurn
from voicebot.dialogue.polish.words import texts, tokenize, word_set
from voicebot.dialogue.polish.yes_no import parse_yes_no
from voicebot.dialogue.script import STAYING, ListenSpec, Script
from voicebot.dialogue.turn_reader import Choice, Reading

_KEYED_ANSWERS = {"1": True, "2": False}
_MERE_NO = word_set("nie no niee skad wcale absolutnie raczej chyba o to chodzi ze ale e y")


class Doubt:
    """Tells an understanding that is to be checked. Never doubts in a script without `unsure`."""

    def __init__(self, script: Script) -> None:
        self._script = script

    def is_in(self, choice: Choice, reading: Reading) -> bool:
        """Whether the rule was chosen for an intent that is neither sure nor out of the question.

        What matters most (priority rules), what fills a slot, and what only has something said
        again is never asked about; nor is an intent that has no name to ask by.
        """
        rule, meaning = choice.rule, choice.meaning
        return (
            bool(self._script.unsure_prompt)
            and meaning.intent in rule.intents
            and not (reading.by_keys or reading.filled.values or rule.is_priority)
            and (rule.go not in STAYING or bool(rule.steps))
            and meaning.score < self._script.limits.ask_score
            and bool(self._script.intents[meaning.intent].named)
        )

    def answer(self, turn: UserTurn) -> bool | None:
        """What was said to "Czy chodzi o …?"; None where it is something else than yes or no."""
        if turn.digits:
            return _KEYED_ANSWERS.get(turn.digits.rstrip("#"))
        answer = parse_yes_no(turn.text)
        if turn.confidence < self._script.limits.min_confidence or answer is None:
            return None
        if answer.strength == "uncertain":
            return None
        if answer.is_yes:
            return True
        # "Nie, chcę rozmawiać z człowiekiem" says more than no.
        return False if set(texts(tokenize(turn.text))) <= _MERE_NO else None

    def listen(self, asked_in: ListenSpec) -> Listen:
        return Listen("yes_no", asked_in.no_input_s, 0, ("tak", "nie"))
