"""One file over HTTP: resumed where it stopped, checked, and there only when it is whole."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from voicebot.errors import ModelSourceError

CONNECT_TIMEOUT_S = 5.0
"""Short, so that a machine without network falls through to the next source soon."""

_BLOCK_BYTES = 1 << 20
_TRIES_WITHOUT_PROGRESS = 2

_NETWORK_ERRORS = (
    urllib.error.URLError,
    TimeoutError,
    ConnectionError,
    http.client.HTTPException,
)

OnBytes = Callable[[int], None]


class Downloader:
    """Fetches files; remembers hosts that can't be reached, so that each costs one timeout."""

    def __init__(self, timeout_s: float = CONNECT_TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._unreachable: dict[str, str] = {}

    def fetch(self, url: str, target: Path, size: int, sha256: str, on_bytes: OnBytes) -> None:
        """Write `url` to `target`; what is there already is not fetched again.

        size, sha256: as published, 0 and empty where not. on_bytes: told how many bytes of
        this file are there. Raises ModelSourceError, or OSError where the disk refuses.
        """
        host = urlsplit(url).netloc
        if urlsplit(url).scheme not in {"http", "https"}:
            raise ModelSourceError(f"{url} is no http(s) address")
        if host in self._unreachable:
            raise ModelSourceError(self._unreachable[host])
        if target.is_file() and sha256 and file_sha256(target) == sha256:
            on_bytes(target.stat().st_size)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + ".part")
        if not sha256 or (size and part.is_file() and part.stat().st_size > size):
            # Without a digest a rest from another day can't be told from another file.
            part.unlink(missing_ok=True)
        self._fetch_part(url, host, part, size, on_bytes)
        _check(part, url, size, sha256)
        part.replace(target)

    def _fetch_part(self, url: str, host: str, part: Path, size: int, on_bytes: OnBytes) -> None:
        """Fill `part`, going on where a broken connection left it."""
        tries_left = _TRIES_WITHOUT_PROGRESS
        while not (size and part.is_file() and part.stat().st_size == size):
            start = part.stat().st_size if part.is_file() else 0
            try:
                self._append(url, part, start, on_bytes)
                return
            except urllib.error.HTTPError as error:
                if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and start:
                    part.unlink()
                    tries_left -= 1
                    if tries_left:
                        continue
                raise ModelSourceError(f"{host} answered {error.code} for {url}") from None
            except _NETWORK_ERRORS as error:
                has_progress = part.is_file() and part.stat().st_size > start
                tries_left = _TRIES_WITHOUT_PROGRESS if has_progress else tries_left - 1
                if not has_progress and start == 0:
                    reason = f"{host} can't be reached ({_reason(error)})"
                    self._unreachable[host] = reason
                    raise ModelSourceError(reason) from None
                if tries_left == 0:
                    raise ModelSourceError(
                        f"{host} broke off ({_reason(error)}); the next pull goes on from there"
                    ) from None

    def _append(self, url: str, part: Path, start: int, on_bytes: OnBytes) -> None:
        headers = {"User-Agent": "voicebot", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=self._timeout_s) as response:
            is_resumed = response.status == http.HTTPStatus.PARTIAL_CONTENT
            n_bytes = start if is_resumed else 0
            expected = response.headers.get("Content-Length")
            end = n_bytes + int(expected) if expected else None
            with part.open("ab" if is_resumed else "wb") as file:
                for block in _blocks(response):
                    file.write(block)
                    n_bytes += len(block)
                    on_bytes(n_bytes)
        if end is not None and n_bytes < end:
            raise ConnectionError("the connection ended early")


def file_sha256(path: Path) -> str:
    """Digest of a file as lowercase hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while block := response.read(_BLOCK_BYTES):
        yield block


def _check(part: Path, url: str, size: int, sha256: str) -> None:
    found_size = part.stat().st_size
    problem = ""
    if size and found_size != size:
        problem = f"{found_size} bytes instead of {size}"
    elif sha256 and (found := file_sha256(part)) != sha256:
        problem = f"sha256 {found} instead of {sha256}"
    if problem:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(part)
        raise ModelSourceError(f"{url} is not the file we know: {problem}")


def _reason(error: BaseException) -> str:
    inner = getattr(error, "reason", error)
    if isinstance(inner, TimeoutError):
        return "no answer in time"
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
