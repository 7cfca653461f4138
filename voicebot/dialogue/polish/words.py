"""Cuts recognised Polish speech into words of one spelling, whatever the recogniser wrote.

All parsers here compare `Token.text`: lower case, without diacritics, split and merged words
put right, known words respelled from what a telephone recogniser makes of them ("pionteg").
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from voicebot.dialogue.polish.heard_spellings import HEARD_SPELLINGS
from voicebot.dialogue.polish.misheard import mend_words

MAX_LENGTH = 600
"""Longer text is cut: nobody says more in one turn, and a parser's time stays bounded."""

_MAX_TOKENS = 120

_FOLD = str.maketrans("ąćęłńóśźżĄĆĘŁŃÓŚŹŻ", "acelnoszzACELNOSZZ")
_PHONETIC = (
    ("ą", "on"), ("ę", "en"), ("ó", "u"), ("rz", "z"), ("ż", "z"), ("ch", "h"), ("ł", "l"),
    ("ś", "s"), ("ć", "c"), ("ń", "n"), ("ź", "z"), ("om", "on"), ("em", "en"),
)  # fmt: skip
_DEVOICED = str.maketrans("bdgwz", "ptkfs")


def word_set(words: str) -> frozenset[str]:
    """A set written as running text."""
    return frozenset(words.split())


MONTH_FORMS: dict[str, int] = {}
"""Every folded form of the months' names to 1..12."""
for _number, _forms in enumerate(
    (
        "styczeń stycznia styczniu styczniem", "luty lutego lutym lutemu",
        "marzec marca marcu marcem", "kwiecień kwietnia kwietniu kwietniem",
        "maj maja maju majem", "czerwiec czerwca czerwcu czerwcem", "lipiec lipca lipcu lipcem",
        "sierpień sierpnia sierpniu sierpniem", "wrzesień września wrześniu wrześniem",
        "październik października październiku październikiem",
        "listopad listopada listopadzie listopadem", "grudzień grudnia grudniu grudniem",
    ),
    start=1,
):  # fmt: skip
    for _form in _forms.split():
        MONTH_FORMS[_form.translate(_FOLD)] = _number
_MONTH_SPELLINGS = (
    "styczeń stycznia styczniu styczniem luty lutego lutym marzec marca marcu marcem kwiecień "
    "kwietnia kwietniu kwietniem maja czerwiec czerwca czerwcu czerwcem lipiec lipca lipcu lipcem "
    "sierpień sierpnia sierpniu sierpniem wrzesień września wrześniu wrześniem październik "
    "października październiku październikiem listopad listopada listopadzie listopadem grudzień "
    "grudnia grudniu grudniem"
)

WEEKDAY_FORMS: dict[str, int] = {}
"""Every folded form of the weekdays' names to 0 (Monday) .. 6."""
_WEEKDAY_SPELLINGS = (
    "poniedziałek poniedziałku poniedziałkiem poniedziałkowi", "wtorek wtorku wtorkiem",
    "środa środę środy środą środzie", "czwartek czwartku czwartkiem", "piątek piątku piątkiem",
    "sobota sobotę soboty sobotą sobocie", "niedziela niedzielę niedzieli niedzielą",
)  # fmt: skip
for _number, _forms in enumerate(_WEEKDAY_SPELLINGS):
    for _form in _forms.split():
        WEEKDAY_FORMS[_form.translate(_FOLD)] = _number

