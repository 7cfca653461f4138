"""Days are worked out from the day of the call; what is not certain is asked, never rounded."""

from __future__ import annotations

import datetime as dt
import time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish import readout
from voicebot.dialogue.polish.dates import DateExpression, parse_date, parse_dates

# A Wednesday; Easter 2026 is on 5 April.
NOW = dt.datetime(2026, 3, 11, 10, 15, tzinfo=ZoneInfo("Europe/Warsaw"))


def _d(text: str) -> dt.date:
    return dt.date.fromisoformat(text if text.count("-") == 2 else f"2026-{text}")


# text | day (this year's unless said) | op, and "?" where it is to be confirmed
_DAYS = """
dzisiaj|03-11|on
dziś|03-11|on
zapłacę dzisiaj|03-11|on
jutro|03-12|on
juto|03-12|on
do jutra|03-12|by
jutro zrobię przelew|03-12|on
pojutrze|03-13|on
po jutrze|03-13|on
popojutrze|03-14|on
zrobię to pojutrze jak wrócę z delegacji|03-13|on
mogę dać teraz pięćset złotych|03-11|on
od razu zapłacę|03-11|on
zapłacę w tej chwili|03-11|on
w czwartek|03-12|on
w piątek|03-13|on
zapłacę w piątek|03-13|on
w pionteg przeleje|03-13|on
wpiątek|03-13|on
w sobotę|03-14|on
w niedzielę|03-15|on
w poniedziałek|03-16|on
w poniedzialek|03-16|on
we wtorek|03-17|on
w środę|03-18|on
obiecuję że w środę|03-18|on
w srode|03-18|on
piątek|03-13|on
na piątek|03-13|on
do piątku|03-13|by
do poniedziałku|03-16|by
do niedzieli|03-15|by
po piątku|03-13|after
przed piątkiem|03-13|before
od poniedziałku|03-16|from
najpóźniej w piątek|03-13|by
najpóźniej do piątku|03-13|by
nie później niż w piątek|03-13|by
nie wcześniej niż w piątek|03-13|from
w ten piątek|03-13|on
w tę sobotę|03-14|on
w najbliższy poniedziałek|03-16|on
w przyszłą środę|03-18|on?
w przyszły piątek|03-20|on?
w następny poniedziałek|03-16|on?
w następny piątek|03-20|on?
w kolejny piątek|03-20|on?
do przyszłego piątku|03-20|by?
za tydzień w piątek|03-20|on
w piątek za tydzień|03-20|on
za dwa tygodnie w środę|03-25|on
w przyszłym tygodniu w środę|03-18|on
w środę w przyszłym tygodniu|03-18|on
w czwartek przyszłego tygodnia|03-19|on
w tym tygodniu w piątek|03-13|on
za tydzień|03-18|on
za dwa tygodnie|03-25|on
za 2 tygodnie|03-25|on
za dwa dni|03-13|on
za 3 dni|03-14|on
za dzień|03-12|on
za dziesięć dni|03-21|on
za miesiąc|04-11|on
za dwa miesiące|05-11|on
za pół roku|09-11|on
za kwartał|06-11|on
za rok|2027-03-11|on
za trzy dni robocze|03-16|on
w ciągu tygodnia|03-18|by
w ciągu dwóch tygodni|03-25|by
w ciągu trzech dni roboczych|03-16|by
w przeciągu miesiąca|04-11|by
w terminie siedmiu dni|03-18|by
do tygodnia|03-18|by
do trzech dni|03-14|by
do dwóch tygodni|03-25|by
najdalej za tydzień|03-18|by
dajcie mi dwa miesiące|05-11|by
pierwszego|04-01|on
piątego|04-05|on
piątego mam wypłatę to wtedy|04-05|on
dziesiątego|04-10|on
jedenastego|04-11|on
dwunastego|03-12|on
piętnastego|03-15|on
dwudziestego|03-20|on
dwudziestego trzeciego|03-23|on
dwadzieścia trzeciego|03-23|on
trzydziestego|03-30|on
trzydziestego pierwszego|03-31|on
do piętnastego|03-15|by
ureguluję to do piętnastego|03-15|by
zaplace do pietnastego|03-15|by
do dziesiątego|04-10|by
po piętnastym|03-15|after
po dziesiątym|04-10|after
przed dwudziestym|03-20|before
od pierwszego|04-01|from
piętnasty|03-15|on
na piętnastego|03-15|on
15-go|03-15|on
15go|03-15|on
do 15-go|03-15|by
20ego marca|03-20|on
do 15|03-15|by?
do 15 zapłacę 500 zł|03-15|by?
15 marca|03-15|on
15. marca|03-15|on
do 15 kwietnia|04-15|by
piętnaście marca|03-15|on
pierwszego kwietnia|04-01|on
piętnastego marca|03-15|on
pierwszy kwietnia|04-01|on
dwunastego grudnia|12-12|on
trzeciego października|10-03|on
trzeciego pazdziernika|10-03|on
siódmego września|09-07|on
ósmego maja|05-08|on
po pierwszym maja|05-01|after
dziesiątego stycznia|2027-01-10|on
piątego stycznia dwa tysiące dwudziestego siódmego|2027-01-05|on
piętnastego marca dwa tysiące dwudziestego szóstego roku|03-15|on
15 marca 2026|03-15|on
15 marca 2026 roku|03-15|on
pierwszego kwietnia tego roku|04-01|on
pierwszego kwietnia przyszłego roku|2027-04-01|on
15.03|03-15|on
15.03.2026|03-15|on
15.03.26|03-15|on
15/03/2026|03-15|on
2026-03-15|03-15|on
do 20.03|03-20|by
1.04|04-01|on
dwudziesty trzeci trzeci|03-23|on
piętnastego czwartego|04-15|on
dwudziestego trzeciego trzeciego|03-23|on
pierwszy czwarty|04-01|on
piątego szóstego|06-05|on?
w piątek trzynastego|03-13|on
w piątek, dwudziestego marca|03-20|on
dwudziestego marca w piątek|03-20|on
w środę osiemnastego|03-18|on
piątego przyszłego miesiąca|04-05|on
pierwszego następnego miesiąca|04-01|on
pierwszego w przyszłym miesiącu|04-01|on
dwudziestego tego miesiąca|03-20|on
ostatniego dnia miesiąca|03-31|on
ostatniego dnia marca|03-31|on
do końca tygodnia|03-15|by
do końca tygodnia przeleję całość|03-15|by
do końca przyszłego tygodnia|03-22|by
do końca miesiąca|03-31|by
do końca miesiąca będzie zapłacone|03-31|by
zaplace do konca miesionca|03-31|by
do końca tego miesiąca|03-31|by
do końca przyszłego miesiąca|04-30|by
do końca marca|03-31|by
do końca kwietnia|04-30|by
do końca lutego|2027-02-28|by
do końca kwartału|03-31|by
do końca pierwszego kwartału|03-31|by
do końca drugiego kwartału|06-30|by
do końca półrocza|06-30|by
do końca roku|12-31|by
do końca dnia|03-11|by
do końca weekendu|03-15|by
po weekendzie|03-15|after
po świętach|04-06|after
przed świętami|04-05|before
do świąt|04-05|by?
przed Wielkanocą|04-05|before
po Wielkanocy|04-05|after
w wielki piątek|04-03|on
w lany poniedziałek|04-06|on
w poniedziałek wielkanocny|04-06|on
w sylwestra|12-31|on
przed sylwestrem|12-31|before
w wigilię|12-24|on
przed wigilią|12-24|before
w nowy rok|2027-01-01|on
do nowego roku|2027-01-01|by
po nowym roku|2027-01-01|after
po majówce|05-03|after
przed majówką|05-01|before
w boże ciało|06-04|on
po bożym ciele|06-04|after
na wszystkich świętych|11-01|on
na mikołajki|12-06|on
przed bożym narodzeniem|12-25|before
po świętach bożego narodzenia|12-26|after
po trzech króli|2027-01-06|after
do maja|05-01|by?
w trzeci piątek kwietnia|04-17|on?
w ostatni piątek miesiąca|03-27|on?
w pierwszy poniedziałek kwietnia|04-06|on?
za tydzień od piątku|03-20|on?
tydzień po świętach|04-13|on?
dzień przed wigilią|12-23|on?
dwa dni po pierwszym|04-03|on?
za dwa miesiące pierwszego|05-01|on
w lipcu piątego|07-05|on
w marcu piętnastego|03-15|on
15 w kwietniu|04-15|on
piętnastego w kwietniu|04-15|on
dziesiątego mam wypłatę więc jedenastego|04-11|on
przed końcem miesiąca|03-31|by
ostatniego kwietnia|04-30|on
czy dałoby się wstrzymać do maja|05-01|by?
nie zapłacę w piątek tylko w poniedziałek|03-16|on
nie w piątek tylko w poniedziałek|03-16|on
nie w piątek, tylko we wtorek|03-17|on
w piątek, nie, w poniedziałek|03-16|on
w piątek, przepraszam, w sobotę|03-14|on
w piątek a nie w poniedziałek|03-13|on
w piątek, to znaczy w sobotę|03-14|on
w piątek albo nie, w sobotę|03-14|on
nie jutro tylko pojutrze|03-13|on
nie dam rady jutro, zapłacę w piątek|03-13|on
mogę zapłacić pięćset złotych w piątek|03-13|on
piętnastego zapłacę trzysta złotych|03-15|on
zapłacę tysiąc w piątek i tysiąc za miesiąc|03-13|on
proszę zapisać na dwudziestego|03-20|on
to może w piątek|03-13|on
no to w piątek|03-13|on
"""

