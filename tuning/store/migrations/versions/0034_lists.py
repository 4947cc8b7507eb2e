"""A source has who may read the lists about its documents, which decides who may learn from them."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"


def upgrade() -> None:
    op.add_column("source", sa.Column("lists", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("source", "lists")
