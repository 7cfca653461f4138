"""Settings with which the server of all tests takes calls from every provider."""

from __future__ import annotations

import socket

from tests.integration.stream_providers.providers import stream_settings


def stream_environment(rest_socket: socket.socket) -> dict[str, object]:
    """By name as in the environment. rest_socket: where FakeRest runs."""
    rest_url = f"http://127.0.0.1:{rest_socket.getsockname()[1]}"
    settings: dict[str, object] = dict(stream_settings(rest_url))
    return {f"MEDIA_STREAMS__{name.upper()}": value for name, value in settings.items()}
