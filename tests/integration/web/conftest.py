from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.integration.web.console import Console, running_console


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """On loopback, without a password."""
    async with running_console(tmp_path, use="demo") as running:
        yield running


@pytest.fixture
async def client(console: Console) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(console.url) as session:
        yield session
