"""Worlds of access lists drawn by chance, and a second reading of them to compare what people see with."""

import asyncio
import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlmodel import Session

from adaptive_cards.wizard.review import Review, review_card
from tuning.documents.search import search
from tuning.domain.agents import Agent
from tuning.domain.documents import Document, DocumentPassage, Source, SourceKind
from tuning.domain.policy import Policy
from tuning.domain.prompts import Task
from tuning.governance.eligibility import coverage, told_to
from tuning.sources.graph.grants import grants
from tuning.sources.graph.links import place_of
from tuning.sources.graph.roster import Roster
from tuning.sources.people import FilePeople
from tuning.store import Store, documents

TENANT = "366b70c9-8426-4ea8-bfef-af168845d972"
AT = datetime(2026, 6, 1, tzinfo=UTC)
PEOPLE, GUESTS, GONE, GROUPS, SITE_GROUPS, IN_A_FOLDER = 120, 15, 10, 60, 12, 50
WORDS = ("travel", "leave", "budget", "contract", "pension", "laptop", "visit", "holiday")
FOUND = 50
"""Passages that each search returns."""

Permission = dict[str, Any]


@dataclass
class Tally:
    """What was compared."""

    looked_at: int = 0
    leaks: int = 0
    missing: int = 0

    def add(self, seen: bool, allowed: bool) -> None:  # noqa: FBT001
        """Count one pair of somebody and something."""
        self.looked_at += 1
        self.leaks += seen and not allowed
        self.missing += allowed and not seen