_OTHER_SPELLINGS = """
zero jeden jedna jedno jedną dwa dwie dwóch dwóm dwoma dwiema trzy trzech trzem trzema cztery
czterech czterem czterema pięć pięciu pięcioma sześć sześciu sześcioma siedem siedmiu siedmioma
osiem ośmiu ośmioma dziewięć dziewięciu dziewięcioma dziesięć dziesięciu dziesięcioma jedenaście
jedenastu dwanaście dwunastu trzynaście trzynastu czternaście czternastu piętnaście piętnastu
szesnaście szesnastu siedemnaście siedemnastu osiemnaście osiemnastu dziewiętnaście dziewiętnastu
dwadzieścia dwudziestu trzydzieści trzydziestu czterdzieści czterdziestu pięćdziesiąt
pięćdziesięciu sześćdziesiąt sześćdziesięciu siedemdziesiąt siedemdziesięciu osiemdziesiąt
osiemdziesięciu dziewięćdziesiąt dziewięćdziesięciu sto stu dwieście dwustu trzysta trzystu
czterysta czterystu pięćset pięciuset sześćset sześciuset siedemset siedmiuset osiemset ośmiuset
dziewięćset dziewięciuset tysiąc tysiąca tysiące tysięcy tysiącem tysiącami tysiącach
milion miliona miliony milionów
stówa stówę stówy stów stówka stówkę stówki stówek tysiak tysiaka tysiaki tysiaków koła koło
dycha dychę dychy dych bańka bańkę bańki
pierwszy pierwszego pierwszej pierwsza pierwszym drugi drugiego drugiej druga drugim trzeci
trzeciego trzeciej trzecia trzecim czwarty czwartego czwartej czwarta czwartym piąty piątego
piątej piąta piątym szósty szóstego szóstej szósta szóstym siódmy siódmego siódmej siódma siódmym
ósmy ósmego ósmej ósma ósmym dziewiąty dziewiątego dziewiątej dziewiąta dziewiątym dziesiąty
dziesiątego dziesiątej dziesiąta dziesiątym jedenasty jedenastego jedenastej jedenasta jedenastym
dwunasty dwunastego dwunastej dwunasta dwunastym trzynasty trzynastego trzynastej trzynasta
trzynastym czternasty czternastego czternastej czternasta czternastym piętnasty piętnastego
piętnastej piętnasta piętnastym szesnasty szesnastego szesnastej szesnasta szesnastym siedemnasty
siedemnastego siedemnastej siedemnasta siedemnastym osiemnasty osiemnastego osiemnastej osiemnasta
osiemnastym dziewiętnasty dziewiętnastego dziewiętnastej dziewiętnasta dziewiętnastym dwudziesty
dwudziestego dwudziestej dwudziesta dwudziestym trzydziesty trzydziestego trzydziestej trzydziesta
trzydziestym
złoty złote złotych złotego złotówek grosz grosza grosze groszy
dzisiaj dziś jutro jutra pojutrze wczoraj przedwczoraj tydzień tygodnia tygodnie tygodni tygodniu
miesiąc miesiąca miesiące miesięcy miesiącu rok roku dzień dnia dni dniach końca koniec początek
początku połowa połowę połowie kwartału przyszły przyszła przyszłą przyszłym przyszłego przyszłej
następny następną następnym następnego zeszły zeszłą zeszłym zeszłego ubiegły ubiegłym najbliższy
najbliższą najbliższym rano wieczorem południe południu południem godzina godziny godzinę godzin
minut minuty kwadrans północy całość całości wszystko resztę połówkę pół półtora półtorej ćwierć
zapłacę przeleję wpłacę ureguluję spłacę zapłaciłem zapłaciłam wypłata wypłaty wypłacie wypłatę
emerytura emeryturę emeryturze emerytury zasiłek zasiłku pensja pensję pensji renta rentę
weekend weekendu weekendzie święta świętach świętami świąt wigilię wigilia sylwestra wielkanoc
wielkanocą wielkanocy
"""


def fold(text: str) -> str:
    """Lower case without Polish diacritics."""
    return text.lower().translate(_FOLD)


def _phonetic_key(word: str) -> str:
    """How a word sounds, roughly: nasals opened, ó as u, rz as ż, the last consonant voiceless."""
    key = word.lower()
    if key.endswith("ę"):
        key = key[:-1] + "e"
    for spelled, heard in _PHONETIC:
        key = key.replace(spelled, heard)
    return key[:-1] + key[-1:].translate(_DEVOICED)


def _build_spellings() -> dict[str, str]:
    """Everything that may be written for a known word, to the word with its diacritics."""
    known = f"{_MONTH_SPELLINGS} {' '.join(_WEEKDAY_SPELLINGS)} {_OTHER_SPELLINGS}".split()
    table = {fold(word): word for word in reversed(known)}
    exact = frozenset(table)
    for word in known:
        key = _phonetic_key(word)
        # Short words sound like too many others ("maj", "pół", "sto").
        if len(key) >= 5 and key not in exact:
            table.setdefault(key, word)
    table.update((heard, word) for heard, word in HEARD_SPELLINGS.items() if heard not in exact)
    return table


_SPELLINGS = _build_spellings()

