"""People say when they want no messages; what was held goes out together, and what is settled is withdrawn."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.create_table(
        "quiethours",
        sa.Column("person_id", sa.String(), primary_key=True),
        sa.Column("begins", sa.Time(), nullable=True),
        sa.Column("ends", sa.Time(), nullable=True),
        sa.Column("is_weekend_quiet", sa.Boolean(), nullable=False),
        sa.Column("digest_at", sa.Time(), nullable=True),
        sa.Column("zone", sa.String(), nullable=False),
    )
    op.add_column("notice", sa.Column("is_held", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("notice", sa.Column("digest_id", sa.String(), nullable=False, server_default=""))
    op.create_index("ix_notice_digest_id", "notice", ["digest_id"])


def downgrade() -> None:
    op.drop_index("ix_notice_digest_id", "notice")
    with op.batch_alter_table("notice") as notice:
        notice.drop_column("digest_id")
        notice.drop_column("is_held")
    op.drop_table("quiethours")
