"""The pages' routes: fetch what a page shows, then have it written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from aiohttp import web

from voicebot.errors import NotFound
from voicebot.records import CallRecord
from voicebot.storage.samples import SampleDebtor, sample_debtors
from voicebot.web.access import Access, TooManyPasswords, is_https
from voicebot.web.api import Api, parse_query
from voicebot.web.api_models import CallsQuery, CasesQuery
from voicebot.web.auth import COOKIE, MAX_AGE_S
from voicebot.web.call_page import CallView, call_body
from voicebot.web.calls_page import CallsView, calls_body
from voicebot.web.language import remember_language, texts_for
from voicebot.web.layout import page
from voicebot.web.list_pages import api_body, cases_body
from voicebot.web.markup import Html
from voicebot.web.node_status import NodeParts
from voicebot.web.outcome_boxes import CallOutcomes
from voicebot.web.outcome_pages import agreements_body, disputes_body
from voicebot.web.phone_page import login_body, phone_body, samples_section
from voicebot.web.recordings import Recordings
from voicebot.web.texts import Texts
from voicebot.web.waterfall_page import waterfall_body

N_SAMPLES = 4
N_OUTCOMES = 200


class Pages:
    """Everything people look at."""

    def __init__(self, parts: NodeParts, access: Access, api: Api, recordings: Recordings) -> None:
        self._parts = parts
        self._database = parts.database
        self._access = access
        self._api = api
        self._recordings = recordings
        self._zone = ZoneInfo(parts.settings.dialogue.timezone)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        router.add_get("/", self.calls)
        router.add_get("/calls/{call_id}", self.call)
        router.add_get("/calls/{call_id}/times", self.times)
        router.add_get("/agreements", self.agreements)
        router.add_get("/disputes", self.disputes)
        router.add_get("/cases", self.cases)
        router.add_get("/phone", self.phone)
        router.add_get("/api", self.api)
        router.add_get("/login", self.login)
        router.add_post("/login", self.log_in)
        router.add_post("/logout", self.log_out)

    async def calls(self, request: web.Request) -> web.Response:
        values = {key: value.strip() for key, value in request.query.items() if value.strip()}
        values.pop("lang", None)
        query = parse_query(CallsQuery, values)
        records, next_before = await self._api.find_calls(query)
        view = CallsView(
            records,
            await self._case_numbers(record.case_id for record in records),
            next_before,
            query,
            self._parts.sip.local_uri,
            self._parts.clock.now(),
        )
        texts = texts_for(request)
        body = calls_body(view, self._zone, texts)
        return self._page(request, texts("calls_title"), body, ["calls.js"])

    async def call(self, request: web.Request) -> web.Response:
        record = await self._database.calls.get(request.match_info["call_id"])
        call_id, database = record.call_id, self._database
        view = CallView(
            record=record,
            case=None if record.case_id is None else await database.cases.get(record.case_id),
            turns=await database.calls.turns(call_id),
            outcomes=await self._outcomes_of(call_id),
            has_recording=await asyncio.to_thread(self._has_recording, record),
            is_live=self._parts.live_calls.get(call_id) is not None,
            now=self._parts.clock.now(),
        )
        texts = texts_for(request)
        body = call_body(view, self._zone, texts)
        return self._page(request, texts("call_title"), body, ["call.js"])

    async def times(self, request: web.Request) -> web.Response:
        record = await self._database.calls.get(request.match_info["call_id"])
        turns = await self._database.calls.turns(record.call_id)
        texts = texts_for(request)
        body = waterfall_body(record, turns, self._zone, texts)
        return self._page(request, texts("waterfall_title"), body)

    async def agreements(self, request: web.Request) -> web.Response:
        database = self._database
        outcomes = CallOutcomes(
            promises=(await database.promises.list())[::-1][:N_OUTCOMES],
            plans=(await database.plans.list(limit=N_OUTCOMES))[::-1],
            callbacks=(await database.callbacks.list())[::-1][:N_OUTCOMES],
            notifications=(await database.notifications.list(limit=N_OUTCOMES))[::-1],
        )
        texts = texts_for(request)
        numbers = await self._numbers_in(outcomes)
        body = agreements_body(outcomes, numbers, self._zone, texts)
        return self._page(request, texts("agreements_title"), body)

    async def disputes(self, request: web.Request) -> web.Response:
        database = self._database
        outcomes = CallOutcomes(
            disputes=(await database.disputes.list(limit=N_OUTCOMES))[::-1],
            blocks=(await database.blocks.list(limit=N_OUTCOMES))[::-1],
        )
        texts = texts_for(request)
        body = disputes_body(outcomes, await self._numbers_in(outcomes), self._zone, texts)
        return self._page(request, texts("disputes_title"), body)

    async def cases(self, request: web.Request) -> web.Response:
        values = {key: value for key, value in request.query.items() if key != "lang"}
        query = parse_query(CasesQuery, values)
        cases = await self._database.cases.list(query.limit + 1, query.after_id)
        shown = cases[: query.limit]
        has_more = len(cases) > len(shown)
        texts = texts_for(request)
        body = cases_body(shown, shown[-1].case_id if has_more else None, texts)
        return self._page(request, texts("cases_title"), body)

    async def phone(self, request: web.Request) -> web.Response:
        texts = texts_for(request)
        scripts = self._parts.scripts
        names = () if scripts is None else scripts.names
        chosen = request.query.get("script", "")
        body = phone_body(await self.sample_boxes(texts), texts, names, chosen)
        return self._page(request, texts("phone_title"), body, ["phone.js"])

    async def api(self, request: web.Request) -> web.Response:
        texts = texts_for(request)
        body = api_body(self._api.operations(), texts)
        return self._page(request, texts("api_title"), body)

    async def login(self, request: web.Request) -> web.Response:
        next_path = own_path(request.query.get("next", "/"))
        if not self._access.needs_login or self._access.username(request) is not None:
            raise web.HTTPSeeOther(next_path)
        return self._login_page(request, next_path)

    async def log_in(self, request: web.Request) -> web.Response:
        form = await request.post()
        next_path = own_path(str(form.get("next", "/")))
        texts = texts_for(request)
        try:
            cookie = await self._access.log_in(
                request, str(form.get("username", "")), str(form.get("password", ""))
            )
        except TooManyPasswords as error:
            problem = texts("login_slow_down", seconds=error.wait_s)
            response = self._login_page(request, next_path, problem, 429)
            response.headers["Retry-After"] = str(error.wait_s)
            return response
        if cookie is None:
            return self._login_page(request, next_path, texts("login_wrong"), 401)
        answer = web.Response(status=303, headers={"Location": next_path})
        answer.set_cookie(
            COOKIE,
            cookie,
            max_age=int(MAX_AGE_S),
            httponly=True,
            samesite="Strict",
            secure=is_https(request),
            path="/",
        )
        return answer

    async def log_out(self, request: web.Request) -> web.Response:
        self._access.log_out(request)
        answer = web.Response(status=303, headers={"Location": "/login"})
        answer.del_cookie(COOKIE, path="/")
        return answer

    def _login_page(
        self, request: web.Request, next_path: str, problem: str = "", status: int = 200
    ) -> web.Response:
        texts = texts_for(request)
        body = login_body(texts, next_path, problem)
        text = page(texts, texts("login_title"), body, request.path, has_menu=False)
        response = web.Response(text=text, status=status, content_type="text/html")
        remember_language(request, response)
        return response

    def _page(
        self, request: web.Request, title: str, body: Html, scripts: Sequence[str] = ()
    ) -> web.Response:
        is_logged_in = self._access.username(request) is not None
        text = page(
            texts_for(request),
            title,
            body,
            request.path,
            scripts,
            is_logged_in=is_logged_in,
            has_chat=self._parts.settings.chat.enabled,
        )
        response = web.Response(text=text, content_type="text/html")
        remember_language(request, response)
        return response

    def _has_recording(self, record: CallRecord) -> bool:
        try:
            self._recordings.path(record)
        except NotFound:
            return False
        return True

    async def _outcomes_of(self, call_id: str) -> CallOutcomes:
        database = self._database
        return CallOutcomes(
            promises=await database.promises.list(call_id=call_id),
            plans=await database.plans.list(call_id=call_id),
            callbacks=await database.callbacks.list(call_id=call_id),
            disputes=await database.disputes.list(call_id=call_id),
            blocks=await database.blocks.list(call_id=call_id),
            notifications=await database.notifications.list(call_id=call_id),
        )

    async def _numbers_in(self, outcomes: CallOutcomes) -> dict[int | None, str]:
        owners = (
            *(outcomes.promises, outcomes.plans, outcomes.callbacks),
            *(outcomes.disputes, outcomes.blocks, outcomes.notifications),
        )
        return await self._case_numbers(item.case_id for items in owners for item in items)

    async def _case_numbers(self, case_ids: Iterable[int | None]) -> dict[int | None, str]:
        wanted = {case_id for case_id in case_ids if case_id is not None}
        return {
            case_id: (await self._database.cases.get(case_id)).case_number for case_id in wanted
        }

    async def sample_boxes(self, texts: Texts) -> Html:
        samples = await self._samples()
        return samples_section(samples, texts) if samples else Html("")

    async def _samples(self) -> list[SampleDebtor]:
        """Debtors to play, where the node runs the demo and has them in its database."""
        if self._parts.settings.use != "demo":
            return []
        today = self._parts.clock.now().astimezone(self._zone).date()
        samples = sample_debtors(today)[:N_SAMPLES]
        cases = self._database.cases
        return [s for s in samples if await cases.find(s.case.case_number) is not None]


def own_path(path: str) -> str:
    """Where to go after the login: a path of ours, never another site."""
    is_ours = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if is_ours and path.isprintable() else "/"
