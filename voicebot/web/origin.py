"""Which requests come from our own pages: Host and Origin, judged without I/O."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK_HOSTS = frozenset({"127.0.0.1", "::1", "localhost"})


def is_loopback_host(host_header: str) -> bool:
    """Whether a Host header names this machine, as far as a browser on it is concerned.

    A page of a stranger whose name suddenly resolves to 127.0.0.1 (DNS rebinding) sends its own
    name here.
    """
    try:
        host = urlsplit(f"//{host_header}").hostname or ""
    except ValueError:
        return False
    return host.lower() in LOOPBACK_HOSTS


def is_same_origin(origin_header: str | None, host_header: str) -> bool:
    """Whether Origin names the host that was asked. Missing or `null`: no."""
    if not origin_header or not host_header:
        return False
    try:
        origin = urlsplit(origin_header)
    except ValueError:
        return False
    return origin.scheme in {"http", "https"} and origin.netloc.lower() == host_header.lower()
