"""The installation's secret: kept beside the data, never in the database."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import secrets
from pathlib import Path

from voicebot.errors import StorageError

log = logging.getLogger(__name__)

FILE_NAME = "secret.key"
N_BYTES = 32


def load_secret(data_directory: Path) -> bytes:
    """Read `secret.key`; make it (owner only) where there is none. Blocking, at start only.

    Personal facts and the audit chain are keyed with it: whoever takes the database alone
    can neither test guesses of a birth date nor forge the audit. Back it up apart from the
    database; without it nobody can be verified. Nodes of one installation share it.
    """
    path = data_directory / FILE_NAME
    try:
        data_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _create(path)
        secret = bytes.fromhex(path.read_text(encoding="ascii").strip())
        mode = path.stat().st_mode
    except ValueError:
        raise StorageError(f"{path}: this is no key of {N_BYTES} bytes in hex") from None
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from None
    if len(secret) != N_BYTES:
        raise StorageError(f"{path}: the key has {len(secret)} bytes instead of {N_BYTES}")
    if os.name == "posix" and mode & 0o077:
        log.warning("other users may read the secret key; run chmod 600", extra={"file": str(path)})
    return secret


def _create(path: Path) -> None:
    """Written aside and linked into place: two nodes starting at once get one key, never half."""
    draft = path.with_name(f"{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(N_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def derived_key(secret: bytes, purpose: str) -> bytes:
    """A key for one purpose, so that no two uses of the secret can be mixed."""
    return hmac.digest(secret, b"voicebot " + purpose.encode(), hashlib.sha256)
