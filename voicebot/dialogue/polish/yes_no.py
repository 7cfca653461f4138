"""Decides whether an answer means yes or no, and how surely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from voicebot.dialogue.polish.words import Token, tokenize, word_set

Strength = Literal["clear", "weak", "uncertain"]


@dataclass(frozen=True, slots=True)
class YesNo:
    """strength: only a clear yes agrees to a promise; weak (no, mhm) is asked again, uncertain
    (może, raczej) is no agreement."""

    is_yes: bool
    strength: Strength


# Longest phrase first at each place. Marks are dropped before comparing.
_PHRASES: dict[str, tuple[bool, Strength]] = {
    # ---- yes, clearly
    "tak": (True, "clear"),
    "ta": (True, "clear"),
    "tak jest": (True, "clear"),
    "no tak": (True, "clear"),
    "no ta": (True, "clear"),
    "a tak": (True, "clear"),
    "ano tak": (True, "clear"),
    "no jasne": (True, "clear"),
    "no pewnie": (True, "clear"),
    "no pewno": (True, "clear"),
    "no dobra": (True, "clear"),
    "no dobrze": (True, "clear"),
    "no zgoda": (True, "clear"),
    "no raczej ze tak": (True, "clear"),
    "no ba": (True, "clear"),
    "tak tak": (True, "clear"),
    "dobrze": (True, "clear"),
    "dobra": (True, "clear"),
    "okej": (True, "clear"),
    "okay": (True, "clear"),
    "oki": (True, "clear"),
    "ok": (True, "clear"),
    "spoko": (True, "clear"),
    "jasne": (True, "clear"),
    "oczywiscie": (True, "clear"),
    "pewnie": (True, "clear"),
    "naturalnie": (True, "clear"),
    "na pewno": (True, "clear"),
    "jak najbardziej": (True, "clear"),
    "zgoda": (True, "clear"),
    "zgadzam sie": (True, "clear"),
    "zgadza sie": (True, "clear"),
    "wyrazam zgode": (True, "clear"),
    "potwierdzam": (True, "clear"),
    "akceptuje": (True, "clear"),
    "pasuje": (True, "clear"),
    "pasuje mi": (True, "clear"),
    "odpowiada mi": (True, "clear"),
    "moze byc": (True, "clear"),
    "niech bedzie": (True, "clear"),
    "no niech bedzie": (True, "clear"),
    "owszem": (True, "clear"),
    "dokladnie": (True, "clear"),
    "dokladnie tak": (True, "clear"),
    "wlasnie tak": (True, "clear"),
    "prawda": (True, "clear"),
    "to prawda": (True, "clear"),
    "slusznie": (True, "clear"),
    "prosze bardzo": (True, "weak"),
    "umowa stoi": (True, "clear"),
    "stoi": (True, "clear"),
    "w porzadku": (True, "clear"),
    "super": (True, "clear"),
    "swietnie": (True, "clear"),
    "prosze zapisac": (True, "clear"),
    "prosze tak zapisac": (True, "clear"),
    "prosze to zapisac": (True, "clear"),
    "tak to ja": (True, "clear"),
    "to ja": (True, "weak"),
    "toja": (True, "clear"),
    "ja jestem": (True, "clear"),
    "z tej strony": (True, "clear"),
    "przy telefonie": (True, "weak"),
    "mozna": (True, "clear"),
    "moga panstwo": (True, "clear"),
    "nie mam nic przeciwko": (True, "clear"),
    "nie ma sprawy": (True, "clear"),
    "nie ma problemu": (True, "clear"),
    "zaden problem": (True, "clear"),
    "bez problemu": (True, "clear"),
    "czemu nie": (True, "clear"),
    "dlaczego nie": (True, "clear"),
    "dlaczegoz nie": (True, "clear"),
    "nie no dobra": (True, "clear"),
    "nie no dobrze": (True, "clear"),
    "nie no okej": (True, "clear"),
    "nie no ok": (True, "clear"),
    "nie no jasne": (True, "clear"),
    "nie no pewnie": (True, "clear"),
    "nie no tak": (True, "clear"),
    "nie no spoko": (True, "clear"),
    "nie no pasuje": (True, "clear"),
    "nie no zgoda": (True, "clear"),
    "nie no niech bedzie": (True, "clear"),
    "nie no moze byc": (True, "clear"),
    "nie wiem czemu nie": (True, "uncertain"),
    # ---- yes, but asked again
    "no": (True, "weak"),
    "no no": (True, "weak"),
    "no no no": (True, "weak"),
    "ano": (True, "weak"),
    "mhm": (True, "weak"),
    "mhmm": (True, "weak"),
    "mhy": (True, "weak"),
    "yhy": (True, "weak"),
    "yhm": (True, "weak"),
    "ehe": (True, "weak"),
    "aha": (True, "weak"),
    "uhm": (True, "weak"),
    "no trudno": (True, "weak"),
    "trudno": (True, "weak"),
    "niech tak bedzie": (True, "clear"),
    "nie zeby nie": (True, "weak"),
    "nie to zeby nie": (True, "weak"),
    "nie mowie nie": (True, "weak"),
    "nie mowie ze nie": (True, "weak"),
    "nie powiem ze nie": (True, "weak"),
    "no wlasnie": (True, "weak"),
    "wlasnie": (True, "weak"),
    # ---- perhaps
    "raczej": (True, "uncertain"),
    "raczej tak": (True, "uncertain"),
    "no raczej": (True, "uncertain"),
    "chyba": (True, "uncertain"),
    "chyba tak": (True, "uncertain"),
    "moze": (True, "uncertain"),
    "moze tak": (True, "uncertain"),
    "byc moze": (True, "uncertain"),
    "mozliwe": (True, "uncertain"),
    "pewnie tak": (True, "uncertain"),
    "prawdopodobnie": (True, "uncertain"),
    "postaram sie": (True, "uncertain"),
    "sprobuje": (True, "uncertain"),
    "zobacze": (True, "uncertain"),
    "zobaczymy": (True, "uncertain"),
    "zobaczy sie": (True, "uncertain"),
    "jakos tak": (True, "uncertain"),
    "powiedzmy": (True, "uncertain"),
    "powiedzmy ze tak": (True, "uncertain"),
    "wydaje mi sie ze tak": (True, "uncertain"),
    "mysle ze tak": (True, "uncertain"),
    "sadze ze tak": (True, "uncertain"),
    "tak mysle": (True, "uncertain"),
    "tak mi sie wydaje": (True, "uncertain"),
    "nie jestem pewien": (False, "uncertain"),
    "nie jestem pewna": (False, "uncertain"),
    "nie wiem": (False, "uncertain"),
    "trudno powiedziec": (False, "uncertain"),
    "ciezko powiedziec": (False, "uncertain"),
    "jeszcze nie wiem": (False, "uncertain"),
    "nie bardzo wiem": (False, "uncertain"),
    "tak i nie": (False, "uncertain"),
    "i tak i nie": (False, "uncertain"),
    "raczej nie": (False, "uncertain"),
    "no raczej nie": (False, "uncertain"),
    "chyba nie": (False, "uncertain"),
    "moze nie": (False, "uncertain"),
    "pewnie nie": (False, "uncertain"),
    "nie sadze": (False, "uncertain"),
    "watpie": (False, "uncertain"),
    "mysle ze nie": (False, "uncertain"),
    "wydaje mi sie ze nie": (False, "uncertain"),
    # ---- no
    "nie": (False, "clear"),
    "ne": (False, "clear"),
    "nje": (False, "clear"),
    "no nie": (False, "clear"),
    "no nie bardzo": (False, "clear"),
    "nie bardzo": (False, "clear"),
    "nie za bardzo": (False, "clear"),
    "nie no": (False, "clear"),
    "nie no skad": (False, "clear"),
    "a nie": (False, "clear"),
    "nie tak": (False, "clear"),
    "to nie tak": (False, "clear"),
    "na pewno nie": (False, "clear"),
    "oczywiscie ze nie": (False, "clear"),
    "jasne ze nie": (False, "clear"),
    "absolutnie": (False, "clear"),
    "absolutnie nie": (False, "clear"),
    "absolutnie tak": (True, "clear"),
    "skadze": (False, "clear"),
    "skad": (False, "clear"),
    "w zadnym wypadku": (False, "clear"),
    "w zadnym razie": (False, "clear"),
    "pod zadnym pozorem": (False, "clear"),
    "nigdy": (False, "clear"),
    "wcale": (False, "clear"),
    "wcale nie": (False, "clear"),
    "wykluczone": (False, "clear"),
    "odmawiam": (False, "clear"),
    "nie dziekuje": (False, "clear"),
    "nie zgadzam sie": (False, "clear"),
    "nie zgadza sie": (False, "clear"),
    "nie pasuje": (False, "clear"),
    "nie moge": (False, "clear"),
    "nie chce": (False, "clear"),
    "niestety nie": (False, "clear"),
    "niestety": (False, "weak"),
    "bynajmniej": (False, "clear"),
    "pomylka": (False, "clear"),
    "nieprawda": (False, "clear"),
    "zle": (False, "clear"),
    "blad": (False, "clear"),
    "zmienilem zdanie": (False, "clear"),
    "zmienilam zdanie": (False, "clear"),
    "no nie wiem": (False, "uncertain"),
    "no to nie": (False, "clear"),
    "nie na pewno": (False, "uncertain"),
    "na pewno tak": (True, "clear"),
}
_BY_WORDS = {tuple(phrase.split()): meaning for phrase, meaning in _PHRASES.items()}
# Begin like a refusal and are none.
_NEITHER = frozenset(
    tuple(phrase.split())
    for phrase in (
        "nie rozumiem", "nie slysze", "nie slychac", "nie doslyszalem", "nie doslyszalam",
        "nie zrozumialem", "nie zrozumialam", "nie uslyszalem", "nie uslyszalam", "nie pamietam",
        "nie rozlaczac", "czy tak", "czy nie", "co nie", "tak w ogole", "tak naprawde",
        "no nie rozumiem", "no nie slysze", "nie tyle", "jak tak", "jak nie", "jezeli nie",
        "no halo", "a tak w ogole", "tak zwany", "tak czy", "czy moze", "nie tylko",
    )
)  # fmt: skip
# Nothing but this: what a telephone recogniser makes of a short "nie", and no answer by itself.
_MISHEARD_ALONE = {("mie",): "nie", ("nie", "mie"): "nie nie", ("mie", "mie"): "nie nie"}
_LONGEST = max(len(words) for words in _BY_WORDS)

# Follow a "no", "dobra", "pewnie" or "moze" that opens a sentence and answers nothing.
_NOT_AN_ANSWER: dict[str, frozenset[str]] = {
    "no": word_set("to ale i a wiec co kto gdzie kiedy jak ile ja ciekawe czy bo dzien"),
    "moze": word_set("pan pani panstwo mnie to ja mi byc w jutro we po do od za na"),
    "dobrze": frozenset(["by"]),
    "dobra": frozenset(["wola"]),
    "prawda": frozenset(["jest"]),
    "mozna": word_set("na w to by karta blikiem czy"),
    "skad": word_set("macie mam pan pani ma sie dzwoni to te panstwo dzwonicie"),
    "tak": word_set("jakby samo sobie czy"),
    "wlasnie": word_set("ze"),
    "to ja": word_set("nie bym moge zaplace juz"),
    "zle": word_set("slychac slysze sie"),
    "niech bedzie": frozenset(["pochwalony"]),
    "nigdy": frozenset(["nie"]),
}
_HEDGES = word_set(
    "chyba moze raczej prawdopodobnie ewentualnie postaram sprobuje ale tylko chociaz jesli jezeli"
)


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer among the words of a sentence."""

    start: int
    end: int
    is_yes: bool
    strength: Strength


