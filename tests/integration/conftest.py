from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.running_server import RunningServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One whole server with its models for all tests that call it."""
    running = RunningServer(tmp_path_factory.mktemp("server"))
    yield running
    assert running.stop() == 0, running.log
    assert "Traceback" not in running.log, running.log
