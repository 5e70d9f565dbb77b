"""B11: sockets come and go by the thousand, in every way that a line can end, and nothing of them is left.

Farewells, resets, lines cut in the middle of hello, people who never say hello, strangers without a ticket, requests
that stop half-way. Before and after, each web process is counted: connections on its port, sockets, members and tasks
inside it (its census), open files, memory.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import struct
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from gateway.census import WORD
from gateway.wire.messages import VERSION, Hello
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.hostile import upgrade
from scripts.chaos_rows.malformed import close, text
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, judged
from scripts.fleet import Part
from scripts.simulator.doors import Doors, Person, Turned
from scripts.simulator.http import Unanswered

WAYS: Final = ("farewell", "reset", "cut", "no hello", "half a request", "stranger", "half closed", "silent")
STAYING: Final = ("silent", "half a request")
SILENT_EACH: Final = 16  # of so many of these one waits until the server closes it; the others go
COUNT: Final = 2_500
WARM: Final = 500  # before the first count: pools are filled, code and caches are in memory
AT_ONCE: Final = 32
WAIT_S: Final = 15.0  # a silent one is closed after 5 s, half a request after 10
QUIET_S_MAX: Final = 40.0
TASKS_MORE: Final = 8  # calls that happen to be running
FILES_MORE: Final = 8  # connections of the pool to the database, opened when they are needed
RSS_SHARE_MAX: Final = 0.05
HELLO: Final = text(msgspec.json.encode(Hello(v=VERSION)))


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    doors = Doors(tuple(part.direct for part in ground.fleet.webs))  # a proxy would hide how a line ended
    broken, done = list[str](), Counter[str]()
    try:
        await _many(ground, doors, WARM, Counter(), [])
        await doors.close()  # idle connections are no sockets of ours
        await asyncio.sleep(2.0)
        before = await _counts(ground)
        began = time.monotonic()
        await _many(ground, doors, COUNT, done, broken)
        took_s = time.monotonic() - began
        await doors.close()
        after, left = await _until_quiet(ground, before)
    finally:
        await doors.close()
    grown = [round(one["rss_mib"] / there["rss_mib"] - 1, 4) for one, there in zip(after, before, strict=True)]
    tally: dict[str, Any] = {
        "sockets": sum(done.values()), "ways": sorted(done.elements()), "took_s": round(took_s, 1),
        "worst_grown": max(grown), "left": left, "broken": broken,
    }  # fmt: skip
    return {"B11": tally}


async def _many(ground: Ground, doors: Doors, count: int, done: Counter[str], broken: list[str]) -> None:
    phones, turn = ground.crew.all_officers, asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        own = phones[number % len(phones)].person
        person = Person(doors, own.number, own.token)
        person.turn = number
        way = WAYS[number % len(WAYS)]
        stays = way in STAYING and number // len(WAYS) % SILENT_EACH == 0
        try:
            async with asyncio.timeout(2 * WAIT_S):
                if stays:  # beside the others, not in their way
                    await go(person, way, stays=True)
                else:
                    async with turn:
                        await go(person, way)
        except (Unanswered, Turned, OSError, EOFError, TimeoutError) as error:
            broken.append(f"{way}: {error!r}")
        else:
            done[way] += 1

    async with asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(one(number))


async def go(person: Person, way: str, *, stays: bool = False) -> None:
    """Opens one socket and ends it. Raises: EOFError where a socket did not open, TimeoutError where it did not end."""
    ticket = "none" if way in ("stranger", "half a request") else await person.ticket()
    where = urlsplit(person.door.base)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        request = upgrade(person, ticket)
        if way == "half a request":
            writer.write(request[: len(request) // 2])
            await writer.drain()
            if stays:
                await _ended(reader)
            return
        writer.write(request + HELLO if way == "cut" else request)
        if way == "cut":
            await writer.drain()
            _reset(writer)
            return
        head = await reader.readuntil(b"\r\n\r\n")
        if (b" 101 " in head[:20]) != (way != "stranger"):
            raise EOFError(f"{way} was answered {head[:40]!r}")
        if way in ("farewell", "reset", "half closed"):
            writer.write(HELLO)
            await reader.readexactly(2)  # welcome begins
        if way == "farewell":
            writer.write(close(1000))
            await _ended(reader)
        elif way == "reset":
            _reset(writer)
        elif way == "half closed":
            writer.write_eof()
            await _ended(reader)
        elif stays:
            await _ended(reader)
    finally:
        writer.transport.abort()


async def _ended(reader: asyncio.StreamReader) -> None:
    """Raises: TimeoutError."""
    async with asyncio.timeout(WAIT_S):
        with contextlib.suppress(ConnectionError):
            while await reader.read(65_536):
                pass


def _reset(writer: asyncio.StreamWriter) -> None:
    held = writer.transport.get_extra_info("socket")
    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


# --- counting
async def _counts(ground: Ground) -> list[dict[str, float]]:
    return [await _count(ground, part) for part in ground.fleet.webs]


async def _count(ground: Ground, part: Part) -> dict[str, float]:
    """One web process: its own census, and what the system says of it."""
    pid = ground.fleet.children.pid(part.name)
    assert pid is not None, f"{part.name} has died"
    census = await _census(ground.fleet.folder / "log" / f"{part.name}.log", pid)
    return {**census, **_of_the_system(pid)}


def _of_the_system(pid: int) -> dict[str, float]:
    """Open files, and MiB in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    rss_kib = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    return {"files": len(list(Path(f"/proc/{pid}/fd").iterdir())), "rss_mib": rss_kib / 1024}


