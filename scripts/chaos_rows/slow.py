"""B6: whoever reads slowly or not at all is told to come back, is then told what it missed, and disturbs nobody.

Second screens of officers and desks, straight at the web processes: half of them stop reading, half read a byte a
second, which TCP does not tell from it. Offers flow meanwhile and positions come to every desk. Before that the same
flow while they still read, to compare the neighbours with.
"""

import asyncio
import contextlib
import fcntl
import os
import socket
import struct
import termios
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from dispatch.cases import views
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.deliveries import ASKED, Log, compare
from scripts.chaos_rows.flow import Takers, flow, lost_or_doubled, outcomes, settled
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.resume import ENDED, judge_phone
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.chaos_rows.viewer import Viewer
from scripts.simulator.doors import Doors, Person

READERS: Final = 45  # of officers, beside one screen of each desk; half of all read a byte a second
PER_S: Final = 20.0
WARM_S: Final = 4.5  # until cases fall back as fast as they come
ALONE_S: Final = 5.0  # then the flow before anybody reads slowly
LASTS_S: Final = 13.0
LOOK_S: Final = 0.25
APART_S: Final = 0.03  # between two that open a screen
RECEIVE_BYTES: Final = 4_096  # what a slow phone's kernel takes
GIVEN_UP_S: Final = 45.0
CLOSED_S_MAX: Final = 10.0
P99_S_MAX: Final = 1.0
TIMES_MAX: Final = 2.0  # the neighbours' p99 beside that of before
P99_S_FREE: Final = 0.3  # below that a doubling is the machine's doing, and nobody feels it
RSS_MIB_MAX: Final = 20.0
DRAIN_S: Final = 2.0
ESTABLISHED: Final = 1  # tcpi_state


@dataclass(slots=True)
class Readers:
    """All screens that will read slowly, and what became of them."""

    slow: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)
    opened: int = 0
    closed_s: list[float] = field(default_factory=list)
    told: list[tuple[Phone, Viewer]] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    async def all_open(self, count: int) -> None:
        """Raises: TimeoutError."""
        async with asyncio.timeout(GIVEN_UP_S):
            while self.opened < count:  # noqa: ASYNC110 - told by many
                await asyncio.sleep(0.05)


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, logs = f"B6 {block} ", defaultdict[UUID, Log](list)

    def heard(phone: Phone, message: views.Sent, now: float) -> None:
        if phone.officer is not None and isinstance(message, views.Offer | views.Gone | views.HeldCase):
            logs[phone.officer].append((message, now))

    takers, readers, broken = Takers(ground, words, 0.01), Readers(), list[str]()
    with ground.crew.watched(heard):
        async with takers.at_work(), _doors(ground) as doors, asyncio.TaskGroup() as group:
            for number, phone in enumerate(_phones(ground)):
                group.create_task(_life(readers, phone, doors, number))
            await readers.all_open(len(_phones(ground)))
            warm = await flow(ground, f"{words}warm ", count=int(PER_S * WARM_S), per_s=PER_S, seed=block)
            alone = await flow(ground, f"{words}alone ", count=int(PER_S * ALONE_S), per_s=PER_S, seed=block)
            before = rss_mib(ground)
            readers.slow.set()
            reports = await flow(ground, words + "slow ", count=int(PER_S * LASTS_S), per_s=PER_S, seed=block)
            grown = rss_mib(ground) - before
            broken += await settled(ground, words)
            await asyncio.sleep(DRAIN_S)
            readers.done.set()
    broken += readers.broken
    for sent in (warm, alone, reports):
        broken += await lost_or_doubled(ground, words, sent)
    broken += (await outcomes(ground, words, takers)).broken
    asked = {when: [tuple(row) for row in await ground.rows(ASKED, words + when)] for when in ("alone ", "slow ")}
    found = {when: compare(rows, logs, ground.clock_s) for when, rows in asked.items()}
    ended = {row["case_id"]: row["at_s"] - ground.clock_s for row in await ground.rows(ENDED, words + "slow ")}
    for phone, viewer in readers.told:
        broken += _missed(ground, phone, viewer, asked["slow "], ended)
    await ground.desk_clears(words)
    tally: dict[str, Any] = {
        "readers": len(readers.closed_s), "closed_s": readers.closed_s, "deliveries": found["slow "]["deliveries"],
        "alone_s": found["alone "]["late_s"], "late_s": found["slow "]["late_s"], "worst_grown_mib": round(grown, 1),
        "broken": broken + found["alone "]["broken"] + found["slow "]["broken"],
    }  # fmt: skip
    return {"B6": tally}


