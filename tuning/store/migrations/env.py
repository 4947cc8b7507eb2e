"""Alembic's entry: runs the versions on the connection that `Store.migrate` hands over, in its transaction."""

from alembic import context
from sqlmodel import SQLModel

from tuning.store import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    include_name=tables.is_ours,
    render_as_batch=True,
)
context.run_migrations()
