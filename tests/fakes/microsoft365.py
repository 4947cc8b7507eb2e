"""Microsoft 365 over loopback TLS: a small tenant, in the shapes that Microsoft documents."""

import asyncio
import base64
import json
import re
import ssl
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote

import jwt
import trustme
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from tuning.domain.registration import AppRegistration

TENANT = "366b70c9-8426-4ea8-bfef-af168845d972"
HOST = "brenvale.sharepoint.com"
SITE = "/sites/people"
DRIVE = "b!drive"
V1 = "/v1.0"
CLIENT = "3a4c1c0e-5d3e-4d8e-8f5e-3f6f2f0b7c11"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEOPLE = {
    "id": f"{HOST},7f0f0d8c-0c5d-4a2e-9d4e-1f2b3c4d5e6f,1a2b3c4d-0000-4000-8000-9f8e7d6c5b4a",
    "name": "people",
    "displayName": "People and Culture",
    "webUrl": f"https://{HOST}{SITE}",
}
LABELS = {
    "General": "87ba5c36-b7cf-4793-bbc2-bd5b3a9f95ca",
    "Highly Confidential": "2096f6a2-d2f7-48be-b329-b73aaa526e5d",
}
LIBRARY = {"id": DRIVE, "name": "Documents", "webUrl": f"https://{HOST}{SITE}/Shared%20Documents"}


@dataclass
class Item:
    """A file or folder, with what was granted on it itself."""

    id: str
    parent: str
    name: str
    content: bytes | None = None
    permissions: list[dict[str, Any]] = field(default_factory=list)
    inherits: bool = True
    version: int = 1


def granted(user: str = "", *, group: str = "", site_group: str = "", claim: str = "", role: str = "read"):
    """A permission resource that names one identity."""
    identity: dict[str, Any] = {}
    if user:
        identity["user"] = {"id": user, "displayName": "Somebody"}
    if group:
        identity["group"] = {"id": group, "displayName": "A group"}
    if site_group:
        identity["siteGroup"] = {"id": site_group, "displayName": "People Members", "loginName": "People Members"}
    if claim:
        identity["siteUser"] = {"id": "17", "displayName": "Somebody", "loginName": claim}
    return {"id": "aTowIy5mfG1l", "roles": [role], "grantedToV2": identity}


def linked(scope: str, *users: str, **more: Any):
    """A permission resource of a sharing link; `prevents_download` belongs into the link."""
    facet = {"scope": scope, "type": "view", "webUrl": f"https://{HOST}/:w:/s/people/E1", **more.pop("link", {})}
    people = [{"user": {"id": user, "displayName": "Somebody"}} for user in users]
    return {
        "id": "link-1",
        "roles": ["read"],
        "link": facet,
        "grantedToIdentitiesV2": people,
        "hasPassword": False,
    } | more


