"""The regular work of a web process outlives its database: without it, ended sessions would keep their sockets."""

import asyncio
from pathlib import Path
from uuid import uuid4

from dispatch.adapters.postgres.pool import connect_pool
from dispatch.cases.values import Status
from dispatch.positions.roster import OnDuty
from gateway.node import Node
from gateway.settings import Settings
from gateway.sockets.hub import Member
from gateway.sockets.pulse import Pulse
from scripts.stores import free_port
from tests.unit.cases.states import holder, state


async def test_a_track_that_cannot_be_kept_ends_nothing() -> None:
    nowhere = f"postgresql://nobody:nothing@127.0.0.1:{free_port()}/nothing"
    pool = await connect_pool(nowhere)
    settings = Settings(
        nowhere, nowhere, f"redis://127.0.0.1:{free_port()}/0", "127.0.0.1", 8000, frozenset(), False, Path("x"), None,
        b"p" * 32, b"t" * 32, "110", False,
    )  # fmt: skip
    node = Node(settings, "web", pool)
    officer = uuid4()
    node.roster.load([OnDuty(officer, "s1", "0401", "李")])
    node.feed.board.load([(state(status=Status.CLAIMED, holders=(holder(officer),)), frozenset({officer}))])
    node.hub.officers[officer] = list[Member]()
    node.positions.put(officer, 32.05, 118.8, 5.0, 0.0)
    running = asyncio.create_task(Pulse(node).run())
    done, _ = await asyncio.wait({running}, timeout=2.5)
    assert not done, "the pulse beats on while the database is away"
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await node.redis.aclose()
    pool.terminate()
