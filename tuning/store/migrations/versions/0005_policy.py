"""The policy says more: who tunes, on what, how long, whether agents answer; and how often it was changed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_LABELS = '["Personal", "Public", "General", "Confidential", "Highly Confidential"]'


def upgrade() -> None:
    with op.batch_alter_table("policy") as policy:
        policy.add_column(sa.Column("revision", sa.Integer(), nullable=False, server_default="0"))
        policy.add_column(sa.Column("tuner_ids", sa.JSON(), nullable=False, server_default="[]"))
        policy.add_column(sa.Column("is_answering", sa.Boolean(), nullable=False, server_default=sa.true()))
        policy.add_column(sa.Column("documents_per_agent", sa.Integer(), nullable=False, server_default="10000"))
        policy.add_column(sa.Column("minutes_per_run", sa.Integer(), nullable=False, server_default="1440"))
        policy.add_column(sa.Column("base_models", sa.JSON(), nullable=False, server_default="[]"))
        policy.add_column(sa.Column("source_keys", sa.JSON(), nullable=False, server_default="[]"))
        policy.add_column(sa.Column("labels", sa.JSON(), nullable=False, server_default=_LABELS))
        policy.add_column(sa.Column("highest_label", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("policy") as policy:
        for name in (
            "highest_label",
            "labels",
            "source_keys",
            "base_models",
            "minutes_per_run",
            "documents_per_agent",
            "is_answering",
            "tuner_ids",
            "revision",
        ):
            policy.drop_column(name)