_FUZZY_WORDS = tuple(
    (fold(word), word, MONTH_FORMS.get(fold(word), -1 - WEEKDAY_FORMS.get(fold(word), 0)))
    for word in f"{_MONTH_SPELLINGS} {' '.join(_WEEKDAY_SPELLINGS)}".split()
    if len(word) >= 5
)
"""Folded form, form with diacritics, and which month (1..12) or weekday (below 0) it is."""
_NUMERAL_STEMS: tuple[str, ...] = (
    "jedenast", "dwunast", "trzynast", "czternast", "piętnast", "szesnast", "siedemnast",
    "osiemnast", "dziewiętnast", "dwudziest", "trzydziest", "czterdziest", "pięćdziesiąt",
    "sześćdziesiąt", "siedemdziesiąt", "osiemdziesiąt", "dziewięćdziesiąt", "dziewiąt", "dziesiąt",
    "czwart", "siódm", "szóst", "pierwsz",
)  # fmt: skip
_LONG_NUMERALS = tuple(
    (fold(word), word, stem)
    for stem in _NUMERAL_STEMS
    for word in (f"{stem}ego", f"{stem}y", *((stem,) if stem.endswith("dziesiąt") else ()))
    if len(word) >= 8
)
"""Folded form, form with diacritics, and the stem: other than that no two are alike."""
_NUMERAL_ENDINGS = ("ego", "y", "dziesiat")
_ONE_EDIT_LENGTH, _TWO_EDITS_LENGTH = 8, 10
# One letter away from a month or a weekday, and words of their own.
_NEVER_FUZZY = word_set(
    "lupiec lipna marka marki marko marku luka lutnia lutowy srodek srodki srodku srodkow srodka "
    "sroda swoboda soboty sobota piatka piatke piatki piata piate piatej piatym czwarte czwarta "
    "czwartej czwartym czerwony czerwone wlorek worek worku workiem wierzyciel kwota grudzi marze "
    "marca marzen marzenie majtek majatek majatku poniedziale listonosz liste listy listopadowy "
    "przed piate pietra pieter pieterko niedziel niedzwiedz wiosny lipie lipcowy styczni"
)


def _is_one_edit_away(word: str, other: str) -> bool:
    """Whether one letter added, left out, replaced, or two neighbours swapped part the words."""
    if abs(len(word) - len(other)) > 1 or word == other:
        return word == other
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    rest, other_rest = word[start:], other[start:]
    return (
        rest[1:] == other_rest[1:]
        or rest[1:] == other_rest
        or rest == other_rest[1:]
        or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:] and len(rest) > 1)
    )


def _n_edits(word: str, other: str, most: int) -> int:
    """Letters to add, leave out or replace; `most` + 1 where there are more."""
    if abs(len(word) - len(other)) > most:
        return most + 1
    row = list(range(len(other) + 1))
    for i, sign in enumerate(word, start=1):
        diagonal, row[0] = row[0], i
        for j, wanted in enumerate(other, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (sign != wanted))
    return min(row[-1], most + 1)


def _long_numeral(folded: str) -> str | None:
    """The long numeral that a letter or two part from the word, if it is the only one so near."""
    if len(folded) < _ONE_EDIT_LENGTH - 1 or not folded.endswith(_NUMERAL_ENDINGS):
        return None
    near = []
    for known, word, stem in _LONG_NUMERALS:
        most = 2 if len(known) >= _TWO_EDITS_LENGTH else 1
        n_edits = _n_edits(folded, known, most)
        if n_edits <= most:
            near.append((n_edits, stem, word))
    if not near:
        return None
    n_edits, stem, word = min(near)
    return None if any(n == n_edits and other != stem for n, other, _ in near) else word


@lru_cache(maxsize=4096)
def _respell(word: str) -> str:
    """The known word that `word` (lower case) stands for; the word itself otherwise."""
    folded = fold(word)
    known = _SPELLINGS.get(folded)
    if known is None and len(folded) >= 5:
        known = _SPELLINGS.get(_phonetic_key(word))
    if known is not None:
        return known
    if len(folded) >= 5 and folded not in _NEVER_FUZZY:
        near = [known for known in _FUZZY_WORDS if _is_one_edit_away(folded, known[0])]
        if len({which for _, _, which in near}) == 1:
            return min(spelled for _, spelled, _ in near)
    return _long_numeral(folded) or word


class Token(NamedTuple):
    """One word, number or mark of what was said.

    text: what parsers compare. spelled: with diacritics where the word is known. is_glued: no
    space parted it from the one before ("15" and "go" in "15go").
    """

    text: str
    spelled: str
    is_glued: bool = False

    @property
    def is_digits(self) -> bool:
        return "0" <= self.text[:1] <= "9"

    @property
    def is_mark(self) -> bool:
        return not self.text[:1].isalnum()


