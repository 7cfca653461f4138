"""Text that a recogniser makes up: phrases learnt from subtitles, and loops."""

from __future__ import annotations

import re
import zlib

MAX_COMPRESSION_RATIO = 2.4
"""OpenAI's own limit for Whisper: text that shrinks more says the same again and again."""

_MIN_BYTES_TO_COMPRESS = 60

# Subtitles end like this; Whisper hears it in noise. A caller who really says one of these
# loses nothing that a debt call acts on.
_KNOWN = re.compile(
    r"""
      dzi[eę]kuj[eę]\ ((bardzo|wam|państwu)\ )*za\ (uwagę|obejrzenie|oglądanie)(\ .*)?
    | dzi[eę]ki\ za\ (uwagę|obejrzenie|oglądanie)(\ .*)?
    | (polskie\ )?napisy\ .*(przez|amara|społeczność|stworzone|wykonane|tłumaczenie).*
    | .*amara\ ?org.*
    | (tłumaczenie|korekta|redakcja|zdjęcia\ i\ montaż|opracowanie)(\ \w+){0,3}
    | wszelkie\ prawa\ zastrzeżone
    | do\ zobaczenia\ w\ (następnym|kolejnym)\ (odcinku|filmie|materiale)
    | .*(subskrybuj|zasubskrybuj|zasubskrybować|łapk[ęi]\ w\ górę).*
    | (www\ )?\w+\ (pl|com|org)
    | (muzyka|oklaski|śmiech|cisza|koniec)
    """,
    re.VERBOSE,
)
# ",,,,," "xxxxx" "i.t.es.t.es.t.es": inside one word, so that "zero zero zero" is none.
_STUTTER = re.compile(r"([^\s\d]{1,5}?)\1{3,}")
_NOT_WORDS = re.compile(r"[^\w\s]|_")
_FOREIGN_LETTERS = re.compile(r"[\u0370-\u1dff\u2e80-\uffef]")


def words_of(text: str) -> list[str]:
    """Lower-case words without punctuation."""
    return _NOT_WORDS.sub(" ", text.lower()).split()


def is_made_up(text: str) -> bool:
    """True where the whole text is known to come from noise, or is not in Latin letters."""
    words = words_of(text)
    if _FOREIGN_LETTERS.search(text) or (text and not words):
        return True
    return _KNOWN.fullmatch(" ".join(words)) is not None


def has_loop(text: str) -> bool:
    """True where the text repeats itself as speech does not.

    "nie, nie, nie" and "zero zero zero zero" are speech; a phrase four times over is not.
    """
    if _STUTTER.search(text):
        return True
    data = text.encode()
    if len(data) >= _MIN_BYTES_TO_COMPRESS:
        ratio = len(data) / len(zlib.compress(data))
        if ratio > MAX_COMPRESSION_RATIO:
            return True
    return without_loops(text) != text


def without_loops(text: str) -> str:
    """The text with each loop said once."""
    shown = text.split()
    plain = [" ".join(words_of(word)) for word in shown]
    start = 0
    while start < len(plain):
        for width in range(1, (len(plain) - start) // 4 + 1):
            n_times = 1
            phrase = plain[start : start + width]
            while plain[start + n_times * width : start + (n_times + 1) * width] == phrase:
                n_times += 1
            # Single words are said again in earnest (yes yes yes; digits), phrases are not.
            if n_times >= (7 if width == 1 else 4):
                del plain[start + width : start + n_times * width]
                del shown[start + width : start + n_times * width]
                break
        start += 1
    return " ".join(shown) if len(shown) != len(text.split()) else text
