"""The one door to msal: tokens for Attune itself, and on behalf of people whose tokens Teams has given it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import msal
import requests

from tuning.domain.registration import AppRegistration
from tuning.languages import mark, say
from tuning.sources.errors import ConsentMissing, Microsoft365Refused

_OWN_WORDS = {
    "AADSTS7000222": mark("The client secret has expired: make a new one in the app registration and set it."),
    "AADSTS7000215": mark("The client secret is wrong: set the secret's value, not its id."),
    "AADSTS700027": mark(
        "The certificate is not the app registration's, or has expired: upload it there, or set another."
    ),
    "AADSTS700016": mark(
        "The tenant has no application with this client id: check it, or have an admin consent to it."
    ),
    "AADSTS90002": mark("There is no such tenant: check the tenant id."),
    "AADSTS900023": mark("There is no such tenant: check the tenant id."),
}
_NO_CONSENT = ("AADSTS65001", "AADSTS65004", "AADSTS650056")
_UNREACHABLE = mark("Microsoft's sign-in at {place} could not be reached; check the network.")


class SignIn(Protocol):
    """What gets a token for a connection."""

    def token(self, scope: str) -> str:
        """Return a token for a scope; raises Microsoft365Refused."""
        ...

    def forget(self) -> None:
        """Forget the token that was refused."""
        ...

    def close(self) -> None:
        """Close what was opened to ask."""
        ...


@dataclass(frozen=True, kw_only=True)
class Exchanged:
    """A token on behalf of a person."""

    token: str = field(repr=False)
    seconds: float
    """How long it lasts."""
    permissions: frozenset[str]
    """What was consented to, such as 'Files.Read.All'."""
    person_id: str
    """Whom Entra gave it for: the object id."""
    tenant_id: str


class _NothingKept(msal.TokenCache):  # type: ignore[misc]  # msal has no types
    """msal's memory of tokens, without one: those of people are kept where they end with their time."""

    def add(self, event: dict[str, Any], now: float | None = None) -> None:
        """Do nothing."""


class _NoAnswersKept(dict[str, Any]):
    """msal's memory of what Entra refused, without one: who has just consented would be refused for a minute more."""

    def __setitem__(self, key: str, value: Any) -> None:
        """Do nothing."""


class _Session(requests.Session):
    """What msal asks with: authorities that were set come before those that the environment names."""

    def __init__(self, authorities: Path | None) -> None:
        super().__init__()
        self._authorities = authorities

    def merge_environment_settings(self, *args: Any, **named: Any) -> Any:
        settings = super().merge_environment_settings(*args, **named)
        return {**settings, "verify": str(self._authorities)} if self._authorities else settings


