"""The full-text index over passages: FTS5 kept in step by triggers, or a GIN index on PostgreSQL."""

from alembic import op

revision = "0002"
down_revision = "0001"

_SQLITE = (
    """
    CREATE VIRTUAL TABLE passage_search
    USING fts5(title, heading, text, tokenize = 'porter unicode61 remove_diacritics 2')
    """,
    """
    CREATE TRIGGER passage_search_insert AFTER INSERT ON documentpassage BEGIN
        INSERT INTO passage_search(rowid, title, heading, text)
        VALUES (new.id, (SELECT title FROM document WHERE id = new.document_id), new.heading, new.text);
    END
    """,
    """
    CREATE TRIGGER passage_search_delete AFTER DELETE ON documentpassage BEGIN
        DELETE FROM passage_search WHERE rowid = old.id;
    END
    """,
    """
    CREATE TRIGGER passage_search_title AFTER UPDATE OF title ON document WHEN old.title <> new.title BEGIN
        UPDATE passage_search SET title = new.title
        WHERE rowid IN (SELECT id FROM documentpassage WHERE document_id = new.id);
    END
    """,
)
_POSTGRESQL = (
    # to_tsvector is immutable only with its configuration named; the function keeps index and query the same.
    """
    CREATE FUNCTION passage_vector(heading text, passage text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS
    $$ SELECT setweight(to_tsvector('english', heading), 'B') || setweight(to_tsvector('english', passage), 'D') $$
    """,
    "CREATE INDEX passage_search ON documentpassage USING gin (passage_vector(heading, text))",
)


def upgrade() -> None:
    for statement in _SQLITE if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for trigger in ("insert", "delete", "title"):
            op.execute(f"DROP TRIGGER passage_search_{trigger}")
        op.execute("DROP TABLE passage_search")
    else:
        op.execute("DROP INDEX passage_search")
        op.execute("DROP FUNCTION passage_vector")
