"""What a worker does every now and then, however long its job takes: anchor, forget what is too old, queue syncs."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from tuning.domain.errors import Refusal
from tuning.domain.fields import now
from tuning.governance import audit, retention
from tuning.governance.tenant import Tenant
from tuning.releases import retraining
from tuning.worker.syncing import schedule

log = logging.getLogger(__name__)


def chores(tenant: Tenant, anchor_file: Path, sync_every: timedelta) -> Callable[[], None]:
    """Return what to call as often as one likes: it does what is due; with no time between syncs, there are none."""
    all_of_them = [
        every(timedelta(hours=1), "anchor the audit", lambda: audit.anchor(tenant.store, anchor_file)),
        every(timedelta(days=1), "forget what is too old", lambda: retention.apply(tenant, now())),
        every(timedelta(minutes=1), "retrain what is due", lambda: retraining.start_due(tenant, now())),
    ]
    if sync_every:
        look = partial(schedule, tenant.store, sync_every)
        all_of_them.append(every(timedelta(minutes=1), "queue the syncs that are due", look))

    def do_what_is_due() -> None:
        for chore in all_of_them:
            chore()

    return do_what_is_due


def every(interval: timedelta, what: str, act: Callable[[], object]) -> Callable[[], None]:
    """Return what does something at once and then at an interval; a file that can't be written ends no worker."""
    due: datetime = now()

    def act_if_due() -> None:
        nonlocal due
        if now() < due:
            return
        try:
            act()
        except (OSError, Refusal) as error:
            log.warning("Could not %s: %s", what, error)
        due = now() + interval

    return act_if_due
