from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.running_server import RunningServer
from tests.integration.second_attempt import (
    allow_second_attempts,
    pytest_runtest_setup,
    pytest_runtest_teardown,
    pytest_terminal_summary,
    pytest_timeout_set_timer,
)
from tests.integration.stream_providers.environment import stream_environment
from tests.integration.stream_providers.fake_rest import bound_socket

__all__ = [
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_terminal_summary",
    "pytest_timeout_set_timer",
]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    allow_second_attempts(config, items, Path(__file__).parent)


@pytest.fixture(scope="session")
def rest_socket() -> Iterator[socket.socket]:
    """Where the server finds the REST interfaces of providers, once FakeRest runs on it."""
    with bound_socket() as sock:
        yield sock


@pytest.fixture(scope="session")
def audiosocket_port() -> int:
    """Where the server takes AudioSocket's connections."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, rest_socket: socket.socket, audiosocket_port: int
) -> Iterator[RunningServer]:
    """One whole server with its models for all tests that call it."""
    streams = stream_environment(rest_socket, audiosocket_port)
    running = RunningServer(tmp_path_factory.mktemp("server"), **streams)
    yield running
    assert running.stop() == 0, running.log
    assert "Traceback" not in running.log, running.log
