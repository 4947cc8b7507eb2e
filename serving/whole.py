"""Files that are there whole or not at all."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """Give a path to write to, and move it to the target when the block ends well; else nothing is left of it.

    What processes left behind that were killed meanwhile is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.*.unfinished"):
        writer = re.fullmatch(r"(\d+)\.unfinished", left.name.removeprefix(f".{target.name}."))
        if writer and not psutil.pid_exists(int(writer[1])):
            left.unlink(missing_ok=True)
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
