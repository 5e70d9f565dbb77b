"""Who asks: a way to sign in for each role, tried once before it is used."""

from typing import Any, Final, NamedTuple

import httpx

from scripts.guarding.people import HERE, new_key
from scripts.guarding.service import Asked

ROLES: Final = ("none", "reporter", "officer", "desk", "supervisor", "admin")
SESSIONS: Final = "/v1/sessions"


class Words(NamedTuple):
    """Where a session is opened, and by what; `way` is empty for nobody."""

    way: str
    body: Any


async def words_of(service: Asked, role: str) -> Words:
    """Somebody of this role who is let in now: what was drawn before may have suspended another. Raises: ValueError."""
    if role == "none":
        return Words("", None)
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=15) as client:
        if role == "reporter":
            category = (await client.get("/v1/categories")).json()["categories"][0]["id"]
            body = {"category": category, "words": "Fuzz.", "lat": HERE[0], "lon": HERE[1], "advised": True}
            made = await client.post("/v1/reports", json=body, headers={"idempotency-key": new_key()})
            if made.status_code != 201:
                raise ValueError(f"no report could be made: {made.status_code} {made.text[:200]}")
            return Words("/v1/receipts", {"code": made.json()["receipt"]})
        for own in service.of(role)[:20]:
            words = {"login": own["login"], "password": own["password"]}
            if (await client.post(SESSIONS, json=words)).status_code == 201:
                return Words(SESSIONS, words)
    raise ValueError(f"nobody of the role {role} is let in")
