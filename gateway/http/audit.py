"""The audit as people read it: who read what, who came and went. Reading it is an entry too."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dispatch.audit.chains import TOWN, Chain, Reading
from dispatch.audit.ports import Journal
from dispatch.limits import AUDIT_PAGE
from dispatch.people.permissions import Act
from dispatch.people.values import Role
from gateway.http.answers import answered
from gateway.http.bearer import signed
from gateway.http.bodies import at
from gateway.http.cases import node_of, number_of

UUID_: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
CHAINS: Final = {  # who may read which: a supervisor sees cases and no accounts, an admin accounts and no case
    Role.SUPERVISOR: re.compile(rf"read:{UUID_}|station:[A-Za-z0-9._*-]{{1,64}}"),
    Role.ADMIN: re.compile(rf"account:{UUID_}|town"),
}
KNOWN: Final = {
    Role.SUPERVISOR: "read:CASE, station:STATION, station:* (those who follow every station)",
    Role.ADMIN: "account:ACCOUNT, town",
}
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a chain. `actor`: role and account, a colon between. `hash`: of it and all before it, in hex."""

    seq: int
    at: datetime
    actor: str
    act: str
    body: dict[str, Any]
    hash: str


class AuditPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whom the entries name: `actor` as they do. `account`: whose chain account:ACCOUNT is."""

    actor: str
    account: UUID
    login: str
    call_sign: str | None


class AuditPage(msgspec.Struct, frozen=True, kw_only=True):
    """The latest first. `more`: ask again with `before` the last one's number. `people`: who the actors are, and whose
    chain it is, as far as they have an account here now."""

    chain: str
    entries: tuple[AuditEntry, ...]
    people: tuple[AuditPerson, ...]
    more: bool


async def get_audit(request: Request) -> Response:
    """GET /v1/audit: a chain's entries, the latest first. 200 AuditPage."""
    who = await signed(request, Act.READ_AUDIT)
    chain = request.query_params.get("chain", "")
    if who.role not in CHAINS or not CHAINS[who.role].fullmatch(chain):
        raise at("field_invalid", "/chain", f"chain: one of {KNOWN.get(who.role, 'none')}.")
    before = number_of(request, "before", 1, 2**31 - 1)
    journal = node_of(request).journal
    await journal.enter(Chain(TOWN), who.name, Act.READ_AUDIT, {"chain": chain})
    found = await journal.entries(Chain(chain), before, AUDIT_PAGE + 1)
    entries = tuple(map(_told, found[:AUDIT_PAGE]))
    people = await _people(journal, {entry.actor for entry in entries} | {chain})
    return answered(AuditPage(chain=chain, entries=entries, people=people, more=len(found) > AUDIT_PAGE))


async def _people(journal: Journal, actors: set[str]) -> tuple[AuditPerson, ...]:
    """Of those among `actors` (a kind and an id, a colon between) that are somebody who works here."""
    ids = {actor: UUID(part) for actor in actors for part in [actor.partition(":")[2]] if re.fullmatch(UUID_, part)}
    known = await journal.people(list(ids.values()))
    return tuple(
        AuditPerson(actor=actor, account=one.account, login=one.login, call_sign=one.call_sign)
        for actor in sorted(ids)
        for one in [known.get(ids[actor])]
        if one is not None
    )


def _told(entry: Reading) -> AuditEntry:
    return AuditEntry(
        seq=entry.seq,
        at=EPOCH + timedelta(microseconds=entry.at_us),
        actor=entry.actor,
        act=entry.act,
        body=msgspec.json.decode(entry.body),
        hash=entry.hash.hex(),
    )
