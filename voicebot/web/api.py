"""The JSON API under /api/v1. The list of operations is also what OpenAPI describes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError

from voicebot.errors import NotFound
from voicebot.records import CallRecord
from voicebot.web.api_models import (
    Accepted,
    BlockList,
    BlockModel,
    CallbackList,
    CallbackModel,
    CallbacksQuery,
    CallDetail,
    CallModel,
    CallPage,
    CallsQuery,
    CaseModel,
    CasePage,
    CasesQuery,
    DisputeList,
    DisputeModel,
    LiveCallList,
    LiveCallModel,
    LiveQuery,
    NoQuery,
    NotificationList,
    NotificationModel,
    OutcomesQuery,
    PlanList,
    PlanModel,
    PlansQuery,
    PromiseList,
    PromiseModel,
    PromisesQuery,
    TurnModel,
    Waveform,
    WaveformQuery,
    call_values,
)
from voicebot.web.live_feed import LiveFeed
from voicebot.web.node_status import NodeParts
from voicebot.web.recordings import Recordings

log = logging.getLogger(__name__)

PREFIX = "/api/v1"
CALL = "/calls/{call_id}"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. answer: a model, or the media type of something else.

    body: what is to be sent as JSON, if anything.
    """

    method: Literal["GET", "POST"]
    path: str
    name: str
    summary: str
    query: type[BaseModel]
    answer: type[BaseModel] | str
    handle: Callable[[web.Request, Any], Awaitable[BaseModel | web.StreamResponse]]
    status: int = 200
    errors: tuple[int, ...] = ()
    body: type[BaseModel] | None = None


