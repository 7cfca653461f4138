"""What a user agent refuses in a request whatever the state of its calls (RFC 3261 §8.2)."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from voicebot.errors import SipParseError
from voicebot.gateway.sip.messages import syntax
from voicebot.gateway.sip.messages.message import Refusal, SipRequest
from voicebot.gateway.sip.sdp.sdp_body import SDP_TYPE, accepts_sdp, has_foreign_body

ALLOWED_METHODS = (
    *("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS"),
    *("INFO", "NOTIFY", "PRACK", "REFER", "UPDATE"),
)

SUPPORTED_EXTENSIONS = frozenset({"100rel", "replaces", "timer"})

# Registered methods. One of these that we do not offer is "known but not allowed" (405); any
# other is not known (501).
_KNOWN_METHODS = frozenset(
    {
        *ALLOWED_METHODS,
        "INFO",
        "MESSAGE",
        "NOTIFY",
        "PRACK",
        "PUBLISH",
        "REFER",
        "REGISTER",
        "SUBSCRIBE",
        "UPDATE",
    }
)
# §7.3.1: only fields defined as lists may come twice.
_SINGLE_FIELDS = (
    "Call-ID",
    "Content-Type",
    "CSeq",
    "From",
    "Max-Forwards",
    "To",
)
_MAX_DELTA_SECONDS = 2**32 - 1
# Methods whose body we read, and so must understand.
_OFFERING_METHODS = frozenset({"INVITE", "UPDATE", "PRACK"})


def check_request(
    request: SipRequest,
    allowed_methods: Sequence[str] = ALLOWED_METHODS,
    supported_extensions: AbstractSet[str] = SUPPORTED_EXTENSIONS,
    uri_schemes: AbstractSet[str] = frozenset({"sip"}),
) -> Refusal | None:
    """The refusal to answer with, or None to go on.

    The order is the one of §8.2, after 400 for what can't be read at all. An ACK is never
    answered: drop one for which this is not None. Afterwards `contact`, `routes`,
    `record_routes` and `max_forwards` of the request do not raise.
    """
    try:
        _check_syntax(request)
    except SipParseError as error:
        return error.status_hint, []
    if request.method not in allowed_methods:
        status = 405 if request.method in _KNOWN_METHODS else 501
        return status, [("Allow", ", ".join(allowed_methods))]
    try:
        # Read only now: REGISTER, which we do not offer, has other rules for Contact.
        _ = request.contacts, request.routes, request.record_routes
    except SipParseError as error:
        return error.status_hint, []
    if request.uri.scheme not in uri_schemes:
        return 416, []
    # §8.2.2.3: neither is refused for a Require.
    if request.method not in ("ACK", "CANCEL"):
        unsupported = [tag for tag in request.require if tag not in supported_extensions]
        if unsupported:
            return 420, [("Unsupported", ", ".join(unsupported))]
    return _check_body(request)


def _check_syntax(request: SipRequest) -> None:
    """Raise SipParseError with the status to answer for what no receiver could act on."""
    for name in _SINGLE_FIELDS:
        if len(request.headers.get_all(name)) > 1:
            raise SipParseError(f"{name} given twice")
    # Each of these raises where the field is absent or malformed.
    _ = request.vias, request.call_id, request.from_, request.to, request.max_forwards
    if request.cseq.method != request.method:
        raise SipParseError("CSeq names another method")
    if request.uri.headers:
        # §19.1.1: not allowed here, and applying them would let a URI write our routes.
        raise SipParseError("header in the Request-URI")
    expires = request.headers.get("Expires")
    # What is no number may be a date of RFC 2543 times, and is ignored (§20.19).
    if expires is not None and expires.isdigit():
        syntax.parse_number(expires, _MAX_DELTA_SECONDS, "Expires")


def _check_body(request: SipRequest) -> Refusal | None:
    if request.method not in _OFFERING_METHODS:
        return None
    encoding = request.headers.get("Content-Encoding")
    if request.body and encoding is not None and encoding.lower() != "identity":
        return 415, [("Accept-Encoding", "identity"), ("Accept", SDP_TYPE)]
    if has_foreign_body(request):
        return 415, [("Accept", SDP_TYPE)]
    if not accepts_sdp(request):
        return 406, []
    return None
