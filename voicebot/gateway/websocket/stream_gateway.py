"""All ways by which calls are streamed to us; those that have not been set up are not there."""

from __future__ import annotations

from aiohttp import web

from voicebot.clock import Clock
from voicebot.gateway.websocket.asterisk_routes import add_asterisk
from voicebot.gateway.websocket.audiosocket_server import AudioSocketServer
from voicebot.gateway.websocket.call_dialler import CallDialler, DialCheck
from voicebot.gateway.websocket.jambonz_webhooks import JambonzWebhooks
from voicebot.gateway.websocket.stream_calls import StreamCalls
from voicebot.gateway.websocket.stream_handler import StreamHandler, StreamProvider
from voicebot.gateway.websocket.stream_url import StreamUrls
from voicebot.gateway.websocket.telnyx import TelnyxStream
from voicebot.gateway.websocket.telnyx_webhooks import TelnyxCalls, TelnyxWebhooks
from voicebot.gateway.websocket.twilio_webhooks import TwilioCalls, TwilioWebhooks
from voicebot.gateway.websocket.vonage import VonageStream
from voicebot.gateway.websocket.vonage_webhooks import VonageWebhooks
from voicebot.settings import MediaStreamSettings


class StreamGateway:
    """Joins webhooks, streams and REST interfaces. `add_routes`, `start`, then `stop`."""

    def __init__(
        self, settings: MediaStreamSettings, calls: StreamCalls, clock: Clock, check: DialCheck
    ) -> None:
        """check: the dialling rules."""
        self.calls = calls
        self.dialler = CallDialler(check)
        self._settings = settings
        self._clock = clock
        self._twilio: TwilioCalls | None = None
        self._telnyx: TelnyxCalls | None = None
        self._telnyx_webhooks: TelnyxWebhooks | None = None
        self._audiosocket: AudioSocketServer | None = None

    def add_routes(self, router: web.UrlDispatcher) -> None:
        handler = StreamHandler(self.calls)
        self._add_twilio(router, handler)
        self._add_telnyx(router, handler)
        self._add_vonage(router, handler)
        if self._settings.asterisk_token:
            add_asterisk(router, handler, self._settings)
        if self._settings.jambonz_token:
            JambonzWebhooks(self._settings, self.calls).add_routes(router, handler)

    async def start(self) -> None:
        """Serve what does not come over HTTP. Raises OSError where the address is taken."""
        if self._settings.audiosocket_port:
            self._audiosocket = AudioSocketServer(self._settings, self.calls)
            await self._audiosocket.start()

    async def stop(self) -> None:
        """Take no new calls, end those that go on, and let go of connections."""
        self.calls.stop()
        await self.calls.wait_ended()
        if self._audiosocket is not None:
            await self._audiosocket.stop()
        if self._telnyx_webhooks is not None:
            await self._telnyx_webhooks.close()
        for rest in (self._twilio, self._telnyx):
            if rest is not None:
                await rest.close()

    def _add_twilio(self, router: web.UrlDispatcher, handler: StreamHandler) -> None:
        settings = self._settings
        if not settings.twilio_auth_token:
            return
        webhooks = TwilioWebhooks(settings, self.calls, self._clock)
        webhooks.add_routes(router, handler)
        self._twilio = webhooks.rest
        if webhooks.rest is not None and settings.twilio_caller_id:
            self.dialler.add("twilio", webhooks.rest)

    def _add_telnyx(self, router: web.UrlDispatcher, handler: StreamHandler) -> None:
        settings = self._settings
        has_control = bool(settings.telnyx_public_key and settings.telnyx_api_key)
        if not (has_control or settings.telnyx_token):
            return
        secret = settings.telnyx_api_key if has_control else ""
        urls = StreamUrls("telnyx", settings.public_url, secret, settings.telnyx_token, self._clock)
        if has_control:
            self._telnyx = TelnyxCalls(settings, urls)
            webhooks = TelnyxWebhooks(settings, self.calls, self._telnyx, self._clock)
            webhooks.add_routes(router)
            self._telnyx_webhooks = webhooks
            if settings.telnyx_connection_id and settings.telnyx_caller_id:
                self.dialler.add("telnyx", self._telnyx)
        handler.add_provider(
            router,
            StreamProvider(
                kind="telnyx",
                path=urls.path,
                is_genuine=urls.is_genuine,
                make_protocol=TelnyxStream,
                release=self._telnyx.release if self._telnyx is not None else None,
            ),
        )

    def _add_vonage(self, router: web.UrlDispatcher, handler: StreamHandler) -> None:
        settings = self._settings
        secret = settings.vonage_signature_secret
        if not (secret or settings.vonage_token):
            return
        urls = StreamUrls("vonage", settings.public_url, secret, settings.vonage_token, self._clock)
        if secret:
            VonageWebhooks(settings, self.calls, urls, self._clock).add_routes(router)
        handler.add_provider(
            router,
            StreamProvider(
                kind="vonage",
                path=urls.path,
                is_genuine=urls.is_genuine,
                make_protocol=VonageStream,
            ),
        )
