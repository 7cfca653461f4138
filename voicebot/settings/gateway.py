"""The tables of voicebot.toml about how calls come in and go out."""

from __future__ import annotations

import base64
import ipaddress
import re
import uuid
from typing import Literal

from pydantic import Field, field_validator, model_validator

from voicebot.settings.section import Section

CodecName = Literal["PCMA", "PCMU", "G722", "opus"]
SrtpPolicy = Literal["off", "optional", "mandatory"]

_HOST = re.compile(r"[A-Za-z0-9._:-]+")
_PREFIX = re.compile(r"\+[0-9]{1,15}")
_WEB_ADDRESS = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+(/[A-Za-z0-9._~/-]*)?")


class SipSettings(Section):
    """How callers reach us over SIP."""

    host: str = Field("127.0.0.1", description="Address to listen on; an IPv6 one or :: works too.")
    port: int = Field(5060, ge=0, le=65535, description="UDP and TCP port; 0 takes a free one.")
    tls_port: int = Field(
        5061, ge=0, le=65535, description="TLS port, used once there is a certificate; 0: any free."
    )
    tls_certificate: str = Field("", description="PEM file with our certificate and its chain.")
    tls_private_key: str = Field("", description="PEM file with the certificate's private key.")
    tls_authorities: str = Field(
        "", description="PEM file of the authorities we trust; empty: those of the system."
    )
    tls_client_certificates: Literal["none", "required"] = Field(
        "none", description="required: whoever connects must show a certificate we trust."
    )
    public_host: str = Field(
        "", description="Address told to the other side when it differs from `host` (NAT)."
    )
    rtp_port_min: int = Field(10000, ge=1024, le=65534, description="First RTP port.")
    rtp_port_max: int = Field(19999, ge=1025, le=65535, description="Last RTP port.")
    user: str = Field("infolinia", description="User part of our own SIP address.")
    codecs: tuple[CodecName, ...] = Field(
        ("PCMA", "PCMU"), min_length=1, description="Codecs offered, the preferred one first."
    )
    srtp: SrtpPolicy = Field(
        "optional",
        description="Encrypted audio with those who are no trunk; optional: for who offers it.",
    )
    inbound: Literal["open", "trunks"] = Field(
        "open", description="Who may call: everybody, or trunks (by address or password) alone."
    )
    digest_algorithms: tuple[Literal["SHA-256", "MD5"], ...] = Field(
        ("SHA-256", "MD5"),
        min_length=1,
        description="Offered to who must give a password, best first; MD5 alone for old PBXs.",
    )
    session_expires_s: int = Field(
        1800, ge=0, description="Session timer that we ask for (RFC 4028); 0: none."
    )
    min_session_expires_s: int = Field(
        90, ge=90, description="A shorter session timer is refused with 422."
    )
    media_sources: Literal["signalled", "any"] = Field(
        "signalled",
        description="Hosts whose audio is let in: those that signalling names; any: the first.",
    )
    no_media_timeout_s: float = Field(
        30.0, ge=1, description="A call that receives no RTP for this long is ended."
    )
    max_hold_s: float = Field(
        600.0, ge=1, description="A call that the other side holds for this long is ended."
    )
    max_calls: int = Field(100, ge=1, description="Above this many calls a new one gets 503.")
    max_loop_lag_ms: float = Field(
        100.0, gt=0, description="New calls get 503 while the event loop is later than this."
    )
    max_waiting_utterances: int = Field(
        8, ge=1, description="New calls get 503 while more than this wait for a speech worker."
    )
    max_requests_per_source_s: float = Field(
        50.0,
        gt=0,
        description="More requests a second than this from one address are dropped; those of "
        "running calls never.",
    )
    drain_timeout_s: float = Field(
        300.0, ge=0, description="At SIGTERM running calls of any kind may go on for this long."
    )

    @field_validator("host")
    @classmethod
    def _is_an_address(cls, host: str) -> str:
        # RTP is bound for each call: a name would have to be looked up while others talk.
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise ValueError("must be an IP address, such as 0.0.0.0, not a name") from None
        return host

    @field_validator("public_host")
    @classmethod
    def _is_a_host(cls, host: str) -> str:
        if host and not _HOST.fullmatch(host):
            raise ValueError("must be an address or a host name, without sip: and without a port")
        return host


