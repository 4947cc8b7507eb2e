"""In worlds drawn by chance nobody sees what they may not read; `benchmarks.access` draws larger ones."""

import pytest

from benchmarks.harness.worlds import World, compare
from tuning.sources.graph import grants

DOCUMENTS, ASKERS = 300, 8


@pytest.mark.parametrize("seed", [2, 3])
def test_nobody_sees_what_they_may_not_read(tmp_path, seed):
    found = compare(World(seed, DOCUMENTS), tmp_path, askers=ASKERS)

    assert {what: tally.leaks for what, tally in found.items()} == dict.fromkeys(found, 0)
    assert found["access lists"].missing == 0
    assert found["access lists"].looked_at == DOCUMENTS * ASKERS
    assert found["search results and citations"].looked_at > DOCUMENTS // 2
    assert found["training sets"].looked_at > 0


def test_a_rule_that_is_missing_would_show(tmp_path, monkeypatch):
    monkeypatch.setattr(grants, "_is_over", lambda _permission, _at: False)

    found = compare(World(2, DOCUMENTS), tmp_path, askers=ASKERS)

    assert found["access lists"].leaks > 0
    assert found["search results and citations"].leaks > 0
