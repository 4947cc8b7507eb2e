"""What all tests share: where the repository is, and that a skip is a failure where nothing may skip."""

import os
import sys
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]
Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
NOTHING_SKIPS = os.environ.get("ATTUNE_TEST_NOTHING_SKIPS") == "1"
NO_SCHEMAS = "the folder ../shared/schemas is not there"
"""The one reason that may skip everywhere: Microsoft's schemas are not ours to install."""

# A busy machine is no fault of the code; and fixtures that examples share are never changed by them.
settings.register_profile(
    "attune", deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
settings.load_profile("attune")


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
