"""The demo's figures put into README, its report into docs: `python -m bot.demo.readme`, after `attune demo`."""

import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.demo.figures import FILE, METRICS, READY_S, percent, to_ready
from tuning.domain.evaluations import Variant

README = Path("README.md")
FIGURES = Path("var/demo") / FILE
REPORT = Path("docs/reports/sample-tenant.html")
_MARKED = re.compile(
    r"(<!-- figures of `attune demo`: begin -->\n).*?(<!-- figures of `attune demo`: end -->)", re.DOTALL
)


def main() -> None:
    """Write what the last demo measured between README's marks, and keep the report of its last release."""
    if not FIGURES.is_file():
        sys.exit(f"{FIGURES} is not there. Run `make demo` first.")
    measured = json.loads(FIGURES.read_text("utf-8"))
    README.write_text(with_figures(README.read_text("utf-8"), measured), "utf-8")
    shutil.copyfile(measured["rounds"][-1]["report"], REPORT)


def with_figures(readme: str, measured: dict[str, Any]) -> str:
    """Return README with the figures between its marks; raise `ValueError` if it has none."""
    if not _MARKED.search(readme):
        raise ValueError("README has no marks for the figures of the demo.")
    tables = "\n\n".join((_scores(measured), _facts(measured), _corrections(measured)))
    return _MARKED.sub(lambda marks: f"{marks[1]}{tables}\n{marks[2]}", readme)


def _scores(measured: dict[str, Any]) -> str:
    rows = [
        (f"{variant}, release {one['release']}", *(percent(scores.get(metric)) for metric in METRICS))
        for one in measured["rounds"]
        for variant in Variant
        if (scores := one["scores"].get(variant))
    ]
    return _table(("Hold-out questions (95 % interval)", *METRICS.values()), rows)


def _facts(measured: dict[str, Any]) -> str:
    model, known = measured["model"], measured["documents"]
    rows = [("Documents", f"{known['learned']} learned from, {known['left_out']} left out")]
    for one in measured["rounds"]:
        label = f"Release {one['release']}"
        trained = sum(count for name, count in one["examples"].items() if name.startswith("train/"))
        rows += [
            (f"{label}: examples to train on", str(trained)),
            (f"{label}: from the button to ready (bar {READY_S:.0f} s)", to_ready(one)),
            (f"{label}: tokens as transformers writes them", f"{100 * one['parity']['tokens']:.1f} %"),
            (f"{label}: from approval to the end of the first answer", f"{one['seconds_to_live']:.2f} s"),
        ]
    rows += [
        ("Size", f"base {model['base_mib']:.1f} MiB ({model['quantisation']}), adapter {model['adapter_mib']:.1f} MiB"),
        ("Speed, eight at once", f"{measured['tokens_per_second']} tokens/s"),
        ("Most memory, all processes together", f"{measured['peak_memory_mib']} MiB"),
        (f"The whole demo on {os.cpu_count()} cores", f"{measured['seconds']:.0f} s"),
    ]
    return _table(("What it took", ""), rows)


def _corrections(measured: dict[str, Any]) -> str:
    rows = [(one["question"], one["before"], one["wanted"], one["after"]) for one in measured["corrections"]]
    return _table(("Corrected question", "Before", "Correction", "After"), rows)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    main()
