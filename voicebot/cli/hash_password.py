"""`voicebot hash-password`: the console's password as it is kept in the settings."""

from __future__ import annotations

import typer
from argon2 import PasswordHasher


def hash_password(
    password: str = typer.Option(
        ..., prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for if not given."
    ),
) -> None:
    """Hash a password for `web.password_hash` (argon2id).

    Example:

        voicebot hash-password

    Put what it prints into voicebot.toml: [web] password_hash = "..."
    """
    if len(password) < 10:
        raise typer.BadParameter("take at least 10 characters")
    typer.echo(PasswordHasher().hash(password))
