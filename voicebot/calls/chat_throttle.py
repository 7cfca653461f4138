"""How much one address may write. No I/O; told the time."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

MAX_ADDRESSES = 10_000


class ChatThrottle:
    """Lets an address write `per_minute` messages in any minute, in a burst or spread out.

    An IPv6 host owns a whole /64, so that counts as one address.
    """

    def __init__(self, per_minute: int) -> None:
        self._every_s = 60.0 / per_minute
        self._allowance_s = 60.0
        self._paid_until: OrderedDict[str, float] = OrderedDict()
        """When the messages of an address will have been forgotten."""

    def wait_s(self, address: str, now: float) -> float:
        """Count a message that comes now. 0: it may; else seconds until the next may, and this
        one is not counted."""
        network = _network(address)
        paid_until = max(self._paid_until.get(network, now), now) + self._every_s
        wait_s = paid_until - now - self._allowance_s
        if wait_s > 1e-9:
            return wait_s
        self._paid_until[network] = paid_until
        self._paid_until.move_to_end(network)
        while len(self._paid_until) > MAX_ADDRESSES:
            self._paid_until.popitem(last=False)
        return 0.0


def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> 64)
    return address
