"""Turns what the dialogue says into audio in the leg's playout."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from voicebot.audio import Samples
from voicebot.dialogue.actions import Say
from voicebot.errors import SpeechWorkerError
from voicebot.media.playout import Interrupted, Playout
from voicebot.speech.speech_service import SpeechService

log = logging.getLogger(__name__)

_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")


class PromptAudio(Protocol):
    """Audio that was made before the call."""

    def get(self, text: str, rate: float) -> Samples | None: ...


@dataclass(slots=True)
class SpokenPrompt:
    """One prompt on its way out. Times are monotonic seconds; None: not yet."""

    say: Say
    state: str
    started_at: float | None = None
    ended_at: float | None = None
    was_interrupted: bool = False
    on_ended: list[Callable[[], None]] = field(default_factory=list)


class Prompter:
    """Speaks prompts in order; knows which one is heard now and what was cut off.

    Sentences that need no synthesis come from the prompt cache; the rest is synthesised while
    the sentence before is being played.
    """

    def __init__(self, playout: Playout, prompt_audio: PromptAudio, speech: SpeechService) -> None:
        self._playout = playout
        self._prompt_audio = prompt_audio
        self._speech = speech
        self._next_id = 1
        self._prompts: dict[int, SpokenPrompt] = {}
        self._interrupted: Interrupted | None = None
        self._cut: dict[int, SpokenPrompt] = {}

    @property
    def current(self) -> SpokenPrompt | None:
        """The prompt being said or waiting to be: the first that has not ended."""
        return next(iter(self._prompts.values()), None)

    @property
    def is_idle(self) -> bool:
        return not self._prompts

    async def say(self, say: Say, state: str) -> None:
        """Queue the prompt's audio; returns when all of it is in the playout, or it was cut off."""
        utterance_id = self._new_id()
        self._prompts[utterance_id] = SpokenPrompt(say, state)
        whole = self._prompt_audio.get(say.text, say.rate)
        if whole is not None:
            self._playout.say(utterance_id, whole)
            return
        for sentence in _SENTENCE_END.split(say.text):
            try:
                await self._say_sentence(utterance_id, sentence, say.rate)
            except SpeechWorkerError as error:
                log.warning(
                    "a sentence could not be synthesised", extra={"kind": type(error).__name__}
                )
            if utterance_id not in self._prompts:
                return
        self._playout.finish(utterance_id)

    def when_said(self, do: Callable[[], None]) -> None:
        """Run `do` when everything queued so far has been heard; at once if nothing is."""
        if self._prompts:
            list(self._prompts.values())[-1].on_ended.append(do)
        else:
            do()

    def playout_started(self, utterance_id: int, at: float) -> SpokenPrompt | None:
        prompt = self._prompts.get(utterance_id)
        if prompt is not None and prompt.started_at is None:
            prompt.started_at = at
        return prompt

    def playout_ended(self, utterance_id: int, at: float) -> SpokenPrompt | None:
        """The prompt that has now been heard whole; None for one that was cut off."""
        prompt = self._prompts.pop(utterance_id, None)
        if prompt is not None:
            prompt.ended_at = at
            for do in prompt.on_ended:
                do()
        return prompt

    def interrupt(self, now: float) -> list[SpokenPrompt]:
        """Fall silent at once; the prompts that were cut off or not reached."""
        self._interrupted = self._playout.interrupt()
        self._cut = dict(self._prompts)
        self._prompts.clear()
        for prompt in self._cut.values():
            prompt.was_interrupted = True
            prompt.ended_at = now
        return list(self._cut.values())

    def resume(self) -> None:
        """Go on with what `interrupt` cut off: nobody had spoken after all.

        What had not been synthesised by then is not said; the caller can ask again.
        """
        interrupted, cut = self._interrupted, self._cut
        self.forget_interrupted()
        if interrupted is None or self._prompts:
            return
        for old_id, samples in interrupted.rest:
            prompt = cut.get(old_id)
            if prompt is not None:
                utterance_id = self._new_id()
                self._prompts[utterance_id] = SpokenPrompt(
                    prompt.say, prompt.state, on_ended=prompt.on_ended
                )
                self._playout.say(utterance_id, samples)

    def forget_interrupted(self) -> None:
        """The interruption was meant: what was cut off is not said again."""
        self._interrupted = None
        self._cut = {}

    def _new_id(self) -> int:
        utterance_id = self._next_id
        self._next_id += 1
        return utterance_id

    async def _say_sentence(self, utterance_id: int, sentence: str, rate: float) -> None:
        ready = self._prompt_audio.get(sentence, rate)
        if ready is not None:
            self._playout.say(utterance_id, ready, is_last=False)
            return
        async for samples in self._speech.synthesize(sentence, rate):
            if utterance_id not in self._prompts:
                return
            self._playout.say(utterance_id, samples, is_last=False)