_CHANGING = word_set(
    "zmienic zmienie zmieniam zmiana zmiany inny inna inne innego inaczej zamiast termin "
    "kto kim co ile gdzie dlaczego czemu jaki jaka jakie"
)
"""Said beside a yes they take it back ("chcę zmienić termin, a tak") or ask ("tak, a kto mówi")."""
_ALSO_NO_ANSWERS = frozenset({"mozna", "dokladnie", "to ja"})
"""Alone they agree; in a sentence they mostly mean something else."""


def parse_yes_no(text: str) -> YesNo | None:
    """Whether what was said agrees or refuses; None where it does neither.

    A later answer corrects an earlier one ("nie no, dobra"); a hedge near a yes ("chyba tak")
    takes its certainty, and so does a condition ("tak, ale...") or a question ("tak?").
    """
    tokens = tokenize(text)
    words = [token for token in tokens if not token.is_mark]
    meant = _MISHEARD_ALONE.get(tuple(token.text for token in words))
    if meant is not None:
        return parse_yes_no(meant)
    answers = _find_answers(words)
    if not answers:
        return None
    is_yes, strength = _combine(answers)
    if is_yes and strength == "clear":
        if _is_hedged(words, answers):
            strength = "uncertain"
        elif tokens[-1].text == "?" or _is_about_something_else(words, answers):
            strength = "weak"
    return YesNo(is_yes, strength)


