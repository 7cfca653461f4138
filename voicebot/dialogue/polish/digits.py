"""Reads spoken and written digit strings: case numbers, the end of a PESEL, postcodes."""

from __future__ import annotations

from collections.abc import Sequence

from voicebot.dialogue.polish.misheard import with_tens_joined
from voicebot.dialogue.polish.numerals import CARDINALS, read_cardinal
from voicebot.dialogue.polish.words import Token, tokenize, word_set

MAX_DIGITS = 40
_MAX_READINGS = 48

_DIGIT_NOUNS: dict[str, str] = {
    form: digit
    for digit, forms in {
        "0": "zero zera zer zerko zerka zerem zerami",
        "1": "jedynka jedynke jedynki jedynek",
        "2": "dwojka dwojke dwojki dwojek",
        "3": "trojka trojke trojki trojek",
        "4": "czworka czworke czworki czworek",
        "5": "piatka piatke piatki piatek",
        "6": "szostka szostke szostki szostek",
        "7": "siodemka siodemke siodemki siodemek",
        "8": "osemka osemke osemki osemek",
        "9": "dziewiatka dziewiatke dziewiatki dziewiatek",
    }.items()
    for form in forms.split()
}
_REPEATS = {
    "podwojne": 2, "podwojna": 2, "podwojny": 2, "potrojne": 3, "potrojna": 3, "poczworne": 4,
    "dwa": 2, "dwie": 2, "trzy": 3, "cztery": 4, "piec": 5,
}  # fmt: skip
# Said or written between the digits without ending the number.
_BETWEEN = word_set(
    "i potem dalej myslnik kreska kreseczka minus kropka ukosnik lamane przez na spacja yyy eee e "
    "yy ee y hm oraz nastepnie pozniej a pauza przerwa"
)


def parse_digits(text: str, length: int | None = None) -> str | None:
    """The digits that were said, as one string; None without any or with another count.

    length: how many there must be. It also tells "dwadzieścia trzy" (23) from 20 and 3 where
    only one of the two has it.
    """
    if length is None:
        runs = _runs(tokenize(text))
        return max((_readings(run)[0] for run in runs), key=len) if runs else None
    found = _of_length(text, length)
    if found is not None:
        return found
    # "5-10-2" for 52: only where it is what makes the number as long as it must be.
    mended = {_of_length(other, length) for other in with_tens_joined(text)} - {None}
    return mended.pop() if len(mended) == 1 else None


def _of_length(text: str, length: int) -> str | None:
    runs = _runs(tokenize(text))
    if not runs:
        return None
    together = [token for run in runs for token in run]
    # The last run is what was said after "nie" or "przepraszam".
    for run in (together, *reversed(runs)):
        # A pause, written as a comma, tells "dwadzieścia, jeden" from 21; but it may be missing
        # or misplaced, so it is tried first and then left out.
        without_pauses = [token for token in run if token.text != ","]
        fitting = _fitting(run, length) or _fitting(without_pauses, length)
        if fitting is not None:
            return fitting
    return None


def is_only_digits(text: str) -> bool:
    """Whether nothing but numbers was said, small words between them aside."""
    tokens = [token for token in tokenize(text) if not token.is_mark]
    return bool(tokens) and all(_is_part(token) or token.text in _BETWEEN for token in tokens)


def parse_postcode(text: str) -> str | None:
    """A Polish postcode, as 00-950."""
    code = parse_digits(text, 5)
    return f"{code[:2]}-{code[2:]}" if code else None


def _fitting(run: Sequence[Token], length: int) -> str | None:
    readings = _readings(run)
    if len(readings[0]) == length:
        return readings[0]
    fitting = {reading for reading in readings if len(reading) == length}
    return fitting.pop() if len(fitting) == 1 else None


def _is_part(token: Token) -> bool:
    word = token.text
    is_number = word in CARDINALS or word in _DIGIT_NOUNS or word in _REPEATS
    return is_number or token.is_digits or word in ("tysiac", "tysiace", "razy")


def _runs(tokens: Sequence[Token]) -> list[list[Token]]:
    """The stretches of numbers; words between them part them, marks and "myślnik" do not."""
    runs: list[list[Token]] = [[]]
    for token in tokens:
        if _is_part(token) or (token.text == "," and runs[-1]):
            runs[-1].append(token)
        elif not token.is_mark and token.text not in _BETWEEN and runs[-1]:
            runs.append([])
    return [run for run in runs if run and _readings(run)[0]]


def _readings(run: Sequence[Token]) -> list[str]:
    """The strings that a run may stand for; first the one with numbers as long as they go."""
    readings = [""]
    at = 0
    while at < len(run):
        choices, at = _choices_at(run, at)
        readings = [head + tail for tail in choices for head in readings][:_MAX_READINGS]
        if len(readings[0]) > MAX_DIGITS:
            return [""]
    return readings


def _choices_at(run: Sequence[Token], at: int) -> tuple[list[str], int]:
    """What may be meant at `at`, likeliest first, and the index after it."""
    word = run[at].text
    if run[at].is_digits:
        return ["".join(sign for sign in word if "0" <= sign <= "9")], at + 1
    repeats = _REPEATS.get(word)
    if repeats is not None:
        following = run[at + 1].text if at + 1 < len(run) else ""
        if following == "razy" and at + 2 < len(run):
            digit = _one_digit(run[at + 2].text)
            if digit:
                return [digit * repeats], at + 3
        # "dwa zero" is 20, "dwa zera" 00.
        is_plural = following != "zero" or word.startswith("po")
        if following in _DIGIT_NOUNS and is_plural:
            return [_DIGIT_NOUNS[following] * repeats], at + 2
        if word.startswith("po") and _one_digit(following):
            return [_one_digit(following) * repeats], at + 2
    if word in _DIGIT_NOUNS:
        return [_DIGIT_NOUNS[word]], at + 1
    if word == "tysiac" or (at + 1 < len(run) and run[at + 1].text == "tysiace"):
        number = read_cardinal(run, at)
        if number is not None and number.whole is not None:
            return [str(number.whole)], number.end
    if word not in CARDINALS:
        return [""], at + 1
    return _number_choices(run, at)


def _one_digit(word: str) -> str:
    value = CARDINALS.get(word, 10)
    return _DIGIT_NOUNS.get(word) or (str(value) if value < 10 else "")


def _number_choices(run: Sequence[Token], at: int) -> tuple[list[str], int]:
    """A number below a thousand: whole ("123"), and cut after its hundreds or tens."""
    parts: list[int] = []
    room = 1000
    while at < len(run) and run[at].text in CARDINALS:
        # "trzy piątki" after "dwadzieścia" is 20 and 555.
        is_repeat = run[at].text in _REPEATS and at + 1 < len(run)
        if is_repeat and run[at + 1].text in _DIGIT_NOUNS and run[at + 1].text != "zero":
            break
        value = CARDINALS[run[at].text]
        if value >= room or (value == 0 and parts):
            break
        parts.append(value)
        room = 100 if value >= 100 else 10 if 20 <= value <= 90 else 0
        at += 1
        if room == 0:
            break
    if not parts:
        return [str(CARDINALS[run[at].text])], at + 1
    choices = [str(sum(parts))]
    choices += [f"{sum(parts[:cut])}{sum(parts[cut:])}" for cut in range(1, len(parts))]
    if len(parts) == 3:
        choices.append("".join(str(part) for part in parts))
    return choices, at
