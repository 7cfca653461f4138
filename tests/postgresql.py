"""A private PostgreSQL server for tests: no network, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

_PROGRAMS = ("initdb", "postgres", "pg_isready", "psql")


class PostgresqlServer:
    """Hands out the URL of a fresh, empty database per test."""

    def __init__(self, bin_folder: Path, socket_folder: Path, identity: dict[str, Any]) -> None:
        self._bin_folder = bin_folder
        self._socket_folder = socket_folder
        self._identity = identity
        self._n_databases = 0

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._socket_folder}"

    def new_database(self) -> str:
        self._n_databases += 1
        name = f"test_{self._n_databases}"
        self.sql(f"CREATE DATABASE {name} STRATEGY file_copy", "postgres")
        return self.url(name)

    def sql(self, statement: str, database: str) -> str:
        """Run it with psql, beside everything under test; returns what it prints."""
        command = [self._bin_folder / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1"]
        where = ["-h", self._socket_folder, "-U", "postgres", "-d", database]
        done = subprocess.run(
            [*command, *where, "-c", statement],
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            **self._identity,
        )
        return done.stdout.strip()


@contextmanager
def running_postgresql() -> Iterator[PostgresqlServer]:
    """Start a server in a folder of its own. Skips where there is none; fails in CI."""
    bin_folder = _bin_folder()
    # PostgreSQL refuses to run as root; Debian's package brings a user for it.
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    folder = Path(tempfile.mkdtemp(prefix="voicebot-pg-"))
    try:
        if identity:
            os.chown(folder, identity["user"], identity["group"])
        data = folder / "data"
        subprocess.run(
            [
                *(bin_folder / "initdb", "-D", data, "-U", "postgres", "--auth=trust"),
                *("-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"),
            ],
            check=True,
            capture_output=True,
            cwd="/",
            **identity,
        )
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            # Only the clients are killed here, never the server.
            "fsync": "off",
            "max_connections": "40",
            "shared_buffers": "16MB",
        }
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with (
            open(folder / "log", "wb") as log,
            subprocess.Popen(
                [bin_folder / "postgres", "-D", data, *options],
                stdout=log,
                stderr=log,
                cwd="/",
                **identity,
            ) as process,
        ):
            try:
                _wait_until_ready(bin_folder, folder, process, identity)
                yield PostgresqlServer(bin_folder, folder, identity)
            finally:
                # The fast shutdown: SIGTERM would wait for clients to leave by themselves.
                process.send_signal(signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bin_folder() -> Path:
    # Debian keeps the server's programs out of the path, one folder a version.
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path is not None:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if all((folder / program).exists() for program in _PROGRAMS):
            return folder
    reason = "postgresql is not installed (Debian: apt-get install postgresql)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _wait_until_ready(
    bin_folder: Path, socket_folder: Path, process: Any, identity: dict[str, Any]
) -> None:
    deadline = time.monotonic() + 30
    ready = [bin_folder / "pg_isready", "-q", "-h", socket_folder]
    while subprocess.run(ready, check=False, cwd="/", **identity).returncode != 0:
        if process.poll() is not None or time.monotonic() > deadline:
            log = (socket_folder / "log").read_text(errors="replace")
            pytest.fail(f"PostgreSQL did not start:\n{log[-2000:]}")
        time.sleep(0.05)
