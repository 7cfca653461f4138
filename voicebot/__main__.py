"""`python -m voicebot` and the `voicebot` command."""

from __future__ import annotations

import sys

from voicebot.cli import app
from voicebot.errors import VoicebotError


def main() -> None:
    """Run the command line; a known error is one clear message and exit status 1."""
    try:
        app()
    except VoicebotError as error:
        print(f"voicebot: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