async def _census(log: Path, pid: int) -> dict[str, float]:
    """Raises: TimeoutError."""
    at = len(_tail(log, 0))
    os.kill(pid, signal.SIGUSR1)
    async with asyncio.timeout(WAIT_S):
        while True:
            for line in _tail(log, at).decode(errors="replace").splitlines(keepends=True):
                if WORD in line and line.endswith("\n"):
                    return dict(json.loads(line.partition(WORD)[2]))
            await asyncio.sleep(0.05)


def _tail(log: Path, at: int) -> bytes:
    with log.open("rb") as file:
        file.seek(at)
        return file.read()


async def _until_quiet(ground: Ground, before: list[dict[str, float]]) -> tuple[list[dict[str, float]], list[str]]:
    """What is there when nothing is left any more, or after QUIET_S_MAX; and what is left then."""
    began = time.monotonic()
    while True:
        after = await _counts(ground)
        left = [more for one, there in zip(after, before, strict=True) for more in too_much(there, one)]
        if not left or time.monotonic() - began > QUIET_S_MAX:
            return after, left
        await asyncio.sleep(1.0)


def too_much(before: Mapping[str, float], after: Mapping[str, float]) -> list[str]:
    """What has not gone. The crew's own sockets are in both counts."""
    allowed = {"tasks": TASKS_MORE, "files": FILES_MORE}
    return [
        f"{name}: {before[name]:.0f} before, {after[name]:.0f} after"
        for name in sorted(set(before) - {"rss_mib"})
        if after[name] > before[name] + allowed.get(name, 0)
    ]


def judge(tally: Tally) -> Found:
    ways, grown = Counter[str](tally["ways"]), tally["worst_grown"]
    return judged(
        tally["sockets"],
        {"ways": dict(ways), "rss_grown_share": grown, "left": len(tally["left"]), "took_s": tally["took_s"]},
        [*tally["broken"], *(f"left behind: {one}" for one in tally["left"])],
        (
            (set(ways) == set(WAYS), "not every way was gone"),
            (grown <= RSS_SHARE_MAX, f"a web process grew by {grown:.1%}, above {RSS_SHARE_MAX:.0%}"),
        ),
    )


ROW = Row(
    ("B11",),
    {Profile.SHORT: 1, Profile.GATE: 20},
    run,
    {"B11": judge},
    {"B11": "what Python itself allocates is not compared line by line; memory is that of the process"},
)
