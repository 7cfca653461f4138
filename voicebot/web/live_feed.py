"""Live calls as Server-Sent Events: what has changed, to everybody who watches."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web
from pydantic import BaseModel

from voicebot.calls.live_calls import LiveCall, LiveCalls
from voicebot.web.api_models import LiveCallModel, LiveEnd, LiveUpdate

MAX_WATCHERS = 64
KEEP_ALIVE_S = 15.0
RETRY_MS = 2000


class Watch:
    """What one watcher has yet to be told. Only ids are kept, so a slow one costs nothing."""

    def __init__(self, live_calls: LiveCalls, only: str | None = None) -> None:
        self._live_calls = live_calls
        self._only = only
        self._turns_told: dict[str, int] = {}
        self._changed: dict[str, None] = {}
        self.news = asyncio.Event()
        for call in live_calls.all():
            self.note(call.record.call_id)

    def note(self, call_id: str) -> None:
        """This call has changed."""
        if self._only is None or call_id == self._only:
            self._changed[call_id] = None
            self.news.set()

    def take_events(self) -> list[LiveUpdate | LiveEnd]:
        """What to tell now."""
        changed = list(self._changed)
        self._changed.clear()
        self.news.clear()
        return [self._event(call_id) for call_id in changed]

    def _event(self, call_id: str) -> LiveUpdate | LiveEnd:
        call = self._live_calls.get(call_id)
        if call is None:
            self._turns_told.pop(call_id, None)
            return LiveEnd(call_id=call_id)
        first_turn = self._turns_told.get(call_id, 0)
        self._turns_told[call_id] = len(call.turns)
        update = LiveCallModel.of(call, first_turn)
        return LiveUpdate(**dict(update), first_turn=first_turn)


class LiveFeed:
    """Serves the event stream. `start`, then `stop`."""

    def __init__(self, live_calls: LiveCalls) -> None:
        self._live_calls = live_calls
        self._watches: set[Watch] = set()
        self._stop_watching = live_calls.watch(self._tell)
        self._is_stopping = False

    @property
    def is_full(self) -> bool:
        return len(self._watches) >= MAX_WATCHERS

    def stop(self) -> None:
        """End every stream."""
        if not self._is_stopping:
            self._is_stopping = True
            self._stop_watching()
            for watch in self._watches:
                watch.news.set()

    async def serve(self, request: web.Request, only: str | None) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        watch = Watch(self._live_calls, only)
        self._watches.add(watch)
        try:
            await response.write(f"retry: {RETRY_MS}\n: welcome\n\n".encode())
            while not self._is_stopping:
                try:
                    async with asyncio.timeout(KEEP_ALIVE_S):
                        await watch.news.wait()
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                for event in watch.take_events():
                    await response.write(as_event(event))
        except ConnectionError:
            pass  # the browser has gone
        finally:
            self._watches.discard(watch)
        return response

    def _tell(self, call: LiveCall) -> None:
        for watch in self._watches:
            watch.note(call.record.call_id)


def as_event(event: BaseModel) -> bytes:
    """JSON escapes line ends, so the data is always one line."""
    name = "ended" if isinstance(event, LiveEnd) else "call"
    data = json.dumps(event.model_dump(mode="json"), ensure_ascii=False)
    return f"event: {name}\ndata: {data}\n\n".encode()