class Microsoft365:
    """The server on a thread of its own, and what a test changes in it: items, people, and trouble to come.

    `trouble` maps a word of a path to answers that are given instead of the true one, each once; `refused` is what
    the sign-in says; `asked` counts the requests by method and kind.
    """

    def __init__(self, folder: Path) -> None:
        self.clear()
        authority = trustme.CA()
        self.trust = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.trust))
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self._tls)
        self.url = ""
        self._transports = set[asyncio.Transport]()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def clear(self) -> None:
        """Take everything back that a test put here."""
        self.items = {"root": Item("root", "", "root")}
        self.log: list[str] = ["root"]
        self.gone: dict[str, str] = {}
        self.users: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, list[str]] = {}
        self.owners: dict[str, list[str]] = {}
        self.site_groups: dict[str, list[str]] = {}
        self.trouble: dict[str, list[Callable[[web.Request], Awaitable[web.StreamResponse]]]] = {}
        self.refused: dict[str, str] | None = None
        self.sees_all_sites, self.sees_labels = False, True
        self.labels: dict[str, str] = {}
        self.page = 3
        self.latency_s = 0.0
        self.epoch = 1
        self.asked: Counter[str] = Counter()
        self.tokens: set[str] = set()
        self.persons: dict[str, str] = {}
        self.consented = {"Files.Read.All", "Files.ReadWrite"}
        self.lasting_s, self.last_token = 3599, ""
        self.queries: list[str] = []
        self.keeps_to_paths = True
        self.drives: dict[str, dict[str, bytes]] = {}
        self.uploads: dict[str, bytes] = {}
        self.exposed, self.sees_consents = f"api://attune.example.com/botid-{CLIENT}", True
        self.links: dict[str, str] = {}
        self.followed: list[str] = []
        self.batched = 0
        self.at: list[tuple[float, str]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def registration(self, **values: Any) -> AppRegistration:
        return AppRegistration(
            **{
                "tenant_id": TENANT,
                "client_id": CLIENT,
                "secret": "right",
                "login_url": self.url,
                "graph_url": f"{self.url}{V1}",
                "sharepoint_url": self.url,
                "authorities": self.trust,
                **values,
            }
        )

    def put(self, item_id: str, name: str, content: bytes | None = None, *, parent: str = "root", permissions=()):
        """Make or change an item; without content it is a folder."""
        known = self.items.get(item_id)
        version = known.version + 1 if known and known.content != content else known.version if known else 1
        kept = list(permissions) or (known.permissions if known else [])
        self.items[item_id] = Item(item_id, parent, name, content, kept, known.inherits if known else True, version)
        self.log.append(item_id)

    def share(self, item_id: str, *permissions: dict[str, Any], inherits: bool = True) -> None:
        """Replace what is granted on an item itself."""
        self.items[item_id].permissions, self.items[item_id].inherits = list(permissions), inherits
        self.log.append(item_id)

    def remove(self, item_id: str) -> None:
        self.gone[item_id] = self.items.pop(item_id).parent
        self.log.append(item_id)

    def person(self, person_id: str, name: str, *, guest: bool = False, enabled: bool = True) -> None:
        mail = f"{name.split(maxsplit=1)[0].lower()}@brenvale.example"
        self.users[person_id] = {
            "id": person_id,
            "displayName": name,
            "mail": mail,
            "userPrincipalName": mail,
            "jobTitle": None,
            "userType": "Guest" if guest else "Member",
            "accountEnabled": enabled,
        }

    def sso_token(self, person_id: str, *, key: Any = KEY, **claims: Any) -> str:
        """A token as Teams gets it for a person, signed; a claim that is None is left out."""
        now = int(time.time())
        valid = {
            "iss": f"{self.url}/{TENANT}/v2.0",
            "aud": CLIENT,
            "tid": TENANT,
            "oid": person_id,
            "scp": "access_as_user",
            "nbf": now - 60,
            "exp": now + 600,
        }
        payload = {name: value for name, value in {**valid, **claims}.items() if value is not None}
        return jwt.encode(payload, key, algorithm="RS256", headers={"kid": "known"})

    # The server

    async def _start(self) -> None:
        app = web.Application(middlewares=[self._gate], client_max_size=64 * 2**20)
        app.router.add_get(f"/{TENANT}/v2.0/.well-known/openid-configuration", self._configuration)
        app.router.add_get(f"/{TENANT}/discovery/v2.0/keys", self._keys)
        app.router.add_post(f"/{TENANT}/oauth2/v2.0/token", self._token)
        for path, answer in {
            "/msi/token": self._identity,
            f"{V1}/sites/{{site}}": self._site,
            f"{V1}/sites/{{site}}:{{path:.*}}": self._site,
            f"{V1}/sites": self._search_sites,
            f"{V1}/sites/{{site}}/drives": self._drives,
            f"{V1}/drives/{{drive}}": self._drive,
            f"{V1}/drives/{{drive}}/root": self._item,
            f"{V1}/drives/{{drive}}/items/{{item}}/children": self._children,
            f"{V1}/drives/{{drive}}/items/{{item}}/search(q='{{text}}')": self._search_items,
            f"{V1}/drives/{{drive}}/items/{{item}}/delta()": self._delta,
            f"{V1}/drives/{{drive}}/root/delta": self._delta,
            f"{V1}/drives/{{drive}}/items/{{item}}": self._item,
            f"{V1}/drives/{{drive}}/root:{{path:.*}}:": self._item,
            f"{V1}/drives/{{drive}}/items/{{item}}/permissions": self._permissions,
            f"{V1}/security/dataSecurityAndGovernance/sensitivityLabels": self._labels,
            f"{V1}/users": self._users,
            f"{V1}/users/{{user}}": self._user,
            f"{V1}/users/{{id}}/transitiveMemberOf": self._member_of,
            f"{V1}/groups": self._groups,
            f"{V1}/groups/{{id}}": self._group,
            f"{V1}/groups/{{id}}/members": self._members,
            f"{V1}/groups/{{id}}/owners": self._owners_of,
            f"{V1}/groups/{{id}}/transitiveMemberOf": self._member_of,
            f"{V1}/groups/{{id}}/transitiveMembers/graph.user": self._transitive,
            "/download/{item}": self._download,
            f"{SITE}/_api/web/sitegroups": self._site_groups,
            f"{V1}/groups/{{id}}/transitiveMembers": self._transitive,
            f"{SITE}/_api/web/sitegroups/getbyid({{id}})/users": self._site_users,
        }.items():
            app.router.add_get(path, answer)
        app.router.add_post(f"{V1}/$batch", self._batch)
        app.router.add_post(f"{V1}/search/query", self._search)
        app.router.add_get(f"{V1}/servicePrincipals(appId='{{app}}')/oauth2PermissionGrants", self._consents)
        app.router.add_get(f"{V1}/shares/{{token}}/driveItem", self._shared)
        app.router.add_get(f"{V1}/me/drive", self._own_drive)
        app.router.add_put(f"{V1}/me/drive/root:/{{path:.*}}:/content", self._put_own)
        app.router.add_post(f"{V1}/me/drive/root:/{{path:.*}}:/createUploadSession", self._begin_upload)
        app.router.add_put("/upload/{person}/{path:.*}", self._upload)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._tls)
        await site.start()
        self.url = f"https://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        await self._runner.cleanup()
        for transport in self._transports:
            transport.abort()  # a client that is gone doesn't say goodbye
        await asyncio.sleep(0.05)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()  # answers that nobody waited for
        await asyncio.sleep(0)

    @web.middleware
    async def _gate(self, request: web.Request, handler) -> web.StreamResponse:
        path = unquote(request.path)
        if isinstance(request.transport, asyncio.Transport):
            self._transports.add(request.transport)
        self.asked[path.rpartition("/")[2].partition("(")[0]] += 1
        self.at.append((self._loop.time(), path))
        await asyncio.sleep(self.latency_s)
        for word, answers in self.trouble.items():
            if word in path and answers:
                return await answers.pop(0)(request)
        is_open = path.startswith((f"/{TENANT}/", "/download/", "/upload/", "/msi/"))
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.last_token = bearer or self.last_token
        if not is_open and bearer not in self.tokens:
            return error(401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _configuration(self, request: web.Request) -> web.Response:
        authority = f"{self.url}/{TENANT}"
        return web.json_response(
            {
                "issuer": f"{authority}/v2.0",
                "authorization_endpoint": f"{authority}/oauth2/v2.0/authorize",
                "token_endpoint": f"{authority}/oauth2/v2.0/token",
                "jwks_uri": f"{authority}/discovery/v2.0/keys",
            }
        )

    async def _keys(self, request: web.Request) -> web.Response:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return web.json_response({"keys": [{**public, "kid": "known"}]})

    async def _token(self, request: web.Request) -> web.Response:
        asked = await request.post()
        is_right = asked.get("client_secret") == "right" or "client_assertion" in asked
        if self.refused or not is_right:
            return web.json_response(self.refused or {"error": "invalid_client"}, status=401)
        token = f"token-{len(self.tokens)}-{asked['scope']!s}"
        told: dict[str, Any] = {}
        if str(asked["scope"]).startswith("api://") and self.exposed not in str(asked["scope"]):
            said = "AADSTS500011: The resource principal named was not found in the tenant."
            return web.json_response({"error": "invalid_resource", "error_description": said}, status=400)
        if asked["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer":
            told = self._on_behalf(str(asked["assertion"]), str(asked["client_id"]))
            if "error" in told:
                return web.json_response(told, status=400)
            assert asked["requested_token_use"] == "on_behalf_of"
            self.persons[token] = told["id_token_claims"]["oid"]
            told["id_token"] = _id_token(told.pop("id_token_claims"))
        self.tokens.add(token)
        return web.json_response({"token_type": "Bearer", "expires_in": self.lasting_s, "access_token": token, **told})

    def _on_behalf(self, assertion: str, client_id: str) -> dict[str, Any]:
        """What is said about a person's token: whose it is and what was consented to, or why it is refused."""
        try:
            claims = jwt.decode(assertion, KEY.public_key(), algorithms=["RS256"], audience=client_id)
        except jwt.ExpiredSignatureError:
            return _grant_refused("AADSTS500133: Assertion is not within its valid time range.")
        except jwt.PyJWTError:
            return _grant_refused("AADSTS50013: Assertion failed signature validation.")
        if not self.consented:
            said = "AADSTS65001: The user or administrator has not consented to use the application with ID."
            return _grant_refused(said, suberror="consent_required")
        now = int(time.time())
        own = {"iss": claims["iss"], "aud": client_id, "oid": claims["oid"], "tid": claims["tid"], "sub": claims["oid"]}
        kept = {"id_token_claims": {**own, "iat": now, "exp": now + 3600}, "refresh_token": "refresh"}
        return {**kept, "scope": " ".join([*sorted(self.consented), "profile", "openid", "email"])}

    async def _identity(self, request: web.Request) -> web.Response:
        if request.headers.get("X-IDENTITY-HEADER") != "here" or request.query.get("client_id") == "unassigned":
            return web.json_response({"statusCode": 400, "message": "No managed identity was found"}, status=400)
        token = f"token-{len(self.tokens)}-{request.query['resource']}"
        self.tokens.add(token)
        return web.json_response({"access_token": token, "expires_on": "9999999999", "token_type": "Bearer"})

    async def _site(self, request: web.Request) -> web.Response:
        host, path = request.match_info["site"], request.match_info.get("path", "")
        if not host.startswith("brenvale"):
            return error(400, "invalidRequest", "Invalid hostname for this tenancy")
        if path != SITE and host != PEOPLE["id"]:
            return error(404, "itemNotFound", "Requested site could not be found")
        return web.json_response(PEOPLE)

    async def _search_sites(self, request: web.Request) -> web.Response:
        if not self.sees_all_sites:  # as for an app with Sites.Selected
            return error(403, "accessDenied", "Access denied")
        wanted = request.query["search"].lower()
        return web.json_response({"value": [PEOPLE] if wanted in PEOPLE["displayName"].lower() else []})

    async def _drives(self, request: web.Request) -> web.Response:
        return web.json_response({"value": [LIBRARY]})

    async def _drive(self, request: web.Request) -> web.Response:
        is_there = request.match_info["drive"] == DRIVE
        return web.json_response(LIBRARY) if is_there else error(404, "itemNotFound", "Item not found")

    async def _children(self, request: web.Request) -> web.Response:
        inside = [item for item in self.items.values() if item.parent == request.match_info["item"]]
        return web.json_response({"value": [self._told(item) for item in inside]})

    async def _search_items(self, request: web.Request) -> web.Response:
        wanted, top = request.match_info["text"].lower(), request.match_info["item"]
        found = [
            item
            for item in self.items.values()
            if wanted in item.name.lower() and item.id != top and top in self._above(item)
        ]
        return web.json_response({"value": [self._told(item) for item in found]})

    def _above(self, item: Item) -> list[str]:
        return [*self._above(self.items[item.parent]), item.id] if item.parent else [item.id]

    async def _item(self, request: web.Request) -> web.Response:
        names = [name for name in unquote(request.match_info.get("path", "")).split("/") if name]
        found: Item | None = self.items.get(request.match_info.get("item", "root"))
        for name in names:
            inside = (it for it in self.items.values() if found and it.parent == found.id and it.name == name)
            found = next(inside, None)
        return web.json_response(self._told(found)) if found else error(404, "itemNotFound", "Item not found")

    async def _delta(self, request: web.Request) -> web.Response:
        epoch, start, end = (int(it) for it in request.query.get("token", f"{self.epoch}.0.0").split("."))
        if epoch != self.epoch:
            answer = error(410, "resyncRequired", "Resync required")
            answer.headers["Location"] = f"{self.url}{V1}/drives/{DRIVE}/root/delta?token="
            return answer
        end = end or len(self.log)
        value = [
            self._told(self.items[key])
            if key in self.items
            else {"id": key, "deleted": {"state": "deleted"}, "parentReference": {"id": self.gone[key]}}
            for key in self.log[start : min(start + self.page, end)]
        ]
        more = start + self.page < end
        link = f"{self.url}{V1}/drives/{DRIVE}/root/delta?token={self.epoch}.{start + self.page if more else end}"
        kind = "@odata.nextLink" if more else "@odata.deltaLink"
        return web.json_response({"value": value, kind: f"{link}.{end if more else 0}"})

    def _told(self, item: Item) -> dict[str, Any]:
        above = self._above(item)
        changed = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=item.version)
        told: dict[str, Any] = {
            "id": item.id,
            "name": item.name,
            "webUrl": f"https://{HOST}{SITE}/{item.id}",
            "cTag": f'"c:{{{item.id}}},{item.version}"',
            "lastModifiedDateTime": changed.isoformat().replace("+00:00", "Z"),
            "size": len(item.content or b""),
            "parentReference": {
                "driveId": DRIVE,
                "driveType": "documentLibrary",
                "id": item.parent,
                "path": f"/drives/{DRIVE}/root:" + "".join(f"/{quote(self.items[it].name)}" for it in above[1:-1]),
            },
        }
        if item.id == "root":
            told |= {"root": {}, "parentReference": {"driveId": DRIVE}}
        return told | ({"folder": {"childCount": 0}} if item.content is None else {"file": {"mimeType": "text/plain"}})

    def _effective(self, item: Item) -> list[dict[str, Any]]:
        above = self._effective(self.items[item.parent]) if item.parent and item.inherits else []
        return [*item.permissions, *above]

    async def _permissions(self, request: web.Request) -> web.Response:
        item = self.items.get(request.match_info["item"])
        return (
            web.json_response({"value": self._effective(item)})
            if item
            else error(404, "itemNotFound", "Item not found")
        )

    def person_of(self, request: web.Request, *permissions: str) -> str:
        """Who asks, if they have signed in and one of the permissions was consented to; raises what Graph answers."""
        person = self.persons.get(request.headers["Authorization"].removeprefix("Bearer "))
        if person is None or self.consented.isdisjoint(permissions):
            body = {"error": {"code": "accessDenied", "message": "Access denied"}}
            raise web.HTTPForbidden(text=json.dumps(body), content_type="application/json")
        return person

    def may_read(self, person_id: str, item: Item) -> bool:
        """Whether a person may read an item, by what is granted to them, to a group of theirs, or to everybody."""
        theirs = {person_id} | {key for key, members in self.groups.items() if person_id in members}
        for one in self._effective(item):
            named = [one.get("grantedToV2", {}), *one.get("grantedToIdentitiesV2", [])]
            ids = {who["id"] for identity in named for kind, who in identity.items() if kind in {"user", "group"}}
            if ids & theirs or one.get("link", {}).get("scope") == "organization":
                return True
        return False

    def address(self, item: Item) -> str:
        """Where a file lies, as search and people name it."""
        names = [self.items[key].name for key in self._above(item)[1:]]
        return LIBRARY["webUrl"] + "".join(f"/{quote(name)}" for name in names)

    async def _consents(self, request: web.Request) -> web.Response:
        if not self.sees_consents:  # as without Directory.Read.All
            return error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
        assert request.match_info["app"] == CLIENT
        grant = {
            "id": "g",
            "clientId": "sp",
            "consentType": "AllPrincipals",
            "principalId": None,
            "resourceId": "graph",
        }
        one = {**grant, "consentType": "Principal", "principalId": "mara", "scope": "Files.Read.All Files.ReadWrite"}
        return web.json_response({"value": [one, {**grant, "scope": f" {' '.join(sorted(self.consented))} openid"}]})

    async def _own_drive(self, request: web.Request) -> web.Response:
        person = self.person_of(request, "Files.ReadWrite", "Files.ReadWrite.All")
        return web.json_response({"webUrl": f"https://brenvale-my.sharepoint.com/personal/{person}/Documents"})

    async def _shared(self, request: web.Request) -> web.Response:
        """What a link leads to: a sharing link, or a file's address."""
        person = self.person_of(request, "Files.Read.All", "Files.ReadWrite", "Files.ReadWrite.All")
        encoded = request.match_info["token"].removeprefix("u!")
        link = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
        self.followed.append(link)
        found = self.items.get(self.links.get(link, ""))
        found = found or next((item for item in self.items.values() if self.address(item) == link), None)
        if found is None or not self.may_read(person, found):
            return error(403, "accessDenied", "The sharing link no longer exists, or you do not have permission.")
        told = self._told(found)
        if found.content is not None and "content.downloadUrl" in request.query["$select"]:
            told["@microsoft.graph.downloadUrl"] = f"{self.url}/download/{found.id}"
        return web.json_response(told)

    def _own(self, person: str, path: str, content: bytes) -> web.Response:
        """Keep a file in a person's OneDrive, under another name where that is taken."""
        drive = self.drives.setdefault(person, {})
        stem, dot, ending = path.rpartition(".")
        names = (path, *(f"{stem} {number}{dot}{ending}" for number in range(1, 9)))
        name = next(one for one in names if one not in drive)
        drive[name] = content
        url = f"https://brenvale-my.sharepoint.com/personal/{person}/Documents/{quote(name)}"
        told = {"id": f"own-{len(drive)}", "name": name.rpartition("/")[2], "webUrl": url, "size": len(content)}
        return web.json_response({**told, "file": {"mimeType": "application/octet-stream"}}, status=201)

    async def _put_own(self, request: web.Request) -> web.Response:
        person = self.person_of(request, "Files.ReadWrite", "Files.ReadWrite.All")
        assert request.query["@microsoft.graph.conflictBehavior"] == "rename"
        return self._own(person, request.match_info["path"], await request.read())

    async def _begin_upload(self, request: web.Request) -> web.Response:
        person, path = self.person_of(request, "Files.ReadWrite", "Files.ReadWrite.All"), request.match_info["path"]
        assert (await request.json())["item"]["@microsoft.graph.conflictBehavior"] == "rename"
        self.uploads[path] = b""
        return web.json_response(
            {"uploadUrl": f"{self.url}/upload/{person}/{quote(path)}", "nextExpectedRanges": ["0-"]}
        )

    async def _upload(self, request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers
        path, piece = request.match_info["path"], await request.read()
        start, end, size = map(int, re.findall(r"\d+", request.headers["Content-Range"]))
        assert (start, end) == (len(self.uploads[path]), len(self.uploads[path]) + len(piece) - 1)
        assert len(piece) % (320 * 1024) == 0 or end == size - 1
        self.uploads[path] += piece
        if end < size - 1:
            return web.json_response({"nextExpectedRanges": [f"{end + 1}-{size - 1}"]}, status=202)
        return self._own(request.match_info["person"], path, self.uploads.pop(path))

    async def _search(self, request: web.Request) -> web.Response:
        person = self.person_of(request, "Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All")
        (asked,) = (await request.json())["requests"]
        assert asked["entityTypes"] == ["driveItem"], asked
        assert asked["from"] + asked["size"] <= 1000, asked
        self.queries.append(asked["query"]["queryString"])
        wanted, _, where = asked["query"]["queryString"].partition(" AND ")
        words = [word.lower() for word in re.findall(r'"([^"]+)"', wanted)]
        paths = (
            [unquote(path).lower() for path in re.findall(r'path:"([^"]+)"', where)] if self.keeps_to_paths else [""]
        )
        hits = []
        for item in self.items.values():
            text = (item.content or b"").decode(errors="replace")
            found = [word for word in words if word in f"{item.name} {text}".lower()]
            address = unquote(self.address(item)).lower()
            is_within = not self.keeps_to_paths or address.startswith(tuple(paths))
            if item.content is not None and found and is_within and self.may_read(person, item):
                hits.append((len(found), item, _summary(text, found)))
        hits.sort(key=lambda it: -it[0])
        shown = [
            self._hit(rank, item, summary) for rank, (_, item, summary) in enumerate(hits[: asked["size"]], start=1)
        ]
        container = {"hits": shown} if shown else {}
        terms = {"searchTerms": words}
        return web.json_response(
            {
                "value": [
                    {**terms, "hitsContainers": [{**container, "total": len(hits), "moreResultsAvailable": False}]}
                ],
                "@odata.context": f"{self.url}{V1}/$metadata#Collection(microsoft.graph.searchResponse)",
            }
        )

    def _hit(self, rank: int, item: Item, summary: str) -> dict[str, Any]:
        changed = self._told(item)["lastModifiedDateTime"]
        by = {"user": {"displayName": "Somebody"}}
        return {
            "hitId": item.id,
            "rank": rank,
            "summary": summary,
            "resource": {
                "@odata.type": "#microsoft.graph.driveItem",
                "id": item.id,
                "size": len(item.content or b""),
                "fileSystemInfo": {"createdDateTime": changed, "lastModifiedDateTime": changed},
                "createdBy": by,
                "createdDateTime": changed,
                "lastModifiedBy": by,
                "lastModifiedDateTime": changed,
                "name": item.name,
                "parentReference": {"driveId": DRIVE, "id": item.parent, "siteId": PEOPLE["id"]},
                "webUrl": self.address(item),
            },
        }

    async def _batch(self, request: web.Request) -> web.Response:
        questions = (await request.json())["requests"]
        self.batched += len(questions)
        responses = []
        for question in questions:
            parts = unquote(question["url"]).split("/")
            assert parts[:3] == ["", "drives", DRIVE], question
            item = self.items.get(parts[4])
            body: dict[str, Any] | None
            is_content, is_label = parts[-1] == "content", parts[-1] == "extractSensitivityLabels"
            assert question["method"] == ("POST" if is_label else "GET"), question
            waiting = self.trouble.get(f"{'content of' if is_content else 'batched'} {parts[4]}")
            if waiting:
                answer = await waiting.pop(0)(request)
                headers, status = dict(answer.headers), answer.status
                body = {"error": {"code": "tooManyRequests"}}
            elif item and is_content:
                headers, status, body = {"Location": f"{self.url}/download/{item.id}"}, 302, None
            elif item and is_label:
                headers, status = {"Content-Type": "application/json"}, 200 if self.sees_labels else 403
                body = {"labels": self._assigned(item)} if self.sees_labels else {"error": {"code": "accessDenied"}}
            else:
                status = 200 if item else 404
                body = {"value": self._effective(item)} if item else {"error": {"code": "itemNotFound"}}
                headers = {"Content-Type": "application/json"}
            responses.append({"id": question["id"], "status": status, "headers": headers, "body": body})
        return web.json_response({"responses": list(reversed(responses))})

    def _assigned(self, item: Item) -> list[dict[str, Any]]:
        found = self.labels.get(item.id)
        return (
            [{"sensitivityLabelId": LABELS[found], "assignmentMethod": "standard", "tenantId": TENANT}] if found else []
        )

    async def _labels(self, request: web.Request) -> web.Response:
        value = [
            {"id": key, "name": name, "displayName": name, "priority": place}
            for place, (name, key) in enumerate(LABELS.items())
        ]
        return web.json_response({"value": value})

    async def _download(self, request: web.Request) -> web.Response:
        return web.Response(body=self.items[request.match_info["item"]].content)

    async def _user(self, request: web.Request) -> web.Response:
        key = request.match_info["user"]
        named = [user for user in self.users.values() if key in {user["id"], user["userPrincipalName"]}]
        return web.json_response(named[0]) if named else error(404, "Request_ResourceNotFound", "No such user")

    async def _users(self, request: web.Request) -> web.Response:
        wanted = f"{request.query.get('$filter', '')}''".split("'")[1].lower()
        value = [user for user in self.users.values() if user["displayName"].lower().startswith(wanted)]
        return web.json_response({"value": value})

    async def _groups(self, request: web.Request) -> web.Response:
        wanted = f"{request.query.get('$filter', '')}''".split("'")[1].lower()
        return web.json_response(
            {"value": [_group(key) for key in self.groups if _group(key)["displayName"].startswith(wanted)]}
        )

    async def _group(self, request: web.Request) -> web.Response:
        key = request.match_info["id"]
        return web.json_response(_group(key)) if key in self.groups else error(404, "Request_ResourceNotFound", "None")

    async def _members(self, request: web.Request) -> web.Response:
        return self._paged(request, self.groups[request.match_info["id"]])

    async def _owners_of(self, request: web.Request) -> web.Response:
        return self._paged(request, self.owners[request.match_info["id"]])

    async def _member_of(self, request: web.Request) -> web.Response:
        found, fresh = set[str](), {request.match_info["id"]}
        while fresh:
            fresh = {key for key, members in self.groups.items() if fresh & set(members)} - found
            found |= fresh
        return self._paged(request, sorted(found))

    async def _transitive(self, request: web.Request) -> web.Response:
        found, fresh = set[str](), {request.match_info["id"]}
        while fresh:
            fresh = {member for key in fresh for member in self.groups.get(key, ())} - found
            found |= fresh
        return self._paged(request, sorted(found & self.users.keys()))

    def _paged(self, request: web.Request, ids: list[str]) -> web.Response:
        start = int(request.query.get("$skiptoken", 0))
        answer: dict[str, Any] = {
            "value": [
                {"@odata.type": "#microsoft.graph.user", **self.users[key]}
                if key in self.users
                else {"@odata.type": "#microsoft.graph.group", **_group(key)}
                for key in ids[start : start + self.page]
            ]
        }
        if start + self.page < len(ids):
            answer["@odata.nextLink"] = f"{self.url}{request.path}?$skiptoken={start + self.page}"
        return web.json_response(answer)

    async def _site_groups(self, request: web.Request) -> web.Response:
        return web.json_response({"value": [{"Id": int(number)} for number in self.site_groups]})

    async def _site_users(self, request: web.Request) -> web.Response:
        if request.match_info["id"] not in self.site_groups:
            return error(404, "-2146232832", "Group cannot be found.")
        members = self.site_groups[request.match_info["id"]]
        return web.json_response({"value": [{"LoginName": name, "PrincipalType": 1} for name in members]})


def _summary(text: str, words: list[str]) -> str:
    """What Graph quotes: the sentences with the words, which are marked, and marks where others were left out."""
    found = [one for one in text.split(". ") if any(word in one.lower() for word in words)]
    marked = re.sub(
        "|".join(map(re.escape, words)), lambda it: f"<c0>{it[0]}</c0>", "<ddd/>".join(found), flags=re.IGNORECASE
    )
    return f"{marked}<ddd/>"


def _grant_refused(said: str, **more: str) -> dict[str, Any]:
    return {"error": "invalid_grant", "error_description": said, **more}


def _id_token(claims: dict[str, Any]) -> str:
    parts = [json.dumps(part).encode() for part in ({"alg": "none"}, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), ""])


def _group(group_id: str) -> dict[str, Any]:
    return {"id": group_id, "displayName": f"group {group_id[:4]}", "securityEnabled": True}


def error(status: int, code: str, message: str) -> web.Response:
    """An error in Graph's shape."""
    return web.json_response({"error": {"code": code, "message": message, "innerError": {}}}, status=status)


def busy(status: int, *, seconds: int):
    """An answer that asks to wait."""

    async def answer(request: web.Request) -> web.Response:
        said = error(status, "tooManyRequests", "Please retry again later.")
        said.headers["Retry-After"] = str(seconds)
        return said

    return answer


def cut():
    """A connection that ends in the middle of an answer."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b'{"value": [')
        assert isinstance(request.transport, asyncio.Transport)
        request.transport.abort()
        return response

    return answer
