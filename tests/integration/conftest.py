from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from tests.integration.stream_providers.talks import Talks

__all__ = [
    "pytest_runtest_setup",
    "pytest_runtest_teardown",
    "pytest_terminal_summary",
    "pytest_timeout_set_timer",
]

MAX_FAILED_STARTS = 2
"""After that no test waits for the server any more."""


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


@pytest.fixture
def attempt(request: pytest.FixtureRequest) -> int:
    """1; and 2 where the test has failed once."""
    return int(getattr(request.node, "execution_count", 1))


@pytest.fixture(scope="session")
def failed_starts() -> list[str]:
    """Why the server did not start, time and again."""
    return []


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory,
    rest_socket: socket.socket,
    audiosocket_port: int,
    failed_starts: list[str],
) -> Iterator[RunningServer]:
    """One whole server with its models for all tests that call it."""
    if len(failed_starts) >= MAX_FAILED_STARTS:
        pytest.fail(failed_starts[-1])
    streams = stream_environment(rest_socket, audiosocket_port)
    try:
        running = RunningServer(
            tmp_path_factory.mktemp("server"),
            **streams,
            # Many talk at once, on a machine that may be busy: late is not misunderstood.
            SPEECH__TRANSCRIBE_TIMEOUT_S=20,
        )
    except AssertionError as error:
        failed_starts.append(str(error))
        raise
    yield running
    assert running.stop() == 0, running.log
    assert "Traceback" not in running.log, running.log


@pytest.fixture(scope="session")
def talks(
    server: RunningServer,
    rest_socket: socket.socket,
    audiosocket_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> Talks:
    """The conversations of all whom no SIP brings."""
    # A browser's remote control comes with it: only for those who need it.
    from tests.integration.stream_providers.talks import Talks

    return Talks(server, rest_socket, audiosocket_port, tmp_path_factory.mktemp("talks"))
