"""The engine beside llama.cpp's own server, at what a chat bot with several tuned agents asks of it.

    python -m benchmarks.serving [--llama-server PATH] [--only NAME ...]

Both sides have the same model file, threads, KV memory and token ids, and write the same number of tokens, greedily.
Every figure is the median of five rounds after one to warm up, the sides taking turns. Beside the wall clock stands the
CPU time of the server, which tells more where others use the machine, too. Without a llama-server (of the
llama.cpp that the pinned llama-cpp-python carries) nothing is compared, and the rest is measured. The models have
random weights and are made at the first run, in var/benchmarks.
"""

import argparse
import os
import shutil
from pathlib import Path

from rich.console import Console

from benchmarks.harness.alone import DOCUMENTS, REGISTERED, look_up, many_adapters, publish_under_load
from benchmarks.harness.drawing import plot, show
from benchmarks.harness.works import WORKS, Measured, beside_the_peer

ALONE = ("many adapters", "publishing", "look-up")
"""Works that need no peer."""


def main() -> None:
    """Measure what was asked for, print it, and draw it where there is a peer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--llama-server", type=Path, help="the peer's program")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--only", nargs="*", choices=[*(work.name for work in WORKS), *ALONE], help="some of the works")
    parser.add_argument("--plot", type=Path, help="where to draw the comparison")
    chosen = parser.parse_args()
    console = Console(width=shutil.get_terminal_size((140, 24)).columns)
    wanted = chosen.only or [*(work.name for work in WORKS), *ALONE]
    measured: list[Measured] = []
    for work in WORKS:
        if work.name in wanted:
            console.print(f"[dim]{work.name} ...[/]")
            measured += beside_the_peer(work, chosen.threads, chosen.llama_server)
    if measured:
        show(console, measured)
        if chosen.plot and chosen.llama_server:
            plot(measured, chosen.plot)
    if "many adapters" in wanted:
        sides, each = many_adapters(chosen.threads)
        for traffic, few, many in sides:
            bar = "" if traffic.most_slower is None else f" (bar {traffic.most_slower:.0%})"
            slower = 1 - many.rate / few.rate
            console.print(
                f"{REGISTERED} adapters registered instead of 8, 8 lanes, Zipf traffic, {traffic.name}: "
                f"{many.rate:,.1f} tokens/s against {few.rate:,.1f}, {slower:+.1%} slower{bar}; first token after "
                f"{many.first_s:.2f} s against {few.first_s:.2f}; CPU per token {many.cpu_ms:.1f} ms against "
                f"{few.cpu_ms:.1f}"
            )
        console.print(f"Each adapter takes {each:.2f} MB of memory")
    if "publishing" in wanted:
        waited = publish_under_load(chosen.threads)
        console.print(
            f"New releases under load: first token {', '.join(f'{one:.2f}' for one in waited)} s after each was "
            "registered (bar 1 s), no request failed"
        )
    if "look-up" in wanted:
        without, with_it, equal = look_up(chosen.threads)
        console.print(
            f"Summaries that copy sentences, greedy, one by one: {with_it.rate:,.0f} tokens/s with look-up, "
            f"{without.rate:,.0f} without, factor {with_it.rate / without.rate:.2f} (bar 1.5); CPU per token "
            f"{with_it.cpu_ms:.2f} ms against {without.cpu_ms:.2f}; {equal} of {DOCUMENTS} texts are equal"
        )


if __name__ == "__main__":
    main()