class AppSignIn:
    """`SignIn` as the app registration, by certificate, secret or managed identity; msal remembers its tokens."""

    def __init__(self, registration: AppRegistration) -> None:
        """Take the registration; nothing is asked before the first token."""
        self._registration = registration
        self._session = _Session(registration.authorities)
        self._acquire: Callable[[str], dict[str, Any]] | None = None
        self._for_people: Any = None
        self._lock = threading.Lock()

    def token(self, scope: str) -> str:
        """Return a token for a scope, msal's cached one while it lasts; raises Microsoft365Refused."""
        with self._lock:
            answer = self._asked(lambda: self._way_in()(scope))
        if "access_token" in answer:
            return str(answer["access_token"])
        raise _refusal(answer)

    def on_behalf_of(self, assertion: str, scope: str) -> Exchanged:
        """Return a token for a scope on behalf of the person whose token for Attune this is.

        Entra checks once more that the person's token is genuine, and meant for this registration. Nothing is kept
        here. Raises ConsentMissing and Microsoft365Refused.
        """
        if self._registration.managed_identity:
            raise Microsoft365Refused(
                say("A managed identity can't act on behalf of people: sign in with a certificate or a client secret.")
            )
        answer = self._asked(lambda: self._of_people().acquire_token_on_behalf_of(assertion, [scope]))
        if "access_token" in answer:
            claims = answer.get("id_token_claims") or {}
            return Exchanged(
                token=str(answer["access_token"]),
                seconds=float(answer.get("expires_in") or 0),
                permissions=frozenset(one.rpartition("/")[2] for one in str(answer.get("scope") or "").split()),
                person_id=str(claims.get("oid") or ""),
                tenant_id=str(claims.get("tid") or ""),
            )
        if answer.get("suberror") == "consent_required" or any(f"{code}:" in _said(answer) for code in _NO_CONSENT):
            raise ConsentMissing
        raise _refusal(answer)

    def forget(self) -> None:
        """Let the next request fetch a new token."""
        with self._lock:
            self._acquire = None  # and msal's memory of them with it

    def close(self) -> None:
        """Close the connections to Microsoft's sign-in."""
        self._session.close()

    def _asked(self, question: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        is_identity = self._registration.managed_identity
        try:
            return question()
        except (OSError, requests.RequestException) as error:
            place = say("this machine") if is_identity else self._registration.login_url
            raise Microsoft365Refused(say(_UNREACHABLE, place=place)) from error
        except (ValueError, msal.ManagedIdentityError) as error:
            if is_identity:
                raise Microsoft365Refused(
                    say(
                        "Attune could not sign in by a managed identity: have one assigned to this machine in Azure, "
                        "and name its client id if it is not the machine's own."
                    )
                ) from error
            raise Microsoft365Refused(
                say(
                    "Attune could not sign in to Microsoft 365: check the tenant id, and that the certificate's file "
                    "has a private key and a certificate in PEM."
                )
            ) from error

    def _way_in(self) -> Callable[[str], dict[str, Any]]:
        """Return what gets a token for a scope, from msal's memory while it lasts."""
        if self._acquire is None:
            self._acquire = self._identity() if self._registration.managed_identity else self._secret()
        return self._acquire

    def _identity(self) -> Callable[[str], dict[str, Any]]:
        known = self._registration
        named = msal.UserAssignedManagedIdentity(client_id=known.client_id) if known.client_id else None
        identity = msal.ManagedIdentityClient(named or msal.SystemAssignedManagedIdentity(), http_client=self._session)
        return lambda scope: identity.acquire_token_for_client(resource=scope.removesuffix("/.default"))

    def _secret(self) -> Callable[[str], dict[str, Any]]:
        app = self._application()
        return lambda scope: app.acquire_token_for_client([scope])

    def _of_people(self) -> Any:
        with self._lock:
            self._for_people = self._for_people or self._application(
                token_cache=_NothingKept(), http_cache=_NoAnswersKept()
            )
            return self._for_people

    def _application(self, **kept: Any) -> Any:
        known = self._registration
        credential: str | dict[str, str]
        if known.certificate is not None:
            pem = known.certificate.read_text()
            credential = {"private_key": pem, "public_certificate": pem}
        elif known.secret:
            credential = known.secret
        else:
            raise Microsoft365Refused(
                say(
                    "There is nothing to sign in to Microsoft 365 with: set a certificate, a client secret, or that "
                    "the machine's managed identity signs in."
                )
            )
        return msal.ConfidentialClientApplication(
            known.client_id,
            authority=f"{known.login_url}/{known.tenant_id}",
            client_credential=credential,
            http_client=self._session,
            instance_discovery=False,
            **kept,
        )


def _said(answer: dict[str, Any]) -> str:
    return str(answer.get("error_description") or answer.get("error"))


def _refusal(answer: dict[str, Any]) -> Microsoft365Refused:
    said = _said(answer)
    words = next((own for code, own in _OWN_WORDS.items() if f"{code}:" in said), "")
    if words:
        return Microsoft365Refused(say(words))
    return Microsoft365Refused(say("Attune could not sign in to Microsoft 365: {reason}", reason=said.splitlines()[0]))
