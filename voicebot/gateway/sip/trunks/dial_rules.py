"""Whom we may call, and how often: everything that dials asks here first.

A number that came with a call (REFER, 3xx, a transfer) is worth no more than one of a stranger.
Counts live in memory and begin anew with the process unless `restore` is told of earlier calls.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NewType

import phonenumbers

from voicebot.errors import DialRefused, SipParseError
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.settings import DialSettings, TrunkSettings

E164 = NewType("E164", str)
"""`+`, country code and number, digits only."""

MINUTE_S = 60.0
DAY_S = 86_400.0

# More than that is no number that a person typed, and phonenumbers would look for one in it.
_WRITTEN_NUMBER = re.compile(r"\+?[0-9(][0-9 ().\-/\u00a0]{1,40}", re.ASCII)


def normalise(number: str, country: str) -> E164:
    """`number` as people write it (0048 600..., 48600..., (22) 123-45-67) in E.164.

    country: ISO code of the country whose numbers come without `+`. Raises DialRefused for what is
    no number that a network could have given out, emergency and other short numbers included.
    """
    text = number.strip()
    if not _WRITTEN_NUMBER.fullmatch(text):
        raise DialRefused("this is no telephone number", "number")
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        raise DialRefused("this is no telephone number", "number") from None
    if not phonenumbers.is_valid_number(parsed):
        raise DialRefused("this is no valid telephone number", "number")
    return E164(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call that was placed before the counting began."""

    seconds_ago: float
    trunk: str = ""
    campaign: str = ""


class CallCap:
    """How many calls of one kind in the last minute and in the last 24 hours.

    A day is the last 24 hours, not a date: no midnight doubles what may be dialled in a night.
    """

    def __init__(self, per_minute: int, per_day: int) -> None:
        self._per_minute = per_minute
        self._per_day = per_day
        # Never longer than per_day, as only calls that were let through count.
        self._times: list[float] = []

    def count(self, at: float) -> None:
        self._times.insert(bisect_right(self._times, at), at)

    def reached(self, now: float) -> str | None:
        """`minute` or `day` where no more calls may be placed; None: one may."""
        del self._times[: bisect_right(self._times, now - DAY_S)]
        if len(self._times) >= self._per_day:
            return "day"
        if len(self._times) - bisect_right(self._times, now - MINUTE_S) >= self._per_minute:
            return "minute"
        return None

    @property
    def is_idle(self) -> bool:
        return not self._times


class DialRules:
    """Decides on each number before its INVITE, and counts what was let through."""

    def __init__(
        self, settings: DialSettings, trunks: Mapping[str, TrunkSettings] | None = None
    ) -> None:
        self._settings = settings
        self._all = CallCap(settings.max_calls_per_minute, settings.max_calls_per_day)
        self._trunks = {
            name: CallCap(trunk.max_calls_per_minute, trunk.max_calls_per_day)
            for name, trunk in (trunks or {}).items()
        }
        self._campaigns: dict[str, CallCap] = {}
        self._trunk_settings = dict(trunks or {})

    def restore(self, calls: Iterable[PastCall], now: float) -> None:
        """Count calls of before, such as those of the last 24 hours in the database."""
        for call in calls:
            at = now - call.seconds_ago
            self._all.count(at)
            if call.trunk in self._trunks:
                self._trunks[call.trunk].count(at)
            if call.campaign:
                self._campaign(call.campaign).count(at)

    def check(
        self,
        number: str,
        trunk: str,
        campaign: str,
        now: float,
        is_retry: bool = False,
    ) -> E164:
        """The number to dial now through `trunk`; the call is counted. Raises DialRefused.

        number: as somebody wrote it. trunk, campaign: names; "" for none. now: monotonic seconds.
        is_retry: the same call, tried through another trunk; it counts for that trunk alone.
        """
        target = self.permitted(number)
        caps: list[tuple[str, CallCap]] = []
        if not is_retry:
            caps.append(("", self._all))
            if campaign:
                caps.append(("campaign_", self._campaign(campaign)))
        if trunk in self._trunks:
            caps.append(("trunk_", self._trunks[trunk]))
        for kind, cap in caps:
            if (period := cap.reached(now)) is not None:
                raise DialRefused("as many calls as are allowed were placed", kind + period)
        for _, cap in caps:
            cap.count(now)
        return target

    def permitted(self, number: str) -> E164:
        """The number in E.164 if it may be dialled at all; nothing is counted."""
        target = normalise(number, self._settings.country)
        if not target.startswith(self._settings.allowed_prefixes):
            raise DialRefused("numbers of this prefix are not allowed", "prefix")
        if target.startswith(self._settings.blocked_prefixes):
            raise DialRefused("numbers of this prefix are blocked", "prefix")
        kind = phonenumbers.number_type(phonenumbers.parse(target))
        if kind == phonenumbers.PhoneNumberType.PREMIUM_RATE:
            # Whatever the prefixes say: nobody calls a debtor there.
            raise DialRefused("premium rate numbers are not called", "premium")
        return target

    def number_in(self, uri: SipUri) -> str:
        """The number that an address from the far end names, still to be checked.

        Only its number is ever used, dialled through our own trunks. Raises DialRefused for an
        address on a host that is no trunk's: it would take our calls wherever a stranger likes.
        """
        if uri.scheme == "tel":
            return uri.user
        if uri.scheme != "sip" or not uri.user or not self._is_trunk_host(uri.host):
            raise DialRefused("the address belongs to no trunk", "host")
        # Parameters inside the user part (`+48...;npdi`) are no part of the number (RFC 4694).
        return uri.user.partition(";")[0]

    def _is_trunk_host(self, host: str) -> bool:
        return any(_is_host_of(host, trunk) for trunk in self._trunk_settings.values())

    def _campaign(self, name: str) -> CallCap:
        cap = self._campaigns.get(name)
        if cap is None:
            self._campaigns = {
                known: cap for known, cap in self._campaigns.items() if not cap.is_idle
            }
            cap = self._campaigns[name] = CallCap(
                self._settings.max_campaign_calls_per_minute,
                self._settings.max_campaign_calls_per_day,
            )
        return cap


def _is_host_of(host: str, trunk: TrunkSettings) -> bool:
    names = {trunk.host.lower()}
    if trunk.outbound_proxy:
        with contextlib.suppress(SipParseError):
            names.add(SipUri.parse(trunk.outbound_proxy).host.lower())
    if host.lower() in names - {""}:
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in ipaddress.ip_network(source) for source in trunk.sources)
