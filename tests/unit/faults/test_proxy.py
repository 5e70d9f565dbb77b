"""Each toxic does to real loopback connections what its name says, and heals."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from scripts.faults.proxy import FaultProxy
from scripts.faults.toxics import (
    Bandwidth,
    BlackHole,
    CutAfterCommit,
    Direction,
    Down,
    Latency,
    LimitBytes,
    ResetPeer,
    Slicer,
    Stall,
    Toxic,
)

WAIT_S = 5.0  # far above what any answer here takes
SILENCE_S = 0.1  # nothing came for so long: nothing comes
SEED = 20261122


@dataclass
class Echo:
    """A server that sends back what it gets, and remembers it."""

    got: bytearray = field(default_factory=bytearray)
    chunks: int = 0
    open: int = 0
    address: tuple[str, int] = ("", 0)
    got_more: asyncio.Event = field(default_factory=asyncio.Event)
    quiet: asyncio.Event = field(default_factory=asyncio.Event)  # set while nobody is connected

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.quiet.clear()
        try:
            while chunk := await reader.read(65536):
                self.got += chunk
                self.chunks += 1
                self.got_more.set()
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            self.open -= 1
            if not self.open:
                self.quiet.set()
            writer.close()


@asynccontextmanager
async def proxied() -> AsyncIterator[tuple[Echo, FaultProxy]]:
    echo = Echo()
    echo.quiet.set()
    server = await asyncio.start_server(echo.serve, "127.0.0.1", 0)
    echo.address = server.sockets[0].getsockname()[:2]
    try:
        async with FaultProxy(echo.address, seed=SEED) as proxy:
            yield echo, proxy
        assert proxy.connections == 0
    finally:
        server.close()
        async with asyncio.timeout(WAIT_S):
            await server.wait_closed()
            await echo.quiet.wait()


class Client:
    """One connection through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, said: bytes) -> bytes:
        self.writer.write(said)
        async with asyncio.timeout(WAIT_S):
            return await self.reader.readexactly(len(said))

    async def is_silent(self) -> bool:
        try:
            async with asyncio.timeout(SILENCE_S):
                await self.reader.read(1)
        except TimeoutError:
            return True
        return False

    async def is_reset(self) -> bool:
        try:
            async with asyncio.timeout(WAIT_S):
                await self.reader.read(1)
        except ConnectionResetError:
            return True
        return False  # a byte or an orderly end


@asynccontextmanager
async def connected(proxy: FaultProxy) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(*proxy.address)
    try:
        yield Client(reader, writer)
    finally:
        writer.transport.abort()
        await asyncio.sleep(0)


async def test_without_toxics_every_byte_and_the_end_pass() -> None:
    sent = bytes(range(256)) * 4_000  # a megabyte, more than all buffers on the way
    async with proxied() as (echo, proxy), connected(proxy) as client:
        assert await client.ask(sent) == sent
        client.writer.write_eof()
        async with asyncio.timeout(WAIT_S):
            assert await client.reader.read() == b""
        assert bytes(echo.got) == sent
        assert proxy.cuts == 0


async def test_latency_delays_each_way_and_goes() -> None:
    async with proxied() as (_, proxy), connected(proxy) as client:
        await client.ask(b"warm")
        number = proxy.add(Latency(40, jitter_ms=5))
        began = time.monotonic()
        await client.ask(b"late")
        assert time.monotonic() - began >= 2 * 0.035
        proxy.remove(number)
        began = time.monotonic()
        await client.ask(b"soon")
        assert time.monotonic() - began < 0.07


async def test_latency_works_on_one_direction_alone_and_keeps_the_order() -> None:
    async with proxied() as (echo, proxy), connected(proxy) as client:
        proxy.add(Latency(30, jitter_ms=30), Direction.UPSTREAM)
        sent = b"".join(n.to_bytes(2, "big") for n in range(200))
        for at in range(0, len(sent), 2):
            client.writer.write(sent[at : at + 2])
            await client.writer.drain()
        async with asyncio.timeout(WAIT_S):
            assert await client.reader.readexactly(len(sent)) == sent
        assert bytes(echo.got) == sent


async def test_down_cuts_refuses_and_comes_back_on_the_same_port() -> None:
    async with proxied() as (_, proxy):
        address = proxy.address
        async with connected(proxy) as client:
            await client.ask(b"here")
            proxy.add(Down())
            assert await client.is_reset()
        for _ in range(3):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*address)
        proxy.heal()
        assert proxy.address == address
        async with connected(proxy) as client:
            assert await client.ask(b"again") == b"again"


async def test_a_black_hole_swallows_without_a_sign_and_resets_what_it_holed_when_it_goes() -> None:
    async with proxied() as (echo, proxy), connected(proxy) as idle, connected(proxy) as client:
        assert await idle.ask(b"a") + await client.ask(b"b") == b"ab"
        proxy.add(BlackHole())
        client.writer.write(b"x" * 2_000_000)  # more than any buffer: it is really taken
        async with asyncio.timeout(WAIT_S):
            await client.writer.drain()
        assert await client.is_silent()
        async with connected(proxy) as newcomer:
            newcomer.writer.write(b"hello?")
            assert await newcomer.is_silent()
            proxy.heal()
            assert await client.is_reset()
            assert await newcomer.is_reset()
        assert bytes(echo.got) == b"ab"
        assert await idle.ask(b"c") == b"c"  # it lost nothing