_PIECE = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?![0-9])"  # 2026-03-15
    r"|[0-9]{1,2}[./-][0-9]{1,2}[./-](?:[0-9]{4}|[0-9]{2})(?![0-9])"  # 15.03.2026
    r"|[0-9]{1,3}(?:[.,][0-9]{3})+(?:[.,][0-9]{1,2})?(?![0-9])"  # 1.200,50
    r"|[0-9]+(?:[.,:/][0-9]+)?"  # 1200 1200,50 16:30 15.03 15/03
    r"|[^\W\d_]+"
    r"|[.,;:!?+%/–—-]"
)

_NUMERAL_FORMS = frozenset(folded for folded, _, _ in _LONG_NUMERALS) | frozenset(
    fold(word)
    for stem in _NUMERAL_STEMS[:9]
    for word in (f"{stem}ej", f"{stem}a", f"{stem}ym", f"{stem[:-2]}ście", f"{stem[:-1]}cie")
)
# A full stop after these ends no sentence.
_ABBREVIATIONS = (" tys", " mln", " godz", " nr", " ok", " ul")

_SPLITS = {
    "naraty": ("na", "raty"), "naraz": ("na", "raz"), "conajmniej": ("co", "najmniej"),
    "narazie": ("na", "razie"), "pozatym": ("poza", "tym"), "wogole": ("w", "ogole"),
    "niema": ("nie", "ma"), "niemam": ("nie", "mam"), "niemoge": ("nie", "moge"),
    "niewiem": ("nie", "wiem"), "niechce": ("nie", "chce"), "niezaplace": ("nie", "zaplace"),
    "niebede": ("nie", "bede"), "niedam": ("nie", "dam"), "niezgadzam": ("nie", "zgadzam"),
    "nietak": ("nie", "tak"), "notak": ("no", "tak"), "nonie": ("no", "nie"),
    "napewno": ("na", "pewno"), "tojest": ("to", "jest"), "dozobaczenia": ("do", "zobaczenia"),
}  # fmt: skip
_MERGES = {
    ("po", "jutrze"): "pojutrze", ("przed", "wczoraj"): "przedwczoraj", ("bliki", "em"): "blikiem",
    ("blik", "iem"): "blikiem", ("dwa", "dziescia"): "dwadzieścia",
    ("trzy", "dziesci"): "trzydzieści", ("cztery", "dziesci"): "czterdzieści",
    ("piec", "dziesiat"): "pięćdziesiąt", ("szesc", "dziesiat"): "sześćdziesiąt",
    ("siedem", "dziesiat"): "siedemdziesiąt", ("osiem", "dziesiat"): "osiemdziesiąt",
    ("dziewiec", "dziesiat"): "dziewięćdziesiąt", ("trzy", "sta"): "trzysta",
    ("dwie", "scie"): "dwieście", ("cztery", "sta"): "czterysta", ("piec", "set"): "pięćset",
    ("szesc", "set"): "sześćset", ("siedem", "set"): "siedemset", ("osiem", "set"): "osiemset",
    ("dziewiec", "set"): "dziewięćset", ("popo", "ludniu"): "popołudniu",
    ("ponie", "dzialek"): "poniedziałek", ("wigi", "lie"): "wigilię", ("tysi", "ac"): "tysiąc",
    ("nie", "dziele"): "niedzielę", ("nie", "dziela"): "niedziela", ("pia", "tek"): "piątek",
    ("czwar", "tek"): "czwartek", ("so", "bote"): "sobotę", ("ty", "dzien"): "tydzień",
    ("ty", "godnie"): "tygodnie", ("mie", "siac"): "miesiąc", ("dwie", "sta"): "dwieście",
    ("pol", "tora"): "półtora", ("pol", "torej"): "półtorej", ("zlo", "tych"): "złotych",
    ("po", "lowe"): "połowę", ("za", "place"): "zapłacę",
}  # fmt: skip
# "w piątek" over a telephone: the voiceless w is hardly heard.
_HEARD_W = ("s", "f")
_RUN_TOGETHER = {
    "dziewiecset": "dziewiecset", "pierwszy": "pierwszy", "drugi": "drugi", "trzeci": "trzeci",
    "czwarty": "czwarty", "piaty": "piaty", "wiaty": "piaty", "fiaty": "piaty", "szosty": "szosty",
    "siodmy": "siodmy", "siedmy": "siodmy", "osmy": "osmy", "usmy": "osmy",
}  # fmt: skip
"""First words of two numerals written as one ("usmysiedemdziesiąt"), as heard and as meant."""
_RUN_ON_NOUNS = ("zlotych", "zlote", "zloty", "tysiaca", "tysiac", "tysiace", "tysiecy", "zero")
"""Second words of "dwieściezłotych", "półtysiąca"."""
_PREFIXES = ("do", "na", "we", "w", "po", "za", "od", "przed")
_PREFIXABLE = (
    MONTH_FORMS.keys()
    | WEEKDAY_FORMS.keys()
    | word_set(
        "konca koniec poczatku polowie tygodnia tygodniu tydzien miesiaca miesiac jutra jutro "
        "przyszlym przyszly przyszla tym wyplacie swiatach swieta swiat weekend weekendzie "
        "pierwszego drugiego trzeciego czwartego piatego szostego siodmego osmego dziewiatego "
        "dziesiatego pietnastego dwudziestego trzydziestego"
    )
) - {"maja", "maj", "maju", "luty", "sroda"}


