"""Has the fixed prompts and sentences of scripts made before anybody says them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from voicebot.calls.live_calls import LiveCalls
from voicebot.calls.reception import Conversation
from voicebot.errors import SpeechWorkerError
from voicebot.speech.prompt_cache import Prompt, PromptCache
from voicebot.speech.speech_service import SpeechService

log = logging.getLogger(__name__)

PATIENCE_S = 2.0
"""So long a prompt of a script that nobody follows yet waits for running calls."""

POLL_S = 0.1


def fixed_prompts(conversation: Conversation) -> list[Prompt]:
    """All that sounds the same in every call: prompts in all their wordings, and sentences."""
    script, variables = conversation.script, conversation.variables
    texts = [*script.static_prompts(variables).values(), *script.static_sentences(variables)]
    return [(text, 1.0) for text in dict.fromkeys(texts)]


class PromptPreparer:
    """Fills the prompt cache of a node."""

    def __init__(
        self, cache: PromptCache, open_speech: Callable[[], SpeechService], live_calls: LiveCalls
    ) -> None:
        self._cache = cache
        self._open_speech = open_speech
        self._live_calls = live_calls

    async def prepare(self, conversation: Conversation) -> None:
        """At once, for the script that calls will follow. Raises SpeechWorkerError or OSError."""
        speech = self._open_speech()
        try:
            await self._cache.warm(fixed_prompts(conversation), speech.synthesize)
        finally:
            speech.close()

    async def prepare_later(self, conversation: Conversation) -> None:
        """Beside running calls, which come first; what fails is made when it is to be said."""
        speech = self._open_speech()
        try:
            for prompt in fixed_prompts(conversation):
                if await asyncio.to_thread(self._cache.get, *prompt) is None:
                    await self._wait_for_quiet()
                    await self._cache.warm([prompt], speech.synthesize)
        except (SpeechWorkerError, OSError) as error:
            log.warning(
                "prompts could not be prepared",
                extra={"script": conversation.script.name, "kind": type(error).__name__},
            )
        finally:
            speech.close()

    async def _wait_for_quiet(self) -> None:
        patience_s = PATIENCE_S
        while len(self._live_calls) and patience_s > 0:
            await asyncio.sleep(POLL_S)
            patience_s -= POLL_S
