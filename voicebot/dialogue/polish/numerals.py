"""Reads numbers out of tokens: cardinals in every case, ordinals, slang and written digits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from voicebot.dialogue.polish.words import Token, fold, word_set

LARGEST = 10**12
"""What is larger is no number that anybody says in a call about a debt."""


class Cardinal(NamedTuple):
    """A number found at a place.

    hundredths: the value times 100, for "dwa i pół". end: the index of the token after it.
    is_spoken: said in words; else written in digits by the recogniser. has_scale: said with a
    thousand, a hundred of slang or more.
    """

    hundredths: int
    end: int
    is_spoken: bool
    has_scale: bool = False

    @property
    def whole(self) -> int | None:
        """The value where it has no fraction."""
        return None if self.hundredths % 100 else self.hundredths // 100


class Ordinal(NamedTuple):
    """A "which one": value, index after it, and its form: m.nom, m.gen, m.loc, m.dat, f.nom,
    f.loc, pl; digits with an ending have the form that the ending shows."""

    value: int
    end: int
    form: str


def _table(forms: dict[int, str]) -> dict[str, int]:
    """Each of the words to the number in whose line it stands."""
    return {form: value for value, words in forms.items() for form in words.split()}


def _cardinals() -> dict[str, int]:
    forms = {
        0: "zero zera zer", 1: "jeden jedna jedno jedną jednego jednej jednym jednemu",
        2: "dwa dwie dwóch dwu dwom dwóm dwoma dwiema dwoje", 3: "trzy trzech trzem trzema troje",
        4: "cztery czterech czterem czterema czworo", 5: "pięć pięciu pięcioma",
        6: "sześć sześciu sześcioma", 7: "siedem siedmiu siedmioma",
        8: "osiem ośmiu ośmioma", 9: "dziewięć dziewięciu dziewięcioma",
        10: "dziesięć dziesięciu dziesięcioma", 11: "jedenaście jedenastu jedenastoma",
        12: "dwanaście dwunastu dwunastoma", 13: "trzynaście trzynastu trzynastoma",
        14: "czternaście czternastu czternastoma", 15: "piętnaście piętnastu piętnastoma",
        16: "szesnaście szesnastu szesnastoma", 17: "siedemnaście siedemnastu siedemnastoma",
        18: "osiemnaście osiemnastu osiemnastoma", 19: "dziewiętnaście dziewiętnastu",
        20: "dwadzieścia dwudziestu dwudziestoma", 30: "trzydzieści trzydziestu trzydziestoma",
        40: "czterdzieści czterdziestu czterdziestoma",
        50: "pięćdziesiąt pięćdziesięciu pięćdziesięcioma",
        60: "sześćdziesiąt sześćdziesięciu sześćdziesięcioma",
        70: "siedemdziesiąt siedemdziesięciu siedemdziesięcioma",
        80: "osiemdziesiąt osiemdziesięciu osiemdziesięcioma",
        90: "dziewięćdziesiąt dziewięćdziesięciu dziewięćdziesięcioma",
        100: "sto stu stoma", 200: "dwieście dwustu dwustoma", 300: "trzysta trzystu trzystoma",
        400: "czterysta czterystu czterystoma", 500: "pięćset pięciuset",
        600: "sześćset sześciuset", 700: "siedemset siedmiuset", 800: "osiemset ośmiuset",
        900: "dziewięćset dziewięciuset",
    }  # fmt: skip
    return _table({value: fold(words) for value, words in forms.items()})


CARDINALS = _cardinals()
"""Folded forms of the simple numerals, 0 to 900."""


_SCALES = _table(
    {
        1000: "tysiac tysiaca tysiace tysiecy tysiacem tysiacom tysiacami tysiacach tysiacu "
        "tysiak tysiaka tysiaki tysiakow tysiacy "
        "kafel kafla kafle kafli kaflow tysiaczka tysiaczek tysiaku",
        10**6: "milion miliona miliony milionow milionem milionami banka banke banki baniek",
        10**9: "miliard miliarda miliardy miliardow",
    }
)
_LOW_SCALES = _table(
    {
        100: "stowa stowe stowy stow stowie stowka stowke stowki stowek stowce "
        "setka setke setki setek setce",
        10: "dycha dyche dychy dych dysze dyszka dyszke dyszki dyszce",
    }
)
# "koło" alone means "about": these count thousands only after a number.
_SCALES_AFTER_NUMBER = {"kola": 1000, "kolo": 1000, "kol": 1000, "k": 1000}
_NICKNAMES = _table(
    {
        20: "dwudziestka dwudziestke",
        50: "piecdziesiatka piecdziesiatke",
        200: "dwusetka dwusetke",
        500: "piecsetka piecsetke pincetka pincetke",
    }
)
_NICKNAMES_COUNTED = _table(
    {
        20: "dwudziestki dwudziestek",
        50: "piecdziesiatki piecdziesiatek",
        200: "dwusetki dwusetek",
        500: "piecsetki piecsetek pincetki pincetek",
    }
)
SLANG_MONEY = frozenset([*_LOW_SCALES, *_NICKNAMES, *_SCALES_AFTER_NUMBER]) | word_set(
    "tysiak tysiaka tysiaki tysiakow tysiaku kafel kafla kafle kafli "
    "kaflow banka banke banki baniek"
)
"""Words that nobody uses for anything but money."""

_HALVES = {"pol": 50, "poltora": 150, "poltorej": 150, "cwierc": 25}

_ORDINAL_STEMS = {
    0: "zerow",
    1: "pierwsz", 2: "drug", 3: "trzec", 4: "czwart", 5: "piąt", 6: "szóst", 7: "siódm", 8: "ósm",
    9: "dziewiąt", 10: "dziesiąt", 11: "jedenast", 12: "dwunast", 13: "trzynast",
    14: "czternast", 15: "piętnast", 16: "szesnast", 17: "siedemnast", 18: "osiemnast",
    19: "dziewiętnast", 20: "dwudziest", 30: "trzydziest", 40: "czterdziest",
    50: "pięćdziesiąt", 60: "sześćdziesiąt", 70: "siedemdziesiąt", 80: "osiemdziesiąt",
    90: "dziewięćdziesiąt", 100: "setn", 1000: "tysięczn", 2000: "dwutysięczn",
}  # fmt: skip
_ORDINAL_ENDINGS = {
    "y": "m.nom", "i": "m.nom", "ego": "m.gen", "iego": "m.gen", "ym": "m.loc", "im": "m.loc",
    "emu": "m.dat", "iemu": "m.dat", "a": "f.nom", "ia": "f.nom", "ej": "f.loc", "iej": "f.loc",
    "e": "pl", "ie": "pl", "ych": "pl", "ich": "pl",
}  # fmt: skip


ORDINALS: dict[str, tuple[int, str]] = {}
for _value, _stem in _ORDINAL_STEMS.items():
    for _ending, _form in _ORDINAL_ENDINGS.items():
        # drugi and trzeci are soft: "drugiego", but "druga".
        _takes_i = _stem in ("drug", "trzec") and not (_stem == "drug" and _ending == "a")
        if _takes_i == _ending.startswith("i"):
            ORDINALS[fold(_stem) + _ending] = (_value, _form)

_DIGIT_ENDINGS = {
    "go": "m.gen", "ego": "m.gen", "tego": "m.gen", "stego": "m.gen", "wszego": "m.gen",
    "szego": "m.gen", "ciego": "m.gen", "giego": "m.gen", "mego": "m.gen", "tym": "m.loc",
    "ym": "m.loc", "ty": "m.nom", "y": "m.nom", "szy": "m.nom", "ci": "m.nom", "gi": "m.nom",
    "sty": "m.nom", "my": "m.nom", "ej": "f.loc", "tej": "f.loc", "stej": "f.loc",
    "mej": "f.loc", "ciej": "f.loc", "giej": "f.loc", "szej": "f.loc", "ta": "f.nom", "a": "f.nom",
    "sta": "f.nom", "ma": "f.nom", "cia": "f.nom",
}  # fmt: skip

_THOUSANDS_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+(?:[.,][0-9]{1,2})?")
_DECIMAL = re.compile(r"([0-9]+)[.,]([0-9]{1,2})")


def hundredths_of_digits(text: str) -> int | None:
    """A written number times 100: "1.200,50" is 120050; None for a time, a date or too many.

    Three digits after a mark are thousands (the recogniser often writes the English way), one
    or two are a fraction.
    """
    if len(text) > 16:
        return None
    if text.isdigit():
        return int(text) * 100
    if _THOUSANDS_GROUPED.fullmatch(text):
        fraction = ""
        if text[-3] in ".," or text[-2] in ".,":
            text, fraction = re.split(r"[.,](?=[0-9]{1,2}$)", text)
        return int(re.sub("[.,]", "", text)) * 100 + int(fraction.ljust(2, "0"))
    decimal = _DECIMAL.fullmatch(text)
    if decimal:
        return int(decimal[1]) * 100 + int(decimal[2].ljust(2, "0"))
    return None


def _room_after(value: int) -> int:
    """What may follow a simple numeral in the same group is below this."""
    if value >= 100:
        return 100
    return 10 if 20 <= value <= 90 else 0


class _Group:
    """What was read since the last "tysiąc": up to 999, or a written number."""

    def __init__(self) -> None:
        self.hundredths: int | None = None
        self.room = 1000

    def add(self, value: int) -> bool:
        if self.hundredths is None:
            self.hundredths = value * 100
        elif 0 < value < self.room and self.hundredths:
            self.hundredths += value * 100
        else:
            return False
        self.room = _room_after(value)
        return True


def read_cardinal(tokens: Sequence[Token], at: int) -> Cardinal | None:
    """The number that begins at `at`, as long as it goes on; None where none begins.

    "dwa pięćset" is 2500, as a price is told; "dwie stówki" 200; "pół tysiąca" 500.
    """
    total = 0
    last_scale = LARGEST
    group = _Group()
    is_spoken = True
    has_scale = False
    n = len(tokens)
    start = at
    while at < n:
        word = tokens[at].text
        if word == "," and has_scale and group.hundredths is None and _goes_on(tokens, at + 1):
            at += 1
            continue
        value = CARDINALS.get(word)
        if value is None and group.hundredths is None:
            value = _NICKNAMES.get(word)
        if value is not None:
            if value == 0 and at > start:
                break
            if not group.add(value):
                price = group.hundredths
                if not _is_shortened_price(total, price, value, is_spoken):
                    break
                total, last_scale, has_scale = (price or 0) * 1000, 1000, True
                group = _Group()
                group.add(value)
            at += 1
            if value == 0:
                break
            continue
        counted = _NICKNAMES_COUNTED.get(word)
        if counted is not None and group.hundredths is not None and group.hundredths <= 900:
            return Cardinal(total + group.hundredths * counted, at + 1, is_spoken, True)
        if word in _LOW_SCALES:
            factor = group.hundredths
            if factor is not None and not 0 < factor <= 9900:
                break
            group.hundredths = (100 if factor is None else factor) * _LOW_SCALES[word]
            group.room = _LOW_SCALES[word]
            has_scale = True
            at += 1
            continue
        scale = _SCALES.get(word)
        if scale is None and group.hundredths is not None:
            scale = _SCALES_AFTER_NUMBER.get(word)
            if word == "kolo" and _goes_on(tokens, at + 1):
                scale = None
        if scale is not None:
            if scale >= last_scale or group.hundredths == 0:
                break
            total += (100 if group.hundredths is None else group.hundredths) * scale
            last_scale = scale
            has_scale = True
            group = _Group()
            at += 1
            continue
        if word in _HALVES and group.hundredths is None:
            half = _HALVES[word]
            if total and word != "poltora":
                break
            following = tokens[at + 1].text if at + 1 < n else ""
            factor = _SCALES.get(following) or _SCALES_AFTER_NUMBER.get(following)
            factor = factor or _LOW_SCALES.get(following)
            if factor is not None:
                total += half * factor
                return Cardinal(total, at + 2, is_spoken, True)
            if total:
                break
            return Cardinal(half, at + 1, is_spoken, False)
        if word == "i" and group.hundredths is not None and _is_half(tokens, at + 1):
            group.hundredths += 50
            following = tokens[at + 2].text if at + 2 < n else ""
            factor = _SCALES.get(following) or _SCALES_AFTER_NUMBER.get(following)
            factor = factor or _LOW_SCALES.get(following)
            if factor is not None and factor < last_scale:
                return Cardinal(total + group.hundredths * factor, at + 3, is_spoken, True)
            return Cardinal(total + group.hundredths, at + 2, is_spoken, has_scale)
        if tokens[at].is_digits and group.hundredths is None:
            written = _read_digits(tokens, at)
            if written is None or (total and written[0] >= last_scale * 100):
                break
            group.hundredths, at = written
            group.room = 0
            is_spoken = False
            continue
        break
    if at == start:
        return None
    if tokens[at - 1].text == ",":
        at -= 1
    total += group.hundredths or 0
    if total >= LARGEST * 100:
        return None
    return Cardinal(total, at, is_spoken, has_scale)


def scale_of(word: str) -> int:
    """What a folded word multiplies the number before it by ("stówy" 100); 0 for others."""
    found = _SCALES.get(word) or _LOW_SCALES.get(word) or _SCALES_AFTER_NUMBER.get(word)
    return found or 0


def _goes_on(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and (CARDINALS.get(tokens[at].text, 0) > 0 or tokens[at].text.isdigit())


def _is_half(tokens: Sequence[Token], at: int) -> bool:
    return at < len(tokens) and tokens[at].text in ("pol", "pola")


def _is_shortened_price(total: int, price: int | None, value: int, is_spoken: bool) -> bool:
    """Whether a number and a round hundred are thousands and the rest: "dwa pięćset".

    Round tens are left alone: "dwadzieścia, dwieście" may as well be a doubt between two.
    """
    if total or not price or not is_spoken or value < 200 or price > 9900:
        return False
    return price < 2000 or bool(price % 1000)


def _read_digits(tokens: Sequence[Token], at: int) -> tuple[int, int] | None:
    """A written number and the index after it; joins "1 200" and "123 456"."""
    text = tokens[at].text
    hundredths = hundredths_of_digits(text)
    if hundredths is None:
        return None
    at += 1
    is_joinable = text.isdigit() and len(text) <= 3 and not text.startswith("0")
    while (
        is_joinable
        and at < len(tokens)
        and re.fullmatch(r"[0-9]{3}(?:[.,][0-9]{1,2})?", tokens[at].text)
    ):
        following = hundredths_of_digits(tokens[at].text)
        if following is None or (
            hundredths >= 10_000 and following and _is_doubt(hundredths, following)
        ):
            break
        hundredths = hundredths * 1000 + following
        is_joinable = tokens[at].text.isdigit()
        at += 1
    return hundredths, at


def _is_doubt(hundredths: int, following: int) -> bool:
    """Whether two written numbers are "two hundred, three hundred" rather than 200 300."""
    return hundredths % 1000 == 0 and following % 1000 == 0


def read_ordinal(tokens: Sequence[Token], at: int) -> Ordinal | None:
    """The ordinal that begins at `at`: "dwudziestego trzeciego", "15-go", "20ego".

    Tens and units belong together only in one form; "dwudziesty trzeci trzeci" gives 23 first.
    """
    if at >= len(tokens):
        return None
    word = tokens[at].text
    if word in ORDINALS:
        value, form = ORDINALS[word]
        if value in (20, 30, 40, 50, 60, 70, 80, 90) and at + 1 < len(tokens):
            unit, unit_form = ORDINALS.get(tokens[at + 1].text, (0, ""))
            if 1 <= unit <= 9 and unit_form == form:
                return Ordinal(value + unit, at + 2, form)
        return Ordinal(value, at + 1, form)
    tens = CARDINALS.get(word, 0)
    if 20 <= tens <= 90 and at + 1 < len(tokens):
        unit, unit_form = ORDINALS.get(tokens[at + 1].text, (0, ""))
        # "dwadzieścia trzeciego" is said; "dwadzieścia drugi" begins something else as often.
        if 1 <= unit <= 9 and unit_form in ("m.gen", "f.loc"):
            return Ordinal(tens + unit, at + 2, unit_form)
    if tokens[at].is_digits and word.isdigit() and len(word) <= 4:
        end = at + 1
        if end < len(tokens) and tokens[end].text in ("-", "–"):
            end += 1
        if end < len(tokens) and tokens[end].text in _DIGIT_ENDINGS:
            ending = tokens[end].text
            # "o 15 a potem": a lone letter is an ending only where it was written together.
            if len(ending) > 1 or tokens[end].is_glued:
                return Ordinal(int(word), end + 1, _DIGIT_ENDINGS[ending])
    return None
