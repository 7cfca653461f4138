"""One text's tokens and the day of the call, as every rule about days reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from voicebot.dialogue.polish.calendar_spans import Unit
from voicebot.dialogue.polish.date_expressions import Direction, Op
from voicebot.dialogue.polish.date_words import (
    FUTURE_VERBS,
    LAST,
    NEAREST,
    NEXT,
    NOT_PAST,
    PAST_VERB,
    PREPOSITIONS,
    SMALL_WORDS,
    THIS,
    UNITS,
    VAGUE_COUNTS,
)
from voicebot.dialogue.polish.numerals import read_cardinal
from voicebot.dialogue.polish.words import Token
from voicebot.dialogue.polish.years import read_year


class DateSentence:
    """What was said, on which day, and whether its verbs tell of the past."""

    def __init__(
        self, tokens: Sequence[Token], today: dt.date, default_direction: Direction = "future"
    ) -> None:
        self.tokens = tokens
        self.today = today
        self._words = [token.text for token in tokens]
        self._verbs = self._find_verbs()
        self.default_direction: Direction = default_direction
        if self._verbs:
            self.default_direction = self._verbs[0][1]

    def word(self, at: int) -> str:
        return self._words[at] if 0 <= at < len(self._words) else ""

    def phrase_ends(self, at: int, words: Sequence[str]) -> int:
        """Where the words end if they stand at `at`; 0 otherwise."""
        if self.word(at) != words[0]:
            return 0
        end = at + len(words)
        return end if self._words[at:end] == [*words] else 0

    def _find_verbs(self) -> list[tuple[int, Direction]]:
        words = self._words
        is_to_be = "bedzie" in words or "beda" in words
        verbs: list[tuple[int, Direction]] = []
        for at, word in enumerate(words):
            if word in FUTURE_VERBS:
                verbs.append((at, "future"))
            elif word == "temu" or (
                not is_to_be and word not in NOT_PAST and PAST_VERB.fullmatch(word)
            ):
                verbs.append((at, "past"))
        return verbs

    def direction_at(self, at: int) -> Direction:
        """Whether the verb nearest to a place tells what was or what will be."""
        if not self._verbs:
            return self.default_direction
        return min(self._verbs, key=lambda verb: (abs(verb[0] - at), verb[0] > at))[1]

    def quantity(self, at: int) -> tuple[list[int], int, bool] | None:
        """Hundredths of one number or of two ("dwa trzy", "2-3"), the index after, and whether
        it was vague."""
        if self.word(at) in VAGUE_COUNTS:
            end = at + 1
            if self.word(at) == "jakies" and (more := self.quantity(end)) is not None:
                return more
            return [], end, True
        first = read_cardinal(self.tokens, at)
        if first is None:
            return None
        end = first.end
        numbers = [first.hundredths]
        link = end + 1 if self.word(end) in ("do", "-", "–", ",", "albo", "lub", "czy") else end
        second = read_cardinal(self.tokens, link)
        if second is not None and second.hundredths > first.hundredths:
            numbers.append(second.hundredths)
            end = second.end
        return numbers, end, False

    def unit(self, at: int) -> tuple[Unit, int] | None:
        unit = UNITS.get(self.word(at))
        if unit is None:
            is_business = self.word(at) in ("robocze", "roboczych", "roboczy")
            if is_business and self.word(at + 1) in ("dni", "dzien"):
                return "business_day", at + 2
            return None
        if unit == "day" and self.word(at + 1) in ("robocze", "roboczych", "roboczy"):
            return "business_day", at + 2
        return unit, at + 1

    def is_money(self, at: int) -> bool:
        return self.word(at).startswith(("zlot", "stow", "tysi", "grosz", "kola"))

    def which(self, at: int) -> tuple[int, int]:
        """How many units from now a word points to ("przyszły" 1), and the index after it."""
        word = self.word(at)
        if word in NEXT:
            return 1, at + 1
        if word in LAST:
            return -1, at + 1
        if word in THIS or word in NEAREST:
            return 0, at + 1
        return 0, at

    def year_of_month(self, month: int, direction: Direction) -> int:
        if direction == "past":
            return self.today.year - (month > self.today.month)
        return self.today.year + (month < self.today.month)

    def year_after(self, at: int) -> tuple[int | None, int]:
        """The year that is said at `at`, and the index after it."""
        start = at
        if self.word(at) in (
            "tego",
            "biezacego",
            "przyszlego",
            "nastepnego",
            "zeszlego",
            "ubieglego",
        ):
            offset, end = self.which(at)
            if self.word(end) == "roku":
                return self.today.year + offset, end + 1
            return None, start
        found = read_year(self.tokens, at)
        if found is None:
            return None, start
        year, end = found
        if not 1900 <= year <= 2099:
            return None, start
        return year, end

    def op_before(self, at: int) -> Op | None:
        """What the preposition before `at` says, small words between them skipped."""
        steps = 0
        while at > 0 and steps < 4:
            word = self.word(at - 1)
            if word in PREPOSITIONS and not (word == "dnia" and self.word(at - 2) in PREPOSITIONS):
                return PREPOSITIONS[word]
            if word not in SMALL_WORDS:
                return None
            at -= 1
            steps += 1
        return None
