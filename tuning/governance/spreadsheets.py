"""Lines of CSV that spreadsheets open without harm."""

import csv
import io
from collections.abc import Iterable


def line(values: Iterable[object]) -> str:
    """Return the values as a line; no spreadsheet takes any for a formula, for some are what anybody typed."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(_harmless(str(value)) for value in values)
    return text.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
