"""pytest itself, run on a folder of small tests with the rules of this one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parents[2]

_SETTINGS = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
timeout = 1
"""

_RULES = """
from pathlib import Path
from tests.integration.second_attempt import *
from tests.integration.second_attempt import allow_second_attempts

def pytest_collection_modifyitems(config, items):
    allow_second_attempts(config, items, Path(__file__).parent)
"""

_TESTS = """
import asyncio, gc, socket, time
import pytest

attempts = {}

@pytest.fixture
def n_attempts(request):
    attempts[request.node.name] = attempts.get(request.node.name, 0) + 1
    return attempts[request.node.name]

async def test_that_fails_once(n_attempts, tmp_path):
    await asyncio.sleep(0)
    assert n_attempts == 2, "the host was away"

def test_that_fails_twice(n_attempts):
    assert n_attempts > 2, f"attempt {n_attempts}"

async def test_that_hangs_once(n_attempts):
    if n_attempts == 1:
        await asyncio.sleep(3600)

async def test_that_hangs_twice():
    await asyncio.sleep(3600)

def test_that_needs_its_full_time_twice(n_attempts):
    time.sleep(0.7)
    assert n_attempts == 2

@pytest.fixture
def peer(n_attempts):
    yield
    if n_attempts == 1:
        time.sleep(3600)

def test_that_fails_and_whose_fixture_hangs_then(n_attempts, peer):
    assert n_attempts == 2

made = []

@pytest.fixture(scope="module")
def server():
    made.append("server")
    yield
    made.append("stopped")

@pytest.fixture(scope="module")
def phone(server):
    made.append("phone")
    assert made.count("phone") == 2, "no answer"

async def test_whose_phone_fails_once_and_whose_server_does_not(phone):
    assert made == ["server", "phone", "phone"]

def test_that_leaves_a_socket_open_once(n_attempts):
    if n_attempts == 1:
        socket.socket()
        gc.collect()
"""

_ELSEWHERE = """
attempts = []

def test_with_one_attempt():
    attempts.append(1)
    assert len(attempts) == 2
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    directory = tmp_path_factory.mktemp("run")
    for name, text in {
        "pytest.ini": _SETTINGS,
        "rules/conftest.py": _RULES,
        "rules/test_it.py": _TESTS,
        "elsewhere/test_else.py": _ELSEWHERE,
    }.items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", str(directory)],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(_CHECKOUT), "PYTEST_ADDOPTS": "", "COLUMNS": "200"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.stdout + done.stderr


def outcomes(output: str, test: str) -> list[str]:
    """What each attempt of this test came to."""
    return re.findall(rf"::{test} ([A-Z]+)", output)


@pytest.mark.parametrize(
    "test",
    [
        "test_that_fails_once",
        "test_that_hangs_once",
        "test_that_needs_its_full_time_twice",
        "test_that_fails_and_whose_fixture_hangs_then",
        "test_whose_phone_fails_once_and_whose_server_does_not",
        "test_that_leaves_a_socket_open_once",
    ],
)
def test_what_went_wrong_once_is_tried_again_and_passes(output: str, test: str):
    assert outcomes(output, test)[0] == "RERUN", output
    assert outcomes(output, test)[-1] == "PASSED", output
    assert f"FAILED rules/test_it.py::{test}" not in output


@pytest.mark.parametrize("test", ["test_that_fails_twice", "test_that_hangs_twice"])
def test_what_went_wrong_twice_has_failed(output: str, test: str):
    assert outcomes(output, test)[:2] == ["RERUN", "FAILED"], output


def test_other_folders_have_one_attempt(output: str):
    assert outcomes(output, "test_with_one_attempt") == ["FAILED"], output


def test_the_end_of_the_run_says_what_was_tried_again_and_why(output: str):
    (told,) = re.findall(r"^=+ \d+ second attempts =+\n((?:.*::.*\n)+)", output, re.MULTILINE)
    assert re.search(r"::test_that_fails_once \(call\): .*the host was away", told), output
    assert re.search(r"::test_that_hangs_once \(call\): .*Timeout", told), output
    assert re.search(r"_server_does_not \(setup\): .*no answer", told), output
