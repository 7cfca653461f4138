from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.integration.running_server import RunningServer
from tests.integration.stream_providers.environment import stream_environment
from tests.integration.stream_providers.fake_rest import bound_socket


@pytest.fixture(scope="session")
def rest_socket() -> Iterator[socket.socket]:
    """Where the server finds the REST interfaces of providers, once FakeRest runs on it."""
    with bound_socket() as sock:
        yield sock


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, rest_socket: socket.socket
) -> Iterator[RunningServer]:
    """One whole server with its models for all tests that call it."""
    running = RunningServer(tmp_path_factory.mktemp("server"), **stream_environment(rest_socket))
    yield running
    assert running.stop() == 0, running.log
    assert "Traceback" not in running.log, running.log
