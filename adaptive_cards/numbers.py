"""Numbers as people read them."""

from collections.abc import Sequence

from tuning.languages import decimal, say

_BARS = "▁▂▃▄▅▆▇█"


def percent(share: float) -> str:
    """Return '83 %' for 0.83."""
    return say("{number} %", number=decimal(share * 100, 0))


def duration(seconds: float) -> str:
    """Return 'about 40 s' or 'about 3 min'."""
    if seconds < 90:  # noqa: PLR2004
        return say("about {seconds} s", seconds=max(round(seconds), 1))
    return say("about {minutes} min", minutes=round(seconds / 60))


def sparkline(values: Sequence[float], width: int = 24) -> str:
    """Return the values as a line of small bars, thinned out to a width."""
    if not values:
        return ""
    step = max(len(values) / width, 1.0)
    picked = [values[int(index * step)] for index in range(min(len(values), width))]
    low, span = min(picked), (max(picked) - min(picked)) or 1.0
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in picked)
