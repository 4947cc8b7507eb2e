"""Whether an agent searches its sources live."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    op.add_column("agent", sa.Column("searches_live", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("agent") as changed:
        changed.drop_column("searches_live")
