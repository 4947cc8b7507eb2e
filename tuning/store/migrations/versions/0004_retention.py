"""The policy says how long what was said is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("policy", sa.Column("retention_days", sa.Integer(), nullable=False, server_default="730"))


def downgrade() -> None:
    op.drop_column("policy", "retention_days")
