"""B9: broken frames close their own socket, with the code that says why, and nobody beside them notices.

Every fixed case of `malformed.py` and drawn garbage, each on a socket of its own through a web process of the fleet,
some in one piece and some byte by byte; officers' phones go on meanwhile, and a case must reach them as ever. B10:
messages and bodies beyond every bound, many at once, are refused and cost next to nothing.
"""

import asyncio
import base64
import contextlib
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import urlsplit

from scripts.chaos_rows.ground import STATIONS, Ground
from scripts.chaos_rows.malformed import MALFORMED, frame
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.simulator.doors import Person
from scripts.simulator.http import Unanswered

GARBAGE: Final = {Profile.SHORT: 1_000, Profile.GATE: 2_000}  # drawn streams a block
AT_ONCE: Final = 32
HANGS_S: Final = 5.0
CLOSES: Final = frozenset({1000, 1002, 1003, 1007, 1008, 1009})
ECHOED: Final = frozenset({*range(1000, 1004), *range(1007, 1015), *range(3000, 5000)})
"""Drawn bytes may be a farewell with a code of their own, which is said back. A mistake of ours stands in the log."""
NEIGHBOUR_S_MAX: Final = 1.0
ATTACKERS: Final = 200
RSS_MIB_MAX: Final = 20.0
BIG: Final = 10**9
TRACEBACK: Final = "Traceback"


