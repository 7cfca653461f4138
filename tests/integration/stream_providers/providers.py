"""Calls as Twilio, Telnyx and Vonage bring them: webhook, answer, stream."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import time
import uuid
import xml.etree.ElementTree
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.integration.stream_providers.dialects import (
    TelnyxDialect,
    TwilioDialect,
    VonageDialect,
)
from tests.integration.stream_providers.fake_rest import FakeRest
from tests.integration.stream_providers.fake_stream import FakeStream, WebSocketConnection

PUBLIC_URL = "https://bot.example"
"""Where the providers believe us to be: a proxy would pass it all on."""

CALLED = "+48221234567"
TWILIO_TOKEN = "12345"
TWILIO_ACCOUNT = "AC14d6d2a5aa8f4b5e9ef1e7e6fd7f4a1c"
TELNYX_API_KEY = "KEY0123"
VONAGE_SECRET = "vonage signature secret of the account"
_TELNYX_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"telnyx").digest())


def stream_settings(rest_url: str) -> dict[str, str]:
    """For `media_streams`, with all three set up."""
    return {
        "public_url": PUBLIC_URL,
        "twilio_auth_token": TWILIO_TOKEN,
        "twilio_account_sid": TWILIO_ACCOUNT,
        "twilio_caller_id": CALLED,
        "twilio_api_url": rest_url,
        "telnyx_public_key": base64.b64encode(_TELNYX_KEY.public_key().public_bytes_raw()).decode(),
        "telnyx_api_key": TELNYX_API_KEY,
        "telnyx_api_url": rest_url,
        "telnyx_connection_id": "1494404757140276705",
        "telnyx_caller_id": CALLED,
        "vonage_signature_secret": VONAGE_SECRET,
    }


def twilio_signature(url: str, form: Mapping[str, str], token: str = TWILIO_TOKEN) -> str:
    """As www.twilio.com/docs/usage/security describes it, step by step."""
    text = url
    for name in sorted(form):
        text += name + form[name]
    return base64.b64encode(hmac.new(token.encode(), text.encode(), "sha1").digest()).decode()


def telnyx_headers(body: bytes, at: float | None = None) -> dict[str, str]:
    timestamp = str(int(time.time() if at is None else at))
    signature = _TELNYX_KEY.sign(timestamp.encode() + b"|" + body)
    return {
        "telnyx-timestamp": timestamp,
        "telnyx-signature-ed25519": base64.b64encode(signature).decode(),
        "Content-Type": "application/json",
    }


def vonage_token(body: bytes, secret: str = VONAGE_SECRET, **claims: object) -> str:
    def encoded(octets: bytes) -> str:
        return base64.urlsafe_b64encode(octets).decode().rstrip("=")

    content = {
        "iat": int(time.time()),
        "jti": str(uuid.uuid4()),
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": "a1b2c3d",
        "application_id": "aaaaaaaa-bbbb-cccc-dddd-0123456789ab",
        **claims,
    }
    header = {"alg": "HS256", "typ": "JWT"}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, content))
    signature = hmac.new(secret.encode(), signed.encode(), "sha256").digest()
    return f"Bearer {signed}.{encoded(signature)}"


@dataclass
class Providers:
    """All three, calling one server."""

    web_url: str
    session: aiohttp.ClientSession
    rest: FakeRest
    bodies: list[str] = field(default_factory=list)

    async def post_twilio(
        self, path: str, form: Mapping[str, str], signature: str | None = None
    ) -> aiohttp.ClientResponse:
        if signature is None:
            signature = twilio_signature(PUBLIC_URL + path, form)
        headers = {
            "X-Twilio-Signature": signature,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return await self.session.post(self.web_url + path, data=urlencode(form), headers=headers)

    async def twilio_stream_url(self, form: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        """What our TwiML says: the stream's URL and its parameters."""
        response = await self.post_twilio("/streams/twilio/voice", form)
        assert response.status == 200, response.status
        assert response.content_type == "text/xml"
        document = xml.etree.ElementTree.fromstring(await response.text())
        stream = document.find("./Connect/Stream")
        assert stream is not None
        parameters = {item.attrib["name"]: item.attrib["value"] for item in stream}
        return stream.attrib["url"], parameters

    @contextlib.asynccontextmanager
    async def twilio_call(
        self, caller: str, direction: str = "inbound"
    ) -> AsyncIterator[FakeStream]:
        call_sid = "CA" + uuid.uuid4().hex
        pair = (caller, CALLED) if direction == "inbound" else (CALLED, caller)
        form = {
            "CallSid": call_sid,
            "AccountSid": TWILIO_ACCOUNT,
            "From": pair[0],
            "To": pair[1],
            "CallStatus": "ringing",
            "ApiVersion": "2010-04-01",
            "Direction": direction,
        }
        url, parameters = await self.twilio_stream_url(form)
        dialect = TwilioDialect(call_sid, parameters)
        # The document's own hint: the URL of a WebSocket is signed with a slash behind it.
        headers = {"x-twilio-signature": twilio_signature(url + "/", {})}
        async with (
            self.session.ws_connect(self.local(url), headers=headers) as socket,
            FakeStream.run(WebSocketConnection(socket), dialect) as stream,
        ):
            yield stream

    async def post_telnyx(
        self, event_type: str, payload: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> aiohttp.ClientResponse:
        data = {
            "event_type": event_type,
            "id": str(uuid.uuid4()),
            "occurred_at": "2025-11-23T03:30:00.076316Z",
            "payload": payload,
            "record_type": "event",
        }
        body = json.dumps({"data": data, "meta": {"attempt": 1}}).encode()
        return await self.session.post(
            self.web_url + "/streams/telnyx/events",
            data=body,
            headers=telnyx_headers(body) if headers is None else headers,
        )

    @contextlib.asynccontextmanager
    async def telnyx_call(self, caller: str) -> AsyncIterator[FakeStream]:
        call_ref = f"v3:{uuid.uuid4().hex}"
        payload = {
            "call_control_id": call_ref,
            "connection_id": "2811212257810187875",
            "direction": "incoming",
            "from": caller,
            "to": CALLED,
            "state": "parked",
        }
        response = await self.post_telnyx("call.initiated", payload)
        assert response.status == 200, response.status
        command = await self.rest.command("/actions/answer")
        assert command.path == f"/v2/calls/{call_ref}/actions/answer"
        assert command.authorization == f"Bearer {TELNYX_API_KEY}"
        assert command.content["stream_bidirectional_mode"] == "rtp"
        assert command.content["stream_bidirectional_codec"] == command.content["stream_codec"]
        dialect = TelnyxDialect(call_ref, caller, CALLED)
        async with (
            self.session.ws_connect(self.local(command.content["stream_url"])) as socket,
            FakeStream.run(WebSocketConnection(socket), dialect) as stream,
        ):
            yield stream

    async def post_vonage(
        self, path: str, content: Mapping[str, Any], authorization: str | None = None
    ) -> aiohttp.ClientResponse:
        body = json.dumps(content, separators=(",", ":")).encode()
        headers = {"Content-Type": "application/json"}
        headers["Authorization"] = vonage_token(body) if authorization is None else authorization
        return await self.session.post(self.web_url + path, data=body, headers=headers)

    @contextlib.asynccontextmanager
    async def vonage_call(self, caller: str) -> AsyncIterator[FakeStream]:
        content = {
            "from": caller,
            "to": CALLED,
            "uuid": str(uuid.uuid4()),
            "conversation_uuid": "CON-" + str(uuid.uuid4()),
        }
        response = await self.post_vonage("/streams/vonage/answer", content)
        assert response.status == 200, response.status
        (connect,) = await response.json()
        assert connect["action"] == "connect"
        (endpoint,) = connect["endpoint"]
        assert endpoint["type"] == "websocket"
        async with (
            self.session.ws_connect(self.local(endpoint["uri"])) as socket,
            FakeStream.run(WebSocketConnection(socket), VonageDialect(endpoint)) as stream,
        ):
            yield stream

    def local(self, url: str) -> str:
        """Where the proxy passes it on to."""
        public = "wss" + PUBLIC_URL.removeprefix("https")
        assert url.startswith(public + "/"), url
        return "ws" + self.web_url.removeprefix("http") + url.removeprefix(public)
