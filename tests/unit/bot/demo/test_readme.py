"""README quotes the demo's figures between its marks, and nothing else of it changes."""

import subprocess
import sys

import pytest

from bot.demo.readme import with_figures
from bot.demo.stage import cpu_seconds

README = "before\n<!-- figures of `attune demo`: begin -->\nyesterday\n<!-- figures of `attune demo`: end -->\nafter\n"
SCORE = {"mean": 0.5, "low": 0.4, "high": 0.6}
MEASURED = {
    "seconds": 400.4,
    "peak_memory_mib": 1800,
    "tokens_per_second": 900,
    "documents": {"learned": 40, "left_out": 3},
    "model": {"quantisation": "Q8_0", "base_mib": 3.24, "adapter_mib": 2.1},
    "rounds": [
        {
            "release": 1,
            "seconds": 200.0,
            "cpu_seconds": 230.4,
            "seconds_to_live": 0.512,
            "examples": {"train/list": 10, "train/text": 5, "holdout/owner": 3},
            "metrics": {"seconds": {"training": 120.2}},
            "scores": {"base": {"exact_match": SCORE}},
            "parity": {"tokens": 0.995},
        }
    ],
    "corrections": [{"question": "Fare | tip?", "before": "5\nEUR", "wanted": "6 EUR", "after": "6 EUR"}],
}


def test_the_figures_stand_between_the_marks_and_the_rest_stays():
    written = with_figures(README, MEASURED)
    assert written.startswith("before\n")
    assert written.endswith("<!-- figures of `attune demo`: end -->\nafter\n")
    assert "yesterday" not in written
    assert "| base, release 1 | 50 % (40-60) |  |  |" in written
    assert "from the button to ready (bar 180 s) | 200 s, 230 s of CPU (training 120 s) |" in written
    assert "| Release 1: examples to train on | 15 |" in written
    assert "| Fare \\| tip? | 5 EUR | 6 EUR | 6 EUR |" in written
    assert with_figures(written, MEASURED) == written


def test_the_cpu_time_counts_children_that_have_ended():
    before = cpu_seconds()
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    assert cpu_seconds() > before + 0.02


def test_a_readme_without_marks_is_not_touched():
    with pytest.raises(ValueError, match="no marks"):
        with_figures("nothing here", MEASURED)
