"""Amounts are found however they are said, and nothing else is taken for one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.dialogue.polish import readout
from voicebot.dialogue.polish.amounts import Amount, parse_amount, parse_amounts

_BALANCE_GR = 123456

_EXACT = """
dwie stówki|200
tysiaka|1000
dwa i pół tysiąca|2500
pół tysiąca|500
pińcet złoty|500
sto dwadzieścia trzy złote czterdzieści pięć|123,45
sto dwadzieścia trzy czterdzieści pięć|123,45
sto dwadzieścia trzy złote i czterdzieści pięć groszy|123,45
sto dwadzieścia trzy złote zero pięć groszy|123,05
sto złotych jeden grosz|100,01
osiem koła|8000
osiem kółek tysiąc|1000
pięć koła|5000
dwa pięćset|2500
trzy dwieście|3200
dwa pięćset pięćdziesiąt|2550
dwanaście osiemset|12800
dwadzieścia pięć trzysta|25300
1 200|1200
1 200 zł|1200
1200|1200
1.200 zł|1200
1,200 zł|1200
1.200,50 zł|1200,50
1200,50|1200,50
1200,50 zł|1200,50
12 345,67 zł|12345,67
200zł|200
200-złotych|200
500 złotych|500
500 zł.|500
500 PLN|500
2,5 tysiąca|2500
2.5 tys. zł|2500
3 tysiące|3000
3 tys. 200 zł|3200
2 tysiące 500|2500
5 stów|500
pięć stów|500
piętnaście stów|1500
stówa|100
stówę|100
stówkę|100
stówa dwadzieścia|120
dwie stówy pięćdziesiąt|250
setka|100
dycha|10
pięć dych|50
tysiąc|1000
tysiąc sto|1100
tysiąc złotych|1000
tysiąc, dwieście złotych|1200
tysiąc stówa|1100
dwa tysiaki|2000
półtora tysiąca|1500
półtora tysiaka|1500
pół stówy|50
półtorej stówy|150
pół bańki|500000
bańka|1000000
milion złotych|1000000
dwa miliony trzysta tysięcy|2300000
sto tysięcy|100000
pięćdziesiąt groszy|0,50
pięćset złotych 50 groszy|500,50
pięćset złotych i 50 groszy|500,50
pięćset 50 groszy|500,50
dwustu złotych|200
pięciuset złotych|500
tysiąca dwustu złotych|1200
dwoma tysiącami|2000
trzystoma złotymi|300
szejset|600
szejset złotych|600
dziewińcet|900
siedymset złotych|700
piencset zlotych|500
dwiescie zlotych|200
szescset zlotych|600
tysionc zlotych|1000
trzydziesci zlotych|30
pindziesiąt złotych|50
sto złotych|100
stu złotych|100
dwadzieścia|20
sto jeden złotych|101
dwa złote pięćdziesiąt|2,50
dwa złote|2
pięć złotych|5
mogę zapłacić pięćset złotych w piątek|500
mogę dać teraz pięćset złotych|500
tyle co mam to dwieście|200
zapłacę tysiąc teraz i tysiąc za miesiąc|1000
zapłacę tysiąc teraz i pięćset za miesiąc|1000
stówę mogę rzucić od ręki|100
moge 500 zlotych narazie|500
po 200 zlotych miesiecznie moge|200
po dwieście|200
po stówce mogę|100
po stówce|100
miało być sto pięćdziesiąt a nie trzysta|150
nie trzysta tylko dwieście|200
nie trzysta, tylko dwieście pięćdziesiąt złotych|250
trzysta, przepraszam, czterysta złotych|400
sto, nie, dwieście złotych|200
nie mam tysiąca, mam pięćset|500
nie dam trzystu, ale dwieście mogę|200
nie mam tyle naraz ale po stówce mogę|100
piętnastego zapłacę trzysta|300
piętnastego marca zapłacę trzysta złotych|300
15 marca 500 zł|500
do 15 marca zapłacę 500|500
500 zł do 15|500
500 złotych 15 marca|500
500 zł 15-go|500
w piątek dwieście, w sobotę trzysta|200
pięćset złotych za dwa dni|500
za dwa dni pięćset złotych|500
pięćset złotych o szesnastej trzydzieści|500
w trzech ratach po sto pięćdziesiąt|150
kwota sto dwadzieścia trzy złote|123
Pięćset złotych.|500
sto czterdzieści siedem złotych i dwanaście groszy|147,12
dwa tysiące trzysta czterdzieści pięć złotych i sześćdziesiąt siedem groszy|2345,67
"""

_NONE = """