def _split(word: str) -> tuple[str, ...]:
    """The words that the recogniser wrote as one; empty where `word` is one."""
    folded = fold(word)
    if folded in _SPLITS:
        return _SPLITS[folded]
    if len(folded) < 6 or folded in _SPELLINGS:
        return ()
    for tens in ("dwudziestego", "trzydziestego"):
        unit = folded.removeprefix(tens)
        if unit != folded and unit.endswith("ego") and unit in _SPELLINGS:
            return (tens, unit)
    for noun in _RUN_ON_NOUNS:
        head = folded.removesuffix(noun)
        if head != folded and head in _SPELLINGS:
            return (head, noun)
    for prefix in _PREFIXES:
        rest = folded[len(prefix) :]
        if folded.startswith(prefix) and fold(_respell(rest)) in _PREFIXABLE:
            return (prefix, rest)
    if folded.startswith(_HEARD_W) and fold(_respell(folded[1:])) in WEEKDAY_FORMS:
        return ("w", folded[1:])
    for heard, numeral in _RUN_TOGETHER.items():
        if folded.startswith(heard) and _is_numeral(folded[len(heard) :]):
            return (numeral, folded[len(heard) :])
    return ()


def _is_numeral(word: str) -> bool:
    """Whether it is a tens or teens numeral, perhaps misspelled."""
    return fold(_respell(word)) in _NUMERAL_FORMS


def _merge(tokens: Sequence[Token], heard: str, spelled: str) -> str | None:
    """The word whose second half the recogniser wrote apart from the last token."""
    if not tokens:
        return None
    first = tokens[-1].text
    return _MERGES.get((first, fold(heard))) or _MERGES.get((first, fold(spelled)))


@lru_cache(maxsize=64)
def tokenize(text: str) -> tuple[Token, ...]:
    """The words, numbers and marks of what was said, each in its known spelling."""
    tokens: list[Token] = []
    end = -1
    # \u200b and the like come from pages, not from speech, but must not hide a word.
    # Some systems write "ó" as two signs.
    composed = unicodedata.normalize("NFC", text[: 2 * MAX_LENGTH])
    cleaned = composed[:MAX_LENGTH].lower().replace("\u00a0", " ").replace("\u202f", " ")
    cleaned = mend_words(cleaned, _is_numeral)
    for match in _PIECE.finditer(cleaned):
        piece = match.group()
        is_glued = match.start() == end
        end = match.end()
        if piece == "." and is_glued and cleaned[: match.start()].endswith(_ABBREVIATIONS):
            continue
        if not piece.isascii():
            # "²" counts as a letter for the pattern and as a digit for Python.
            piece = "".join(sign for sign in piece if sign.isalpha() or sign in "–—")
            if not piece:
                continue
        for part in _split(piece) or (piece,):
            spelled = _respell(part)
            merged = _merge(tokens, part, spelled)
            if merged is not None:
                tokens[-1] = Token(fold(merged), merged, tokens[-1].is_glued)
            else:
                tokens.append(Token(fold(spelled), spelled, is_glued))
            is_glued = False
        if len(tokens) >= _MAX_TOKENS:
            break
    return tuple(tokens)


def restore(text: str) -> str:
    """What was said with the diacritics of known words restored, for classifying and showing."""
    return " ".join(token.spelled for token in tokenize(text) if not token.is_mark)


def texts(tokens: Iterable[Token]) -> list[str]:
    """The words to compare, marks left out."""
    return [token.text for token in tokens if not token.is_mark]


def starts_with(tokens: Sequence[Token], at: int, phrase: str) -> int:
    """Where `phrase` (folded words) ends if it begins at `at`; -1 otherwise."""
    for word in phrase.split():
        if at >= len(tokens) or tokens[at].text != word:
            return -1
        at += 1
    return at
