"""The canary run (PROMISES P1) over what is built: what an anonymous reporter's phone says of itself is found nowhere.

Journeys that succeed and journeys that are refused, each with canaries that nobody else has. Afterwards every column of
every table, every key and value of Redis and every log is searched for each of them, as it is and as it might have been
written: in hex, base64, quoted, and as a plain hash. The write-ahead log is left out.
"""

import base64
import hashlib
import os
import secrets
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import asyncpg
import pytest
from redis.asyncio import Redis

from scripts.stores import Stores
from tests.e2e.talk import LAT, LON, Town, new_key

MORE_ENV: Final = {"ONBEAT_TRUSTED_PROXY": "1"}  # so that the address is looked at, and counted by
JOURNEYS: Final = int(os.environ.get("CANARIES", "44"))  # each kind of refusal four times; P1 asks for 200
HASHES: Final = ("md5", "sha1", "sha256", "sha512", "blake2b")


class Canary:
    """What one phone says of itself. `told`: it stands in the words, which the sealed case may hold."""

    def __init__(self, number: int) -> None:
        self.mark = f"cnry{secrets.token_hex(8)}"
        self.address = f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::{number + 1:x}:{secrets.token_hex(2)}"
        self.phone = f"99{secrets.randbelow(10**10):010}"
        self.head = {
            "x-forwarded-for": self.address,
            "user-agent": f"ua{self.mark}/1.0",
            "accept-language": f"x-{self.mark}",
            "referer": f"https://{self.mark}.example/",
            "cookie": f"other={self.mark}",
            "x-request-id": self.mark,
        }
        self.told = f"words{secrets.token_hex(8)}"

    def hidden(self) -> list[str]:
        return [self.mark, self.address, self.phone]


def forms(text: str) -> set[bytes]:
    """How a text might have been written down."""
    raw = text.encode()
    found = {raw, raw.upper(), raw.hex().encode(), quote(text, safe="").encode()}
    for shift in range(3):  # base64 of it, wherever in a longer text it begins
        coded = base64.b64encode(b"\0" * shift + raw)[4 if shift else 0 : -4]
        found |= {coded, coded.translate(bytes.maketrans(b"+/", b"-_"))}
    for name in HASHES:
        digest = hashlib.new(name, raw).digest()
        found |= {digest, digest.hex().encode(), base64.b64encode(digest).rstrip(b"=")}
    return found


async def journeys(town: Town, canary: Canary, number: int) -> bool:
    """A report, a refused request of one of many kinds, and where the report was taken its receipt; was it?"""
    head, client = canary.head, town.client
    body: dict[str, Any] = {
        "category": "theft", "words": f"Ring me: {canary.told}", "lat": LAT, "lon": LON, "channel": "app",
    }  # fmt: skip
    key = {"idempotency-key": new_key()}
    made = await client.post("/v1/reports", json={k: v for k, v in body.items() if k != "channel"}, headers=head | key)
    wrong: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/v1/reports", {"json": body | {"lat": canary.mark}}),
        ("POST", "/v1/reports", {"json": body | {canary.mark: 1}}),
        ("POST", "/v1/reports", {"content": b"{" + canary.mark.encode()}),
        ("POST", "/v1/reports", {"content": canary.mark.encode() * 5_000}),
        ("GET", f"/v1/{canary.mark}", {}),
        ("GET", f"/v1/areas?{canary.mark}={canary.mark}", {}),
        ("POST", "/v1/phones", {"json": {"number": f"+44{canary.phone}"}}),
        ("POST", "/v1/receipts", {"json": {"code": canary.mark}}),
        ("POST", "/v1/sessions", {"json": {"login": canary.mark, "password": canary.mark}}),
        ("GET", "/v1/me", {"headers": {"authorization": f"Bearer {canary.mark}"}}),
        ("POST", "/v1/advice", {"json": {"words": canary.mark}}),
    ]
    method, path, more = wrong[number % len(wrong)]
    told = await client.request(method, path, **(more | {"headers": head | key | more.get("headers", {})}))
    assert told.status_code < 500, told.text
    if made.status_code == 201:
        receipt = {"code": made.json()["receipt"]}
        opened = await client.post("/v1/receipts", json=receipt, headers=head)
        assert opened.status_code == 200, opened.text
        bearer = head | {"authorization": f"Bearer {opened.json()['token']}"}
        for path in (f"/v1/cases/{made.json()['case']}", "/v1/me", "/v1/sessions"):
            assert (await client.get(path, headers=bearer)).status_code == 200
    return made.status_code == 201


async def tables(owner: asyncpg.Connection) -> dict[str, bytes]:
    """Every column of every table, those of the server's own catalogue left out."""
    listed = await owner.fetch(
        "SELECT format('%I.%I', table_schema, table_name) AS of, quote_ident(column_name) AS called"
        " FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    found = {}
    for row in listed:
        query = f"SELECT string_agg({row['called']}::text, E'\\n') FROM {row['of']}"  # noqa: S608 - names of a catalogue
        found[f"{row['of']}.{row['called']}"] = (await owner.fetchval(query) or "").encode()
    return found


async def in_redis(url: str) -> dict[str, bytes]:
    redis: Any = Redis.from_url(url)
    found = {}
    async for name in redis.scan_iter(count=1_000):
        found[f"redis {name!r}"] = name + b"\n" + (await redis.dump(name) or b"")
    await redis.aclose()
    return found


def logs(*folders: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*.log")}


@pytest.mark.slow
async def test_of_an_anonymous_reporter_nothing_is_found_but_the_words(
    town: Town, stores: Stores, redis_url: str
) -> None:
    canaries = [Canary(number) for number in range(JOURNEYS)]
    taken = [await journeys(town, canary, number) for number, canary in enumerate(canaries)]
    assert sum(taken) >= 10, "too few were taken to say anything"
    places = await tables(town.owner) | await in_redis(redis_url) | logs(town.service.folder, stores.directory)
    assert sum(name.endswith(".log") for name in places) >= 5 and sum(map(len, places.values())) > 100_000
    hidden = {form for canary in canaries for text in canary.hidden() for form in forms(text)}
    size = sum(map(len, places.values()))
    print(f"{len(canaries)} journeys, {sum(taken)} taken, {len(hidden)} forms, {len(places)} places, {size} bytes")
    assert [(name, form) for name, held in places.items() for form in hidden if form in held] == []
    words = {name for name, held in places.items() if any(canary.told.encode() in held for canary in canaries)}
    assert words == {"public.cases.words"}, "the words stand where they are sealed; and the search finds what is there"
