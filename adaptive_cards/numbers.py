"""Numbers as people read them."""

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇█"


def percent(share: float) -> str:
    """Return '83 %' for 0.83."""
    return f"{share * 100:.0f} %"


def duration(seconds: float) -> str:
    """Return 'about 40 s' or 'about 3 min'."""
    return f"about {max(round(seconds), 1)} s" if seconds < 90 else f"about {round(seconds / 60)} min"  # noqa: PLR2004


def count(number: int, singular: str, plural: str = "") -> str:
    """Return '1 document' or '3 documents'."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """Return the values as a line of small bars, thinned out to a width."""
    if not values:
        return ""
    step = max(len(values) / width, 1.0)
    picked = [values[int(index * step)] for index in range(min(len(values), width))]
    low, span = min(picked), (max(picked) - min(picked)) or 1.0
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in picked)