async def test_a_black_hole_hides_that_a_client_died() -> None:
    async with proxied() as (echo, proxy):
        async with connected(proxy) as client:
            await client.ask(b"a")
            proxy.add(BlackHole(), Direction.UPSTREAM)
        with pytest.raises(TimeoutError):
            await proxy.wait_for_cuts(1, SILENCE_S)
        assert echo.open == 1
        proxy.heal()
        await proxy.wait_for_cuts(1, WAIT_S)


async def test_a_black_hole_closes_after_its_time() -> None:
    async with proxied() as (_, proxy), connected(proxy) as client:
        await client.ask(b"a")
        proxy.add(BlackHole(close_after_ms=30))
        client.writer.write(b"b")
        assert await client.is_reset()


async def test_a_stall_delivers_late_what_it_held() -> None:
    async with proxied() as (echo, proxy), connected(proxy) as client:
        await client.ask(b"a")
        proxy.add(Stall(), Direction.UPSTREAM)
        client.writer.write(b"claim")
        assert await client.is_silent()
        assert bytes(echo.got) == b"a"
        proxy.heal()
        async with asyncio.timeout(WAIT_S):
            assert await client.reader.readexactly(5) == b"claim"


async def test_a_reset_on_the_way_up_loses_the_request() -> None:
    async with proxied() as (echo, proxy), connected(proxy) as client:
        await client.ask(b"a")
        proxy.add(ResetPeer(), Direction.UPSTREAM)
        client.writer.write(b"b")
        assert await client.is_reset()
        assert bytes(echo.got) == b"a"
        assert proxy.cuts == 1


async def test_a_slicer_cuts_into_pieces_and_loses_nothing() -> None:
    sent = bytes(range(200))
    async with proxied() as (echo, proxy), connected(proxy) as client:
        proxy.add(Slicer(10, delay_us=500), Direction.UPSTREAM)
        assert await client.ask(sent) == sent
        assert bytes(echo.got) == sent
        assert echo.chunks > 5


async def test_bandwidth_bounds_the_rate() -> None:
    sent = b"x" * 20_000
    async with proxied() as (_, proxy), connected(proxy) as client:
        proxy.add(Bandwidth(100), Direction.DOWNSTREAM)
        began = time.monotonic()
        assert await client.ask(sent) == sent
        took_s = time.monotonic() - began
        assert took_s >= 0.15, "20 kB at 100 kB/s take 0.2 s, less the last portion"


async def test_a_limit_lets_its_bytes_through_and_closes() -> None:
    async with proxied() as (echo, proxy), connected(proxy) as client:
        proxy.add(LimitBytes(7), Direction.UPSTREAM)
        client.writer.write(b"0123456789")
        async with asyncio.timeout(WAIT_S):
            while len(echo.got) < 7:
                await echo.got_more.wait()
                echo.got_more.clear()
        await proxy.wait_for_cuts(1, WAIT_S)
        assert bytes(echo.got) == b"0123456"


async def test_cut_after_commit_lets_the_server_act_and_the_client_not_know() -> None:
    async with proxied() as (echo, proxy):
        async with connected(proxy) as client:
            await client.ask(b"a")
            proxy.add(CutAfterCommit())
            client.writer.write(b"commit")
            assert await client.is_reset()
            assert bytes(echo.got) == b"acommit"
        async with connected(proxy) as client:  # one cut, then it is gone
            assert await client.ask(b"retry") == b"retry"


async def test_cut_after_commit_waits_for_the_reply_it_was_told_even_between_two_chunks() -> None:
    async with proxied() as (_, proxy), connected(proxy) as client:
        proxy.add(CutAfterCommit(reply_holds=b"DONE", times=None))
        assert await client.ask(b"prepare") == b"prepare"
        assert await client.ask(b"DO") == b"DO"
        client.writer.write(b"NE")
        assert await client.is_reset()


async def test_a_reply_to_an_older_request_is_not_cut() -> None:
    async with proxied() as (_, proxy), connected(proxy) as client:
        await client.ask(b"a")
        stall = proxy.add(Stall(), Direction.DOWNSTREAM)
        client.writer.write(b"older")
        assert await client.is_silent()
        proxy.add(CutAfterCommit())
        proxy.remove(stall)
        async with asyncio.timeout(WAIT_S):
            assert await client.reader.readexactly(5) == b"older"


async def test_cut_resets_everyone_once() -> None:
    async with proxied() as (_, proxy), connected(proxy) as one, connected(proxy) as two:
        await asyncio.gather(one.ask(b"1"), two.ask(b"2"))
        proxy.cut()
        assert await one.is_reset()
        assert await two.is_reset()
        async with connected(proxy) as three:
            assert await three.ask(b"3") == b"3"


async def test_an_unreachable_server_resets_the_client() -> None:
    async with FaultProxy(("127.0.0.1", 1)) as proxy, connected(proxy) as client:
        assert await client.is_reset()


async def test_toxics_that_make_no_sense_are_refused() -> None:
    proxy = FaultProxy(("127.0.0.1", 1))
    with pytest.raises(ValueError, match="downstream"):
        proxy.add(CutAfterCommit(), Direction.UPSTREAM)
    wrong: list[Callable[[], Toxic]] = [
        lambda: Latency(5, jitter_ms=6),
        lambda: Slicer(0),
        lambda: Bandwidth(0),
        lambda: LimitBytes(-1),
        lambda: CutAfterCommit(times=0),
    ]
    for make in wrong:
        with pytest.raises(ValueError):
            make()