def _is_about_something_else(words: Sequence[Token], answers: Sequence[_Answer]) -> bool:
    """Whether what sounds like a yes is a part of another sentence: "nie pamiętam dokładnie",
    "czy można później zapłacić". A promise must not come of it."""
    covered = {at for answer in answers for at in range(answer.start, answer.end)}
    others = [word.text for at, word in enumerate(words) if at not in covered]
    if "czy" in others or "nie" in others or _CHANGING.intersection(others):
        return True
    said = {
        " ".join(word.text for word in words[it.start : it.end])
        for it in answers
        if it.strength == "clear"
    }
    return (bool(others) or len(answers) > 1) and said <= _ALSO_NO_ANSWERS


def answered_words(text: str) -> list[tuple[str, bool]]:
    """The words that were said, folded, and whether each is part of a yes, no or perhaps."""
    words = [token for token in tokenize(text) if not token.is_mark]
    answering = {at for it in _find_answers(words) for at in range(it.start, it.end)}
    return [(token.text, at in answering) for at, token in enumerate(words)]


def _find_answers(words: Sequence[Token]) -> list[_Answer]:
    answers: list[_Answer] = []
    at = 0
    while at < len(words):
        length, meaning = _longest_at(words, at)
        if meaning is not None:
            answers.append(_Answer(at, at + length, *meaning))
        at += length
    return answers


