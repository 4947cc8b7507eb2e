"""An anchor of the audit every hour, while the worker lives."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from tuning.domain.errors import Refusal
from tuning.domain.fields import now
from tuning.governance import audit
from tuning.store import Store

EVERY = timedelta(hours=1)

log = logging.getLogger(__name__)


def anchoring(store: Store, anchor_file: Path) -> Callable[[], None]:
    """Return what to call as often as one likes: it anchors when an hour has passed since it last did."""
    due: datetime = now()

    def anchor_if_due() -> None:
        nonlocal due
        if now() < due:
            return
        due = now() + EVERY
        try:
            audit.anchor(store, anchor_file)
        except (OSError, Refusal) as error:
            log.warning("The audit could not be anchored in %s: %s", anchor_file, error)

    return anchor_if_due
