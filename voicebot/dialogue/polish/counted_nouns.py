"""What is counted in a call about a debt, declined: "dwie raty", "pięcioma fakturami"."""

from __future__ import annotations

from typing import NamedTuple

from voicebot.dialogue.polish.cases import Case
from voicebot.dialogue.polish.number_words import Gender, cardinal, is_few

# lemma: gender; singular nom gen dat acc ins loc; plural nom gen dat ins loc.
_TABLE = """
rata: f; rata raty racie ratę ratą racie; raty rat ratom ratami ratach
dzień: m; dzień dnia dniowi dzień dniem dniu; dni dni dniom dniami dniach
tydzień: m; tydzień tygodnia tygodniowi tydzień tygodniem tygodniu; tygodnie tygodni tygodniom tygodniami tygodniach
miesiąc: m; miesiąc miesiąca miesiącowi miesiąc miesiącem miesiącu; miesiące miesięcy miesiącom miesiącami miesiącach
kwartał: m; kwartał kwartału kwartałowi kwartał kwartałem kwartale; kwartały kwartałów kwartałom kwartałami kwartałach
rok: m; rok roku rokowi rok rokiem roku; lata lat latom latami latach
godzina: f; godzina godziny godzinie godzinę godziną godzinie; godziny godzin godzinom godzinami godzinach
minuta: f; minuta minuty minucie minutę minutą minucie; minuty minut minutom minutami minutach
sekunda: f; sekunda sekundy sekundzie sekundę sekundą sekundzie; sekundy sekund sekundom sekundami sekundach
złoty: m; złoty złotego złotemu złoty złotym złotym; złote złotych złotym złotymi złotych
grosz: m; grosz grosza groszowi grosz groszem groszu; grosze groszy groszom groszami groszach
euro: n; euro euro euro euro euro euro; euro euro euro euro euro
cent: m; cent centa centowi cent centem cencie; centy centów centom centami centach
dolar: m; dolar dolara dolarowi dolar dolarem dolarze; dolary dolarów dolarom dolarami dolarach
procent: m; procent procenta procentowi procent procentem procencie; procent procent procentom procentami procentach
tysiąc: m; tysiąc tysiąca tysiącowi tysiąc tysiącem tysiącu; tysiące tysięcy tysiącom tysiącami tysiącach
milion: m; milion miliona milionowi milion milionem milionie; miliony milionów milionom milionami milionach
faktura: f; faktura faktury fakturze fakturę fakturą fakturze; faktury faktur fakturom fakturami fakturach
wpłata: f; wpłata wpłaty wpłacie wpłatę wpłatą wpłacie; wpłaty wpłat wpłatom wpłatami wpłatach
opłata: f; opłata opłaty opłacie opłatę opłatą opłacie; opłaty opłat opłatom opłatami opłatach
kwota: f; kwota kwoty kwocie kwotę kwotą kwocie; kwoty kwot kwotom kwotami kwotach
transza: f; transza transzy transzy transzę transzą transzy; transze transz transzom transzami transzach
próba: f; próba próby próbie próbę próbą próbie; próby prób próbom próbami próbach
cyfra: f; cyfra cyfry cyfrze cyfrę cyfrą cyfrze; cyfry cyfr cyfrom cyframi cyfrach
sprawa: f; sprawa sprawy sprawie sprawę sprawą sprawie; sprawy spraw sprawom sprawami sprawach
umowa: f; umowa umowy umowie umowę umową umowie; umowy umów umowom umowami umowach
ugoda: f; ugoda ugody ugodzie ugodę ugodą ugodzie; ugody ugód ugodom ugodami ugodach
rozmowa: f; rozmowa rozmowy rozmowie rozmowę rozmową rozmowie; rozmowy rozmów rozmowom rozmowami rozmowach
osoba: f; osoba osoby osobie osobę osobą osobie; osoby osób osobom osobami osobach
firma: f; firma firmy firmie firmę firmą firmie; firmy firm firmom firmami firmach
pożyczka: f; pożyczka pożyczki pożyczce pożyczkę pożyczką pożyczce; pożyczki pożyczek pożyczkom pożyczkami pożyczkach
pozycja: f; pozycja pozycji pozycji pozycję pozycją pozycji; pozycje pozycji pozycjom pozycjami pozycjach
sztuka: f; sztuka sztuki sztuce sztukę sztuką sztuce; sztuki sztuk sztukom sztukami sztukach
zaległość: f; zaległość zaległości zaległości zaległość zaległością zaległości; zaległości zaległości zaległościom zaległościami zaległościach
należność: f; należność należności należności należność należnością należności; należności należności należnościom należnościami należnościach
płatność: f; płatność płatności płatności płatność płatnością płatności; płatności płatności płatnościom płatnościami płatnościach
wiadomość: f; wiadomość wiadomości wiadomości wiadomość wiadomością wiadomości; wiadomości wiadomości wiadomościom wiadomościami wiadomościach
dziesiąta: f; dziesiąta dziesiątej dziesiątej dziesiątą dziesiątą dziesiątej; dziesiąte dziesiątych dziesiątym dziesiątymi dziesiątych
setna: f; setna setnej setnej setną setną setnej; setne setnych setnym setnymi setnych
tysięczna: f; tysięczna tysięcznej tysięcznej tysięczną tysięczną tysięcznej; tysięczne tysięcznych tysięcznym tysięcznymi tysięcznych
przelew: m; przelew przelewu przelewowi przelew przelewem przelewie; przelewy przelewów przelewom przelewami przelewach
dług: m; dług długu długowi dług długiem długu; długi długów długom długami długach
termin: m; termin terminu terminowi termin terminem terminie; terminy terminów terminom terminami terminach
dokument: m; dokument dokumentu dokumentowi dokument dokumentem dokumencie; dokumenty dokumentów dokumentom dokumentami dokumentach
rachunek: m; rachunek rachunku rachunkowi rachunek rachunkiem rachunku; rachunki rachunków rachunkom rachunkami rachunkach
wniosek: m; wniosek wniosku wnioskowi wniosek wnioskiem wniosku; wnioski wniosków wnioskom wnioskami wnioskach
list: m; list listu listowi list listem liście; listy listów listom listami listach
kredyt: m; kredyt kredytu kredytowi kredyt kredytem kredycie; kredyty kredytów kredytom kredytami kredytach
numer: m; numer numeru numerowi numer numerem numerze; numery numerów numerom numerami numerach
telefon: m; telefon telefonu telefonowi telefon telefonem telefonie; telefony telefonów telefonom telefonami telefonach
punkt: m; punkt punktu punktowi punkt punktem punkcie; punkty punktów punktom punktami punktach
raz: m; raz razu razowi raz razem razie; razy razy razom razami razach
zobowiązanie: n; zobowiązanie zobowiązania zobowiązaniu zobowiązanie zobowiązaniem zobowiązaniu; zobowiązania zobowiązań zobowiązaniom zobowiązaniami zobowiązaniach
zadłużenie: n; zadłużenie zadłużenia zadłużeniu zadłużenie zadłużeniem zadłużeniu; zadłużenia zadłużeń zadłużeniom zadłużeniami zadłużeniach
wezwanie: n; wezwanie wezwania wezwaniu wezwanie wezwaniem wezwaniu; wezwania wezwań wezwaniom wezwaniami wezwaniach
połączenie: n; połączenie połączenia połączeniu połączenie połączeniem połączeniu; połączenia połączeń połączeniom połączeniami połączeniach
pytanie: n; pytanie pytania pytaniu pytanie pytaniem pytaniu; pytania pytań pytaniom pytaniami pytaniach
pismo: n; pismo pisma pismu pismo pismem piśmie; pisma pism pismom pismami pismach
konto: n; konto konta kontu konto kontem koncie; konta kont kontom kontami kontach
klient: p; klient klienta klientowi klienta klientem kliencie; klienci klientów klientom klientami klientach
dłużnik: p; dłużnik dłużnika dłużnikowi dłużnika dłużnikiem dłużniku; dłużnicy dłużników dłużnikom dłużnikami dłużnikach
konsultant: p; konsultant konsultanta konsultantowi konsultanta konsultantem konsultancie; konsultanci konsultantów konsultantom konsultantami konsultantach
wierzyciel: p; wierzyciel wierzyciela wierzycielowi wierzyciela wierzycielem wierzycielu; wierzyciele wierzycieli wierzycielom wierzycielami wierzycielach
"""  # noqa: E501 - a table reads by its lines
_SHORT = {
    "zł": "złoty", "zl": "złoty", "pln": "złoty", "gr": "grosz", "eur": "euro", "€": "euro",
    "usd": "dolar", "$": "dolar", "%": "procent", "godz": "godzina", "godz.": "godzina",
    "h": "godzina", "min": "minuta", "min.": "minuta", "sek": "sekunda", "sek.": "sekunda",
    "s": "sekunda", "mies": "miesiąc", "mies.": "miesiąc", "m-c": "miesiąc", "m-ce": "miesiąc",
    "tyg": "tydzień", "tyg.": "tydzień", "tys": "tysiąc", "tys.": "tysiąc", "mln": "milion",
    "mln.": "milion", "szt": "sztuka", "szt.": "sztuka", "r.": "rok",
}  # fmt: skip
# What may stand after a day: a plural-like adjective, singular and plural in the table's order.
_ADJECTIVES = {
    "roboczy": "roboczy roboczego roboczemu roboczy roboczym roboczym; "
    "robocze roboczych roboczym roboczymi roboczych",
    "kalendarzowy": "kalendarzowy kalendarzowego kalendarzowemu kalendarzowy kalendarzowym "
    "kalendarzowym; kalendarzowe kalendarzowych kalendarzowym kalendarzowymi kalendarzowych",
}
_SINGULAR_CASES: tuple[Case, ...] = ("nom", "gen", "dat", "acc", "ins", "loc")
_PLURAL_CASES: tuple[Case, ...] = ("nom", "gen", "dat", "ins", "loc")


