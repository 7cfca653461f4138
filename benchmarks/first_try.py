"""Measures whether the bot understands what a debtor says over the telephone the first time.

The sample debtors' own data are spoken by synthetic voices in several wordings, coded as A-law,
recognised as in a call (with the hints of the question just asked) and handed to the dialogue
engine at that very question. Right: the engine does what it does for the answer keyed in or
typed without a mistake. Again: it asks once more. Wrong: anything else.

Wordings and debtors are halved: rules are tuned on one half, the other half is only reported.
Transcripts are kept on disk by audio, hints and recogniser code, so that a change of the
dialogue alone is measured in seconds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from voicebot.audio import Samples
from voicebot.dialogue.actions import Action, Listen, Query, QueryAnswered, Say, UserTurn
from voicebot.dialogue.check.script_check import load_checked_script
from voicebot.dialogue.engine import DialogueEngine, make_classifier
from voicebot.dialogue.nlu import IntentClassifier
from voicebot.dialogue.polish import readout
from voicebot.dialogue.script import OTHER_INTENT, Script
from voicebot.errors import VoicebotError
from voicebot.media.codecs import g711
from voicebot.speech.model_catalogue import load_catalogue
from voicebot.speech.model_store import ModelStore
from voicebot.speech.recognizer import RecognitionHints, Recognizer, Transcript
from voicebot.speech.recognizer_choice import build_recognizer, choose_recognizer
from voicebot.speech.synthesizer import Synthesizer
from voicebot.speech.voice_choice import build_synthesizer, choose_voice
from voicebot.storage.samples import SampleDebtor, sample_debtors

_CHECKOUT = Path(__file__).resolve().parents[1]
_RESULT = _CHECKOUT / "benchmarks" / "results" / "first_try.md"
_SCRIPT = _CHECKOUT / "call_scripts" / "infolinia.yaml"
_RECOGNISER_CODE = ("backends/whisper*.py", "hallucinations.py", "pauses.py")
VOICES = ("Natan", "Magda")
NOW = datetime(2026, 3, 11, 9, 15, tzinfo=UTC)
"""A Wednesday."""
_WARSAW = ZoneInfo("Europe/Warsaw")
_LEAD_SAMPLES, _TAIL_SAMPLES = 1600, 2400

Half = Literal["tune", "held"]
Verdict = Literal["right", "wrong", "again"]


@dataclass(frozen=True, slots=True)
class Answer:
    """Something a caller says. place: the question it answers. keyed, typed: the same without
    a recogniser."""

    kind: str
    half: Half
    place: str
    said: str
    keyed: str = ""
    typed: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    answer: Answer
    voice: str
    transcript: Transcript
    verdict: Verdict


# ---- what is said ----------------------------------------------------------------------------


def _pairs(digits: str) -> str:
    return ", ".join(_number(digits[at : at + 2]) for at in range(0, len(digits), 2))


def _number(digits: str) -> str:
    """Digits as one number, its leading zeros each by itself."""
    n_zeros = len(digits) - len(digits.lstrip("0"))
    words = ["zero"] * n_zeros
    if n_zeros < len(digits):
        words.append(readout.cardinal(int(digits)))
    return " ".join(words)


def _one_by_one(digits: str) -> str:
    return readout.digits(digits)


def _short_year(day: date) -> str:
    return readout.ordinal(day.year % 100, "m.gen")


def _day(day: date) -> str:
    return readout.ordinal(day.day, "m.gen")


def _day_and_month(day: date) -> str:
    return readout.date_(day, today=day, with_year=False)


CASE_NUMBERS: dict[Half, tuple[Callable[[str], str], ...]] = {
    "tune": (_one_by_one, lambda n: f"numer {_pairs(n)}"),
    "held": (
        lambda n: f"{_one_by_one(n[:4])}, {_one_by_one(n[4:])}",
        lambda n: f"mój numer sprawy to {_pairs(n)}",
    ),
}
BIRTH_DATES: dict[Half, tuple[Callable[[date], str], ...]] = {
    "tune": (
        lambda d: f"{_day_and_month(d)} {_short_year(d)} roku",
        lambda d: f"{_day_and_month(d)} tysiąc dziewięćset {_short_year(d)} roku",
        lambda d: f"{readout.ordinal(d.day)} {readout.ordinal(d.month)} {_number(str(d.year)[2:])}",
    ),
    "held": (
        lambda d: f"urodziłem się {_day_and_month(d)} {_short_year(d)}",
        lambda d: f"{_day_and_month(d)} dziewiętnaście {_number(str(d.year)[2:])}",
        lambda d: f"{readout.ordinal(d.day)} {readout.ordinal(d.month)} {_short_year(d)} roku",
    ),
}
POSTCODES: dict[Half, tuple[Callable[[str], str], ...]] = {
    "tune": (
        lambda c: f"{_number(c[:2])}, {_number(c[3:])}",
        lambda c: f"{_one_by_one(c[:2])}, {_one_by_one(c[3:])}",
    ),
    "held": (
        lambda c: f"kod {_number(c[:2])} myślnik {_number(c[3:])}",
        lambda c: f"{_one_by_one(c[:2])} kreska {_one_by_one(c[3:])}",
    ),
}
PESEL_ENDS: dict[Half, tuple[Callable[[str], str], ...]] = {
    "tune": (_one_by_one,),
    "held": (_pairs, lambda p: f"ostatnie cyfry to {_one_by_one(p)}"),
}
YES: dict[Half, str] = {
    "tune": "tak|tak, zgadza się|dobrze|no tak|proszę zapisać|tak, proszę|jasne|może być",
    "held": "tak tak|zgadza się|oczywiście|zgadzam się|no dobrze|tak, dokładnie|tak jest|zgoda",
}
NO: dict[Half, str] = {
    "tune": "nie|nie, to nie tak|nie zgadzam się|nie, dziękuję|na pewno nie|no nie",
    "held": "nie nie|nie, nie zgadza się|nie chcę|absolutnie nie|nie pasuje|niestety nie",
}
DAYS: dict[Half, str] = {
    "tune": "w piątek=2026-03-13|jutro=2026-03-12|za tydzień=2026-03-18|"
    "dwudziestego marca=2026-03-20|do piętnastego=2026-03-15|w przyszły wtorek=2026-03-17|"
    "zapłacę w poniedziałek=2026-03-16|w czwartek w przyszłym tygodniu=2026-03-19",
    "held": "pojutrze=2026-03-13|w sobotę=2026-03-14|za trzy dni=2026-03-14|"
    "dwudziestego trzeciego marca=2026-03-23|siedemnastego=2026-03-17|"
    "w przyszły piątek=2026-03-20|przeleję w niedzielę=2026-03-15|do końca tygodnia=2026-03-15",
}
AMOUNTS: dict[Half, str] = {
    "tune": "całość=1294.90|sto złotych=100|połowę=647.45|pięćset złotych=500|tysiąc złotych=1000|"
    "sto pięćdziesiąt złotych=150|mogę dać dwieście=200|sześćset osiemdziesiąt złotych=680",
    "held": "całą kwotę=1294.90|dwieście złotych=200|trzysta złotych=300|osiemset złotych=800|"
    "tysiąc dwieście złotych=1200|siedemdziesiąt złotych=70|wpłacę czterysta=400|"
    "pięćset pięćdziesiąt złotych=550",
}
HUMAN: dict[Half, str] = {
    "tune": "konsultant|proszę z konsultantem|chcę rozmawiać z człowiekiem",
    "held": "z konsultantem|poproszę konsultanta|proszę mnie połączyć z człowiekiem",
}
_BALANCE_GR = 129490


def answers(script: Script, seed: int, n_intents: int) -> Iterator[Answer]:
    """Everything that is said, in one order for a seed."""
    debtors = sample_debtors(NOW.date())
    middle = len(debtors) // 2
    halves: tuple[tuple[Half, list[SampleDebtor]], ...] = (
        ("tune", debtors[:middle]), ("held", debtors[middle:]),
    )  # fmt: skip
    for half, people in halves:
        for debtor in people:
            yield from _facts(half, debtor)
        for text in YES[half].split("|"):
            yield Answer("yes", half, "read_back", text, typed="tak")
        for text in NO[half].split("|"):
            yield Answer("no", half, "read_back", text, typed="nie")
        for item in DAYS[half].split("|"):
            text, _, day = item.partition("=")
            yield Answer("day", half, "ask_date", text, typed=day)
        for item in AMOUNTS[half].split("|"):
            text, _, amount = item.partition("=")
            yield Answer("amount", half, "ask_amount", text, typed=f"{amount} zł")
        for text in HUMAN[half].split("|"):
            yield Answer("consultant", half, "ask_birth", text, typed="konsultant")
    yield from _intents(script, seed, n_intents)


def _facts(half: Half, debtor: SampleDebtor) -> Iterator[Answer]:
    contact, number = debtor.contact, debtor.case.case_number
    day, postcode, pesel = contact.birth_date, contact.postcode, contact.pesel_last4
    for say in CASE_NUMBERS[half]:
        yield Answer("case number", half, "greeting", say(number), keyed=number)
    if day is not None:
        for say_day in BIRTH_DATES[half]:
            keyed = day.strftime("%d%m%Y")
            yield Answer("birth date", half, "ask_birth", say_day(day), keyed=keyed)
    for say in POSTCODES[half]:
        keyed = postcode.replace("-", "")
        yield Answer("postcode", half, "ask_postcode", say(postcode), keyed=keyed)
    for say in PESEL_ENDS[half]:
        yield Answer("PESEL end", half, "ask_pesel", say(pesel), keyed=pesel)


def _intents(script: Script, seed: int, n_intents: int) -> Iterator[Answer]:
    """Examples of the intents; the classifier knows their text, so only hearing is at stake."""
    generator = random.Random(seed)
    examples = [
        text
        for name in sorted(script.intents)
        if name != OTHER_INTENT
        for text in script.intents[name].examples
    ]
    chosen = generator.sample(examples, min(n_intents, len(examples)))
    for at, text in enumerate(chosen):
        yield Answer("intent", "tune" if at % 2 else "held", "details", text, typed=text)


# ---- how it is heard -------------------------------------------------------------------------


def over_the_telephone(speech: Samples, snr_db: float | None, seed: int) -> Samples:
    """What a call delivers: with quiet around it, with noise where asked for, through A-law."""
    quiet = (np.zeros(_LEAD_SAMPLES, np.int16), np.zeros(_TAIL_SAMPLES, np.int16))
    samples = np.concatenate([quiet[0], speech, quiet[1]]).astype(np.float64)
    if snr_db is not None:
        level = float(np.sqrt(np.mean(speech.astype(np.float64) ** 2))) * 10 ** (-snr_db / 20)
        samples += np.random.default_rng(seed).normal(0.0, level, len(samples))
    return g711.decode_alaw(g711.encode_alaw(np.clip(samples, -32768, 32767).astype(np.int16)))


class Ears:
    """A recogniser that remembers on disk what it has heard."""

    def __init__(self, recognizer: Recognizer, folder: Path) -> None:
        self._recognizer = recognizer
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        code = hashlib.sha256(recognizer.name.encode())
        speech = _CHECKOUT / "voicebot" / "speech"
        for pattern in _RECOGNISER_CODE:
            for file in sorted(speech.glob(pattern)):
                code.update(file.read_bytes())
        self._code = code.digest()

    def hear(self, samples: Samples, hints: RecognitionHints) -> Transcript:
        key = hashlib.sha256(self._code + samples.tobytes() + repr(hints).encode()).hexdigest()
        file = self._folder / f"{key}.json"
        if file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            return Transcript(**{**kept, "alternatives": tuple(kept["alternatives"])})
        listening = self._recognizer.start(hints)
        listening.accept(samples)
        transcript = listening.transcribe()
        file.write_text(json.dumps(asdict(transcript)), encoding="utf-8")
        return transcript


class Mouth:
    """A synthetic voice that remembers on disk what it has said."""

    def __init__(self, synthesizer: Synthesizer, name: str, folder: Path) -> None:
        self._synthesizer = synthesizer
        self._name = name
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def say(self, text: str) -> Samples:
        key = hashlib.sha256(f"{self._name}|{text}".encode()).hexdigest()
        file = self._folder / f"{key}.npy"
        if not file.exists():
            np.save(file, np.concatenate(list(self._synthesizer.synthesize(text))))
        spoken: Samples = np.load(file)
        return spoken


# ---- what the engine makes of it -------------------------------------------------------------


class Dialogue:
    """One conversation, brought to a question and given one answer there."""

    def __init__(
        self, script: Script, classifier: IntentClassifier, place: str, truth: str = ""
    ) -> None:
        given: Mapping[str, object] = {
            "company": "Przykładowa",
            "is_recorded": True,
            "caller_known": True,
        }
        self._engine = DialogueEngine(script, classifier, given, _WARSAW)
        self._now = NOW
        self._truth = ""
        self.listen = Listen("none")
        self._take(self._engine.start(NOW))
        way: dict[str, tuple[UserTurn, ...]] = {
            "ask_date": (UserTurn("sto złotych"),),
            "ask_amount": (UserTurn("jutro"),),
            "read_back": (UserTurn("całość jutro"),),
        }
        facts = (UserTurn(digits="08051975"), UserTurn(digits="00950"))
        if place == "greeting":
            self._truth = truth
            return
        self.answer(UserTurn(digits="20260017"))
        if place in ("ask_postcode", "ask_pesel"):
            self.answer(facts[0] if place == "ask_postcode" else UserTurn("nie pamiętam"))
        if place == "ask_pesel":
            self.answer(UserTurn("nie pamiętam"))
        if place in (*way, "details"):
            for turn in (*facts, *way.get(place, ())):
                self.answer(turn)
        if self.state_name != place:
            raise SystemExit(f"the way to {place} has led to {self.state_name}")
        self._truth = truth

    @property
    def state_name(self) -> str:
        return self._engine.state_name

    def answer(self, turn: UserTurn) -> list[Action]:
        self._now += timedelta(seconds=8)
        return self._take(self._engine.handle(turn, self._now))

    def _take(self, actions: list[Action]) -> list[Action]:
        """Everything done up to the next question; queries are answered on the way."""
        done = list(actions)
        while isinstance(done[-1], Query):
            is_true = self._truth in ("", *_keyed(done[-1]))
            facts: dict[str, dict[str, object]] = {
                "find_case": {"found": is_true},
                "verify_fact": {"matches": is_true},
                "case_details": {
                    "creditor": "Energia",
                    "title": "faktura",
                    "principal_gr": _BALANCE_GR,
                    "interest_gr": 0,
                    "balance_gr": _BALANCE_GR,
                    "due_date": date(2026, 2, 1),
                    "gender": "f",
                },
            }
            name = done[-1].name
            done += self._engine.handle(QueryAnswered(name, facts[name]), self._now)
        if isinstance(done[-1], Listen):
            self.listen = done[-1]
        return done


def outcome(actions: Sequence[Action]) -> tuple[object, ...]:
    """What the caller gets; what the case directory was asked on the way is not compared."""
    return tuple(
        (action.prompt_id, action.text) if isinstance(action, Say) else type(action).__name__
        for action in actions
        if not isinstance(action, Query)
    )


def _keyed(query: Query) -> list[str]:
    """What the query asks about, as it would be keyed in."""
    values = [str(value) for value in query.args.values()]
    days = ["".join(reversed(value.split("-"))) for value in values if value.count("-") == 2]
    return [*days, *(value.replace("-", "") for value in values)]


def judge(
    script: Script, classifier: IntentClassifier, answer: Answer, transcript: Transcript
) -> Verdict:
    heard = Dialogue(script, classifier, answer.place, answer.keyed)
    got = heard.answer(
        UserTurn(
            transcript.text,
            confidence=transcript.confidence,
            alternatives=transcript.alternatives,
        )
    )
    known = Dialogue(script, classifier, answer.place, answer.keyed)
    wanted = known.answer(UserTurn(answer.typed, digits=answer.keyed))
    if outcome(got) == outcome(wanted):
        return "right"
    has_failed = any(
        isinstance(action, Say) and action.prompt_id in ("fact_wrong", "case_unknown")
        for action in got
    )
    if has_failed:
        return "wrong"
    if heard.state_name == answer.place:
        return "again"
    if heard.state_name == "confirm_case":
        # The number is read out before it counts: the caller says yes, or says it again.
        is_right = readout.digits(answer.keyed) in " ".join(
            action.text for action in got if isinstance(action, Say)
        )
        return "right" if is_right else "again"
    return "wrong"


# ---- the report ------------------------------------------------------------------------------


def _table(results: Sequence[Measured]) -> list[str]:
    lines = [
        "| kind | half | "
        + " | ".join(f"{voice}: right / again / wrong" for voice in VOICES)
        + " |",
        "|---|---|" + "---|" * len(VOICES),
    ]
    kinds = list(dict.fromkeys(it.answer.kind for it in results))
    for half in ("tune", "held"):
        for kind in (*kinds, "all"):
            cells = []
            for voice in VOICES:
                found = [
                    it.verdict
                    for it in results
                    if it.voice == voice
                    and it.answer.half == half
                    and kind in ("all", it.answer.kind)
                ]
                n = [found.count(it) for it in ("right", "again", "wrong")]
                share = f" ({100 * n[0] / len(found):.0f} %)" if found else ""
                cells.append(f"{n[0]} / {n[1]} / {n[2]}{share}")
            lines.append(f"| {kind} | {half} | " + " | ".join(cells) + " |")
    return lines


def _trust(results: Sequence[Measured]) -> list[str]:
    """How often the engine was right at each confidence, for short and for long answers."""
    edges = (0.0, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.01)
    groups = {
        "yes, no": ("yes", "no"),
        "numbers": ("case number", "birth date", "postcode", "PESEL end"),
        "other": ("day", "amount", "consultant", "intent"),
    }
    lines = [
        "| confidence | " + " | ".join(f"{name}: right of all" for name in groups) + " |",
        "|---|" + "---|" * len(groups),
    ]
    for low, high in pairwise(edges):
        cells = []
        for kinds in groups.values():
            found = [
                it.verdict == "right"
                for it in results
                if it.answer.kind in kinds and low <= it.transcript.confidence < high
            ]
            cells.append(f"{sum(found)} of {len(found)}" if found else "")
        if any(cells):
            lines.append(f"| {low:.2f} to {min(high, 1):.2f} | " + " | ".join(cells) + " |")
    return lines


def report(recognizer: Recognizer, results: Sequence[Measured], arguments: str) -> str:
    cpu = sorted(it.transcript.cpu_ms for it in results)
    by_kind: dict[str, list[float]] = defaultdict(list)
    for it in results:
        by_kind[it.answer.kind].append(it.transcript.cpu_ms)
    costs = ", ".join(f"{kind} {statistics.median(ms):.0f}" for kind, ms in by_kind.items())
    lines = [
        "# Understanding at the first try (synthetic debtors, A-law)",
        "",
        f"Engine: {recognizer.name}. Command: `python -m benchmarks.first_try{arguments}`.",
        "Right: the engine does what it does for the same answer keyed or typed without a mistake. "
        "Again: it asks once more (or reads a doubtful case number out). Wrong: anything else.",
        "Repairs were tuned on the half `tune`; the half `held` (other debtors, other wordings) "
        "was only reported on. Intents are examples whose text the classifier knows.",
        "",
        *_table(results),
        "",
        f"CPU of recognition, median ms: {costs}; all {statistics.median(cpu):.0f}.",
        "",
        *_trust(results),
        "",
    ]
    return "\n".join(lines)


def choose(said: Sequence[Answer], limit: int, seed: int) -> list[Answer]:
    """At most `limit` answers of each kind and half; 0: all."""
    groups: dict[tuple[str, Half], list[Answer]] = defaultdict(list)
    for answer in said:
        groups[answer.kind, answer.half].append(answer)
    generator = random.Random(seed)
    return [
        answer
        for group in groups.values()
        for answer in (generator.sample(group, limit) if 0 < limit < len(group) else group)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=int, default=0, help="of each kind and half; 0: all")
    parser.add_argument("--intents", type=int, default=80, help="how many intents' examples")
    parser.add_argument("--half", choices=("tune", "held"), help="only this half")
    parser.add_argument("--kinds", default="", help="only these, parted by commas")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--snr-db", type=float, help="add white noise that much below the voice")
    parser.add_argument("--show", action="store_true", help="print what was not right")
    parser.add_argument("--models", type=Path, default=_CHECKOUT / "models")
    parser.add_argument(
        "--cache", type=Path, default=Path(tempfile.gettempdir()) / "voicebot_understanding"
    )
    parser.add_argument("--output", type=Path, default=_RESULT)
    parser.add_argument("--dry", action="store_true", help="write no result")
    options = parser.parse_args()
    try:
        store = ModelStore(options.models, load_catalogue())
        recognizer = build_recognizer(choose_recognizer("demo", "auto", store), store)
        voice = choose_voice("demo", "auto", store)
        mouths = {
            name: Mouth(build_synthesizer(voice, store, name), name, options.cache / "voices")
            for name in VOICES
        }
        script = load_checked_script(_SCRIPT)
    except VoicebotError as error:
        raise SystemExit(str(error)) from None
    ears = Ears(recognizer, options.cache / "transcripts")
    classifier = make_classifier(script)
    kinds = {kind for kind in options.kinds.split(",") if kind}
    said = [
        answer
        for answer in choose(
            list(answers(script, options.seed, options.intents)), options.limit, options.seed
        )
        if options.half in (None, answer.half) and (not kinds or answer.kind in kinds)
    ]
    results: list[Measured] = []
    for n_done, answer in enumerate(said, start=1):
        question = Dialogue(script, classifier, answer.place).listen
        hints = RecognitionHints(kind=question.kind, phrases=question.phrases)
        for name, mouth in mouths.items():
            samples = over_the_telephone(mouth.say(answer.said), options.snr_db, options.seed)
            transcript = ears.hear(samples, hints)
            verdict = judge(script, classifier, answer, transcript)
            results.append(Measured(answer, name, transcript, verdict))
            if options.show and verdict != "right":
                print(
                    f"{verdict:5} {answer.half} {answer.kind:11} {name} {answer.said} | "
                    f"{transcript.text} | {transcript.alternatives} {transcript.confidence:.2f}"
                )
        if n_done % 10 == 0 or n_done == len(said):
            print(f"\r{n_done} of {len(said)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    arguments = "".join(f" {argument}" for argument in sys.argv[1:] if argument != "--show")
    text = report(recognizer, results, arguments)
    print(text)
    if not options.dry:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(text, encoding="utf-8")
        print(f"written: {options.output}", file=sys.stderr)


if __name__ == "__main__":
    main()