def _phones(ground: Ground) -> list[Phone]:
    each = READERS // len(ground.crew.officers)
    officers = [phone for phones in ground.crew.officers.values() for phone in phones[-each:]]
    return [*officers, *ground.crew.desks.values()]


@contextlib.asynccontextmanager
async def _doors(ground: Ground) -> Any:
    """Past the fault proxies, which would read on for who does not."""
    doors = Doors(tuple(part.direct for part in ground.fleet.webs))
    try:
        yield doors
    finally:
        await doors.close()


async def _life(readers: "Readers", phone: Phone, doors: Doors, number: int) -> None:
    """Reads as others do, then slowly until it is closed; comes back as its offsets say, and listens to the end."""
    viewer = Viewer(Person(doors, phone.person.number, phone.person.token), receive_bytes=RECEIVE_BYTES)
    await asyncio.sleep(number * APART_S)  # a herd is another row's
    await viewer.open()
    readers.opened += 1
    await _listen(viewer, readers.slow)
    with viewer.hold_back() as held:
        closed = await until_closed(viewer, held, number % 2)
    viewer.drop()
    if closed is None:
        readers.broken.append(f"{phone.login} took {number % 2} bytes a second and was not closed in {GIVEN_UP_S} s")
        return
    readers.closed_s.append(round(closed, 3))
    viewer.receive_bytes = 0
    await asyncio.sleep(number * APART_S)
    await viewer.open()
    await _listen(viewer, readers.done)
    await viewer.close()
    readers.told.append((phone, viewer))


async def _listen(viewer: Viewer, until: asyncio.Event) -> None:
    while not until.is_set():
        if not await viewer.listen(0.25):
            viewer.drop()
            await viewer.open()


async def until_closed(viewer: Viewer, held: socket.socket, bytes_each: int) -> float | None:
    """Takes so many bytes a second. Seconds from what its kernel took last until it was closed; None: it was not."""
    began = progress_at = time.monotonic()
    taken = known = 0
    for look in range(int(GIVEN_UP_S / LOOK_S)):
        waiting = struct.unpack("i", fcntl.ioctl(held, termios.FIONREAD, bytes(4)))[0]
        now = time.monotonic()
        if taken + waiting > known:
            known, progress_at = taken + waiting, now
        if held.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != ESTABLISHED:
            return now - progress_at
        if look % int(1 / LOOK_S) == 0:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                taken += len(os.read(held.fileno(), bytes_each)) if bytes_each else 0
        await viewer.murmur()
        await asyncio.sleep(began + (look + 1) * LOOK_S - time.monotonic())
    return None


def _missed(
    ground: Ground, phone: Phone, viewer: Viewer, asked: list[tuple[Any, ...]], ended: Mapping[UUID, float]
) -> list[str]:
    """Whatever it was asked and never told, though it came back."""
    own = [(case, at, at_s - ground.clock_s) for case, officer, at, at_s in asked if officer == phone.officer]
    return judge_phone(f"slow {phone.login}", phone.station, own, ended, viewer.heard, [])


def rss_mib(ground: Ground) -> float:
    """Of the web process that holds most."""
    most_kib = 0
    for part in ground.fleet.webs:
        status = Path(f"/proc/{ground.fleet.children.pid(part.name)}/status").read_text()
        most_kib = max(most_kib, int(next(li for li in status.splitlines() if li.startswith("VmRSS")).split()[1]))
    return most_kib / 1024


def judge(tally: Tally) -> Found:
    closed, late, alone = figures(tally["closed_s"]), figures(tally["late_s"]), figures(tally["alone_s"])
    grown, p99, before = tally["worst_grown_mib"], late["p99"], alone["p99"]
    allowed = max(P99_S_FREE, TIMES_MAX * (before or 0.0))
    figure = {"closed_s": closed, "deliveries": tally["deliveries"], "neighbours_s": late, "alone_s": alone}
    return judged(
        tally["readers"],
        {**figure, "grown_mib": grown},
        tally["broken"],
        (
            (most(closed["max"], CLOSED_S_MAX + LOOK_S), f"closed {closed['max']} s after its kernel took the last"),
            (most(p99, P99_S_MAX), f"a neighbour's p99 was {p99} s, above {P99_S_MAX} s"),
            (most(p99, allowed), f"a neighbour's p99 was {p99} s, and {before} s before anybody read slowly"),
            (grown <= RSS_MIB_MAX, f"a web process grew by {grown} MiB, above {RSS_MIB_MAX}"),
        ),
    )


ROW = Row(
    ("B6",),
    {Profile.SHORT: 1, Profile.GATE: 20},
    run,
    {"B6": judge},
    {"B6": "255 people and 50 slow screens, not 500; twenty blocks of the gate read slowly for four minutes"},
)
