"""Run by Alembic for every command; the connection comes from migrate.py.

For a new revision: `python -m voicebot.storage.migrations "what changes"`.
"""

from __future__ import annotations

from alembic import context

from voicebot.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes most things only by copying the table.
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
