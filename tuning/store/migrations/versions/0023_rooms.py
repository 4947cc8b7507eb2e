"""Group chats and channels are greeted once, and bound to an agent by its owner."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "room",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("agent_id", sa.String(), nullable=True),
        sa.Column("greeted_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("ix_room_agent_id", "room", ["agent_id"])


def downgrade() -> None:
    op.drop_table("room")