class TrunkSettings(Section):
    """A carrier or PBX: how its calls are known and how we call through it."""

    host: str = Field("", description="Its domain or address: where our requests go.")
    port: int = Field(0, ge=0, le=65535, description="Its port; 0: by DNS SRV, else the default.")
    transport: Literal["", "udp", "tcp", "tls"] = Field(
        "", description="Transport towards it; empty: by DNS NAPTR and SRV, else UDP."
    )
    outbound_proxy: str = Field(
        "", description="SIP URI that all our requests to the trunk pass through."
    )
    username: str = Field("", description="Digest user name with which we answer its challenges.")
    password: str = Field("", description="Password to `username`; best set by a variable.")
    user: str = Field(
        "", description="User part of our address with it, where that is not `username`."
    )
    register_expires_s: int = Field(
        0, ge=0, le=86400, description="Register with it for so long at a time; 0: not at all."
    )
    caller_id: str = Field("", description="Number shown to who is called, in E.164 (+48...).")
    identity: Literal["from", "p-asserted-identity", "p-preferred-identity"] = Field(
        "from", description="Header field that carries our number besides From."
    )
    hide_number: bool = Field(False, description="Ask for `Privacy: id` and an anonymous From.")
    sources: tuple[str, ...] = Field(
        (), description="Addresses or networks (192.0.2.0/24) whose requests are the trunk's."
    )
    inbound_username: str = Field(
        "", description="Digest user name that the trunk must give when its address is no proof."
    )
    inbound_password: str = Field("", description="Password to `inbound_username`.")
    order: int = Field(0, ge=0, description="Trunks of the lowest order are tried first.")
    weight: int = Field(10, ge=1, description="Share of calls among trunks of one order.")
    options_interval_s: float = Field(
        30.0, ge=0, description="Asked with OPTIONS this often whether it is alive; 0: never."
    )
    codecs: tuple[CodecName, ...] = Field(
        ("PCMA", "PCMU"), min_length=1, description="Codecs, the preferred one first."
    )
    srtp: SrtpPolicy = Field("off", description="Encrypted audio with this trunk.")
    max_calls: int = Field(30, ge=1, description="Outgoing calls through it at a time.")
    max_calls_per_minute: int = Field(30, ge=1, description="Outgoing calls a minute.")
    max_calls_per_day: int = Field(2000, ge=1, description="Outgoing calls a day.")

    @field_validator("sources")
    @classmethod
    def _are_networks(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for source in sources:
            try:
                ipaddress.ip_network(source)
            except ValueError:
                raise ValueError(f"{source}: no IP address or network") from None
        return sources

    @field_validator("caller_id")
    @classmethod
    def _is_e164(cls, number: str) -> str:
        if number and not _PREFIX.fullmatch(number):
            raise ValueError("must be a number in E.164, such as +48221234567")
        return number


class DialSettings(Section):
    """Whom we may call at all. REFER and 3xx of the other side obey this too."""

    allowed_prefixes: tuple[str, ...] = Field(
        ("+48",), description="Only numbers that begin with one of these are dialled."
    )
    blocked_prefixes: tuple[str, ...] = Field(
        ("+4870", "+48300", "+48400"),
        description="Of those, never these (premium rate).",
    )
    country: str = Field("PL", min_length=2, max_length=2, description="Of numbers without +.")
    max_calls_per_minute: int = Field(60, ge=1, description="Over all trunks and campaigns.")
    max_calls_per_day: int = Field(5000, ge=1, description="Over all trunks and campaigns.")
    max_campaign_calls_per_minute: int = Field(30, ge=1, description="Of any one campaign.")
    max_campaign_calls_per_day: int = Field(2000, ge=1, description="Of any one campaign.")
    follow_redirects: bool = Field(
        False, description="Call where a 3xx answer points, if the rules above allow it."
    )
    accept_refer: bool = Field(
        False, description="Let the other side of a running call refer us elsewhere (RFC 3515)."
    )

    @field_validator("allowed_prefixes", "blocked_prefixes")
    @classmethod
    def _are_prefixes(cls, prefixes: tuple[str, ...]) -> tuple[str, ...]:
        for prefix in prefixes:
            if not _PREFIX.fullmatch(prefix):
                raise ValueError(f"{prefix}: must begin with + and a country code, such as +48")
        return prefixes


class MediaStreamSettings(Section):
    """Calls that a provider or PBX streams to us over WebSocket or AudioSocket.

    A provider without its secret here is refused.
    """

    public_url: str = Field(
        "", description="https:// address at which providers reach our HTTP port (signatures)."
    )
    twilio_auth_token: str = Field("", description="Twilio: the account's auth token.")
    twilio_account_sid: str = Field(
        "", description="Twilio: the account's SID; with it we hang up and call by Twilio's REST."
    )
    twilio_caller_id: str = Field(
        "", description="Twilio: our number for outgoing calls (+48...); empty: there are none."
    )
    twilio_api_url: str = Field("https://api.twilio.com", description="Twilio: its REST address.")
    telnyx_public_key: str = Field("", description="Telnyx: the account's public key, base64.")
    telnyx_api_key: str = Field(
        "", description="Telnyx: API key with which we answer, hang up and call."
    )
    telnyx_connection_id: str = Field(
        "", description="Telnyx: id of the Voice API application; needed for outgoing calls."
    )
    telnyx_caller_id: str = Field(
        "", description="Telnyx: our number for outgoing calls (+48...); empty: there are none."
    )
    telnyx_api_url: str = Field("https://api.telnyx.com", description="Telnyx: its REST address.")
    vonage_signature_secret: str = Field("", description="Vonage: the account's signature secret.")
    jambonz_token: str = Field(
        "", description="jambonz: basic auth password of its webhooks and of its streams."
    )
    asterisk_token: str = Field(
        "", description="Asterisk chan_websocket: token in the URL's path, or basic auth password."
    )
    telnyx_token: str = Field(
        "", description="Telnyx: fixed token in the URL's path of streams we didn't ask for."
    )
    vonage_token: str = Field(
        "", description="Vonage: fixed token in the URL's path of streams we didn't ask for."
    )
    audiosocket_port: int = Field(
        0, ge=0, le=65535, description="TCP port for Asterisk AudioSocket; 0: not served."
    )
    audiosocket_host: str = Field("127.0.0.1", description="Address AudioSocket listens on.")
    audiosocket_sources: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"), description="Addresses or networks that may use AudioSocket."
    )
    audiosocket_uuids: tuple[str, ...] = Field(
        (), description="AudioSocket: only calls with one of these UUIDs are taken; empty: all."
    )
    max_calls: int = Field(100, ge=1, description="Streamed calls at a time.")

    @field_validator("audiosocket_sources")
    @classmethod
    def _are_networks(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        for source in sources:
            try:
                ipaddress.ip_network(source)
            except ValueError:
                raise ValueError(f"{source}: no IP address or network") from None
        return sources

    @field_validator("audiosocket_uuids")
    @classmethod
    def _are_uuids(cls, uuids: tuple[str, ...]) -> tuple[str, ...]:
        for text in uuids:
            try:
                uuid.UUID(text)
            except ValueError:
                raise ValueError(f"{text}: no UUID") from None
        return uuids

    @field_validator("public_url", "twilio_api_url", "telnyx_api_url")
    @classmethod
    def _is_a_web_address(cls, url: str) -> str:
        if url and not _WEB_ADDRESS.fullmatch(url):
            raise ValueError(
                "must begin with https:// and name a host, such as https://bot.example"
            )
        return url

    @field_validator("telnyx_public_key")
    @classmethod
    def _is_a_key(cls, key: str) -> str:
        try:
            if key and len(base64.b64decode(key, validate=True)) != 32:
                raise ValueError
        except ValueError:
            raise ValueError("must be base64 of 32 octets") from None
        return key

    @field_validator("twilio_caller_id", "telnyx_caller_id")
    @classmethod
    def _is_e164(cls, number: str) -> str:
        if number and not _PREFIX.fullmatch(number):
            raise ValueError("must be a number in E.164, such as +48221234567")
        return number

    @model_validator(mode="after")
    def _has_a_public_url(self) -> MediaStreamSettings:
        # Signatures cover it, and providers are told to connect to it.
        needs_it = self.twilio_auth_token or self.telnyx_public_key or self.vonage_signature_secret
        if needs_it and not self.public_url:
            raise ValueError("public_url is needed for the webhooks of Twilio, Telnyx and Vonage")
        return self
