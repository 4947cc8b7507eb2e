"""The program `attune`: each command reads the settings, imports its own part and starts it."""

import json
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Literal, NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from bot.settings import Settings

if TYPE_CHECKING:
    from tuning.governance.tenant import Tenant
    from tuning.releases.erasure import Receipt
    from tuning.store.store import Store

app = typer.Typer(
    name="attune",
    help="Turn a team's documents into small, tuned agents that live in Microsoft Teams.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
audit = typer.Typer(help="Check, export and anchor the record of who did what.", no_args_is_help=True)
app.add_typer(audit, name="audit")
errors = Console(stderr=True, soft_wrap=True, highlight=False)


def main() -> None:
    """Run the program."""
    app()


@app.command()
def up(*, browser: Annotated[bool, typer.Option(help="Open the Playground's pages in the browser.")] = True) -> None:
    """Start everything on this machine: engine, worker, bot, and a page per person to act as."""
    from bot.up import CannotStart, up

    try:
        up(_settings(), opens_browser=browser, console=Console())
    except CannotStart as error:
        _fail(str(error))


@app.command()
def bot() -> None:
    """Start the bot; Teams reaches it at /api/messages."""
    from bot.app import main as serve_bot

    serve_bot()


@app.command()
def serve() -> None:
    """Start the engine that answers (settings: ATTUNE_ENGINE_...)."""
    from serving.main import main as serve_models

    serve_models()


@app.command()
def worker() -> None:
    """Start a worker that syncs documents, trains and evaluates."""
    from tuning.worker.__main__ import main as work

    work()


@app.command()
def demo() -> None:
    """Run the whole loop on the sample tenant and print what it measured."""
    from bot.demo.__main__ import main as demonstrate

    demonstrate()


@app.command()
def doctor() -> None:
    """Try each thing that Attune needs from Microsoft 365; say what is missing and what to do."""
    from itertools import chain

    from tuning.sources.graph.checkup import checkup, checkup_for_people

    settings = _settings()
    is_well = True
    found = checkup(settings.registration, settings.sharepoint)
    for finding in chain(found, checkup_for_people(settings.for_people, settings.resource)):
        is_well = is_well and not finding.problem
        if finding.problem:
            typer.echo(f"missing  {finding.what}: {finding.problem}")
        elif finding.unseen:
            typer.echo(f"unseen   {finding.what}: {finding.unseen}")
        else:
            typer.echo(f"works    {finding.what}")
    if not is_well:
        raise typer.Exit(1)


@app.command()
def migrate() -> None:
    """Bring the store's tables up to date."""
    from tuning.store.store import Store

    settings = _settings()
    Store(settings.store_url).migrate()
    typer.echo("The store is up to date.")


@app.command()
def erase(
    *,
    person: Annotated[str, typer.Argument(help="The object id of the person.")],
    receipt: Annotated[Path | None, typer.Option(help="The file for the receipt; var/erased-<person>.json.")] = None,
) -> None:
    """Delete what a person said and sent, stop every release that learned from it, and write a receipt."""
    from tuning.releases.erasure import erase_person

    _erase(lambda tenant: erase_person(tenant, None, person), receipt)


@app.command()
def erase_document(
    *,
    document: Annotated[str, typer.Argument(help="Its id, its path in its source, or its web address.")],
    receipt: Annotated[Path | None, typer.Option(help="The file for the receipt; var/erased-<document>.json.")] = None,
) -> None:
    """Delete a document, what cites it, and stop every release that learned from it; it is not read again."""
    from tuning.domain.errors import InvalidInput
    from tuning.releases.erasure import erase_document as erase
    from tuning.store import documents

    def erase_named(tenant: "Tenant") -> "Receipt":
        with tenant.store.reading() as session:
            found = documents.named(session, document)
        if len(found) != 1:
            ids = ", ".join(one.id for one in found) or "none"
            raise InvalidInput(f"'{document}' should name one document. Documents of that name: {ids}.")
        return erase(tenant, None, found[0].id)

    _erase(erase_named, receipt)


def _erase(act: "Callable[[Tenant], Receipt]", target: Path | None) -> None:
    from tuning.domain.errors import Refusal
    from tuning.tenancy import tenant_of

    settings = _settings()
    try:
        erased = act(tenant_of(settings, _store(settings)))
        target = target or Path(f"var/erased-{erased.subject_id}.json")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(json.dumps({**asdict(erased), "at": erased.at.isoformat()}, indent=2), "utf-8")
    except (Refusal, OSError) as error:
        _fail(str(error))
    typer.echo(f"{sum(erased.rows.values())} rows are gone, {len(erased.suspended)} releases stopped. See {target}.")


@app.command()
def evidence(
    *,
    release: Annotated[str, typer.Argument(help="The release's id; or 'verify' to check a pack.")],
    file: Annotated[Path | None, typer.Argument(help="The zip to write or to check.")] = None,
) -> None:
    """Write all that the decision on a release rests on into one zip, or check such a zip without the store."""
    from tuning.domain.errors import Refusal
    from tuning.releases import evidence as made
    from tuning.releases.evidence_check import objections
    from tuning.tenancy import tenant_of

    if release == "verify":
        path = file or _fail("Say which file to check: attune evidence verify FILE.")
    else:
        settings, path = _settings(), file or Path(f"var/evidence-{release}.zip")
        try:
            pack = made.write(tenant_of(settings, _store(settings)), release, path, settings.audit_anchor)
        except (Refusal, OSError) as error:
            _fail(str(error))
        typer.echo(f"{pack.path} is written; its SHA-256 is {pack.sha256}.")
    if found := objections(path):
        _fail("\n".join(found))
    typer.echo(f"{path} is whole and agrees with itself.")


@app.command()
def usage(
    *,
    csv: Annotated[Path | None, typer.Option("--csv", help="The file to write; without it, to the terminal.")] = None,
    people: Annotated[bool, typer.Option("--people", help="Who asks, instead of what each day was like.")] = False,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days to look back on.")] = 365,
) -> None:
    """Write how agents are used as CSV: by day, agent and release; people by pseudonym unless the policy names them."""
    from tuning.domain.errors import Refusal
    from tuning.governance.usage import daily_lines, people_lines
    from tuning.tenancy import tenant_of

    settings = _settings()
    try:
        tenant = tenant_of(settings, _store(settings))
        with _opened(csv) as file:
            file.writelines((people_lines if people else daily_lines)(tenant, days))
    except (Refusal, OSError) as error:
        _fail(str(error))


@audit.command()
def verify(
    *,
    file: Annotated[Path | None, typer.Option(help="An export in JSON lines to check instead of the store.")] = None,
) -> None:
    """Check the whole chain and its anchors; name the first link that is broken."""
    from tuning.domain.audit import first_broken_link
    from tuning.domain.errors import Refusal
    from tuning.governance.audit import read_anchors, read_line
    from tuning.governance.audit import verify as verify_store
    from tuning.store import audit as stored

    settings = _settings()
    try:
        if file is None:
            store = _store(settings)
            broken = verify_store(store, settings.audit_anchor)
            with store.reading() as session:
                head = stored.head(session)
            upto = f"up to event {head.id}" if head else "and empty"
        else:
            with file.open(encoding="utf-8") as lines:
                broken = first_broken_link(map(read_line, lines), read_anchors(settings.audit_anchor))
            upto = f"in {file}"
    except (Refusal, OSError) as error:
        _fail(str(error))
    if broken is not None:
        _fail(broken.sentence)
    typer.echo(f"The audit is whole {upto}: no event was changed, moved or removed.")


@audit.command()
def export(
    *,
    form: Annotated[Literal["jsonl", "csv"], typer.Option("--format", help="JSON lines (can be verified) or CSV.")],
    target: Annotated[Path | None, typer.Option(help="The file to write; without it, to the terminal.")] = None,
) -> None:
    """Write every event, oldest first."""
    from tuning.governance.audit import Format, lines
    from tuning.store import audit as stored

    try:
        with _store(_settings()).reading() as session, _opened(target) as file:
            file.writelines(lines(stored.chain(session), Format(form)))
    except OSError as error:
        _fail(f"{target or 'The output'} can't be written: {error.strerror}.")


@audit.command()
def anchor() -> None:
    """Note the newest event's hash in the file of anchors now; a running worker does it every hour."""
    from tuning.domain.errors import Refusal
    from tuning.governance.audit import anchor as make_anchor

    settings = _settings()
    try:
        made = make_anchor(_store(settings), settings.audit_anchor)
    except (Refusal, OSError) as error:
        _fail(str(error))
    done = f"Event {made.event_id} is anchored in" if made else "Nothing new to anchor in"
    typer.echo(f"{done} {settings.audit_anchor}.")


@app.command()
def app_package(
    *,
    website: Annotated[str, typer.Option(help="Your page about Attune, with privacy and terms: https://...")],
    target: Annotated[Path, typer.Option(help="The zip file to write.")] = Path("var/attune.zip"),
    source: Annotated[Path, typer.Option(help="The folder with the manifest and the icons.")] = Path("appPackage"),
    schema: Annotated[Path | None, typer.Option(help="Microsoft's schema of the manifest, to check against.")] = None,
) -> None:
    """Build the package that an admin uploads to Teams, and say what is left to do there."""
    from bot.app_package import LEFT_TO_DO, Incomplete, build

    settings = _settings()
    try:
        build(source, target, app_id=settings.app_id, website=website, public_url=settings.public_url, schema=schema)
    except Incomplete as error:
        _fail(str(error))
    checked = "and valid for Microsoft's schema" if schema else "and not checked against Microsoft's schema (--schema)"
    typer.echo(f"{target} is ready {checked}. What is left to do:")
    for number, step in enumerate(LEFT_TO_DO, start=1):
        typer.echo(f"  {number}. {step.format(target=target)}")


def _store(settings: Settings) -> "Store":
    """Return the store with its tables up to date, as every process does when it starts."""
    from tuning.store.store import Store

    store = Store(settings.store_url)
    store.migrate()
    return store


def _opened(target: Path | None) -> AbstractContextManager[IO[str]]:
    return target.open("w", encoding="utf-8", newline="") if target else nullcontext(sys.stdout)


def _settings() -> Settings:
    """Read the settings, or end with a sentence per setting that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        for item in error.errors():
            errors.print(f"ATTUNE_{'_'.join(str(part) for part in item['loc']).upper()}: {item['msg']}.")
        raise typer.Exit(2) from None


def _fail(sentence: str) -> NoReturn:
    errors.print(sentence, markup=False)
    raise typer.Exit(1)
