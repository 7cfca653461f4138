"""What the voice of one caller tells about his mood, over the turns of a call. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voicebot.dialogue.mood import UNKNOWN_MOOD, Mood
from voicebot.records import TurnMood
from voicebot.speech.emotion.emotion import GROUPS, Embedding, EmotionHead, EmotionReading

MIN_SPEECH_S = 1.5
"""Less speech than this is not read at all: what a second tells is chance."""

PROVISIONAL_SPEECH_S = 2.0
"""So much is read while the caller still speaks."""

MIN_CONFIDENCE = 0.6
"""A reading below this counts as nothing (nine actors, 4 groups: above it 87 % are right)."""

N_BASELINE = 3
"""So many first utterances are the caller's usual voice."""

N_RECENT = 3
"""`hits` counts among so many last utterances that could be read."""

STALE_AFTER_S = 60.0
"""A reading this old says nothing about now."""

STAYS = 0.6
"""How likely a mood is the same one turn on; the rest goes to all groups alike."""

STRAINED = frozenset({"anger", "distress"})
_GROUP_NAMES = tuple(sorted(set(GROUPS.values())))
_LEAST = 1e-4


@dataclass(frozen=True, slots=True)
class _Heard:
    """The newest embedding of one utterance, and what the head made of it."""

    embedding: Embedding
    speech_s: float
    at_s: float
    reading: EmotionReading

    @property
    def is_clear(self) -> bool:
        return self.reading.confidence >= MIN_CONFIDENCE


class CallerMood:
    """Holds the caller's baseline and the readings of his utterances, in memory only.

    An utterance has a number that rises. It is noted as often as there is a new embedding of
    it, and then either kept (it was words) or dropped (a cough, the line, the bot's echo).
    """

    def __init__(self, head: EmotionHead) -> None:
        self._head = head
        self._baseline: dict[int, Embedding] = {}
        self._heard: dict[int, _Heard] = {}
        self._kept: set[int] = set()
        self._dropped: set[int] = set()

    def note(
        self, utterance: int, embedding: Embedding, speech_s: float, at_s: float
    ) -> TurnMood | None:
        """Take in an embedding of `speech_s` of speech, at that second of the call.

        None: too short to be read, dropped, or overtaken by one of more speech.
        """
        before = self._heard.get(utterance)
        if speech_s < MIN_SPEECH_S or utterance in self._dropped:
            return None
        if before is not None and speech_s < before.speech_s:
            return None
        usual = [voice for number, voice in self._baseline.items() if number != utterance]
        reading = self._head.read(embedding, usual)
        self._heard[utterance] = _Heard(embedding, speech_s, at_s, reading)
        if utterance in self._kept:
            self._learn(utterance)
        return TurnMood(
            reading.group, reading.confidence, _by_group(reading), reading.emotion, speech_s
        )

    def keep(self, utterance: int) -> None:
        """It was words of the caller; the first of them tell how he usually sounds."""
        self._kept.add(utterance)
        self._learn(utterance)

    def drop(self, utterance: int) -> None:
        """It was no words: it counts for nothing."""
        self._dropped.add(utterance)
        self._heard.pop(utterance, None)

    def forget(self) -> None:
        """Drop everything that was ever heard of him."""
        self._baseline.clear()
        self._heard.clear()
        self._kept.clear()

    def now(self, at_s: float) -> Mood:
        """The mood at that second of the call, as a script may act on it."""
        fresh = [self._heard[number] for number in sorted(self._heard)]
        fresh = [heard for heard in fresh if at_s - heard.at_s <= STALE_AFTER_S]
        clear = [heard.reading for heard in fresh if heard.is_clear]
        if not clear:
            return UNKNOWN_MOOD
        # One that is not clear takes its place among the last three: it is no hit.
        hits = sum(
            heard.is_clear and heard.reading.group in STRAINED for heard in fresh[-N_RECENT:]
        )
        smoothed = _smooth([_by_group(reading) for reading in clear])
        return Mood(
            anger=smoothed["anger"],
            calm=smoothed["calm"],
            distress=smoothed["distress"],
            positive=smoothed["positive"],
            hits=hits,
        )

    def _learn(self, utterance: int) -> None:
        """Let an utterance be part of the baseline, while that has room."""
        heard = self._heard.get(utterance)
        has_room = len(self._baseline) < N_BASELINE or utterance in self._baseline
        if heard is not None and has_room:
            self._baseline[utterance] = heard.embedding


def _by_group(reading: EmotionReading) -> dict[str, float]:
    groups = dict.fromkeys(_GROUP_NAMES, 0.0)
    for emotion, probability in reading.probabilities.items():
        groups[GROUPS[emotion]] += probability
    return groups


def _smooth(turns: list[dict[str, float]]) -> Mapping[str, float]:
    """Turn by turn: what was believed, faded, times what this turn tells. So one clear turn is
    felt at once, and like ones make sure."""
    n = len(_GROUP_NAMES)
    belief = dict.fromkeys(_GROUP_NAMES, 1 / n)
    for turn in turns:
        product = {
            group: max(turn[group], _LEAST) * (STAYS * belief[group] + (1 - STAYS) / n)
            for group in _GROUP_NAMES
        }
        total = sum(product.values())
        belief = {group: value / total for group, value in product.items()}
    return belief
