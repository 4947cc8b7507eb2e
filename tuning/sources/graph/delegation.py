"""Acting for people in Microsoft 365: the token that Teams gives the bot for a person, exchanged for one of Graph's.

What is exchanged is held in memory alone, until it ends; Teams gives another one without asking the person.
"""

import threading
import time
from dataclasses import dataclass, field

from tuning.domain.registration import AppRegistration
from tuning.languages import say
from tuning.sources.errors import Microsoft365Refused, NotDelegated
from tuning.sources.graph.client import Graph
from tuning.sources.graph.sign_in import AppSignIn

_MARGIN_S = 60.0
"""A token is not used in its last minute: what is asked with it takes a while."""
_MOST = 10_000


@dataclass(frozen=True, kw_only=True)
class _Held:
    token: str = field(repr=False)
    permissions: frozenset[str]
    until: float
    """On the monotonic clock."""


class Delegations:
    """For whom Attune may act at the moment, and connections on their behalf, which share one line to Graph."""

    def __init__(self, registration: AppRegistration) -> None:
        """Take the registration that the people's tokens are meant for; nothing is asked yet."""
        self._registration = registration
        self._sign_in = AppSignIn(registration)
        self._held: dict[str, _Held] = {}
        self._line: Graph | None = None
        self._lock = threading.Lock()

    def take(self, person_id: str, assertion: str) -> frozenset[str]:
        """Exchange the token that Teams gave for a person, and return the permissions that were consented to.

        The caller has checked whose token it is; here is refused what Entra takes for another person's. Raises
        Microsoft365Refused, and ConsentMissing.
        """
        exchanged = self._sign_in.on_behalf_of(assertion, self._registration.graph_scope)
        if not person_id or (exchanged.person_id, exchanged.tenant_id) != (person_id, self._registration.tenant_id):
            raise Microsoft365Refused(say("That sign-in belongs to somebody else, so nothing was done with it."))
        held = _Held(
            token=exchanged.token,
            permissions=exchanged.permissions,
            until=time.monotonic() + exchanged.seconds - _MARGIN_S,
        )
        with self._lock:
            now = time.monotonic()
            self._held = {key: one for key, one in self._held.items() if now < one.until}
            if len(self._held) >= _MOST:
                self._held.clear()
            self._held[person_id] = held
        return exchanged.permissions

    def permissions(self, person_id: str) -> frozenset[str] | None:
        """Return what Attune may do for a person at the moment; None: Teams has to sign them in."""
        with self._lock:
            held = self._held.get(person_id)
        return held.permissions if held is not None and time.monotonic() < held.until else None

    def graph(self, person_id: str) -> Graph:
        """Return a connection as a person; raises NotDelegated if Teams has to sign them in."""
        if self.permissions(person_id) is None:
            raise NotDelegated
        with self._lock:
            self._line = self._line or Graph(self._registration)
            return self._line.acting_as(_Delegated(self, person_id))

    def forget(self, person_id: str) -> None:
        """Act for a person no longer."""
        with self._lock:
            self._held.pop(person_id, None)

    def token(self, person_id: str) -> str:
        """Return a person's token for Graph; raises NotDelegated."""
        with self._lock:
            held = self._held.get(person_id)
        if held is None or time.monotonic() >= held.until:
            raise NotDelegated
        return held.token

    def close(self) -> None:
        """Forget everybody, and close every connection."""
        with self._lock:
            self._held.clear()
            if self._line is not None:
                self._line.close()
                self._line = None
        self._sign_in.close()


class _Delegated:
    """`SignIn` as a person, for Graph alone."""

    def __init__(self, delegations: Delegations, person_id: str) -> None:
        self._delegations = delegations
        self._person_id = person_id

    def token(self, _scope: str) -> str:
        return self._delegations.token(self._person_id)

    def forget(self) -> None:
        self._delegations.forget(self._person_id)

    def close(self) -> None:
        """Leave everything as it is: the delegation outlives a connection."""
