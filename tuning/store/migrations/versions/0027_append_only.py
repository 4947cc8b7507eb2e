"""The database itself refuses to change or delete what is in the audit."""

from alembic import op

revision = "0027"
down_revision = "0026"

_SENTENCE = "the audit is only ever added to"
_EVENTS = ("UPDATE", "DELETE", "TRUNCATE")


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in _EVENTS[:2]:  # it has no TRUNCATE
            op.execute(
                f"CREATE TRIGGER audit_no_{event.lower()} BEFORE {event} ON auditevent "
                f"BEGIN SELECT RAISE(ABORT, '{_SENTENCE}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_SENTENCE}'; END $$"
    )
    for event in _EVENTS:
        op.execute(
            f"CREATE TRIGGER audit_no_{event.lower()} BEFORE {event} ON auditevent "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()"
        )


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in _EVENTS[:2]:
            op.execute(f"DROP TRIGGER audit_no_{event.lower()}")
        return
    for event in _EVENTS:
        op.execute(f"DROP TRIGGER audit_no_{event.lower()} ON auditevent")
    op.execute("DROP FUNCTION audit_is_kept()")
