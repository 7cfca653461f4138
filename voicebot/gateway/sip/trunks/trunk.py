"""The carriers and PBXs we know: which one carries a call, and whose request this is. No I/O."""

from __future__ import annotations

import ipaddress
import random
from collections.abc import Callable, Iterator, Mapping

from voicebot.errors import SettingsError, SipParseError
from voicebot.gateway.sip.auth.digest import Account
from voicebot.gateway.sip.messages.uri import SipUri
from voicebot.gateway.sip.trunks.registration import Registration
from voicebot.gateway.sip.trunks.trunk_health import TrunkHealth
from voicebot.settings import TrunkSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Trunk:
    """One trunk: its settings and how it is doing."""

    def __init__(self, name: str, settings: TrunkSettings, now: float) -> None:
        """Raises SettingsError where `outbound_proxy` is no SIP URI or `host` is missing."""
        self.name = name
        self.settings = settings
        self.health = TrunkHealth(settings.options_interval_s, now)
        self.registration: Registration | None = None
        self.networks = tuple(ipaddress.ip_network(source) for source in settings.sources)
        self.registrar_addresses: frozenset[str] = frozenset()
        """Where our REGISTER went: a carrier that we register with calls us from there."""
        if not settings.host:
            raise SettingsError(f"trunks.{name}.host: is missing")
        self.proxy = _proxy(name, settings)

    @property
    def account(self) -> Account | None:
        settings = self.settings
        return Account(settings.username, settings.password) if settings.username else None

    def user(self, default: str) -> str:
        """User part of our address with it. default: the one we have with everybody."""
        return self.settings.user or self.settings.username or default

    def uri_of(self, user: str = "") -> SipUri:
        """An address at the trunk; without user: the trunk itself."""
        settings = self.settings
        params: list[tuple[str, str | None]] = []
        if settings.transport:
            params.append(("transport", settings.transport))
        if user.startswith("+"):
            params.append(("user", "phone"))
        return SipUri("sip", user, settings.host, settings.port or None, tuple(params))

    @property
    def next_hop(self) -> SipUri:
        """Where requests to the trunk are sent."""
        return self.proxy or self.uri_of()

    def is_source(self, address: Address) -> bool:
        if any(address in network for network in self.networks):
            return True
        return str(address) in self.registrar_addresses


class TrunkDirectory:
    """All trunks of an endpoint."""

    def __init__(
        self,
        settings: Mapping[str, TrunkSettings],
        now: float,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """chance: a number from 0 to 1. Raises SettingsError."""
        self._trunks = {name: Trunk(name, trunk, now) for name, trunk in settings.items()}
        self._chance = chance

    def __iter__(self) -> Iterator[Trunk]:
        return iter(self._trunks.values())

    def __len__(self) -> int:
        return len(self._trunks)

    def get(self, name: str) -> Trunk | None:
        return self._trunks.get(name)

    def candidates(self, now: float) -> list[Trunk]:
        """Trunks to try for a call, in this order (as RFC 2782 reads SRV records).

        Those of the lowest order first, by lot within it, where a weight twice as high wins
        twice as often. Trunks that are out are left out; if all are, there is nothing to lose.
        """
        fit = [trunk for trunk in self._trunks.values() if trunk.health.is_in(now)]
        left = fit or list(self._trunks.values())
        chosen: list[Trunk] = []
        for order in sorted({trunk.settings.order for trunk in left}):
            group = [trunk for trunk in left if trunk.settings.order == order]
            while group:
                drawn = self._draw(group)
                group.remove(drawn)
                chosen.append(drawn)
        return chosen

    def of_source(self, host: str) -> Trunk | None:
        """The trunk that sends from this address."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return None
        return next((trunk for trunk in self._trunks.values() if trunk.is_source(address)), None)

    def of_user(self, username: str) -> Trunk | None:
        """The trunk whose requests have credentials of this user."""
        if not username:
            return None
        return next(
            (
                trunk
                for trunk in self._trunks.values()
                if trunk.settings.inbound_username == username
            ),
            None,
        )

    def passwords(self) -> dict[str, str]:
        """Of trunks that are known by digest, by user name."""
        return {
            trunk.settings.inbound_username: trunk.settings.inbound_password
            for trunk in self._trunks.values()
            if trunk.settings.inbound_username and trunk.settings.inbound_password
        }

    def _draw(self, group: list[Trunk]) -> Trunk:
        mark = self._chance() * sum(trunk.settings.weight for trunk in group)
        for trunk in group:
            mark -= trunk.settings.weight
            if mark < 0:
                return trunk
        return group[-1]


def _proxy(name: str, settings: TrunkSettings) -> SipUri | None:
    if not settings.outbound_proxy:
        return None
    text = settings.outbound_proxy
    try:
        uri = SipUri.parse(text if text.startswith(("sip:", "sips:")) else f"sip:{text}")
    except SipParseError:
        raise SettingsError(f"trunks.{name}.outbound_proxy: is no SIP URI") from None
    if uri.is_loose_router:
        return uri
    # RFC 3261 16.12: strict routers, which `lr` tells from others, are no longer made.
    return SipUri(uri.scheme, uri.user, uri.host, uri.port, (*uri.params, ("lr", None)))
