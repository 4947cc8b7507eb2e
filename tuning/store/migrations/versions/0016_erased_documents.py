"""Documents that were erased are noted, so that they are not read again."""

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0016"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "eraseddocument",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("path_sha256", sa.String(), nullable=False),
        sa.Column("content_sha256", sa.String(), nullable=False),
        sa.Column("erased_at", UtcDateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_eraseddocument_source_id", "eraseddocument", ["source_id"])


def downgrade() -> None:
    op.drop_table("eraseddocument")