async def run_frames(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    dice, words = ground.dice(f"B9:{block}"), f"B9 {block} "
    drawn = [(f"garbage {n}", _garbage(dice), None) for n in range(GARBAGE[profile])]
    fixed = [(name, data, code) for name, (data, code) in MALFORMED.items()]
    turn, broken, shown_s = asyncio.Semaphore(AT_ONCE), list[str](), list[float]()
    said = {path: path.stat().st_size for path in _logs(ground)}

    async def one(number: int, name: str, data: bytes, code: int | None) -> None:
        async with turn:
            with contextlib.suppress(Unanswered):
                found = await throw(_person(ground, number), data, in_pieces=number % 3 == 0)
                if why := wrong(name, found, code):
                    broken.append(why)

    watching = asyncio.create_task(_neighbours(ground, words, dice, shown_s, broken))
    async with asyncio.TaskGroup() as group:
        for number, (name, data, code) in enumerate([*fixed, *drawn]):
            group.create_task(one(number, name, data, code))
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    broken += [f"{path.name} holds a traceback" for path, at in said.items() if TRACEBACK in _since(path, at)]
    await ground.desk_clears(words)
    tally: dict[str, Any] = {"streams": len(fixed) + len(drawn), "fixed": len(fixed), "shown_s": shown_s}
    return {"B9": tally | {"broken": broken}}


async def run_sizes(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    broken, refused_ms = list[str](), list[float]()
    before = _rss_mib(ground)
    greatest = before

    async def socket(number: int) -> None:
        announced = frame(0x81, size=b"\xff" + BIG.to_bytes(8, "big")) + bytes(4096)
        data = announced if number % 2 else frame(0x01) + frame(0x00) * 5_000
        with contextlib.suppress(Unanswered):
            found = await throw(_person(ground, number), data)
            if why := wrong(f"attacker {number}", found, 1009):
                broken.append(why)

    async def body(number: int) -> None:
        began = time.monotonic()
        # Past the fault proxy: where a server answers and ends over unread bytes, it would swallow the answer.
        url = ground.fleet.webs[number % len(ground.fleet.webs)].direct
        status = await post(_person(ground, number), url, chunked=number % 8 == 0)
        refused_ms.append(round((time.monotonic() - began) * 1000, 1))
        if status != 413:
            broken.append(f"a body of {BIG} bytes was answered {status}")

    async with asyncio.TaskGroup() as group:
        for number in range(ATTACKERS):
            group.create_task(socket(number) if number % 4 else body(number))
        for _ in range(10):
            greatest = max(greatest, _rss_mib(ground))
            await asyncio.sleep(0.1)
    await asyncio.sleep(1.0)
    tally = {"attackers": ATTACKERS, "refused_ms": refused_ms, "worst_grown_mib": round(_rss_mib(ground) - before, 1),
             "worst_peak_mib": round(greatest - before, 1), "broken": broken}  # fmt: skip
    return {"B10": tally}


def _person(ground: Ground, number: int) -> Person:
    """A signed-in officer's address and session; the socket that is opened never says hello, so nobody is replaced."""
    phones = ground.crew.all_officers
    own = phones[number % len(phones)].person
    person = Person(ground.doors, own.number, own.token)
    person.turn = number
    return person


def _garbage(dice: Random) -> bytes:
    """Drawn bytes, or a legal beginning that goes wrong."""
    if dice.random() < 0.5:
        return dice.randbytes(dice.randint(1, 400))
    name = dice.choice(list(MALFORMED))
    data = bytearray(MALFORMED[name][0][:2_000])
    for _ in range(dice.randint(1, 6)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    return bytes(data)


def upgrade(person: Person, ticket: str) -> bytes:
    """The request that opens a socket at the person's door."""
    base = person.door.base
    return (
        f"GET /v1/socket?ticket={ticket} HTTP/1.1\r\nHost: {urlsplit(base).netloc}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nOrigin: {base}\r\n"
        f"X-Forwarded-For: {person.address}\r\n"
        f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}\r\n\r\n"
    ).encode()


async def throw(person: Person, data: bytes, *, in_pieces: bool = False) -> tuple[int | None, bool]:
    """Opens a socket and sends these bytes: the close code that came, if any, and whether the socket ended in time.

    Raises: Unanswered where no socket could be opened.
    """
    ticket = await person.ticket()
    where = urlsplit(person.door.base)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        writer.write(upgrade(person, ticket))
        async with asyncio.timeout(HANGS_S):
            answer = await reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer[:20]:
            raise Unanswered(answer[:80].decode("latin-1"))
        pieces = [data[at : at + 1] for at in range(len(data))] if in_pieces and len(data) < 500 else [data]
        with contextlib.suppress(OSError):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            writer.write_eof()
        return await _ended(reader)
    except (TimeoutError, EOFError, OSError) as error:
        raise Unanswered(str(error)) from error
    finally:
        writer.transport.abort()


async def _ended(reader: asyncio.StreamReader) -> tuple[int | None, bool]:
    """The code of the server's close frame; what came before is passed over."""
    try:
        async with asyncio.timeout(HANGS_S):
            while True:
                first, size = await reader.readexactly(2)
                length = size & 127
                if length >= 126:
                    length = int.from_bytes(await reader.readexactly(2 if length == 126 else 8), "big")
                payload = await reader.readexactly(length)
                if first & 15 == 8:
                    return int.from_bytes(payload[:2], "big"), True
    except (EOFError, OSError):
        return None, True
    except TimeoutError:
        return None, False


def wrong(name: str, found: tuple[int | None, bool], code: int | None) -> str | None:
    """A sentence where a socket hung or was closed for another reason. `code` None: any that a peer may be sent."""
    heard, ended = found
    if not ended:
        return f"{name}: the socket hung for {HANGS_S} s"
    if code is not None and heard != code:
        return f"{name}: closed with {heard}, not {code}"
    if heard is not None and heard not in CLOSES and not (code is None and heard in ECHOED):
        return f"{name}: closed with {heard}"
    return None


async def post(person: Person, url: str, *, chunked: bool) -> int:
    """The status of a report whose body is far too long; it is announced, or comes without a length."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        size = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {BIG}"
        writer.write(
            f"POST /v1/reports HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Type: application/json\r\n"
            f"X-Forwarded-For: {person.address}\r\nIdempotency-Key: {secrets.token_urlsafe(24)}\r\n"
            f"{size}\r\n\r\n".encode()
        )
        with contextlib.suppress(OSError):
            for _ in range(20 if chunked else 0):
                writer.write(b"2000\r\n" + b"x" * 8_192 + b"\r\n")
                await writer.drain()
        async with asyncio.timeout(HANGS_S):
            return int((await reader.readline()).split(b" ")[1])
    except (OSError, EOFError, TimeoutError, IndexError, ValueError):
        return 0
    finally:
        writer.transport.abort()


async def _neighbours(ground: Ground, words: str, dice: Random, shown_s: list[float], broken: list[str]) -> None:
    """A case a second: every phone of its station sees it soon."""
    for number in range(10_000):
        began = time.monotonic()
        accepted = await ground.report("quick", f"{words}{number}", ground.place(number % STATIONS, dice))
        phones = ground.crew.officers[f"s{number % STATIONS}"][:10]
        if await ground.until_shown(accepted.case, phones):
            shown_s.append(round(time.monotonic() - began, 3))
        else:
            broken.append(f"case {accepted.case} was not shown while others sent garbage")
        await asyncio.sleep(1.0)


def _logs(ground: Ground) -> list[Path]:
    return sorted((ground.fleet.folder / "log").glob("web-*.log"))


def _since(path: Path, at: int) -> str:
    with path.open("rb") as file:
        file.seek(at)
        return file.read().decode(errors="replace")


def _rss_mib(ground: Ground) -> float:
    """Of all web processes together."""
    total = 0
    for part in ground.fleet.webs:
        pid = ground.fleet.children.pid(part.name)
        status = Path(f"/proc/{pid}/status").read_text()
        total += int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    return total / 1024


def judge_frames(tally: Tally) -> Found:
    shown = figures(tally["shown_s"])
    return judged(
        tally["streams"],
        {"fixed": tally["fixed"], "neighbour_s": shown},
        tally["broken"],
        ((most(shown["p50"], NEIGHBOUR_S_MAX), f"neighbours saw a case after {shown['p50']} s (p50)"),),
    )


def judge_sizes(tally: Tally) -> Found:
    grown = tally["worst_grown_mib"]
    return judged(
        tally["attackers"],
        {"refused_ms": figures(tally["refused_ms"]), "grown_mib": grown, "peak_mib": tally["worst_peak_mib"]},
        tally["broken"],
        ((grown <= RSS_MIB_MAX, f"the web processes grew by {grown} MiB, above {RSS_MIB_MAX}"),),
    )


FRAMES = Row(("B9",), {Profile.SHORT: 1, Profile.GATE: 10}, run_frames, {"B9": judge_frames})
SIZES = Row(
    ("B10",),
    {Profile.SHORT: 1, Profile.GATE: 5},
    run_sizes,
    {"B10": judge_sizes},
    {"B10": "CPU an attempt is not measured; compression is never agreed to, so that there is no bomb to defuse"},
)
