"""An answer has what the model was shown for it, which decides what may be learned of it."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("answer", sa.Column("shown", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("answer", sa.Column("beyond", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("answer", "beyond")
    op.drop_column("answer", "shown")
