"""Tells listening noises ("mhm", "aha", a cough) from words that are meant to interrupt."""

from __future__ import annotations

import re

from voicebot.dialogue.actions import QuestionKind
from voicebot.dialogue.polish.answer_words import is_hesitation
from voicebot.dialogue.polish.words import texts, tokenize, word_set
from voicebot.dialogue.polish.yes_no import parse_yes_no

# A recogniser writes what is no speech between brackets, stars or notes: "[kaszel]", "(śmiech)".
_STAGE_DIRECTION = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|♪[^♪]*♪?|[♪♫]")
_NOISES = word_set(
    "kaszel kaszle kaszlniecie kaszlanie kichniecie kichanie kicha apsik westchnienie wzdycha "
    "smiech smieje chrzakniecie chrzaka halas szum szumy muzyka cisza oddech oddycha mlask mlaska "
    "sapie sapniecie ziewa ziewanie stuk stukanie dzwonek trzask ekhm khe khy kh khm hehe haha"
)
_LISTENING = word_set(
    "mhm mhmm mhy yhy yhm ehe aha uhm hm no tak okej ok okay oki dobra dobrze jasne rozumiem "
    "wlasnie ano ta tia ach och oh ah o a acha"
)
"""Said by somebody who goes on listening, alone or one after another."""
_MOST_WORDS = 4


def is_backchannel(text: str, asked: QuestionKind = "none") -> bool:
    """Whether the caller only showed that he listens, or made a noise.

    asked: the kind of the question he had heard whole by then, none before: a "tak" said to a
    yes/no question is its answer, the same "tak" in the middle of a sentence is none. Nothing
    heard at all ("", a noise in brackets) is a backchannel, too.
    """
    words = texts(tokenize(_STAGE_DIRECTION.sub(" ", text)))
    words = [word for word in words if word not in _NOISES and not is_hesitation(word)]
    if words == ["sie"]:
        words = []  # of "śmieje się"
    if not words:
        return True
    if text.rstrip().endswith("?"):
        return False
    if len(words) > _MOST_WORDS or any(word not in _LISTENING for word in words):
        return False
    return asked != "yes_no" or parse_yes_no(" ".join(words)) is None