class Noun(NamedTuple):
    """A noun that can be counted."""

    gender: Gender
    singular: dict[Case, str]
    plural: dict[Case, str]


def _forms(gender: Gender, singular: str, plural: str) -> Noun:
    one = dict(zip(_SINGULAR_CASES, singular.split(), strict=True))
    several = dict(zip(_PLURAL_CASES, plural.split(), strict=True))
    one["voc"] = one["nom"]
    several["acc"] = several["gen"] if gender == "p" else several["nom"]
    several["voc"] = several["nom"]
    return Noun(gender, one, several)


def _read_table() -> dict[str, Noun]:
    genders: dict[str, Gender] = {"m": "m", "f": "f", "n": "n", "p": "p"}
    nouns = {}
    for line in _TABLE.strip().splitlines():
        lemma, _, rest = line.partition(": ")
        gender, singular, plural = rest.split("; ")
        nouns[lemma] = _forms(genders[gender], singular, plural)
    for adjective, forms in _ADJECTIVES.items():
        one, several = (part.split() for part in forms.split("; "))
        day = nouns["dzień"]
        nouns[f"dzień {adjective}"] = _forms(
            "m",
            " ".join(day.singular[c] + "_" + a for c, a in zip(_SINGULAR_CASES, one, strict=True)),
            " ".join(day.plural[c] + "_" + a for c, a in zip(_PLURAL_CASES, several, strict=True)),
        )
    return nouns