# text | first day | last day | flags: ~ approximate, ? to be confirmed, < past
_RANGES = """
za dwa trzy dni|03-13|03-14|
za 2-3 dni|03-13|03-14|
za dwa do trzech dni|03-13|03-14|
za dwa lub trzy dni|03-13|03-14|
za tydzień dwa|03-18|03-25|
za tydzień lub dwa|03-18|03-25|
za trzy cztery tygodnie|04-01|04-08|
w połowie kwietnia|04-11|04-20|~
w połowie marca|03-11|03-20|~
na początku kwietnia|04-01|04-10|~
na początku miesiąca|04-01|04-10|~
na początku przyszłego miesiąca|04-01|04-10|~
pod koniec miesiąca|03-21|03-31|~
pod koniec kwietnia|04-21|04-30|~
pod koniec lutego|2027-02-21|2027-02-28|~
z końcem miesiąca|03-21|03-31|~
w połowie miesiąca|03-11|03-20|~
w połowie przyszłego miesiąca|04-11|04-20|~
w drugiej połowie marca|03-16|03-31|~
w pierwszej połowie kwietnia|04-01|04-15|~
w pierwszym tygodniu kwietnia|04-01|04-07|~
w ostatnim tygodniu miesiąca|03-25|03-31|~
jeszcze w tym tygodniu|03-11|03-15|
w tym tygodniu|03-11|03-15|
w przyszłym tygodniu|03-16|03-22|
w przyszłym tygodniu zapłacę wszystko|03-16|03-22|
w następnym tygodniu|03-16|03-22|
w tym miesiącu|03-11|03-31|
w przyszłym miesiącu|04-01|04-30|
w kwietniu|04-01|04-30|
w marcu|03-11|03-31|
w styczniu|2027-01-01|2027-01-31|
w maju|05-01|05-31|
w weekend|03-14|03-15|
w przyszły weekend|03-21|03-22|?
na święta|04-05|04-06|
w majówkę|05-01|05-03|
od piątego do dziesiątego kwietnia|04-05|04-10|
między piątym a dziesiątym|04-05|04-10|
od piątku do niedzieli|03-13|03-15|
w piątek albo w sobotę|03-13|03-14|?
w piątek sobotę|03-13|03-14|
piętnastego szesnastego|03-15|03-16|
dwudziestego albo dwudziestego pierwszego|03-20|03-21|?
pod koniec lutego wysłałem|02-21|02-28|~<
w zeszłym tygodniu|03-02|03-08|<
juz zaplacilem w zeszlym tygodniu|03-02|03-08|<
w zeszłym miesiącu|02-01|02-28|<
w lutym zapłaciłem|02-01|02-28|<
w styczniu poszedł przelew|01-01|01-31|<
na początku marca płaciłem|03-01|03-10|~<
w tym tygodniu zapłaciłem|03-09|03-11|<
"""

