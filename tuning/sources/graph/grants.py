"""Microsoft's permissions in the house's terms. Pure; what is not understood gives nobody access."""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgraph.generated.models.permission import Permission
from msgraph.generated.models.share_point_identity_set import SharePointIdentitySet

from tuning.domain.principals import ORGANISATION

SITE_GROUP = "sitegroup:"
"""Begins a grant to a group of SharePoint's own; its number in the site follows."""
OWNERS = "owners:"
"""Begins a grant to the owners of a Microsoft 365 group, who need not be its members; its object id follows."""
UPN = "upn:"
"""Begins a grant to a person who is known by sign-in name only."""

_READING = frozenset({"read", "write", "owner", "sp.owner", "sp.member", "sp.full control"})
_GUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CLAIMS = (
    (re.compile(rf"c:0t\.c\|tenant\|({_GUID})"), ""),
    (re.compile(rf"c:0o\.c\|federateddirectoryclaimprovider\|({_GUID})"), ""),
    (re.compile(rf"c:0o\.c\|federateddirectoryclaimprovider\|({_GUID})_o"), OWNERS),
    (re.compile(r"i:0#\.f\|membership\|(.+@.+)"), UPN),
)
_ALL_USERS = re.compile(rf"c:0-\.f\|rolemanager\|spo-grid-all-users/({_GUID})")
_EVERYONE = "c:0(.s|true"


def grants(permissions: Iterable[Permission], *, tenant_id: str, at: datetime) -> list[str]:
    """Return who may read an item that has these effective permissions, direct ones and inherited, at a moment.

    A grant is a principal (object id or 'organisation'), or begins with one of this module's prefixes and has to be
    looked up. A link for the organisation or for anyone counts as 'organisation'; one that has expired, asks for a
    password or forbids downloads gives nobody access, and neither do applications and invitations that are open.
    """
    found: dict[str, None] = {}
    for permission in permissions:
        if not _READING.intersection(permission.roles or ()) or _is_over(permission, at):
            continue
        if link := permission.link:
            if link.prevents_download or permission.has_password:
                continue
            if link.scope in {"organization", "anonymous"}:
                found[ORGANISATION] = None
            if link.scope == "users":
                for identity in permission.granted_to_identities_v2 or ():
                    found.update(dict.fromkeys(_of_identity(identity, tenant_id)))
        elif permission.granted_to_v2:
            found.update(dict.fromkeys(_of_identity(permission.granted_to_v2, tenant_id)))
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


def _of_identity(identity: SharePointIdentitySet, tenant_id: str) -> list[str]:
    if identity.site_group and identity.site_group.id:
        return [SITE_GROUP + identity.site_group.id]
    claim = of_claim(identity.site_user.login_name or "", tenant_id=tenant_id) if identity.site_user else ""
    if claim and not claim.startswith(UPN):
        return [claim]
    # A group of SharePoint's claims may be told with the bare id too; the claim knows its owners from its members.
    named = [_id(identity.user), _id(identity.group)]
    return [one for one in named if one] or ([claim] if claim else [])


def _id(identity: Any) -> str:
    return str(identity.id).lower() if identity and identity.id and re.fullmatch(_GUID, identity.id.lower()) else ""


def _is_over(permission: Permission, at: datetime) -> bool:
    return permission.expiration_date_time is not None and permission.expiration_date_time <= at
