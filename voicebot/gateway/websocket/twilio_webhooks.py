"""Twilio's requests to us and ours to Twilio: calls, their streams, and their end (aiohttp).

www.twilio.com/docs/voice/twiml/stream and www.twilio.com/docs/voice/api/call-resource.
"""

from __future__ import annotations

import base64
import logging
from urllib.parse import parse_qsl, quote
from xml.sax.saxutils import quoteattr

from aiohttp import web

from voicebot.clock import Clock
from voicebot.errors import CallFailed
from voicebot.gateway.websocket.json_message import printable
from voicebot.gateway.websocket.rest_client import RestClient
from voicebot.gateway.websocket.stream_calls import StreamCalls
from voicebot.gateway.websocket.stream_handler import PREFIX, StreamHandler, StreamProvider
from voicebot.gateway.websocket.stream_leg import StreamLeg
from voicebot.gateway.websocket.stream_url import StreamUrls, socket_url
from voicebot.gateway.websocket.twilio import TwilioStream
from voicebot.gateway.websocket.twilio_signature import is_from_twilio
from voicebot.settings import MediaStreamSettings

log = logging.getLogger(__name__)

VOICE_PATH = PREFIX + "twilio/voice"
STATUS_PATH = PREFIX + "twilio/status"
BUSY = '<Response><Reject reason="busy"/></Response>'
_XML = '<?xml version="1.0" encoding="UTF-8"?>'


class TwilioCalls:
    """Twilio's REST interface: hangs up, and starts calls that ask VOICE_PATH what to do."""

    def __init__(self, settings: MediaStreamSettings) -> None:
        self._public_url = settings.public_url.rstrip("/")
        self._caller_id = settings.twilio_caller_id
        credentials = f"{settings.twilio_account_sid}:{settings.twilio_auth_token}".encode()
        account = quote(settings.twilio_account_sid, safe="")
        self._path = f"/2010-04-01/Accounts/{account}/Calls"
        self._client = RestClient(
            settings.twilio_api_url,
            {"Authorization": "Basic " + base64.b64encode(credentials).decode("ascii")},
        )

    async def start_call(self, number: str) -> str:
        form = [
            ("To", number),
            ("From", self._caller_id),
            ("Url", self._public_url + VOICE_PATH),
            ("Method", "POST"),
            ("StatusCallback", self._public_url + STATUS_PATH),
            ("StatusCallbackEvent", "completed"),
        ]
        sid = (await self._client.post(f"{self._path}.json", form=form)).get("sid")
        if not isinstance(sid, str):
            raise CallFailed("Twilio names no call")
        return sid

    async def hang_up(self, call_sid: str) -> None:
        path = f"{self._path}/{quote(call_sid, safe='')}.json"
        await self._client.post(path, form=[("Status", "completed")])

    async def release(self, leg: StreamLeg) -> None:
        await self.hang_up(leg.call_ref)

    async def close(self) -> None:
        await self._client.close()


class TwilioWebhooks:
    """Answers calls with TwiML that streams them to us."""

    def __init__(self, settings: MediaStreamSettings, calls: StreamCalls, clock: Clock) -> None:
        self._auth_token = settings.twilio_auth_token
        self._public_url = settings.public_url.rstrip("/")
        self._calls = calls
        self._urls = StreamUrls(
            "twilio", settings.public_url, settings.twilio_auth_token, token="", clock=clock
        )
        self.rest = TwilioCalls(settings) if settings.twilio_account_sid else None

    def add_routes(self, router: web.UrlDispatcher, handler: StreamHandler) -> None:
        router.add_post(VOICE_PATH, self._voice)
        router.add_post(STATUS_PATH, self._status)
        handler.add_provider(
            router,
            StreamProvider(
                kind="twilio",
                path=self._urls.path,
                is_genuine=self._is_genuine_stream,
                make_protocol=TwilioStream,
                release=self.rest.release if self.rest is not None else None,
            ),
        )

    async def _voice(self, request: web.Request) -> web.Response:
        """What is to be done with this call?"""
        call = await self._read(request)
        if not self._calls.has_room:
            log.warning("no room for a call", extra={"provider": "twilio"})
            return _twiml(BUSY)
        is_outbound = call.get("Direction", "").startswith("outbound")
        parameters = {
            "caller": call.get("From", ""),
            "called": call.get("To", ""),
            "direction": "outbound" if is_outbound else "inbound",
        }
        return _twiml(_connect(self._urls.next_url(), parameters))

    async def _status(self, request: web.Request) -> web.Response:
        """How a call went; what matters is known by the stream already."""
        call = await self._read(request)
        status = call.get("CallStatus", "")
        log.info("Twilio reports a call", extra={"provider": "twilio", "status": status})
        return web.Response(status=204)

    async def _read(self, request: web.Request) -> dict[str, str]:
        """The form of a genuine request."""
        body = await request.read()
        try:
            pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=200)
        except ValueError:
            raise web.HTTPBadRequest(text="a form is expected") from None
        url = self._public_url + request.path_qs
        signature = request.headers.get("X-Twilio-Signature", "")
        if not is_from_twilio(self._auth_token, signature, url, pairs):
            log.warning("a webhook was refused", extra={"provider": "twilio"})
            raise web.HTTPForbidden(text="the signature is wrong")
        return {name: printable(value) for name, value in pairs}

    def _is_genuine_stream(self, request: web.Request) -> bool:
        # The signature of a WebSocket covers its URL alone, so each call has a URL of its own.
        url = socket_url(self._public_url) + request.path_qs
        signature = request.headers.get("X-Twilio-Signature", "")
        is_signed = is_from_twilio(self._auth_token, signature, url)
        return is_signed and self._urls.is_genuine(request)


def _connect(url: str, parameters: dict[str, str]) -> str:
    content = "".join(
        f"<Parameter name={quoteattr(name)} value={quoteattr(value)}/>"
        for name, value in parameters.items()
    )
    stream = f"<Stream url={quoteattr(url)}>{content}</Stream>"
    # When we close the stream, the next verb is carried out.
    return f"<Response><Connect>{stream}</Connect><Hangup/></Response>"


def _twiml(document: str) -> web.Response:
    return web.Response(text=_XML + document, content_type="text/xml")
