"""A small tenant in Microsoft 365, and the library of its site as a source."""

from collections.abc import Iterator

import pytest

from tests.fakes.microsoft365 import HOST, SITE, Microsoft365
from tuning.sources.graph.library import LibraryReader

LINK = f"https://{HOST}{SITE}/Shared Documents"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Microsoft365]:
    """The server; making its certificates takes longer than most tests."""
    with Microsoft365(tmp_path_factory.mktemp("microsoft365")) as server:
        yield server


@pytest.fixture
def microsoft365(server: Microsoft365) -> Microsoft365:
    """The server without anything of the test before."""
    server.clear()
    return server


@pytest.fixture
def library(microsoft365, tmp_path):
    """Make a reader of the site's library or of a folder in it, each time a new one over the same copy."""

    def make(path: str = "", **values) -> LibraryReader:
        return LibraryReader(tmp_path / "copy", LINK + path, microsoft365.registration(**values))

    return make
