"""The bus between processes on real Redis: it ends when it is told to, whatever its driver is at."""

import asyncio
import contextlib
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from dispatch.adapters.redis.bus import FACTS, FACTS_TOGETHER_MAX, RedisBus
from dispatch.adapters.redis.line import AWAY, Line
from dispatch.positions.live import RemoteFix
from scripts.faults.proxy import FaultProxy

END_S_MAX = 10.0  # of a busy machine; what is told to end ends in milliseconds


class Swallowing(Line):
    """A driver in the middle of a call that keeps to itself that it was cancelled, as redis-py may."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.calling = asyncio.Event()

    async def publish(self, posts: Sequence[tuple[bytes, bytes]]) -> None:
        self.calling.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()


async def test_a_bus_ends_when_told_to_although_its_driver_swallows_it(redis_url: str) -> None:
    client, driver = Redis.from_url(redis_url), Swallowing(redis_url)
    bus = RedisBus(client, redis_url, "one", line=driver)
    running = asyncio.create_task(bus.run())
    bus.post(b"news")
    await driver.calling.wait()
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=END_S_MAX)
    assert done and running.cancelled(), "whoever stops a process would wait for ever"
    await client.aclose()


async def test_what_one_process_says_another_hears_and_not_itself(redis_url: str) -> None:
    client = Redis.from_url(redis_url)
    one, other = RedisBus(client, redis_url, "one"), RedisBus(client, redis_url, "other")
    heard, own, there = asyncio.Queue[bytes](), asyncio.Queue[bytes](), asyncio.Queue[list[RemoteFix]]()
    linked: asyncio.Queue[bool] = asyncio.Queue()
    other.on_facts, other.on_fixes, other.on_link = heard.put_nowait, there.put_nowait, linked.put_nowait
    one.on_facts, one.on_link = own.put_nowait, linked.put_nowait
    async with asyncio.timeout(END_S_MAX):
        running = [asyncio.create_task(bus.run()) for bus in (one, other)]
        for _ in running:
            assert await linked.get()
        fixes: Sequence[RemoteFix] = [(uuid4(), 32.05, 118.8, 8.0, 1.0)]
        one.post(b"news")
        one.post_fixes(fixes)
        assert await heard.get() == b"news" and await there.get() == fixes
        crowd = [b"news %d" % number * number for number in range(3 * FACTS_TOGETHER_MAX + 1)]
        for payload in crowd:
            one.post(payload)
        assert [await heard.get() for _ in crowd] == crowd
        assert own.empty()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    await client.aclose()


async def test_a_publication_that_cannot_be_read_ends_nothing(redis_url: str) -> None:
    client = Redis.from_url(redis_url)
    one, other = RedisBus(client, redis_url, "one"), RedisBus(client, redis_url, "other")
    heard, linked = asyncio.Queue[bytes](), asyncio.Queue[bool]()
    other.on_facts, one.on_link, other.on_link = heard.put_nowait, linked.put_nowait, linked.put_nowait
    async with asyncio.timeout(END_S_MAX):
        running = [asyncio.create_task(bus.run()) for bus in (one, other)]
        for _ in running:
            assert await linked.get()
        for torn in (b"", b"\x92\xc4\x04ne", b"no list of payloads"):
            await client.publish(FACTS, b"elsewhere".ljust(16) + torn)
        one.post(b"news")
        assert await heard.get() == b"news" and linked.empty(), "it went on listening, over the same connection"
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    await client.aclose()


async def test_a_bus_whose_connections_were_reset_hears_again_by_itself(redis_url: str) -> None:
    where = urlsplit(redis_url)
    async with FaultProxy((where.hostname or "", where.port or 6379)) as proxy:
        through = redis_url.replace(f"{where.hostname}:{where.port}", f"127.0.0.1:{proxy.address[1]}")
        client, hurt = Redis.from_url(redis_url), Redis.from_url(through)
        one, other = RedisBus(client, redis_url, "one"), RedisBus(hurt, through, "other")
        heard, linked = asyncio.Queue[bytes](), asyncio.Queue[bool]()
        other.on_facts, other.on_link = heard.put_nowait, linked.put_nowait
        async with asyncio.timeout(END_S_MAX):
            running = [asyncio.create_task(bus.run()) for bus in (one, other)]
            assert await linked.get()
            for number in range(3):
                proxy.cut()
                while not await linked.get():  # false as often as it could not come back at once
                    pass
                one.post(b"news %d" % number)
                assert await heard.get() == b"news %d" % number
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        await client.aclose()
        await hurt.aclose()


async def test_a_line_that_was_cut_publishes_again_and_takes_no_answer_for_another(redis_url: str) -> None:
    where = urlsplit(redis_url)
    client = Redis.from_url(redis_url)
    async with FaultProxy((where.hostname or "", where.port or 6379)) as proxy, client.pubsub() as channels:
        line = Line(redis_url.replace(f"{where.hostname}:{where.port}", f"127.0.0.1:{proxy.address[1]}"))
        await channels.subscribe(b"news")
        heard: list[bytes] = []
        async with asyncio.timeout(END_S_MAX):
            for number in range(3):
                proxy.cut()
                with contextlib.suppress(*AWAY):  # of what is under way when the line is cut nothing is promised
                    await line.publish([(b"news", b"perhaps")])
                while True:
                    with contextlib.suppress(*AWAY):
                        await line.publish([(b"news", b"%d %d" % (number, one)) for one in range(3)])
                        break
                while heard[-1:] != [b"%d 2" % number]:
                    message = await channels.get_message(ignore_subscribe_messages=True, timeout=1.0)
                    heard += [message["data"]] if message and message["data"] != b"perhaps" else []
        assert heard == [b"%d %d" % (number, one) for number in range(3) for one in range(3)]
        with pytest.raises(ResponseError):
            await line.publish([(b"news",), (b"news", b"three")])  # type: ignore[list-item]
        with pytest.raises(ResponseError):  # its own answer, and not the one to "three" that nobody waited for
            await line.publish([(b"news",)])  # type: ignore[list-item]
        await line.publish([(b"news", b"four")])
        await line.close()
    await client.aclose()
