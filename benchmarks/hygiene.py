"""How often ordinary numbers are taken for secrets when documents are read, and how fast that goes.

    python -m benchmarks.hygiene [--texts 10000]

Sentences with order numbers, phone numbers, dates and so on, drawn by a seed, and the sample organisation's documents.
"""

import argparse
import random
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tuning.documents.secrets import find_secrets

SAMPLE = Path("sample_tenant/content/documents")


def sentences(chance: random.Random) -> dict[str, Callable[[], str]]:
    """Return what draws a sentence, by the kind of its numbers."""

    def digits(count: int) -> str:
        return "".join(chance.choices("0123456789", k=count))

    def hexadecimal(count: int) -> str:
        return "".join(chance.choices("0123456789abcdef", k=count))

    def day() -> str:
        return f"{chance.randint(1, 28):02}.{chance.randint(1, 12):02}.{chance.randint(1950, 2030)}"

    return {
        "order numbers of 8 digits": lambda: f"Order {digits(8)} was shipped.",
        "order numbers of 10 digits": lambda: f"Order {digits(10)} was shipped.",
        "order numbers of 12 digits": lambda: f"Order {digits(12)} was shipped.",
        "serial numbers of 16 digits": lambda: f"Serial number {digits(16)}.",
        "part numbers such as 123456-7890": lambda: f"Part {digits(6)}-{digits(4)} fits.",
        "phone numbers": lambda: f"Call +49 30 {digits(8)} or {digits(3)}-{digits(3)}-{digits(4)}.",
        "dates": lambda: f"From {day()} to {day()}.",
        "moments such as 20260131-1430": lambda: f"Backup 2026{chance.randint(1, 12):02}28-{digits(4)}.",
        "amounts": lambda: f"It costs {chance.randint(1, 999)},{digits(3)},{digits(3)}.00 euros.",
        "hashes": lambda: f"Commit {hexadecimal(40)}, file {hexadecimal(64)}.",
    }


def main() -> None:
    """Print how many of each kind were taken for a secret."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=10_000)
    given = parser.parse_args()
    table = Table("", "texts", "taken for a secret", "share")
    for kind, draw in sentences(random.Random(7)).items():
        wrong = sum(any(find_secrets(draw())) for _ in range(given.texts))
        table.add_row(kind, f"{given.texts:,}", f"{wrong:,}", f"{100 * wrong / given.texts:.2f} %")
    texts = [path.read_text("utf-8") for path in sorted(SAMPLE.rglob("*.md"))]
    began = time.process_time()
    wrong = sum(any(find_secrets(text)) for text in texts)
    seconds = time.process_time() - began
    table.add_row(
        "the sample organisation's documents", f"{len(texts)}", f"{wrong}", f"{100 * wrong / len(texts):.2f} %"
    )
    Console().print(table)
    Console().print(f"{sum(map(len, texts)) / seconds / 1e6:.2f} million characters a second of one core")


if __name__ == "__main__":
    main()
