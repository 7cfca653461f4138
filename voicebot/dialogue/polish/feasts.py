"""Dates of Polish feasts and days off, from Easter on; the days people name instead of a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache

from voicebot.dialogue.polish.words import fold

Span = tuple[dt.date, dt.date]


@lru_cache(maxsize=256)
def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = c // 4, c % 4
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return dt.date(year, month, day + 1)


@lru_cache(maxsize=64)
def _days_off(year: int) -> frozenset[dt.date]:
    sunday = easter(year)
    fixed = [(1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26)]
    if year >= 2025:
        # Christmas Eve is a day off since the act of 27 November 2024.
        fixed.append((12, 24))
    days = {dt.date(year, month, day) for month, day in fixed}
    return frozenset(days | {sunday + dt.timedelta(days=after) for after in (0, 1, 49, 60)})


def is_holiday(day: dt.date) -> bool:
    """A public holiday in Poland, whatever day of the week it is."""
    return day in _days_off(day.year)


def is_business_day(day: dt.date) -> bool:
    """Monday to Friday and no public holiday in Poland."""
    return day.weekday() < 5 and day not in _days_off(day.year)


def add_business_days(day: dt.date, n: int) -> dt.date:
    """The n-th business day after `day`."""
    while n > 0:
        day += dt.timedelta(days=1)
        n -= is_business_day(day)
    return day


def _fixed(month: int, day: int, last_day: int = 0) -> Callable[[int], Span]:
    return lambda year: (dt.date(year, month, day), dt.date(year, month, last_day or day))


def _from_easter(first: int, last: int | None = None) -> Callable[[int], Span]:
    def span(year: int) -> Span:
        sunday = easter(year)
        end = first if last is None else last
        return sunday + dt.timedelta(days=first), sunday + dt.timedelta(days=end)

    return span


_NAMES: dict[str, Callable[[int], Span]] = {
    "prima aprilis": _fixed(4, 1),
    "sylwestra|sylwester|sylwestrem|sylwestrze": _fixed(12, 31),
    "wigilię|wigilia|wigilii|wigilią": _fixed(12, 24),
    "nowy rok|nowego roku|nowym roku|nowym rokiem": _fixed(1, 1),
    "trzech króli|trzech królach|trzema królami": _fixed(1, 6),
    "walentynki|walentynkach|walentynek|walentynkami": _fixed(2, 14),
    "dzień kobiet|dnia kobiet|dniu kobiet": _fixed(3, 8),
    "dzień babci|dnia babci|dniu babci": _fixed(1, 21),
    "dzień dziadka|dnia dziadka|dniu dziadka": _fixed(1, 22),
    "świętego józefa|józefa": _fixed(3, 19),
    "dzień matki|dnia matki|dniu matki": _fixed(5, 26),
    "dzień ojca|dnia ojca|dniu ojca": _fixed(6, 23),
    "dzień nauczyciela|dnia nauczyciela|dniu nauczyciela": _fixed(10, 14),
    "andrzejki|andrzejkach|andrzejek|andrzejkami": _fixed(11, 30),
    "barbórkę|barbórka|barbórki|barbórce|barbórką": _fixed(12, 4),
    "dzień dziecka|dnia dziecka|dniu dziecka": _fixed(6, 1),
    "święto pracy|święta pracy|święcie pracy": _fixed(5, 1),
    "święto konstytucji|konstytucji trzeciego maja": _fixed(5, 3),
    "majówkę|majówka|majówce|majówki|majówką": _fixed(5, 1, 3),
    "długi weekend majowy|długim weekendzie majowym|długiego weekendu majowego|"
    "weekend majowy|weekendzie majowym|majowy weekend|majowym weekendzie": _fixed(5, 1, 3),
    "matki boskiej zielnej|wniebowzięcie|wniebowzięcia|święto wojska": _fixed(8, 15),
    "wszystkich świętych|dzień zmarłych|święto zmarłych": _fixed(11, 1),
    "zaduszki|zaduszkach|zaduszek|dzień zaduszny": _fixed(11, 2),
    "święto niepodległości|święta niepodległości|święcie niepodległości": _fixed(11, 11),
    "mikołajki|mikołajkach|mikołajek|mikołaja|mikołajkami": _fixed(12, 6),
    "boże narodzenie|bożego narodzenia|bożym narodzeniu|bożym narodzeniem": _fixed(12, 25, 26),
    "święta bożego narodzenia|świąt bożego narodzenia|świętach bożego narodzenia|"
    "świętami bożego narodzenia|święta bożonarodzeniowe|świąt bożonarodzeniowych|"
    "świętach bożonarodzeniowych|świętami bożonarodzeniowymi": _fixed(12, 25, 26),
    "gwiazdkę|gwiazdka|gwiazdki|gwiazdce|gwiazdką": _fixed(12, 24, 26),
    "pierwszy dzień świąt wielkanocnych|pierwszy dzień wielkanocy": _from_easter(0),
    "drugi dzień świąt wielkanocnych|drugi dzień wielkanocy": _from_easter(1),
    "pierwszy dzień świąt bożego narodzenia": _fixed(12, 25),
    "drugi dzień świąt bożego narodzenia": _fixed(12, 26),
    "środę popielcową|środa popielcowa|popielec|popielcu|popielca": _from_easter(-46),
    "niedzielę palmową|niedziela palmowa|niedzieli palmowej": _from_easter(-7),
    "wielki tydzień|wielkim tygodniu|wielkiego tygodnia": _from_easter(-6, -1),
    "tłusty czwartek|tłustego czwartku|tłustym czwartku": _from_easter(-52),
    "wielki czwartek|wielkiego czwartku|wielkim czwartku": _from_easter(-3),
    "wielki piątek|wielkiego piątku|wielkim piątku|wielkim piątkiem": _from_easter(-2),
    "wielką środę|wielka środa|wielkiej środy|wielkiej środzie": _from_easter(-4),
    "wielką sobotę|wielka sobota|wielkiej soboty|wielkiej sobocie": _from_easter(-1),
    "wielkanoc|wielkanocy|wielkanocą|wielką noc|wielkiej nocy": _from_easter(0),
    "święta wielkanocne|świąt wielkanocnych|świętach wielkanocnych|świętami wielkanocnymi|"
    "święta wielkiej nocy|wielkanocne święta": _from_easter(0, 1),
    "lany poniedziałek|lanego poniedziałku|lanym poniedziałku|śmigus dyngus|"
    "poniedziałek wielkanocny|poniedziałku wielkanocnego": _from_easter(1),
    "zielone świątki|zielonych świątkach|zielonych świątek|zielonymi świątkami": _from_easter(49),
    "boże ciało|bożego ciała|bożym ciele|bożym ciałem": _from_easter(60),
}
FEASTS: dict[tuple[str, ...], Callable[[int], Span]] = {
    tuple(fold(name).split()): span for names, span in _NAMES.items() for name in names.split("|")
}
"""Folded words of a feast's name to its first and last day in a year."""
LONGEST_NAME = max(len(words) for words in FEASTS)
"""In words."""


def next_feast_days(today: dt.date) -> Span:
    """The "święta" that come next, Easter's or Christmas's, from the first day to the last."""
    spans = [span(year) for year in (today.year, today.year + 1) for span in _BIG_FEASTS]
    return min(span for span in spans if span[1] >= today)


def last_feast_days(today: dt.date) -> Span:
    """The "święta" that were last."""
    spans = [span(year) for year in (today.year - 1, today.year) for span in _BIG_FEASTS]
    return max(span for span in spans if span[0] <= today)


_BIG_FEASTS = (_from_easter(0, 1), _fixed(12, 25, 26))
