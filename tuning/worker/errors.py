"""Why work stops before its end without having failed; no `except Exception` on the way may hold these up.

Interrupted
├── Cancelled
├── LabelsNeeded
├── Stopped
└── TakenOver
"""


class Interrupted(BaseException):
    """The work ends here."""


class Cancelled(Interrupted):
    """A person cancelled the run."""


class LabelsNeeded(Interrupted):
    """The run's owner wants to look at samples first."""


class Stopped(Interrupted):
    """This worker is asked to stop; another one goes on."""


class TakenOver(Interrupted):
    """Another worker holds the job by now."""
