"""The service as the yardstick loads it: `scripts/bench_server`, with PORT, DATABASE_URL and REDIS_URL set.

Everything that costs in production stays on: durability, authorisation, validation, audit, back-pressure. Raised for
the yardstick only: per-person limits, slots, the age of a fix; one ring: the nearest 50 within 3 km, no second wave.
"""

import argparse
import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import msgspec
import uvloop
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.adapters.postgres.migrate import migrate
from dispatch.adapters.postgres.roles import ensure_login
from dispatch.allowance import Allowance
from dispatch.limits import SESSION_S
from gateway.app import serve
from gateway.http.cases import node_of
from gateway.node import Node
from gateway.routes import ROUTES
from gateway.settings import Settings

# As in scripts/bench_adapter.py, which may import nothing of ours; a test holds the two together.
TICKET_KEY = b"ticket-key-of-the-yardstick-and-of-nothing-else"
ORIGIN = "http://bench.invalid"

OFFICERS = 10_000
NO_LIMIT = 1_000_000_000
STOP_S = 3.0


def officer_id(number: int) -> UUID:
    return UUID(int=(0xB << 124) | number)


def session_id(number: int) -> UUID:
    return UUID(int=(0x5 << 124) | number)


async def seed(owner: str, officers: int = OFFICERS) -> None:
    """A town of one station and one category; officers on duty with sessions, inserted directly."""
    connection = await asyncpg.connect(owner)
    try:
        await connection.execute(
            """
            INSERT INTO stations (id, name, name_en, catch_all) VALUES ('bench', '基准', 'Bench', true);
            INSERT INTO streams (stream) VALUES ('bench');
            INSERT INTO categories (id, name, name_en, rings_m) VALUES ('bench', '基准', 'Bench', '{3000}');
            """
        )
        numbers = range(officers)
        await connection.execute(
            """
            INSERT INTO officers (id, call_sign, surname, station, on_duty, duty_since, slots)
            SELECT id, nr::text, '李', 'bench', true, now(), 10 FROM unnest($1::uuid[], $2::int[]) AS u (id, nr)
            """,
            [officer_id(n) for n in numbers],
            list(numbers),
        )
        await connection.execute(
            """
            INSERT INTO sessions (id, token_mac, role, station, officer, expires_at)
            SELECT id, mac, 'officer', 'bench', officer, now() + make_interval(secs => $4)
            FROM unnest($1::uuid[], $2::bytea[], $3::uuid[]) AS u (id, mac, officer)
            """,
            [session_id(n) for n in numbers],
            [hashlib.sha256(f"bench session {n}".encode()).digest() for n in numbers],
            [officer_id(n) for n in numbers],
            SESSION_S,
        )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()


async def get_fixes(request: Request) -> Response:
    """GET /bench/fixes: positions applied so far. Only the yardstick's server has it."""
    return Response(msgspec.json.encode({"fixes": node_of(request).positions.applied}), media_type="application/json")


async def get_meters(request: Request) -> Response:
    """GET /bench/meters: positions and open cases known here, and the longest pause since this was last asked."""
    node = node_of(request)
    found = {
        "positions": node.positions.known,  # counted, not read: a meter must not be the longest pause
        "open": len(node.feed.board.cases),
        "sockets": len(node.hub.members),
        "pause_ms": node.pauses.take_ms(),
    }
    return Response(msgspec.json.encode(found), media_type="application/json")


async def raise_limits(node: Node) -> None:
    """For the yardstick only: what bounds one person, and how old a fix may be. Waits until positions are trusted."""
    node.messages_per_s_max = NO_LIMIT
    node.claims = Allowance(NO_LIMIT, NO_LIMIT)
    node.friction.times = 0.0
    node.positions.age_s_max = NO_LIMIT
    while not node.positions.healthy():  # noqa: ASYNC110 - true by the passing of time alone
        await asyncio.sleep(0.1)


def role_env(env: dict[str, str]) -> dict[str, str]:
    """An environment for any role of the yardstick's service."""
    return env | {
        "HOST": "127.0.0.1",
        "ONBEAT_PLAIN": "1",  # stores may be anywhere that a test says
        "ONBEAT_SECOND_FACTOR": "offered",  # simulated people carry no second phone
        "ONBEAT_PEPPER": "pepper-of-the-yardstick-and-of-nothing-else",
        "ONBEAT_TICKET_KEY": TICKET_KEY.decode(),
        "ONBEAT_ORIGINS": ORIGIN,
    }


async def web(settings: Settings) -> None:
    own = [Route("/bench/fixes", get_fixes), Route("/bench/meters", get_meters)]
    await serve(settings, prepare=raise_limits, routes=[*own, *ROUTES])


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/bench_server", description=__doc__)
    parser.add_argument("--webs", type=int, default=1, help="web processes, on PORT, PORT+1, ... (default 1)")
    parser.add_argument("--role", choices=["all", "web"], default="all", help=argparse.SUPPRESS)
    options = parser.parse_args()
    env = dict(os.environ)
    if options.role == "web":
        uvloop.run(web(Settings.from_env(role_env(env))))
        return 0
    owner = env["DATABASE_URL"]
    app_url = asyncio.run(prepare(owner))
    env = role_env(env | {"DATABASE_URL": app_url})
    children = [subprocess.Popen([sys.executable, "-m", f"gateway.{role}"], env=env) for role in ("sweeper", "relay")]
    for number in range(options.webs):
        own = env | {"PORT": str(int(env["PORT"]) + number)}
        children.append(subprocess.Popen([sys.executable, "-m", "scripts.bench_server", "--role", "web"], env=own))
    return wait(children)


async def prepare(owner: str) -> str:
    """An empty database becomes the yardstick's; the address for the lesser role."""
    app_url = await ensure_login(owner)
    await migrate(owner, app_role=urlsplit(app_url).username)
    await seed(owner)
    return app_url


def wait(children: "list[subprocess.Popen[bytes]]") -> int:
    """Stays in the foreground until told to stop or a child ends; the children share our process group."""

    def stop(*_: object) -> None:
        for child in children:
            if child.poll() is None:
                child.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    code = children[-1].wait()
    stop()
    for child in children:
        try:
            child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            child.kill()
    return max(code, 0)


if __name__ == "__main__":
    sys.exit(main())