_PAST = """
wczoraj|03-10
wczoraj poszedł przelew|03-10
księgowa puściła to przedwczoraj|03-09
przedwczoraj|03-09
tydzień temu zapłacone|03-04
płaciłem tydzień temu sprawdźcie|03-04
dwa tygodnie temu|02-25
trzy dni temu|03-08
3 dni temu zapłaciłem|03-08
miesiąc temu|02-11
rok temu|2025-03-11
przed tygodniem|03-04
przed dwoma dniami|03-09
w poniedziałek zapłaciłem|03-09
w poniedzialek poszed przelew|03-09
zapłaciłam w piątek|03-06
w środę zapłaciłem|03-04
w zeszły piątek|03-06
piątego zapłaciłem|03-05
piętnastego zapłaciłem|02-15
zapłaciłem jedenastego|03-11
piętnastego lutego przelałem|02-15
dwudziestego grudnia zapłaciłam|2025-12-20
płaciłem w sylwestra|2025-12-31
przelew poszedł 5 marca|03-05
15 marca 2025 zapłaciłem|2025-03-15
"""

_ASKED = """
zapłacę z wypłaty|income_event
oddam z emerytury|income_event
jak tylko dostanę pieniądze z zusu|income_event
po wypłacie|income_event
jak dostanę wypłatę|income_event
jak dostanę emeryturę|income_event
po emeryturze|income_event
po 800+|income_event
po 800 plus|income_event
po osiemset plus|income_event
po zasiłku|income_event
jak mi kontrahent zapłaci|income_event
jak nam zapłacą to my zapłacimy|income_event
jak przyjdzie przelew|income_event
czekamy na przelew od kontrahenta|income_event
czekamy na przelew od klijenta|income_event
jak wrócę z delegacji|other_event
po urlopie|other_event
jak sprzedam samochód|other_event
poczekajcie do wiosny|season
po wakacjach|season
na dniach|vague
niedługo|vague
za kilka dni|vague
za parę dni|vague
w najbliższym czasie|vague
"""

