"""A provider's REST interface, as far as calls need it (aiohttp)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from voicebot.errors import CallFailed

TIMEOUT_S = 8.0
MAX_ANSWER_BYTES = 64 * 1024


class RestClient:
    """POSTs to one provider. Its connections are kept until `close`."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
        """headers: sent with each request; they hold the credentials."""
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        self._session: aiohttp.ClientSession | None = None

    async def post(
        self,
        path: str,
        *,
        form: list[tuple[str, str]] | None = None,
        content: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """The answer's object; empty where it has none.

        form or content: the body, as a form or as JSON. Raises CallFailed, whose text has
        nothing of what was sent.
        """
        if self._session is None:
            # No proxy, cookies or netrc of the environment: these are our credentials.
            self._session = aiohttp.ClientSession(
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        try:
            async with self._session.post(
                self._base_url + path, data=form, json=content, allow_redirects=False
            ) as response:
                if not 200 <= response.status < 300:
                    raise CallFailed("the provider refuses", response.status)
                text = await response.content.read(MAX_ANSWER_BYTES)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CallFailed(f"the provider can't be reached ({type(error).__name__})") from None
        return _object(text)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