def _longest_at(words: Sequence[Token], at: int) -> tuple[int, tuple[bool, Strength] | None]:
    """How many words the longest known phrase has, and what it answers, if anything."""
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        phrase = tuple(token.text for token in words[at : at + length])
        if phrase in _NEITHER:
            return length, None
        meaning = _BY_WORDS.get(phrase)
        following = words[at + length].text if at + length < len(words) else ""
        if meaning is not None and following not in _NOT_AN_ANSWER.get(" ".join(phrase), ()):
            return length, meaning
    return 1, None


def _combine(answers: Sequence[_Answer]) -> tuple[bool, Strength]:
    first, last = answers[0], answers[-1]
    strengths = {answer.strength for answer in answers}
    if len({answer.is_yes for answer in answers}) == 1:
        # "no, tak" is a clear yes; "tak, może" is none.
        order: tuple[Strength, ...] = ("uncertain", "clear", "weak")
        return first.is_yes, next(strength for strength in order if strength in strengths)
    if first.is_yes and first.strength == "weak" and not last.is_yes:
        return False, last.strength
    if last.is_yes and last.strength == "clear":
        # "nie, dobra": a change of mind, to be asked again.
        return True, "weak"
    return last.is_yes, "uncertain"


def _is_hedged(words: Sequence[Token], answers: Sequence[_Answer]) -> bool:
    in_answers = {at for answer in answers for at in range(answer.start, answer.end)}
    return any(token.text in _HEDGES and at not in in_answers for at, token in enumerate(words))
