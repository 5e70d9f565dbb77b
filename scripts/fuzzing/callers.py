"""Who asks: a way to sign in for each role, tried once before it is used."""

import secrets
from typing import Any, Final, NamedTuple

import httpx

from scripts.guarding.people import HERE, new_key
from scripts.guarding.service import Asked

ROLES: Final = ("none", "reporter", "officer", "desk", "supervisor", "admin")
SESSIONS: Final = "/v1/sessions"
PEOPLE_MAX: Final = 20
MORE: Final = 6


class Words(NamedTuple):
    """Where a session is opened, and by whose words, in turn; `way` is empty for nobody."""

    way: str
    bodies: list[Any]


async def words_of(service: Asked, role: str) -> Words:
    """Somebody of this role who is let in now: what was drawn before may have suspended another. Raises: ValueError."""
    if role == "none":
        return Words("", [])
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        if role == "reporter":
            category = (await client.get("/v1/categories")).json()["categories"][0]["id"]
            body = {"category": category, "words": "Fuzz.", "lat": HERE[0], "lon": HERE[1], "advised": True}
            made = await client.post("/v1/reports", json=body, headers={"idempotency-key": new_key()})
            if made.status_code != 201:
                raise ValueError(f"no report could be made: {made.status_code} {made.text[:200]}")
            return Words("/v1/receipts", [{"code": made.json()["receipt"]}])
        bodies = [{"login": own["login"], "password": own["password"]} for own in service.of(role)[:PEOPLE_MAX]]
        if len(bodies) == 1:
            bodies += await _more(client, service, role)
        for at, body in enumerate(bodies):
            if (await client.post(SESSIONS, json=body)).status_code == 201:
                return Words(SESSIONS, bodies[at:])
    raise ValueError(f"nobody of the role {role} is let in")


async def _more(client: httpx.AsyncClient, service: Asked, role: str) -> list[dict[str, str]]:
    """New accounts of a role of which the town has one, by its admin. None where the admin is not let in."""
    admin = service.of("admin")[0]
    in_ = await client.post(SESSIONS, json={"login": admin["login"], "password": admin["password"]})
    made: list[dict[str, str]] = []
    for _ in range(MORE if in_.status_code == 201 else 0):
        login, chosen = f"fuzz-{secrets.token_hex(4)}", secrets.token_urlsafe(18)
        told = await client.put(
            f"/v1/admin/people/{login}", json={"version": 0, "reason": "Fuzz.", "role": role},
            headers={"authorization": f"Bearer {in_.json()['token']}"},
        )  # fmt: skip
        if told.status_code not in (200, 201):
            raise ValueError(f"no account of the role {role} could be made: {told.status_code} {told.text[:200]}")
        first = {"login": login, "password": told.json()["password"], "new_password": chosen}
        if (await client.post(SESSIONS, json=first)).status_code == 201:
            made.append({"login": login, "password": chosen})
    return made
