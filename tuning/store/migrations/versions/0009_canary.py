"""A release can go to a share of its audience first, and what people think of it there is counted once each."""

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0009"
down_revision = "0008"

_CANARY = sa.text("state = 'canary'")


def upgrade() -> None:
    op.add_column("agent", sa.Column("canary_release_id", sa.String(), nullable=True))
    op.add_column("release", sa.Column("share", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("release", sa.Column("canary_at", UtcDateTime(timezone=True), nullable=True))
    op.create_index(
        "canary_release", "release", ["agent_id"], unique=True, sqlite_where=_CANARY, postgresql_where=_CANARY
    )
    op.create_table(
        "canaryrating",
        sa.Column("release_id", sa.String(), primary_key=True),
        sa.Column("person_id", sa.String(), primary_key=True),
        sa.Column("is_canary", sa.Boolean(), nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("rated_at", UtcDateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_canaryrating_person_id", "canaryrating", ["person_id"])


def downgrade() -> None:
    op.drop_table("canaryrating")
    op.drop_index("canary_release", "release")
    with op.batch_alter_table("release") as release:
        release.drop_column("canary_at")
        release.drop_column("share")
    with op.batch_alter_table("agent") as agent:
        agent.drop_column("canary_release_id")
