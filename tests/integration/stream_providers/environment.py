"""Settings with which the server of all tests takes calls from every provider."""

from __future__ import annotations

import socket

from tests.integration.stream_providers.providers import stream_settings

PBX_TOKEN = "token of the tests' PBX"
"""Of Asterisk and of jambonz."""


def stream_environment(rest_socket: socket.socket, audiosocket_port: int) -> dict[str, object]:
    """By name as in the environment. rest_socket: where FakeRest runs."""
    rest_url = f"http://127.0.0.1:{rest_socket.getsockname()[1]}"
    settings: dict[str, object] = {
        **stream_settings(rest_url),
        "asterisk_token": PBX_TOKEN,
        "jambonz_token": PBX_TOKEN,
        "audiosocket_port": audiosocket_port,
    }
    return {f"MEDIA_STREAMS__{name.upper()}": value for name, value in settings.items()}
