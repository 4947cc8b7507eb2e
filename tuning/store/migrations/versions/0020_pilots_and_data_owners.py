"""Releases go to a pilot first, data owners agree, evidence is offered in chat and holds access lists as they were."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_CANARY = sa.text("state = 'canary'")
_FIRST = sa.text("state IN ('canary', 'pilot')")


def upgrade() -> None:
    op.add_column("release", sa.Column("pilot", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("release", sa.Column("approved_by", sa.String(), nullable=False, server_default=""))
    op.add_column("release", sa.Column("consented_by", sa.String(), nullable=False, server_default=""))
    op.add_column("policy", sa.Column("data_owner_ids", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("dataset", sa.Column("readers", sa.JSON(), nullable=False, server_default="{}"))
    _index(_FIRST)
    with op.batch_alter_table("draft") as draft:
        draft.alter_column("answer_id", existing_type=sa.String(), nullable=True)
        draft.add_column(sa.Column("release_id", sa.String(), nullable=True))
        draft.create_index("ix_draft_release_id", ["release_id"])


def downgrade() -> None:
    op.execute("DELETE FROM draft WHERE answer_id IS NULL")
    with op.batch_alter_table("draft") as draft:
        draft.drop_index("ix_draft_release_id")
        draft.drop_column("release_id")
        draft.alter_column("answer_id", existing_type=sa.String(), nullable=False)
    _index(_CANARY)
    with op.batch_alter_table("dataset") as dataset:
        dataset.drop_column("readers")
    with op.batch_alter_table("policy") as policy:
        policy.drop_column("data_owner_ids")
    with op.batch_alter_table("release") as release:
        release.drop_column("consented_by")
        release.drop_column("approved_by")
        release.drop_column("pilot")


def _index(where: sa.TextClause) -> None:
    op.drop_index("canary_release", "release")
    op.create_index("canary_release", "release", ["agent_id"], unique=True, sqlite_where=where, postgresql_where=where)
