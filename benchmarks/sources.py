"""How long the first crawl of a SharePoint library takes, and the next sync, against a server that answers in 20 ms.

    python -m benchmarks.sources [--files 10000]        ends with 1 if a bar is missed

The server is a process of its own with Graph's shapes over TLS: files of 2 KiB in folders of a hundred, each tenth
folder with an access list of its own. Measured is what the crawl takes: seconds, requests, and its process's memory.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.fakes.microsoft365 import HOST, SITE, Microsoft365, granted
from tuning.domain.registration import AppRegistration
from tuning.sources.graph.library import LibraryReader

LATENCY_S = 0.02
PAGE = 200
"""Changes on a page of delta, as SharePoint sends them."""
CONTENT_BYTES = 2048
IN_A_FOLDER = 100
CHANGES = 20
PEOPLE = [f"00000000-0000-4000-8000-{number:012}" for number in range(20)]
FIRST_S, NEXT_S, MEMORY_MIB, REQUESTS_A_FILE = 120.0, 3.0, 600.0, 1.3


@dataclass(frozen=True, kw_only=True)
class Crawl:
    """What one look at the library took."""

    files: int
    seconds: float
    requests: int


def serve(pipe: Connection, files: int) -> None:
    """Be the server until the other end is gone: a word changes files or counts what was asked since the last count."""
    with tempfile.TemporaryDirectory() as folder, Microsoft365(Path(folder)) as server:
        server.page, server.latency_s = PAGE, LATENCY_S
        for number in range(files):
            parent = f"f{number // IN_A_FOLDER}"
            if number % IN_A_FOLDER == 0:
                own = number // IN_A_FOLDER % 10 == 0
                server.put(parent, parent, permissions=[granted(PEOPLE[number % 20])] if own else ())
            server.put(f"i{number}", f"note {number}.md", _content(number, 0), parent=parent)
        server.items["root"].permissions = [granted(person) for person in PEOPLE]
        pipe.send(server.registration())
        while (word := pipe.recv()) != "end":
            if word == "change":
                for number in range(0, files, max(1, files // CHANGES)):
                    server.put(
                        f"i{number}", f"note {number}.md", _content(number, 1), parent=f"f{number // IN_A_FOLDER}"
                    )
            pipe.send(sum(server.asked.values()))
            server.asked.clear()


def _content(number: int, version: int) -> bytes:
    return f"# Note {number}\n\nVersion {version}. ".encode().ljust(CONTENT_BYTES, b".")


def crawl(folder: Path, registration: AppRegistration, pipe: Connection) -> Crawl:
    """List the library once, with a reader that knows what the folder holds."""
    began = time.perf_counter()
    files = sum(1 for _ in LibraryReader(folder, f"https://{HOST}{SITE}/Shared Documents", registration).files())
    seconds = time.perf_counter() - began
    pipe.send("count")
    return Crawl(files=files, seconds=seconds, requests=pipe.recv())


def main() -> int:
    """Print each figure against its bar, and return 1 if one is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    given = parser.parse_args()
    # Not forked: the peak of memory is that of a process which does nothing but crawl.
    context = multiprocessing.get_context("spawn")
    pipe, other = context.Pipe()
    server = context.Process(target=serve, args=(other, given.files), daemon=True)
    server.start()
    registration: AppRegistration = pipe.recv()
    with tempfile.TemporaryDirectory() as folder:
        # The certificate's authority lies in the server's folder, which is there until it ends.
        first = crawl(Path(folder), registration, pipe)
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        pipe.send("change")
        pipe.recv()
        following = crawl(Path(folder), registration, pipe)
    pipe.send("end")
    server.join()
    if first.files != given.files or following.files != given.files:
        raise RuntimeError(f"{first.files} and {following.files} files were listed of {given.files}")
    bars = (
        (f"first crawl of {given.files:,} files, s", first.seconds, FIRST_S),
        ("requests a file", first.requests / first.files, REQUESTS_A_FILE),
        ("peak memory of the crawling process, MiB", peak_mib, MEMORY_MIB),
        (f"next sync with {CHANGES} changes, s", following.seconds, NEXT_S),
        ("its requests", following.requests, 3 * CHANGES),
    )
    table = Table("", "figure", "bar")
    for name, figure, bar in bars:
        table.add_row(name, f"{figure:,.2f}", f"at most {bar:,.1f}")
    Console().print(table)
    return int(any(figure > bar for _, figure, bar in bars))


if __name__ == "__main__":
    sys.exit(main())