NOUNS = _read_table()
"""By its nominative singular."""


def _read_lemmas() -> dict[str, str]:
    lemmas = dict(_SHORT)
    for lemma, noun in NOUNS.items():
        for form in (*noun.singular.values(), *noun.plural.values(), lemma):
            lemmas.setdefault(form.replace("_", " "), lemma)
    return lemmas


_LEMMAS = _read_lemmas()


def find_noun(word: str) -> str | None:
    """The nominative singular of a form or an abbreviation: "rat" gives "rata"."""
    return _LEMMAS.get(" ".join(word.lower().split()))


def noun_form(n: int, noun: str, case: Case = "nom") -> str:
    """The form of a noun that goes with `n`: złoty, złote, złotych, "z dwoma złotymi"."""
    forms = NOUNS[_LEMMAS[noun]]
    if n == 1:
        words = forms.singular[case]
    elif n % 1000 == 0 or (
        case in ("nom", "acc", "voc") and (forms.gender == "p" or not is_few(n))
    ):
        # A thousand and zero are nouns themselves: what they count stays in the genitive.
        words = forms.plural["gen"]
    else:
        words = forms.plural[case]
    return words.replace("_", " ")


def count(n: int, noun: str, case: Case = "nom") -> str:
    """So many of something: "dwie raty", "dwadzieścia jeden rat", "jedną ratę"."""
    return f"{cardinal(n, NOUNS[_LEMMAS[noun]].gender, case)} {noun_form(n, noun, case)}"


def count_with_half(whole: int, noun: str, case: Case = "nom") -> str:
    """So many and a half: "półtora roku", "półtorej godziny", "dwie i pół raty"."""
    forms = NOUNS[_LEMMAS[noun]]
    of = forms.singular["gen"].replace("_", " ")
    if whole == 0:
        return f"pół {of}"
    if whole == 1:
        return f"{'półtorej' if forms.gender == 'f' else 'półtora'} {of}"
    return f"{cardinal(whole, forms.gender, case)} i pół {of}"
