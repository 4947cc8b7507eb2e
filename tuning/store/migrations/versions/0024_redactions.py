"""Secrets are taken out of documents when they are read; owners are told which documents held some."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.add_column("document", sa.Column("redacted", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("document", "redacted")  # in place: a new table would be without the triggers of the full-text index
