"""A test that fails is tried once more, with its full time, and the end of the run tells of it.

These tests talk with real-time peers, on hosts that may take the processor away for half a
second. A test that fails twice fails. `conftest.py` takes the hooks from here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter
from pytest_timeout import Settings

MAX_SECOND_ATTEMPTS = 15
"""In one run. With more of them something is wrong that more time does not heal."""

_TIME_LIMIT = pytest.StashKey[Settings]()


def allow_second_attempts(
    config: pytest.Config, items: Iterable[pytest.Item], directory: Path
) -> None:
    """Mark the tests below this directory. With a debugger there is one attempt."""
    if config.option.usepdb:
        return
    if config.option.max_suite_reruns is None:
        config.option.max_suite_reruns = MAX_SECOND_ATTEMPTS
    for item in items:
        if item.path.is_relative_to(directory):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Settings) -> None:
    item.stash[_TIME_LIMIT] = settings


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    _renew_time_limit(item)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    _renew_time_limit(item)


def _renew_time_limit(item: pytest.Item) -> None:
    """pytest-timeout winds its clock once for a test with all its attempts, and stops it at the
    first exception: what comes after that, a fixture's end included, could hang for ever."""
    if item.stash.get(_TIME_LIMIT, None) is not None:
        item.config.hook.pytest_timeout_cancel_timer(item=item)
        item.config.hook.pytest_timeout_set_timer(item=item, settings=item.stash[_TIME_LIMIT])


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Which tests were tried again, and what had gone wrong."""
    reporter = terminalreporter
    reports = reporter.stats.get("rerun", [])
    if not reports:
        return
    reporter.write_sep("=", f"{len(reports)} second attempts", yellow=True)
    for report in reports:
        crash = getattr(report.longrepr, "reprcrash", None)
        reason = crash.message if crash is not None else str(report.longrepr)
        first_line = reason.strip().partition("\n")[0][:200]
        reporter.write_line(f"{report.nodeid} ({report.when}): {first_line}")
