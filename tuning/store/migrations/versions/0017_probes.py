"""Evaluations keep what quantisation costs, and which secrets were learned."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("evaluation", sa.Column("probes", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    with op.batch_alter_table("evaluation") as evaluation:
        evaluation.drop_column("probes")
