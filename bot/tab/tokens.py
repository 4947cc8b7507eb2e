"""Who a token of single sign-on speaks for: it must be Entra's, for this app and this tenant. Checked only here."""

import jwt

from bot.errors import Unauthorised
from bot.signing_keys import SigningKeys

SCOPE = "access_as_user"
CLAIMS = ("aud", "exp", "iss", "nbf", "oid", "scp", "tid")
LEEWAY_S = 60.0
"""How far Microsoft's clock and ours may be apart."""


def metadata_url(login_url: str, tenant_id: str) -> str:
    """Return where Entra says which keys it signs a tenant's tokens with."""
    return f"{login_url.rstrip('/')}/{tenant_id}/v2.0/.well-known/openid-configuration"


class Tokens:
    """Reads the tokens that Teams gets for people: who open the page, or whom the bot asks to sign in."""

    def __init__(self, keys: SigningKeys, *, app_id: str, tenant_id: str, resource: str, login_url: str) -> None:
        """Take the app's registration, and what its resource is called."""
        self._keys = keys
        self._tenant_id = tenant_id
        self._audiences = [app_id, resource]
        # Entra's versions 1 and 2; which one, the registration says.
        self._issuers = [f"https://sts.windows.net/{tenant_id}/", f"{login_url.rstrip('/')}/{tenant_id}/v2.0"]

    async def person_id(self, token: str) -> str:
        """Return the object id of the person; raise `Unauthorised` for whatever proves nobody."""
        try:
            header = jwt.get_unverified_header(token)
            key = await self._keys.get(str(header.get("kid", "")))
            claims = jwt.decode(
                token,
                key.public_key,
                algorithms=["RS256"],
                audience=self._audiences,
                issuer=self._issuers,
                leeway=LEEWAY_S,
                options={"require": list(CLAIMS)},
            )
        except jwt.PyJWTError as error:
            raise Unauthorised(type(error).__name__) from None  # its words may hold the token's
        return self._speaks_for(claims)

    def _speaks_for(self, claims: dict[str, object]) -> str:
        person_id, scopes = claims["oid"], claims["scp"]
        if claims["tid"] != self._tenant_id:
            msg = "The token is of another tenant."
            raise Unauthorised(msg)
        if not isinstance(scopes, str) or SCOPE not in scopes.split():
            raise Unauthorised(f"The token does not grant {SCOPE}.")
        if not isinstance(person_id, str) or not person_id:
            msg = "The token names nobody."
            raise Unauthorised(msg)
        return person_id
