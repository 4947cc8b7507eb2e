"""What was measured, as a table and as a picture."""

from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path

from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.harness.works import WORKS, Measured


def show(console: Console, measured: Sequence[Measured]) -> None:
    """Print works with both servers side by side, and which bars are reached."""
    table = Table(title="Attune's engine beside llama-server, medians of five rounds")
    columns = ("work", "server", "tokens/s", "factor", "bar", "first token", "share", "bar", "CPU ms/token", "outside")
    for column in columns:
        table.add_column(column, justify="left" if column in {"work", "server"} else "right")
    for work in WORKS:
        both = {one.server: one for one in measured if one.work == work.name}
        for name, one in both.items():
            peer = both.get("llama-server") if name == "Attune" else None
            time_s = f"{one.first_s:.2f} s{' (p95)' if work.is_tail else ''}"
            outside = "" if one.outside is None else f"{one.outside:.1%}"
            factor, share = (f"{one.rate / peer.rate:.2f}", f"{one.first_s / peer.first_s:.2f}") if peer else ("", "")
            bars = ["" if bar is None or not peer else f"{bar:.1f}" for bar in (work.least_rate, work.most_first)]
            speed = f"{one.rate:,.1f}", factor, bars[0], time_s, share, bars[1], f"{one.cpu_ms:.1f}"
            table.add_row(work.name, name, *speed, outside)
    console.print(table)


def plot(measured: Sequence[Measured], target: Path) -> None:
    """Draw tokens per second and time to the first token of both servers."""
    names = list(dict.fromkeys(one.work for one in measured))
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    axes = figure.subplots(1, 2)
    for axis, label, value in (
        (axes[0], "tokens written per second", attrgetter("rate")),
        (axes[1], "seconds to the first token (median; of four agents: p95)", attrgetter("first_s")),
    ):
        for offset, server, colour in ((-0.2, "llama-server", "#9aa5b1"), (0.2, "Attune", "#3257d6")):
            values = [
                next((value(one) for one in measured if (one.work, one.server) == (name, server)), 0.0)
                for name in names
            ]
            bars = axis.barh([index + offset for index in range(len(names))], values, 0.38, label=server, color=colour)
            axis.bar_label(bars, fmt="%.3g", padding=3, fontsize=8)
        axis.set_yticks(range(len(names)), names if axis is axes[0] else [""] * len(names))
        axis.invert_yaxis()
        axis.set_xlabel(label)
        axis.margins(x=0.12)
        axis.spines[["top", "right"]].set_visible(False)
    axes[1].legend(frameon=False, loc="upper right")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=130)