class Api:
    """Answers the operations from the database and the live calls."""

    def __init__(
        self,
        parts: NodeParts,
        recordings: Recordings,
        feed: LiveFeed,
        more: Sequence[Operation] = (),
    ) -> None:
        """more: operations that others answer."""
        self._more = tuple(more)
        self._parts = parts
        self._database = parts.database
        self._recordings = recordings
        self._feed = feed

    def operations(self) -> list[Operation]:
        return [
            Operation(
                *("GET", "/calls", "listCalls", "Calls, the latest first."),
                *(CallsQuery, CallPage, self.list_calls),
            ),
            Operation(
                *("GET", CALL, "getCall", "One call with turns and what came of it."),
                *(NoQuery, CallDetail, self.get_call),
                errors=(404,),
            ),
            Operation(
                *("GET", f"{CALL}/recording", "getRecording"),
                "The recording: caller left, bot right, 8 kHz. Byte ranges work.",
                *(NoQuery, "audio/wav", self.get_recording),
                errors=(404,),
            ),
            Operation(
                *("GET", f"{CALL}/waveform", "getWaveform", "Loudness over time of a recording."),
                *(WaveformQuery, Waveform, self.get_waveform),
                errors=(404,),
            ),
            Operation(
                *("GET", "/live-calls", "listLiveCalls", "Calls going on, the oldest first."),
                *(NoQuery, LiveCallList, self.list_live_calls),
            ),
            Operation(
                *("POST", "/live-calls/{call_id}/hang-up", "hangUp"),
                "End a call; the sentence being said is finished first.",
                *(NoQuery, Accepted, self.hang_up),
                status=202,
                errors=(403, 404),
            ),
            Operation(
                *("GET", "/live", "watchLiveCalls"),
                "Server-Sent Events: `call` (a LiveUpdate) and `ended` (a LiveEnd).",
                *(LiveQuery, "text/event-stream", self.watch),
                errors=(503,),
            ),
            Operation(
                *("GET", "/cases", "listCases", "Cases, by id."),
                *(CasesQuery, CasePage, self.list_cases),
            ),
            Operation(
                *("GET", "/cases/{case_id}", "getCase", "One case."),
                *(NoQuery, CaseModel, self.get_case),
                errors=(404,),
            ),
            Operation(
                *("GET", "/promises", "listPromises", "Promises to pay, the latest first."),
                *(PromisesQuery, PromiseList, self.list_promises),
            ),
            Operation(
                *("GET", "/callbacks", "listCallbacks", "Wanted callbacks, the latest first."),
                *(CallbacksQuery, CallbackList, self.list_callbacks),
            ),
            Operation(
                *("GET", "/plans", "listPlans", "Repayment plans, the latest first."),
                *(PlansQuery, PlanList, self.list_plans),
            ),
            Operation(
                *("GET", "/disputes", "listDisputes", "Contested debts, the latest first."),
                *(OutcomesQuery, DisputeList, self.list_disputes),
            ),
            Operation(
                *("GET", "/blocks", "listBlocks", "Reasons not to call, the latest first."),
                *(OutcomesQuery, BlockList, self.list_blocks),
            ),
            Operation(
                *("GET", "/notifications", "listNotifications"),
                "Messages that calls promised, the latest first.",
                *(OutcomesQuery, NotificationList, self.list_notifications),
            ),
            *self._more,
        ]

    def add_routes(self, router: web.UrlDispatcher) -> None:
        for operation in self.operations():
            # add_get answers HEAD too.
            add = router.add_get if operation.method == "GET" else router.add_post
            add(PREFIX + operation.path, _handler(operation))

    async def find_calls(self, query: CallsQuery) -> tuple[list[CallRecord], datetime | None]:
        """A page of calls, and where the next one begins."""
        records = await self._database.calls.list(
            query.limit + 1, query.before, query.disposition, query.case_number
        )
        shown = records[: query.limit]
        return shown, shown[-1].started_at if len(records) > len(shown) else None

    async def list_calls(self, request: web.Request, query: CallsQuery) -> CallPage:
        records, next_before = await self.find_calls(query)
        return CallPage(calls=[CallModel.of(record) for record in records], next_before=next_before)

    async def get_call(self, request: web.Request, query: NoQuery) -> CallDetail:
        record = await self._record(request)
        database, call_id = self._database, record.call_id
        case = None if record.case_id is None else await database.cases.get(record.case_id)
        turns = await database.calls.turns(call_id)
        promises = await database.promises.list(call_id=call_id)
        plans = await database.plans.list(call_id=call_id)
        callbacks = await database.callbacks.list(call_id=call_id)
        disputes = await database.disputes.list(call_id=call_id)
        blocks = await database.blocks.list(call_id=call_id)
        notifications = await database.notifications.list(call_id=call_id)
        return CallDetail.model_validate(
            {
                **call_values(record),
                "case_number": None if case is None else case.case_number,
                "is_live": self._parts.live_calls.get(call_id) is not None,
                "turns": [TurnModel.of(turn) for turn in turns],
                "promises": [PromiseModel.of(promise) for promise in promises],
                "plans": [PlanModel.of(plan) for plan in plans],
                "callbacks": [CallbackModel.of(callback) for callback in callbacks],
                "disputes": [DisputeModel.of(dispute) for dispute in disputes],
                "blocks": [BlockModel.of(block) for block in blocks],
                "notifications": [NotificationModel.of(message) for message in notifications],
            }
        )

    async def get_recording(self, request: web.Request, query: NoQuery) -> web.FileResponse:
        record = await self._record(request)
        path = await asyncio.to_thread(self._recordings.path, record)
        if request.http_range.start in (None, 0):
            # Who listens to a recording of a person leaves a trace; seeking leaves no second one.
            now = self._parts.clock.now()
            await self._database.audit.append(record.call_id, "recording_fetched", {}, now)
        name = f"{record.started_at:%Y%m%d-%H%M%S}-{record.call_id[:8]}.wav"
        headers = {
            "Content-Type": "audio/wav",
            "Content-Disposition": f'inline; filename="{name}"',
        }
        return web.FileResponse(path, headers=headers)

    async def get_waveform(self, request: web.Request, query: WaveformQuery) -> Waveform:
        record = await self._record(request)
        return await asyncio.to_thread(self._recordings.waveform, record, query.points)

    async def list_live_calls(self, request: web.Request, query: NoQuery) -> LiveCallList:
        return LiveCallList(calls=[LiveCallModel.of(call) for call in self._parts.live_calls.all()])

    async def hang_up(self, request: web.Request, query: NoQuery) -> Accepted:
        call_id = request.match_info["call_id"]
        call = self._parts.live_calls.get(call_id)
        if call is None:
            raise NotFound("no such call is going on")
        log.info("a call is ended from the console", extra={"call_id": call_id})
        call.hang_up()
        now = self._parts.clock.now()
        await self._database.audit.append(call_id, "ended_from_console", {}, now)
        return Accepted()

    async def watch(self, request: web.Request, query: LiveQuery) -> web.StreamResponse:
        if self._feed.is_full:
            raise web.HTTPServiceUnavailable(text="too many watchers")
        return await self._feed.serve(request, query.call_id)

    async def list_cases(self, request: web.Request, query: CasesQuery) -> CasePage:
        cases = await self._database.cases.list(query.limit + 1, query.after_id)
        shown = cases[: query.limit]
        has_more = len(cases) > len(shown)
        return CasePage(
            cases=[CaseModel.of(case) for case in shown],
            next_after_id=shown[-1].case_id if has_more else None,
        )

    async def get_case(self, request: web.Request, query: NoQuery) -> CaseModel:
        text = request.match_info["case_id"]
        if not (text.isascii() and text.isdigit() and len(text) < 19):
            raise NotFound("no such case")
        return CaseModel.of(await self._database.cases.get(int(text)))

    async def list_promises(self, request: web.Request, query: PromisesQuery) -> PromiseList:
        promises = await self._database.promises.list(query.case_id, query.call_id)
        latest = promises[::-1][: query.limit]
        return PromiseList(promises=[PromiseModel.of(promise) for promise in latest])

    async def list_callbacks(self, request: web.Request, query: CallbacksQuery) -> CallbackList:
        callbacks = await self._database.callbacks.list(query.call_id, query.status)
        latest = callbacks[::-1][: query.limit]
        return CallbackList(callbacks=[CallbackModel.of(callback) for callback in latest])

    async def list_plans(self, request: web.Request, query: PlansQuery) -> PlanList:
        plans = await self._database.plans.list(query.case_id, query.call_id, query.limit)
        return PlanList(plans=[PlanModel.of(plan) for plan in plans[::-1]])

    async def list_disputes(self, request: web.Request, query: OutcomesQuery) -> DisputeList:
        disputes = await self._database.disputes.list(query.call_id, query.status, query.limit)
        return DisputeList(disputes=[DisputeModel.of(dispute) for dispute in disputes[::-1]])

    async def list_blocks(self, request: web.Request, query: OutcomesQuery) -> BlockList:
        blocks = await self._database.blocks.list(query.call_id, query.status, query.limit)
        return BlockList(blocks=[BlockModel.of(block) for block in blocks[::-1]])

    async def list_notifications(
        self, request: web.Request, query: OutcomesQuery
    ) -> NotificationList:
        messages = await self._database.notifications.list(query.call_id, query.status, query.limit)
        shown = [NotificationModel.of(message) for message in messages[::-1]]
        return NotificationList(notifications=shown)

    async def _record(self, request: web.Request) -> CallRecord:
        return await self._database.calls.get(request.match_info["call_id"])


def _handler(operation: Operation) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        query = parse_query(operation.query, dict(request.query))
        answer = await operation.handle(request, query)
        if isinstance(answer, BaseModel):
            return web.Response(
                text=answer.model_dump_json(),
                status=operation.status,
                content_type="application/json",
            )
        return answer

    return handle


Query = TypeVar("Query", bound=BaseModel)


def parse_query(model: type[Query], values: dict[str, str]) -> Query:
    """Raises HTTPBadRequest naming each parameter that is wrong."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = (
            f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        )
        raise web.HTTPBadRequest(text="; ".join(problems)) from None
