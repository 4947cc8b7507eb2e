"""Owners look at samples of a dataset, before anything is learned of it if they want."""

import sqlalchemy as sa
from alembic import op

from tuning.domain.fields import UtcDateTime

revision = "0021"
down_revision = "0020"
_OPEN = "state IN ('queued', 'running', 'needs labels')"
_OPEN_BEFORE = "state IN ('queued', 'running')"


def upgrade() -> None:
    op.create_table(
        "sample",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("agent_id", sa.String(), nullable=False),
        sa.Column("dataset_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("document_id", sa.String(), nullable=True),
        sa.Column("passage_id", sa.Integer(), nullable=True),
        sa.Column("support", sa.Float(), nullable=False),
        sa.Column("clarity", sa.Float(), nullable=False),
        sa.Column("agreement", sa.Float(), nullable=True),
        sa.Column("said", sa.String(), nullable=False),
        sa.Column("is_ambiguous", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(32), nullable=True),
        sa.Column("owner_question", sa.String(), nullable=False),
        sa.Column("owner_answer", sa.String(), nullable=False),
        sa.Column("labelled_by", sa.String(), nullable=False),
        sa.Column("labelled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", UtcDateTime(timezone=True), nullable=False),
    )
    for column in ("agent_id", "dataset_id", "document_id", "labelled_by"):
        op.create_index(f"ix_sample_{column}", "sample", [column])
    op.add_column("example", sa.Column("sample_id", sa.String(), nullable=True))
    op.add_column("run", sa.Column("waits_for_labels", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("run", sa.Column("labelled_at", UtcDateTime(timezone=True), nullable=True))
    _one_open_run(_OPEN)


def downgrade() -> None:
    _one_open_run(_OPEN_BEFORE)
    with op.batch_alter_table("run") as run:
        run.drop_column("labelled_at")
        run.drop_column("waits_for_labels")
    with op.batch_alter_table("example") as example:
        example.drop_column("sample_id")
    op.drop_table("sample")


def _one_open_run(where: str) -> None:
    op.drop_index("open_run", "run")
    condition = sa.text(where)
    op.create_index("open_run", "run", ["agent_id"], unique=True, sqlite_where=condition, postgresql_where=condition)
