"""Acting for people in Microsoft 365: the token that Teams gives the bot for a person, exchanged for one of Graph's.

What is exchanged is held in memory alone, until it ends; Teams gives another one without asking the person.
"""

import base64
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

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
    until: float
    """On the monotonic clock."""


class Delegations:
    """For whom Attune may act at the moment, and connections on their behalf."""

    def __init__(self, registration: AppRegistration) -> None:
        """Take the registration that the people's tokens are meant for."""
        self._registration = registration
        self._sign_in = AppSignIn(registration)
        self._held: dict[str, _Held] = {}
        self._lock = threading.Lock()

    def take(self, person_id: str, assertion: str) -> None:
        """Exchange the token that Teams gave for a person; raises Microsoft365Refused, and ConsentMissing.

        Entra refuses what is forged, over, or meant for somebody else's app; here is refused what is another person's.
        """
        exchanged = self._sign_in.on_behalf_of(assertion, self._registration.graph_scope)
        claims = _claims(assertion)
        if (claims.get("oid"), claims.get("tid")) != (person_id, self._registration.tenant_id) or not person_id:
            raise Microsoft365Refused(say("That sign-in belongs to somebody else, so nothing was done with it."))
        with self._lock:
            if len(self._held) >= _MOST:
                self._held.clear()
            self._held[person_id] = _Held(token=exchanged.token, until=time.monotonic() + exchanged.seconds - _MARGIN_S)

    def may_act_for(self, person_id: str) -> bool:
        """Return whether a connection on behalf of a person can be opened."""
        with self._lock:
            held = self._held.get(person_id)
            return held is not None and time.monotonic() < held.until

    def graph(self, person_id: str) -> Graph:
        """Open a connection as a person, to be closed after use; raises NotDelegated if Teams has to sign them in."""
        if not self.may_act_for(person_id):
            raise NotDelegated
        return Graph(self._registration, _Delegated(self, person_id))

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
        """Forget everybody, and close the connections to the sign-in."""
        with self._lock:
            self._held.clear()
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


def _claims(token: str) -> dict[str, Any]:
    """Return what a token says of itself, unchecked; nothing if that can't be read."""
    try:
        body = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, IndexError):
        return {}
    return said if isinstance(said, dict) else {}
