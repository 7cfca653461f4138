"""Talks to a server with OpenAI's chat completions API (OpenAI, vLLM, Ollama, llama.cpp ...).

POST {url}/chat/completions, https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

import json

import aiohttp

from voicebot.errors import LanguageModelError
from voicebot.settings.language_model import LanguageModelSettings

_MAX_ANSWER_BYTES = 65_536
_MAX_TOKENS = 24


class ChatCompletions:
    """One connection pool for all calls. `close` when the server stops."""

    def __init__(self, settings: LanguageModelSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def complete(self, instruction: str, question: str) -> str:
        body = {
            "model": self._settings.model,
            "temperature": 0,
            "max_tokens": _MAX_TOKENS,
            "messages": [
                {"role": "system", "content": instruction},
                {"role": "user", "content": question},
            ],
        }
        if self._session is None:
            self._session = aiohttp.ClientSession()
        key = self._settings.api_key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        url = f"{self._settings.url.rstrip('/')}/chat/completions"
        try:
            async with self._session.post(
                url, json=body, headers=headers, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise LanguageModelError(f"status {response.status}")
                data = await response.content.read(_MAX_ANSWER_BYTES)
        except (aiohttp.ClientError, OSError) as error:
            raise LanguageModelError(type(error).__name__) from None
        return _content(data)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def _content(data: bytes) -> str:
    """The text of the first choice. Raises LanguageModelError where there is none."""
    try:
        content = json.loads(data)["choices"][0]["message"]["content"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        raise LanguageModelError("not an answer of a chat completions API") from None
    if not isinstance(content, str):
        raise LanguageModelError("the answer has no text")
    return content