@dataclass
class World:
    """People, groups and documents with their permissions, drawn by a seed."""

    seed: int
    count: int
    chance: random.Random = field(init=False)
    members: dict[str, list[str]] = field(init=False)
    site_groups: dict[str, list[str]] = field(init=False)
    owners: dict[str, list[str]] = field(init=False)
    permissions: list[list[Permission]] = field(init=False)
    """Of each document, its own and what it inherits, as Graph lists them."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.people = [_id("a", number) for number in range(PEOPLE)]
        self.guests = [_id("b", number) for number in range(GUESTS)]
        self.gone = [_id("c", number) for number in range(GONE)]
        self.groups = [_id("d", number) for number in range(GROUPS)]
        anybody = [*self.people, *self.guests, *self.gone]
        self.members = {
            key: [
                *self.chance.sample(anybody, self.chance.randint(0, 12)),
                *self.chance.sample(self.groups, self.chance.choice((0, 0, 1, 2))),
            ]
            for key in self.groups
        }
        self.owners = {key: self.chance.sample(anybody, 2) for key in self.groups}
        self.site_groups = {
            str(number): [self._claim() for _ in range(self.chance.randint(0, 5))] for number in range(SITE_GROUPS)
        }
        self.permissions = []
        while len(self.permissions) < self.count:
            library = [self._permission() for _ in range(self.chance.randint(0, 2))]
            folder = [*self._own(2), *(library if self.chance.randrange(4) else [])]
            for _ in range(min(IN_A_FOLDER, self.count - len(self.permissions))):
                is_alone = self.chance.randrange(6) == 0
                self.permissions.append([*self._own(2), *([] if is_alone else folder)])

    def _own(self, most: int) -> list[Permission]:
        return [self._permission() for _ in range(self.chance.choice((0, 0, 1, most)))]

    def _claim(self) -> str:
        kind = self.chance.randrange(6)
        group = self.chance.choice(self.groups)
        return (
            f"i:0#.f|membership|{self.chance.choice([*self.people, *self.guests, *self.gone])}@brenvale.example",
            f"i:0#.f|membership|{self.chance.choice(self.people)}@brenvale.example",
            f"c:0t.c|tenant|{group}",
            f"c:0o.c|federateddirectoryclaimprovider|{group}",
            f"c:0o.c|federateddirectoryclaimprovider|{group}_o",
            self.chance.choice(
                (f"c:0-.f|rolemanager|spo-grid-all-users/{TENANT}", "c:0-.f|rolemanager|spo-grid-all-users/x", "odd")
            ),
        )[kind]

    def _permission(self) -> Permission:
        chance = self.chance
        anybody = [*self.people, *self.guests, *self.gone]
        role = chance.choice(
            ("read", "read", "write", "owner", "sp.restrictedview" if chance.randrange(5) == 0 else "read")
        )
        kind = chance.randrange(9)
        if kind < 5:  # noqa: PLR2004
            identity: dict[str, Any] = (
                {"user": {"id": chance.choice(anybody)}},
                {"group": {"id": chance.choice(self.groups)}},
                {"siteGroup": {"id": chance.choice([*self.site_groups, "99"])}},
                {"siteUser": {"loginName": self._claim()}},
                {"application": {"id": chance.choice(self.people)}},
            )[kind]
            return {"roles": [role], "grantedToV2": identity}
        scope = chance.choice(("users", "users", "organization", "anonymous"))
        link: dict[str, Any] = {"scope": scope, "type": "view"}
        more: dict[str, Any] = {}
        match chance.randrange(6):
            case 0:
                more["hasPassword"] = True
            case 1:
                more["expirationDateTime"] = (AT - timedelta(days=1)).isoformat()
            case 2:
                link["preventsDownload"] = True
        named = [{"user": {"id": one}} for one in chance.sample(anybody, chance.randint(0, 3))]
        return {"roles": [role], "link": link, "grantedToIdentitiesV2": named, **more}

    def people_file(self, folder: Path) -> FilePeople:
        """Return the directory, as the product reads it: without who is gone."""
        users: list[dict[str, str | bool]] = [
            {"id": one, "name": one, "mail": f"{one}@brenvale.example"} for one in self.people
        ]
        users += [{"id": one, "name": one, "mail": f"{one}@else.example", "guest": True} for one in self.guests]
        groups = [{"id": one, "name": one, "members": members} for one, members in self.members.items()]
        path = folder / "people.json"
        path.write_text(json.dumps({"tenant_id": TENANT, "users": users, "groups": groups}))
        return FilePeople(path)


def _id(letter: str, number: int) -> str:
    return f"{letter * 8}-0000-4000-8000-{number:012}"


class Reading:
    """Who may read what, read from the permissions word by word, without anything of the product."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._all = {one: self._everybody_in(one, set()) for one in world.groups}

    def may(self, person: str, permissions: Iterable[Permission]) -> bool:
        """Say whether one permission lets the person read."""
        return any(self._lets(one, person) for one in permissions)

    def people_of(self, principal: str) -> set[str]:
        """Return whom an audience's part stands for: who is in the directory."""
        known = {*self._world.people, *self._world.guests}
        return self._all.get(principal, {principal}) & known

    def _everybody_in(self, group: str, seen: set[str]) -> set[str]:
        if group in seen:
            return set()
        seen.add(group)
        found: set[str] = set()
        for member in self._world.members[group]:
            found |= self._everybody_in(member, seen) if member in self._world.members else {member}
        return found

    def _lets(self, permission: Permission, person: str) -> bool:
        if permission["roles"][0] == "sp.restrictedview":
            return False
        if (link := permission.get("link")) is None:
            return self._is(permission["grantedToV2"], person)
        if permission.get("hasPassword") or "expirationDateTime" in permission or link.get("preventsDownload"):
            return False
        # Whom a link is not for by name has to have it: of those nobody knows who they are.
        is_for_some = link["scope"] in {"users", "organization"}
        return is_for_some and any(one["user"]["id"] == person for one in permission["grantedToIdentitiesV2"])

    def _is(self, identity: dict[str, Any], person: str) -> bool:
        if "user" in identity:
            return bool(identity["user"]["id"] == person)
        if "group" in identity:
            return person in self._all[identity["group"]["id"]]
        if "siteGroup" in identity:
            claims = self._world.site_groups.get(identity["siteGroup"]["id"], [])
            return any(self._claims(one, person) for one in claims)
        return "siteUser" in identity and self._claims(identity["siteUser"]["loginName"], person)

    def _claims(self, login: str, person: str) -> bool:
        last = login.rpartition("|")[2]
        if "membership" in login:
            return last == f"{person}@brenvale.example" and person in self._world.people
        if last.endswith("_o"):
            return person in self._world.owners[last.removesuffix("_o")]
        if last in self._world.members:
            return person in self._all[last]
        return last == f"spo-grid-all-users/{TENANT}" and person in self._world.people


