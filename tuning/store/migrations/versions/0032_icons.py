"""An agent has an icon, if its owner chose one."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("agent", sa.Column("icon", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("agent", "icon")