jutro
w piątek
piętnastego
do piętnastego
piętnastego marca
15 marca
15.03
15.03.2026
do 15
po 18
16:30
o 16
o szesnastej trzydzieści
o szesnastej
w piętnastu ratach
na trzy razy
poproszę cztery raty
dziesięć rat
za dwa trzy dni
za 2-3 dni
za dwa tygodnie
dajcie mi dwa miesiące
minęło już sześć lat
minelo 6 lat przedawnione
mam dwanaście lat
tata jest w pracy ja mam dziewięć lat
po 800+
po osiemset plus
po 800 plus
to dług z dwa tysiące piętnastego roku
w 2015 roku
faktura numer sto dwadzieścia
sprawa numer 1234
ani grosza
nic wam nie dam
nie zapłacę i już
dwieście trzysta
sto dwieście
sto albo dwieście złotych
od dwustu do trzystu złotych
sto euro
pięćdziesiąt dolarów
do końca miesiąca
wieczorem będę wolny
ja jestem a o co chodzi
to wszystko dziękuję
to już wszystko
mejlem proszę wszystko
coś tam wpłacę ale nie całość
komornik mi zabiera pół wypłaty
za pół roku
pół godziny
w połowie kwietnia
dwudziesty trzeci trzeci
jeden moment
dwa
trzy
zero
córka zmarła dwa lata temu
czy mozna naraty
dwudziestego szóstego marca dwa tysiące dwudziestego szóstego roku
za pięć dwunasta
nie dam trzystu
nie mam tysiąca
dwieście nie dam
dwa sto
dwa tysiące i pięćset
trzysta plus dwieście
"""


def _rows(table: str) -> list[tuple[str, int]]:
    rows = []
    for line in table.strip().splitlines():
        text, amount = line.split("|")
        zlote, _, grosze = amount.partition(",")
        rows.append((text, int(zlote) * 100 + int(grosze or 0)))
    return rows


@pytest.mark.parametrize(("text", "amount_gr"), _rows(_EXACT))
def test_amounts(text, amount_gr):
    found = parse_amount(text, _BALANCE_GR)
    assert found is not None
    assert found.amount_gr == amount_gr
    assert found.reference == ""


@pytest.mark.parametrize("text", _NONE.splitlines())
def test_what_is_no_amount(text):
    assert parse_amount(text, _BALANCE_GR) is None


@pytest.mark.parametrize(
    ("text", "amount_gr"),
    [
        ("ze trzysta złotych", 30000),
        ("około pięciuset złotych", 50000),
        ("koło pięciuset", 50000),
        ("jakieś dwieście", 20000),
        ("gdzieś tysiąc", 100000),
        ("tysiąc z hakiem", 100000),
        ("od dwustu", 20000),
        ("do pięciuset złotych", 50000),
        ("maksymalnie trzysta", 30000),
        ("mniej więcej tysiąc złotych", 100000),
        ("tysiąc złotych mniej więcej", 100000),
        ("prawie tysiąc", 100000),
        ("może ze dwieście", 20000),
        ("nie więcej niż dwieście", 20000),
        ("tak z dwieście złotych", 20000),
    ],
)
def test_about_so_much(text, amount_gr):
    assert parse_amount(text) == Amount(amount_gr, is_approximate=True)


@pytest.mark.parametrize(
    ("text", "amount_gr", "reference"),
    [
        ("całość", 123456, "balance"),
        ("do końca tygodnia przeleję całość", 123456, "balance"),
        ("całą kwotę", 123456, "balance"),
        ("zapłacę całe zadłużenie", 123456, "balance"),
        ("w całości", 123456, "balance"),
        ("w przyszłym tygodniu zapłacę wszystko", 123456, "balance"),
        ("wszystko", 123456, "balance"),
        ("połowę zapłacę w piątek", 61728, "half_balance"),
        ("połowę", 61728, "half_balance"),
        ("polowe teraz polowe pozniej", 61728, "half_balance"),
        ("zapłacę połowę i zamykamy sprawę", 61728, "half_balance"),
        ("jedną trzecią", 41152, "third_balance"),
        ("trzydzieści procent", 37037, "percent_balance"),
        ("zapłacę samą należność bez odsetek", 0, "principal"),
        ("resztę", 0, "rest"),
    ],
)
def test_relative_to_what_is_owed(text, amount_gr, reference):
    assert parse_amount(text, _BALANCE_GR) == Amount(amount_gr, reference=reference)


def test_the_whole_of_an_unknown_balance_is_named_but_not_counted():
    assert parse_amount("całość") == Amount(0, reference="balance")


def test_several_amounts_are_all_found():
    assert parse_amounts("zapłacę tysiąc teraz i pięćset złotych za miesiąc") == [
        Amount(100000),
        Amount(50000),
    ]


# Largest that is said in full; the read-out may then be parsed back.
_amounts_gr = st.one_of(st.integers(1, 10**7), st.integers(1, 10**9))


@given(_amounts_gr, st.sampled_from(["nom", "acc", "gen"]))
def test_what_is_read_out_is_understood(amount_gr, case):
    assert parse_amount(readout.amount(amount_gr, case)) == Amount(amount_gr)


@given(_amounts_gr)
def test_it_is_understood_without_diacritics_too(amount_gr):
    said = readout.amount(amount_gr).translate(str.maketrans("ąćęłńóśźż", "acelnoszz"))
    assert parse_amount(f"zaplace {said} w piatek") == Amount(amount_gr)


@given(st.integers(10, 10**7))
def test_written_amounts(zlote):
    assert parse_amount(f"{zlote} zł") == Amount(zlote * 100)
    assert parse_amount(f"{zlote},50 zł") == Amount(zlote * 100 + 50)
    if zlote >= 10**5 and zlote % 10 == 0:
        return  # "200 300" may be a doubt between two.
    grouped = f"{zlote:,}"
    assert parse_amount(f"{grouped.replace(',', ' ')} złotych") == Amount(zlote * 100)
    assert parse_amount(f"{grouped.replace(',', '.')} zł") == Amount(zlote * 100)


@given(st.text(), st.one_of(st.none(), st.integers(0, 10**12)))
def test_any_text(text, balance_gr):
    parse_amounts(text, balance_gr)
    found = parse_amount(text, balance_gr)
    assert found is None or found.amount_gr >= 0


_WORDS = """
sto dwieście pół tysiąc tysiące dwa trzy piętnaście piętnastego złotych groszy i , . - do po w na
od za stówa koła nie tylko przepraszam całość połowę 15 1200 1.200,50 16:30 15.03 zł raty dni
procent kwietnia o szesnastej a milion miliardów zero półtora
"""


@given(st.lists(st.sampled_from(_WORDS.split()), max_size=40))
def test_any_words(words):
    parse_amounts(" ".join(words), 123456)


def test_very_long_input_is_bounded():
    started = time.perf_counter()
    for words in ("sto ", "9", "9 999 ", "dwa i pół tysiąca i ", "a nie sto, ", "1.200."):
        parse_amount(words * 20000, 100)
    assert time.perf_counter() - started < 3


def test_thousands_and_grosze_written_with_both_marks():
    assert parse_amount("1,055.05") == Amount(105505)
    assert parse_amount("1.055,05") == Amount(105505)
