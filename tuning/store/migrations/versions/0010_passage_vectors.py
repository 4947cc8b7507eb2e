"""The vectors of passages, for search by what a question means."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    passage_id = sa.ForeignKey("documentpassage.id", ondelete="CASCADE")
    op.create_table(
        "passagevectors",
        sa.Column("passage_id", sa.Integer(), passage_id, primary_key=True),
        sa.Column("encoder", sa.String(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("numbers", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_passagevectors_encoder", "passagevectors", ["encoder"])


def downgrade() -> None:
    op.drop_table("passagevectors")
