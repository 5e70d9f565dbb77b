"""Setting the town up: asks the rules, then the record, and tells those who must hear of it."""

import secrets
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec

from dispatch.admin.ports import AdminStore, Endings, Hashing, Publishing
from dispatch.admin.rules import wrong_category, wrong_name, wrong_person
from dispatch.admin.values import (
    CategoryChange,
    CategorySet,
    Change,
    Changed,
    IdentityChange,
    PasswordReset,
    Person,
    PersonChange,
    Refused,
    StationChange,
    StationSet,
    Suspension,
)
from dispatch.cases.facts import Answer
from dispatch.limits import PASSWORD_CHARS
from dispatch.people.values import Role, Who

SIGNS: Final = "ABCDEFGHJKMNPQRSTVWXYZ23456789"  # without those that are taken for another: I L O U 0 1
SUSPENDED_BY_SUPERVISOR: Final = frozenset({Role.OFFICER, Role.DESK})


def make_password() -> str:
    """A password nobody chose, in groups of five: for a person to type once or twice."""
    signs = [secrets.choice(SIGNS) for _ in range(PASSWORD_CHARS)]
    return "-".join("".join(signs[at : at + 5]) for at in range(0, PASSWORD_CHARS, 5))


class Administering:
    """One for each process. Every method raises StoreAway, StoreBusy; a refusal is a returned value."""

    def __init__(self, store: AdminStore, passwords: Hashing, endings: Endings, feed: Publishing) -> None:
        self.store, self._passwords, self._endings, self._feed = store, passwords, endings, feed

    async def put_person(self, who: Who, login: str, change: PersonChange) -> Changed | Refused:
        """Makes a person (version 0), with a password that is told this once, or changes one.

        Raises: TooManyWaiting.
        """
        refused = wrong_name(login, change.version) or wrong_person(change)
        if refused:
            return refused
        draft, password = _draft(who, change, login=login), None
        if change.version == 0:
            password = make_password()
            draft |= {"id": uuid4(), "officer_id": uuid4(), "password": await self._passwords.hash(password)}
        answer = await self._told(await self.store.put_person(draft))
        return _changed(answer, password=password)

    async def suspend(self, who: Who, login: str, change: Suspension) -> Changed | Refused:
        """Ends a person's sessions in every process and lets them in no more; or lets them in again.

        A supervisor may stop officers and desks; letting in again, and the others, are for an admin.
        """
        if who.role is not Role.ADMIN:
            role = await self.store.role_of(login)
            if role is not None and (role not in SUSPENDED_BY_SUPERVISOR or not change.suspended):
                return Refused(
                    "not_allowed", detail="A supervisor may suspend officers and desks; an admin does the rest."
                )
        draft = _draft(who, change, login=login, actor_id=who.account)
        return _changed(await self._told(await self.store.set_suspended(draft)))

    async def reset_password(self, who: Who, login: str, change: PasswordReset) -> Changed | Refused:
        """Another password, told this once; whoever was signed in by the old one is out. Nobody forgets the own factors
        by this: a stolen session would be enough to make them anew.

        Raises: TooManyWaiting.
        """
        password = make_password()
        draft = _draft(who, change, login=login, actor_id=who.account, password=await self._passwords.hash(password))
        return _changed(await self._told(await self.store.reset_password(draft)), password=password)

    async def put_identity(self, who: Who, login: str, change: IdentityChange, issuer: str) -> Changed | Refused:
        """Who this person is at the provider of `issuer`, or nobody; whoever was signed in signs in anew."""
        draft = _draft(who, change, login=login, issuer=issuer)
        return _changed(await self._told(await self.store.put_identity(draft)))

    async def put_station(self, who: Who, station: str, change: StationChange) -> Changed | Refused:
        """Makes a station (version 0) or changes one; every process knows within TOWN_POLL_S."""
        refused = wrong_name(station, change.version)
        return refused or _changed(await self.store.put_station(_draft(who, change, id=station)), StationSet)

    async def put_category(self, who: Who, category: str, change: CategoryChange) -> Changed | Refused:
        """Makes a category (version 0) or changes one. The judge goes by it with the next report; a round that is open
        keeps its window."""
        refused = wrong_name(category, change.version) or wrong_category(change)
        return refused or _changed(await self.store.put_category(_draft(who, change, id=category)), CategorySet)

    async def _told(self, answer: Answer) -> Answer:
        """Tells of duty that ended and of sessions that are over, after the commit that did it."""
        if answer.facts:
            self._feed.committed([answer])
        ended = {UUID(session): bytes.fromhex(token_mac) for session, token_mac in answer.response.get("ended", ())}
        if ended:
            await self._endings.ended(ended)
        return answer


def _draft(who: Who, change: Change, **more: Any) -> dict[str, Any]:
    return {**msgspec.structs.asdict(change), "actor": f"{who.role}:{who.account}", **more}


def _changed(answer: Answer, kind: Any = Person, *, password: str | None = None) -> Changed | Refused:
    if not answer.ok:
        return Refused(answer.reason or "busy")
    now = msgspec.convert(answer.response["now"], kind, strict=False)
    told = Changed(password=password, holding=tuple(UUID(one) for one in answer.response.get("holding", ())))
    name = {Person: "person", StationSet: "station", CategorySet: "category"}[kind]
    return msgspec.structs.replace(told, **{name: now})
