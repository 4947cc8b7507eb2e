"""PostgreSQL keeps the words of passages and titles in a table, as SQLite does, and parses none for a question."""

from alembic import op

revision = "0030"
down_revision = "0029"

_WORDS = "setweight(to_tsvector('english', {title}), 'B') || passage_vector({heading}, {text})"
_UP = (
    "DROP INDEX passage_search",
    """
    CREATE TABLE passage_search (
        passage_id integer PRIMARY KEY REFERENCES documentpassage ON DELETE CASCADE,
        words tsvector NOT NULL
    )
    """,
    # Constants only, here and below.
    f"""
    INSERT INTO passage_search
    SELECT p.id, {_WORDS.format(title="d.title", heading="p.heading", text="p.text")}
    FROM documentpassage p JOIN document d ON d.id = p.document_id
    """,  # noqa: S608
    "CREATE INDEX passage_search_words ON passage_search USING gin (words)",
    f"""
    CREATE FUNCTION passage_search_insert() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO passage_search
        SELECT new.id, {_WORDS.format(title="d.title", heading="new.heading", text="new.text")}
        FROM document d WHERE d.id = new.document_id;
        RETURN NULL;
    END $$
    """,  # noqa: S608
    """
    CREATE TRIGGER passage_search_insert AFTER INSERT ON documentpassage
    FOR EACH ROW EXECUTE FUNCTION passage_search_insert()
    """,
    f"""
    CREATE FUNCTION passage_search_title() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE passage_search s SET words = {_WORDS.format(title="new.title", heading="p.heading", text="p.text")}
        FROM documentpassage p WHERE p.document_id = new.id AND s.passage_id = p.id;
        RETURN NULL;
    END $$
    """,  # noqa: S608
    """
    CREATE TRIGGER passage_search_title AFTER UPDATE OF title ON document
    FOR EACH ROW WHEN (old.title <> new.title) EXECUTE FUNCTION passage_search_title()
    """,
)
_DOWN = (
    "DROP TRIGGER passage_search_title ON document",
    "DROP TRIGGER passage_search_insert ON documentpassage",
    "DROP FUNCTION passage_search_title",
    "DROP FUNCTION passage_search_insert",
    "DROP TABLE passage_search",
    "CREATE INDEX passage_search ON documentpassage USING gin (passage_vector(heading, text))",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in _UP:
            op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for statement in _DOWN:
            op.execute(statement)