_NONE = """

tak
no nie wiem
pięćset złotych
dwie stówki
piętnaście
na trzy razy
w piętnastu ratach
o siedemnastej trzydzieści
o szesnastej
po osiemnastej
wieczorem będę wolny
proszę dzwonić po osiemnastej
po 18 prosze dzwonic
minęło już sześć lat
trzy lata minęły więc do widzenia
mam dwanaście lat
to dług z dwa tysiące piętnastego roku
jestem w szpitalu
to jest przedawnione
ja mam ten numer od miesiąca i ciągle ktoś dzwoni
wypowiedziałem tę umowę
drugi raz dzwonicie
proszę dzwonić na drugi numer
po pierwsze nie mam pieniędzy
w pierwszej kolejności
nie mogę teraz rozmawiać
teraz nie mogę rozmawiać
nie zapłacę w piątek
nie dam rady w tym miesiącu
w piątek nie dam rady
w tym tygodniu pensje więc nie damy rady
w tym miesiącu krucho
komornik mi to ściąga z pensji
jutro nie mogę
oni mają pięć osób
ani grosza
po trochu będę spłacał
idźcie z tym do sądu
dziesiątego każdego miesiąca
sto złotych
trzecia rata
druga
"""


@pytest.mark.parametrize("row", _DAYS.strip().splitlines())
def test_days(row):
    text, day, op = row.split("|")
    expression = parse_date(text, NOW)
    assert expression is not None
    assert expression.kind == "date"
    assert (expression.date, expression.op) == (_d(day), op.rstrip("?"))
    assert expression.needs_confirmation == op.endswith("?")
    assert (expression.direction, expression.problem, expression.ask) == ("future", "", "")