class _Microsoft365:
    """What a roster asks, answered from a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.registration = SimpleNamespace(tenant_id=TENANT)
        self.sdk = SimpleNamespace(
            users=SimpleNamespace(by_user_id=lambda key: SimpleNamespace(get=lambda: self._user(key))),
            groups=SimpleNamespace(
                by_group_id=lambda key: SimpleNamespace(owners=SimpleNamespace(get=lambda: self._owners(key)))
            ),
        )

    async def ask(self, question: Any) -> Any:
        return await question()

    async def sharepoint(self, _host: str, path: str) -> dict[str, Any] | None:
        claims = self._world.site_groups.get(path.partition("getbyid(")[2].partition(")")[0])
        return None if claims is None else {"value": [{"LoginName": one} for one in claims]}

    async def _user(self, name: str) -> Any:
        key = name.partition("@")[0]
        return SimpleNamespace(id=key if key in self._world.people else None)

    async def _owners(self, group: str) -> Any:
        value = [SimpleNamespace(id=one) for one in self._world.owners[group]]
        return SimpleNamespace(value=value, odata_next_link=None)


def compare(world: World, folder: Path, *, askers: int) -> dict[str, Tally]:
    """Take a world into a store, and compare what people find, learn from and are shown with the second reading."""
    store = Store(f"sqlite:///{folder}/store.db")
    store.migrate()
    people, reading = world.people_file(folder), Reading(world)
    held = _taken_in(world, store)
    who = world.chance.sample([*world.people, *world.guests], min(askers, PEOPLE))
    tallies = {"access lists": Tally(), "search results and citations": Tally()}
    by_id = {document.id: permissions for document, permissions in zip(held, world.permissions, strict=True)}
    for person in who:
        principals = people.principals(person)
        for document in held:
            tallies["access lists"].add(
                not principals.isdisjoint(document.readers), reading.may(person, by_id[document.id])
            )
        with store.reading() as session:
            for word in WORDS:
                for found in search(
                    session, f"What about {word}?", principals=principals, source_ids=["s"], limit=FOUND
                ):
                    tallies["search results and citations"].add(
                        seen=True, allowed=reading.may(person, by_id[found.document_id])
                    )
    return tallies | _learned(world, held, by_id, people, reading, owners=who)


def _learned(
    world: World,
    held: list[Document],
    by_id: dict[str, list[Permission]],
    people: FilePeople,
    reading: Reading,
    *,
    owners: list[str],
) -> dict[str, Tally]:
    training, cards = Tally(), Tally()
    for owner in owners[: len(owners) // 2]:
        audience = world.chance.sample([*world.groups, *world.people], world.chance.randint(1, 3))
        allowed_people = {owner}.union(*(reading.people_of(part) for part in audience))
        covered = coverage(held, [*audience, owner], people, Policy())
        for key in covered.eligible_ids:
            training.add(seen=True, allowed=all(reading.may(one, by_id[key]) for one in allowed_people))
        shown = str(
            review_card(
                Review(
                    agent=Agent(id="a", name="a", task=Task.QUESTIONS, owner_id=owner),
                    coverage=told_to(covered, held, people.principals(owner)),
                )
            )
        )
        for document in held:
            if f"{document.title}:" in shown:
                cards.add(seen=True, allowed=reading.may(owner, by_id[document.id]))
    return {"training sets": training, "cards": cards}


def _taken_in(world: World, store: Store) -> list[Document]:
    """Put the documents into the store with the readers that a sync finds."""
    roster = Roster(_Microsoft365(world), place_of("https://brenvale.sharepoint.com/sites/people"))  # type: ignore[arg-type]

    async def resolved() -> list[tuple[str, ...]]:
        return [
            (await roster.resolve(grants(permissions, tenant_id=TENANT, at=AT)))[0] for permissions in world.permissions
        ]

    held = [
        Document(
            id=f"d{number}", source_id="s", path=f"{number}.md", title=f"Title {number} end", readers=list(readers)
        )
        for number, readers in enumerate(asyncio.run(resolved()))
    ]
    with store.transaction() as session:
        session.add(Source(id="s", kind=SourceKind.SHAREPOINT, name="s", location="https://brenvale.sharepoint.com"))
    for start in range(0, len(held), 2_000):
        with store.transaction() as session:
            for document in held[start : start + 2_000]:
                _save(session, document, WORDS[int(document.id[1:]) % len(WORDS)])
    return held


def _save(session: Session, document: Document, word: str) -> None:
    documents.save(session, Document(**document.model_dump()))
    passage = DocumentPassage(document_id=document.id, position=0, text=f"This is about {word} and {document.id}.")
    documents.replace_passages(session, document.id, [passage])
