"""Microsoft's permissions in the house's terms. Pure; what is not understood gives nobody access."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tuning.domain.principals import ORGANISATION

SITE_GROUP = "sitegroup:"
"""Begins a grant to a group of SharePoint's own; its number in the site follows."""
OWNERS = "owners:"
"""Begins a grant to the owners of a Microsoft 365 group, who need not be its members; its object id follows."""
UPN = "upn:"
"""Begins a grant to a person who is known by sign-in name only."""

MEANING = 1
"""Grows when the same permissions come to mean other readers, so that what was kept is read again."""

_READING = frozenset({"read", "write", "owner", "sp.owner", "sp.member", "sp.full control"})
_GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CLAIMS = (
    (re.compile(rf"c:0t\.c\|tenant\|({_GUID})"), ""),
    (re.compile(rf"c:0o\.c\|federateddirectoryclaimprovider\|({_GUID})"), ""),
    (re.compile(rf"c:0o\.c\|federateddirectoryclaimprovider\|({_GUID})_o"), OWNERS),
    (re.compile(r"i:0#\.f\|membership\|(.+@.+)"), UPN),
)
_ALL_USERS = re.compile(rf"c:0-\.f\|rolemanager\|spo-grid-all-users/({_GUID})")
Resource = Mapping[str, Any]
"""A resource of Graph as its JSON says it: the SDK takes 13 ms to make an object of one, which a library has not."""

_EVERYONE = "c:0(.s|true"


def grants(permissions: Iterable[Resource], *, tenant_id: str, at: datetime) -> list[str]:
    """Return who may read an item that has these effective permissions, direct ones and inherited, at a moment.

    A grant is a principal (object id or 'organisation'), or begins with one of this module's prefixes and has to be
    looked up. A link for the organisation gives access to those whom SharePoint names with it: others could open the
    file only if they had the link. One for anyone, or that has expired, asks for a password or forbids downloads gives
    nobody access, and neither do applications and invitations that are open.
    """
    found: dict[str, None] = {}
    for permission in permissions:
        if not _READING.intersection(permission.get("roles") or ()) or _is_over(permission, at):
            continue
        if link := permission.get("link"):
            if link.get("preventsDownload") or permission.get("hasPassword"):
                continue
            if link.get("scope") not in {"organization", "users"}:
                continue
            for identity in permission.get("grantedToIdentitiesV2") or ():
                found.update(dict.fromkeys(_of_identity(identity, tenant_id)))
        if identity := permission.get("grantedToV2"):
            found.update(dict.fromkeys(_of_identity(identity, tenant_id)))
    return list(found)


def of_claim(login_name: str, *, tenant_id: str) -> str:
    """Return the grant that a SharePoint login name (a claim) stands for; empty if it isn't understood."""
    claim = login_name.strip().lower()
    if claim == _EVERYONE:
        return ORGANISATION
    if everybody := _ALL_USERS.fullmatch(claim):
        return ORGANISATION if everybody[1] == tenant_id.lower() else ""
    for form, prefix in _CLAIMS:
        if match := form.fullmatch(claim):
            return prefix + match[1]
    return ""


def _of_identity(identity: Resource, tenant_id: str) -> list[str]:
    if number := (identity.get("siteGroup") or {}).get("id"):
        return [f"{SITE_GROUP}{number}"]
    claim = of_claim((identity.get("siteUser") or {}).get("loginName") or "", tenant_id=tenant_id)
    if claim and not claim.startswith(UPN):
        return [claim]
    # A group of SharePoint's claims may be told with the bare id too; the claim knows its owners from its members.
    named = [_id(identity.get("user")), _id(identity.get("group"))]
    return [one for one in named if one] or ([claim] if claim else [])


def _id(identity: Resource | None) -> str:
    found = str((identity or {}).get("id") or "").lower()
    return found if re.fullmatch(_GUID, found) else ""


def _is_over(permission: Resource, at: datetime) -> bool:
    end = permission.get("expirationDateTime")
    return bool(end) and datetime.fromisoformat(str(end)) <= at
