"""How agents are used: totals per day, agent and release, who asks, and which answers are that documents don't say."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_COUNTED = (
    "people",
    "conversations",
    "questions",
    "answered",
    "declined",
    "likes",
    "dislikes",
    "corrections",
    "seconds",
    "within_1_s",
    "within_2_s",
    "within_5_s",
    "within_10_s",
    "within_30_s",
)
_DAYS = {"sqlite": "date(a.asked_at)", "postgresql": "CAST(a.asked_at AT TIME ZONE 'UTC' AS date)"}
_FIND_DECLINED = """
    UPDATE answer SET is_declined = true WHERE seconds IS NOT NULL AND lower(text) LIKE 'the documents don''t say%'
"""
# Owners who try a release that is not live are not counted.
_ASKED = """
    FROM answer a
    LEFT JOIN conversation c ON c.id = a.conversation_id
    LEFT JOIN feedback f ON f.answer_id = a.id AND f.person_id = a.person_id AND f.state <> 'withdrawn'
    WHERE c.release_id IS NULL
"""


def upgrade() -> None:
    _make_tables()
    op.execute(_FIND_DECLINED)
    op.execute(_days(_DAYS[op.get_bind().dialect.name]))
    op.execute(_people(_DAYS[op.get_bind().dialect.name]))
    key = sa.table("pseudonymkey", sa.column("id"), sa.column("key"))
    op.execute(key.insert().values(id=1, key=secrets.token_hex(32)))


def downgrade() -> None:
    with op.batch_alter_table("policy") as policy:
        policy.drop_column("is_naming_people")
    for table in ("pseudonymkey", "personuse", "dailyuse"):
        op.drop_table(table)
    op.drop_index("declined_answer", "answer")
    with op.batch_alter_table("answer") as answer:
        answer.drop_column("is_declined")


def _make_tables() -> None:
    with op.batch_alter_table("policy") as policy:
        policy.add_column(sa.Column("is_naming_people", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("answer", sa.Column("is_declined", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "declined_answer",
        "answer",
        ["asked_at", "agent_id"],
        sqlite_where=sa.text("is_declined = 1"),
        postgresql_where=sa.text("is_declined"),
    )
    op.create_table(
        "dailyuse",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("agent_id", sa.String(), primary_key=True),
        sa.Column("release_id", sa.String(), primary_key=True),
        *(sa.Column(name, sa.Float() if name == "seconds" else sa.Integer(), nullable=False) for name in _COUNTED),
    )
    op.create_table(
        "personuse",
        sa.Column("agent_id", sa.String(), primary_key=True),
        sa.Column("release_id", sa.String(), primary_key=True),
        sa.Column("person_id", sa.String(), primary_key=True),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
    )
    op.create_index("ix_personuse_last_day", "personuse", ["last_day"])
    op.create_table(
        "pseudonymkey",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
    )


def _days(day: str) -> str:
    """Count what has been answered so far."""
    within = ", ".join(f"SUM(CASE WHEN seconds <= {bound} THEN 1 ELSE 0 END)" for bound in (1, 2, 5, 10, 30))
    return f"""
        INSERT INTO dailyuse (day, agent_id, release_id, {", ".join(_COUNTED)})
        SELECT day, agent_id, release_id, COUNT(DISTINCT person_id), SUM(CASE WHEN position = 1 THEN 1 ELSE 0 END),
            COUNT(*), COUNT(seconds), SUM(CASE WHEN is_declined THEN 1 ELSE 0 END),
            SUM(CASE WHEN reaction = 'like' THEN 1 ELSE 0 END), SUM(CASE WHEN reaction = 'dislike' THEN 1 ELSE 0 END),
            SUM(CASE WHEN correction <> '' THEN 1 ELSE 0 END), COALESCE(SUM(seconds), 0), {within}
        FROM (
            SELECT {day} AS day, a.agent_id, COALESCE(a.release_id, '') AS release_id, a.person_id, a.seconds,
                a.is_declined, f.reaction, f.correction,
                ROW_NUMBER() OVER (PARTITION BY a.conversation_id ORDER BY a.asked_at, a.id) AS position
            {_ASKED}
        ) AS asked
        GROUP BY day, agent_id, release_id
    """  # noqa: S608 - constants only


def _people(day: str) -> str:
    return f"""
        INSERT INTO personuse (agent_id, release_id, person_id, questions, first_day, last_day)
        SELECT a.agent_id, COALESCE(a.release_id, ''), a.person_id, COUNT(*), MIN({day}), MAX({day})
        {_ASKED}
        GROUP BY a.agent_id, COALESCE(a.release_id, ''), a.person_id
    """
