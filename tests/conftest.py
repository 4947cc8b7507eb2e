"""What all tests share: where the repository is, that a skip is a failure where nothing may skip, and who runs what."""

import gc
import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

if "PYTEST_XDIST_WORKER" in os.environ:
    # Several processes share the cores: threads of one that wait for one another would keep these from the others.
    for threads in ("OMP_NUM_THREADS", "ATTUNE_ENGINE_THREADS", "ATTUNE_THREADS"):
        os.environ.setdefault(threads, "1")

ROOT = Path(__file__).resolve().parents[1]
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
NOTHING_SKIPS = os.environ.get("ATTUNE_TEST_NOTHING_SKIPS") == "1"
NO_SCHEMAS = "the folder ../shared/schemas is not there"
"""The one reason that may skip everywhere: Microsoft's schemas are not ours to install."""
TOGETHER = {
    "tests/acceptance/": "acceptance",
    "tests/integration/serving/": "engine",
    "tests/integration/bot/test_logs.py": "engine",
}
"""What stays in one process: it needs the same small model, or takes all that is left of the machine."""
FIRST = ("tests/acceptance", "tests/integration/bot/test_fuzz.py", "tests/integration")
"""What takes longest comes first, so that all processes end at about the same time."""

# A busy machine is no fault of the code; and fixtures that examples share are never changed by them.
settings.register_profile(
    "attune", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("attune")


class ByFile(LoadScopeScheduling):
    """Gives each process whole files, because what a module's tests share is made once per process."""

    def _split_scope(self, nodeid: str) -> str:
        return next((TOGETHER[it] for it in TOGETHER if nodeid.startswith(it)), nodeid.partition("::")[0])


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Decide which process runs what; the order is that of the collection, which all processes share."""
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest where several processes share the work; a single one begins with what is quick."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(
            key=lambda item: next((place for place, it in enumerate(FIRST) if item.nodeid.startswith(it)), len(FIRST))
        )


def pytest_collection_finish() -> None:
    """Spare the collector of garbage what has been imported: to look through that takes half a second each time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failed one where nothing may skip."""
    return _fail_if_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skipped module into a failed one where nothing may skip."""
    return _fail_if_skipped((yield))


def _fail_if_skipped(report: Report) -> Report:
    if NOTHING_SKIPS and report.skipped and NO_SCHEMAS not in str(report.longrepr):
        report.outcome = "failed"
        report.longrepr = f"Skipped, where nothing may skip: {report.longrepr}"
    return report


def pytest_unconfigure() -> None:
    """Close what llama-cpp-python opens when it is imported and never closes, or Python warns of it at its end."""
    if (llama_cpp := sys.modules.get("llama_cpp._utils")) is not None:
        llama_cpp.outnull_file.close()
        llama_cpp.errnull_file.close()


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def schemas() -> Path:
    """Microsoft's published schemas (manifest, Adaptive Cards, Playground), which lie beside the repository."""
    folder = ROOT.parent / "shared" / "schemas"
    if not folder.is_dir():
        pytest.skip(NO_SCHEMAS)
    return folder