@pytest.mark.parametrize("row", _RANGES.strip().splitlines())
def test_ranges(row):
    text, first, last, flags = row.split("|")
    expression = parse_date(text, NOW)
    assert expression is not None
    assert (expression.kind, expression.start, expression.end) == (
        "date_range",
        _d(first),
        _d(last),
    )
    assert expression.is_approximate == ("~" in flags)
    assert expression.needs_confirmation == ("?" in flags)
    assert expression.direction == ("past" if "<" in flags else "future")


@pytest.mark.parametrize("row", _PAST.strip().splitlines())
def test_the_past(row):
    text, day = row.split("|")
    expression = parse_date(text, NOW)
    assert expression is not None
    assert (expression.date, expression.direction) == (_d(day), "past")


@pytest.mark.parametrize("row", _ASKED.strip().splitlines())
def test_an_event_is_no_date(row):
    text, anchor = row.split("|")
    expression = parse_date(text, NOW)
    assert expression is not None
    assert expression.date is None
    assert expression.start is None
    assert (expression.ask, expression.anchor) == ("date", anchor)


@pytest.mark.parametrize("text", _NONE.splitlines())
def test_what_is_no_date(text):
    assert parse_date(text, NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "31 kwietnia", "trzydziestego pierwszego kwietnia", "trzydziestego lutego", "29 lutego",
        "31.04", "30.02.2026", "trzydziestego pierwszego czerwca", "do 31 września",
        "zapłacę trzydziestego pierwszego listopada",
        "w kwietniu trzydziestego pierwszego",
    ],
)  # fmt: skip
def test_a_day_that_does_not_exist_is_said_so(text):
    expression = parse_date(text, NOW)
    assert expression is not None
    assert expression.problem == "no_such_day"
    assert expression.date is None
    assert expression.ask == "date"


def test_a_day_that_next_month_lacks_is_not_rounded():
    now = NOW.replace(month=3, day=31)
    expression = parse_date("trzydziestego pierwszego", now)
    assert expression is not None
    assert (expression.date, expression.problem) == (None, "no_such_day")


@pytest.mark.parametrize(
    "text", ["w piątek dwudziestego pierwszego", "w sobotę 20 marca", "15 marca w poniedziałek"]
)
def test_a_weekday_that_does_not_fit_its_date(text):
    expression = parse_date(text, NOW)
    assert expression is not None
    assert expression.problem == "weekday_mismatch"
    assert expression.needs_confirmation


def test_a_day_just_gone_by_is_not_taken_for_next_years():
    expression = parse_date("zapłacę piątego marca", NOW)
    assert expression is not None
    assert (expression.date, expression.problem) == (_d("03-05"), "past")


def test_a_month_on_is_clamped_to_its_end():
    now = dt.datetime(2026, 1, 31, 12, tzinfo=NOW.tzinfo)
    for text, day in [("za miesiąc", "02-28"), ("za trzy miesiące", "04-30")]:
        expression = parse_date(text, now)
        assert expression is not None
        assert expression.date == _d(day)


def test_the_days_today_differs_from_the_weekday_said():
    for day in range(14):
        now = NOW + dt.timedelta(days=day)
        expression = parse_date("w środę", now)
        assert expression is not None
        assert expression.date is not None
        assert expression.date.weekday() == 2
        assert 1 <= (expression.date - now.date()).days <= 7


