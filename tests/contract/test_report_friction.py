"""Friction over HTTP on real PostgreSQL and Redis: two processes, hundreds of reports, no Redis at all."""

import asyncio
import itertools
import secrets
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import asyncpg
import httpx
import msgspec
import pytest
from redis.asyncio import Redis

from dispatch import limits
from dispatch.abuse.work import WorkAsked, solve
from gateway.app import make_app, sign_in_of
from gateway.node import Node, open_node
from gateway.release import release
from gateway.settings import Settings
from scripts.stores import free_port
from tests.conftest import Database

BODY: Final[dict[str, Any]] = {"category": "noise", "words": "Drums at night."}
FREE: Final = limits.REPORTS_PER_ADDRESS
At = tuple[float, float]
PLACES: Final = itertools.count()
BLOCKS: Final = itertools.count()


def block() -> str:
    """A network block that no other test uses."""
    n = next(BLOCKS)
    return f"198.{18 + n // 250}.{n % 250}."


@dataclass
class Fleet:
    """Two web processes' insides in this one, as if a proxy stood before them."""

    nodes: list[Node]
    clients: list[httpx.AsyncClient]
    owner: Any
    told: Counter[str] = field(default_factory=Counter)

    async def report(
        self, address: str, web: int = 0, key: str = "", work: str | None = None, at: At | None = None, **more: Any
    ) -> httpx.Response:
        """`at` None: somewhere where nobody else reported."""
        n = next(PLACES)
        head = {"idempotency-key": key or secrets.token_urlsafe(18), "x-forwarded-for": address}
        head |= {"onbeat-work": work} if work else {}
        lat, lon = at or (31.9 + n % 100 / 400, 118.6 + n // 100 / 400)
        answer = await self.clients[web].post("/v1/reports", json=BODY | {"lat": lat, "lon": lon} | more, headers=head)
        self.told[answer.json().get("code", "made")] += 1
        return answer

    async def worked(self, address: str, web: int = 0) -> httpx.Response:
        """As a page reports: with the work, where it is asked for."""
        key, at = secrets.token_urlsafe(18), (32.05, 118.79)
        answer = await self.report(address, web, key, at=at)
        if answer.status_code == 429:
            asked = msgspec.convert(answer.json()["work"], WorkAsked)
            done = await asyncio.to_thread(solve, asked)
            answer = await self.report(address, web, key, done, at)
        return answer

    async def cases(self) -> int:
        return int(await self.owner.fetchval("SELECT count(*) FROM cases"))


async def started(database: Database, redis_url: str, webs: int, stack: AsyncExitStack, folder: Any) -> Fleet:
    env = {"DATABASE_URL": database.app_url, "DATABASE_OWNER_URL": database.owner_url, "REDIS_URL": redis_url,
           "ONBEAT_DEMO": "1", "ONBEAT_CREDENTIALS": str(folder / "credentials.json"), "ONBEAT_TRUSTED_PROXY": "1",
           "ONBEAT_REPORT_LIMITS": "1"}  # fmt: skip
    settings = Settings.from_env(env)
    await release(settings)
    nodes, clients = [], []
    for _ in range(webs):
        node = await stack.enter_async_context(open_node(settings, "web"))
        transport = httpx.ASGITransport(make_app(node, sign_in_of(node)))
        clients.append(
            await stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://localhost"))
        )
        nodes.append(node)
    owner = await asyncpg.connect(database.owner_url)
    stack.push_async_callback(owner.close)
    for node in [*nodes, *nodes]:
        await node.counting.share()
    return Fleet(nodes, clients, owner)


@pytest.fixture(scope="module")
async def fleet(database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Fleet]:
    async with AsyncExitStack() as stack:
        yield await started(database, redis_url, 2, stack, tmp_path_factory.mktemp("friction"))


async def test_many_at_once_do_not_slip_under_the_limit_and_every_one_of_them_can_be_made(fleet: Fleet) -> None:
    before, network = await fleet.cases(), block()
    told = await asyncio.gather(*(fleet.report(network + "7") for _ in range(60)))
    assert Counter(one.status_code for one in told) == {201: FREE, 429: 60 - FREE}
    assert await fleet.cases() == before + FREE
    assert (await fleet.worked(network + "7")).status_code == 201
    assert (await fleet.report(network + "8")).status_code == 201, "a neighbour is not asked yet"
    assert (await fleet.report(block() + "7")).status_code == 201


async def test_the_ids_of_cases_are_in_the_order_of_their_reports(fleet: Fleet) -> None:
    ids = [UUID((await fleet.report(block() + "7")).json()["case"]) for _ in range(20)]
    assert ids == sorted(ids)
    assert {one.version for one in ids} == {7}


async def test_the_same_report_with_the_same_work_hears_the_same_code_again(fleet: Fleet) -> None:
    network, key, place = block() + "7", secrets.token_urlsafe(18), (32.01, 118.7)
    for _ in range(FREE):
        await fleet.report(network)
    asked = await fleet.report(network, key=key, at=place)
    assert (asked.status_code, asked.json()["code"]) == (429, "work_asked"), asked.text
    assert asked.json()["work"]["bits"] == limits.WORK_BITS[0]
    done = solve(msgspec.convert(asked.json()["work"], WorkAsked))
    first, second = [await fleet.report(network, web, key, done, place) for web in (0, 1)]
    assert (first.status_code, second.status_code) == (201, 200), second.text
    assert first.json() == second.json(), "also of another process"
    other = await fleet.report(network, key=secrets.token_urlsafe(18), work=done, at=place)
    assert other.json()["code"] == "work_asked", "one answer, one case"


async def test_who_hops_between_processes_is_known_to_both_after_a_moment(fleet: Fleet) -> None:
    network = block() + "7"
    for _ in range(FREE):
        assert (await fleet.report(network, 0)).status_code == 201
    await fleet.nodes[0].counting.share()
    await fleet.report(network, 1)  # what a process hears of it is asked for with its own first one
    await fleet.nodes[1].counting.share()
    assert (await fleet.report(network, 1)).json()["code"] == "work_asked"


async def test_a_wiped_redis_opens_nothing(fleet: Fleet, redis_url: str) -> None:
    network = block() + "7"
    for web in (0, 1, 0, 1, 0, 1, 0):
        await fleet.report(network, web)
        await fleet.nodes[web].counting.share()
    async with Redis.from_url(redis_url) as redis:
        await redis.flushall()
    for node in fleet.nodes * 2:
        await node.counting.share()
    assert [(await fleet.report(network, web)).status_code for web in (0, 1)] == [429, 429]


async def test_without_redis_reports_go_on_and_each_process_counts_alone(
    database: Database, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with AsyncExitStack() as stack:
        nowhere = f"redis://127.0.0.1:{free_port()}/0"
        alone = await started(database, nowhere, 1, stack, tmp_path_factory.mktemp("alone"))
        network = block()
        told = await asyncio.gather(*(alone.report(network + "7") for _ in range(20)))
        assert Counter(one.status_code for one in told) == {201: FREE, 429: 20 - FREE}
        assert (await alone.worked(network + "7")).status_code == 201
        assert (await alone.report(network + "9")).status_code == 201
        assert not await alone.nodes[0].counting.share()
        assert (await alone.report(network + "7")).status_code == 429, "what was counted stays counted"


async def test_past_the_next_limit_the_desk_confirms_and_nothing_is_lost(fleet: Fleet) -> None:
    place, desk = (32.0551, 118.7931), []
    for _ in range(limits.REPORTS_PER_PLACE_DESK + 3):
        made = await fleet.report(block() + "7", at=place)
        assert made.status_code == 201, made.text
        row = await fleet.owner.fetchrow("SELECT status, desk_reason, id FROM cases WHERE id = $1", made.json()["case"])
        desk.append(row["desk_reason"] == "to_confirm" and row["status"] == "at_station")
    assert desk == [False] * limits.REPORTS_PER_PLACE_DESK + [True] * 3
    body = await fleet.owner.fetchval("SELECT body FROM events WHERE case_id = $1 AND seq = 1", row["id"])
    assert msgspec.json.decode(body)["confirm"] == "place"
    due = await fleet.owner.fetchval(
        "SELECT due_at - now() FROM deadlines WHERE case_id = $1 AND kind = 'ack'", row["id"]
    )
    assert 0 < due.total_seconds() <= limits.DESK_ACK_MS / 1000, "a desk that does not look is told, as of every case"


async def test_what_came_to_nothing_does_not_count(fleet: Fleet) -> None:
    network, key, place = block() + "7", secrets.token_urlsafe(18), (32.011, 118.7)
    for _ in range(3 * FREE):
        assert (await fleet.report(network, category="none")).status_code == 422
        assert (await fleet.report(network, key=key, at=place)).status_code in (200, 201), "the same one, sent again"
    assert (await fleet.report(network, key=key, words="Other.", at=place)).status_code == 422
    for _ in range(FREE - 1):
        assert (await fleet.report(network)).status_code == 201
    assert (await fleet.report(network)).status_code == 429


async def test_an_emergency_hears_the_number_to_call_before_anything_is_asked(fleet: Fleet) -> None:
    network = block() + "7"
    for _ in range(FREE):
        await fleet.report(network)
    assert (await fleet.report(network, words="A man with a gun.")).json()["code"] == "emergency"


async def test_a_thousand_hoaxes_from_one_network_leave_an_honest_neighbour_seconds_away(fleet: Fleet) -> None:
    network = block()
    told = await asyncio.gather(*(fleet.report(f"{network}{n % 200}", n % 2) for n in range(1_000)))
    made = sum(one.status_code == 201 for one in told)
    assert made <= 2 * limits.REPORTS_PER_BLOCK, "each process on its own at most, until they have heard of each other"
    honest = await fleet.worked(f"{network}250")
    assert honest.status_code == 201 and fleet.told["work_asked"] > 900
    assert (await fleet.report(block() + "1")).status_code == 201, "nobody else notices"


async def test_no_address_is_kept_anywhere(fleet: Fleet, redis_url: str) -> None:
    canary = block() + "77"
    for _ in range(FREE + 1):
        await fleet.report(canary)
    await fleet.nodes[0].counting.share()
    parts = bytes(int(part) for part in canary.split("."))
    canaries = (canary.encode(), parts, parts[::-1], canary.rpartition(".")[0].encode(), parts.hex().encode())
    async with Redis.from_url(redis_url) as redis:
        names = [name async for name in redis.scan_iter("*abuse*")]
        assert names and not [name for name in names for one in canaries if one in name]
        assert 0 < max([await redis.ttl(name) for name in names]) <= 86_400
        assert min([await redis.ttl(name) for name in names]) > 0, "nothing of it stays"
    for query in (
        "SELECT count(*) FROM cases t WHERE t::text LIKE $1",
        "SELECT count(*) FROM events t WHERE t::text LIKE $1",
        "SELECT count(*) FROM idempotency t WHERE t::text LIKE $1",
        "SELECT count(*) FROM audit t WHERE t::text LIKE $1",
    ):
        assert await fleet.owner.fetchval(query, f"%{canary}%") == 0, query