def test_leap_day_in_a_leap_year():
    expression = parse_date("dwudziestego dziewiątego lutego", NOW.replace(year=2028, month=1))
    assert expression is not None
    assert expression.date == dt.date(2028, 2, 29)


def test_refused_days_are_kept_apart():
    found = parse_dates("nie zapłacę w piątek", NOW)
    assert [expression.is_negated for expression in found] == [True]


def test_every_day_is_found():
    found = parse_dates("tysiąc w piątek, a resztę pierwszego kwietnia", NOW)
    assert [expression.date for expression in found] == [_d("03-13"), _d("04-01")]


def test_about_a_day():
    for text in ("około dwudziestego", "gdzieś dwudziestego", "koło dwudziestego marca"):
        expression = parse_date(text, NOW)
        assert expression is not None
        assert expression.is_approximate
        assert expression.date == _d("03-20")


_moments = st.dates(dt.date(2000, 1, 1), dt.date(2090, 1, 1)).map(
    lambda day: dt.datetime.combine(day, dt.time(12), tzinfo=dt.UTC)
)
_days = st.dates(dt.date(2026, 3, 12), dt.date(2027, 2, 7))


@given(_days)
def test_a_date_read_out_is_understood(day):
    assert parse_date(readout.date_(day), NOW) == DateExpression(date=day)
    assert parse_date(readout.date_(day, with_year=False), NOW) == DateExpression(date=day)
    assert parse_date(readout.weekday_date(day, with_year=True), NOW) == DateExpression(date=day)
    assert parse_date(readout.weekday_date(day), NOW) == DateExpression(date=day)


@given(_days)
def test_it_is_understood_without_diacritics_and_written(day):
    said = readout.weekday_date(day).translate(str.maketrans("ąćęłńóśźż", "acelnoszz"))
    assert parse_date(f"zaplace {said}", NOW) == DateExpression(date=day)
    for text in (f"{day:%d.%m.%Y}", f"{day.day}.{day:%m.%y}", f"{day:%Y-%m-%d}", f"{day:%d.%m}"):
        assert parse_date(f"do {text}", NOW) == DateExpression(date=day, op="by")
    month = readout.MONTHS_GEN[day.month]
    assert parse_date(f"{day.day} {month}", NOW) == DateExpression(date=day)
    assert parse_date(f"{day.day}-go {month} {day.year} roku", NOW) == DateExpression(date=day)


@given(st.dates(dt.date(2025, 6, 1), dt.date(2026, 3, 10)))
def test_a_past_date_read_out_is_understood(day):
    expression = parse_date(f"zapłaciłem {readout.date_(day)}", NOW)
    assert expression == DateExpression(date=day, direction="past")


@given(st.text(), _moments)
def test_any_text(text, now):
    parse_dates(text, now)
    parse_date(text, now)


_WORDS = """
za do po przed od w we na dwa trzy pół półtora tydzień tygodnie miesiąc dni lat roku temu piątek
środę przyszły zeszły ten kwietnia marca lutego pierwszego trzydziestego trzydziesty drugi trzeci
31 15 2026 15.03 31.04.2026 - , . nie tylko a albo i końca połowie święta wielkanocy sylwestra
zapłacę zapłaciłem teraz wypłacie jak dostanę kilka ciągu robocze dnia kwartału weekend
"""


@given(
    st.lists(st.sampled_from(_WORDS.split()), max_size=25),
    _moments,
)
def test_any_words(words, now):
    parse_dates(" ".join(words), now)


def test_very_long_input_is_bounded():
    started = time.perf_counter()
    for words in ("w piątek ", "za dwa trzy ", "nie tylko ", "31.04 ", "15 ", "a nie w piątek, "):
        parse_date(words * 20000, NOW)
    assert time.perf_counter() - started < 5
