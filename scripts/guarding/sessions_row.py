"""S4: sessions that somebody planted, that were ended, that come back. Each race signs an officer in over a cookie that
was planted, opens a socket at the other web process, begins a slow upload and sends changes at the very moment in which
the session is ended in one of eight ways; then nothing of it may live for longer than a second, at either process.
"""

import asyncio
import contextlib
import json
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gateway.sockets.link import Close
from scripts.chaos_rows.tally import Found, figures, judged
from scripts.guarding.ground import Ground, Json, Profile, body_of, code_of, together
from scripts.guarding.people import new_key

RACES: Final = {Profile.SMOKE: 8, Profile.SHORT: 48, Profile.LONG: 500}
AT_ONCE: Final = 6
REVOKED_S_MAX: Final = 1.0
WATCHED_S: Final = 2.0  # after the end: what comes back in that time is found
LOOK_S: Final = 0.05
GONE_S_MAX: Final = 10.0
BY_SQL: Final = {
    "suspended": "UPDATE accounts SET suspended = true WHERE login = $1",
    "another role": "UPDATE accounts SET role = 'desk' WHERE login = $1",
    "another password": "UPDATE accounts SET password = password || 'x' WHERE login = $1",
    "another station": "UPDATE officers o SET station = (SELECT id FROM stations s WHERE s.id <> o.station ORDER BY id"
    " LIMIT 1) FROM accounts a WHERE a.officer = o.id AND a.login = $1",
}
BY_HTTP: Final = ("signed out", "everywhere", "from the list", "signed in elsewhere")
WAYS: Final = (*BY_HTTP, *BY_SQL)


@dataclass(slots=True)
class Seen:
    """What was counted: `closed_s` until the socket was closed, `refused_s` until both processes refused the token."""

    races: int = 0
    ways: Counter[str] = field(default_factory=Counter)
    closed_s: list[float] = field(default_factory=list)
    refused_s: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Signed:
    """An officer's session, as a page holds it."""

    person: Json
    token: str
    csrf: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


async def run(ground: Ground) -> Found:
    """Raises: Unanswered, ValueError, TimeoutError."""
    seen, began = Seen(), time.monotonic()
    free: asyncio.Queue[Json] = asyncio.Queue()
    for person in ground.service.of("officer"):
        free.put_nowait(person)

    async def one(turn: int) -> None:
        person = await free.get()
        try:
            await race(ground, seen, person, turn)
        finally:
            free.put_nowait(person)

    await together(RACES[ground.profile], AT_ONCE, one)
    figure = {
        "ways": dict(seen.ways), "closed_s": figures(seen.closed_s), "refused_s": figures(seen.refused_s),
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip
    late = max([*seen.closed_s, *seen.refused_s], default=None)
    holds = late is not None and (late <= REVOKED_S_MAX or not ground.timed)
    return judged(seen.races, figure, seen.broken, [(holds, f"a session lived {late} s after its end")])


async def sign_in(ground: Ground, person: Json, door: int) -> tuple[Signed, str]:
    """Over a cookie with a token that somebody planted; that token. Raises: ValueError."""
    planted = secrets.token_urlsafe(32)
    head = {"x-onbeat-page": "officer", "origin": ground.service.url, "cookie": f"__Host-onbeat-officer={planted}"}
    said = {"login": person["login"], "password": person["password"]}
    answer = await ground.ask("POST", "/v1/sessions", said, door=door, **head)
    if answer.status != 201:
        raise ValueError(f"POST /v1/sessions: {answer.status} {code_of(answer)}")
    token = answer.headers["set-cookie"].partition("__Host-onbeat-officer=")[2].partition(";")[0]
    return Signed(person, token, str(body_of(answer)["csrf"])), planted


async def race(ground: Ground, seen: Seen, person: Json, turn: int) -> None:
    """One session, from its opening to two seconds after its end."""
    way = WAYS[turn % len(WAYS)]
    signed, planted = await sign_in(ground, person, turn)
    if signed.token == planted or await alive(ground, planted, turn):
        seen.broken.append("a token that somebody planted was taken over")
    line = await opened(ground, signed, turn + 1)
    upload = await begun(ground, signed, turn)
    before = dict(await ground.owner.fetchrow(HELD, person["login"]) or {})
    closing = asyncio.create_task(closed(line))
    try:
        async with asyncio.TaskGroup() as group:
            ending = group.create_task(end(ground, way, signed, turn))
            for door in range(len(ground.doors)):
                group.create_task(queued(ground, signed, door))
        ended = ending.result()
        await watched(ground, seen, signed, way, ended, closing)
        if not await refused(upload):
            seen.broken.append(f"{way}: an upload that ended a second after the session was taken")
    finally:
        closing.cancel()
        await line.close()
        await ground.owner.execute(RESTORE, person["login"], *(before[name] for name in KEPT))
        await ground.owner.execute(BACK, person["login"], before["officer_station"])
    seen.races += 1
    seen.ways[way] += 1


KEPT: Final = ("suspended", "role", "password")
HELD: Final = (
    "SELECT a.suspended, a.role, a.password, o.station AS officer_station FROM accounts a JOIN officers o"
    " ON o.id = a.officer WHERE a.login = $1"
)
RESTORE: Final = "UPDATE accounts SET suspended = $2, role = $3, password = $4 WHERE login = $1"
BACK: Final = "UPDATE officers o SET station = $2 FROM accounts a WHERE a.officer = o.id AND a.login = $1"


async def end(ground: Ground, way: str, signed: Signed, door: int) -> float:
    """The session's end, in this way; the moment in which that was answered, in monotonic seconds."""
    await asyncio.sleep(secrets.randbelow(20) / 1000)
    if way in BY_SQL:
        await ground.owner.execute(BY_SQL[way], signed.person["login"])
    elif way == "signed in elsewhere":
        await sign_in(ground, signed.person, door + 1)
    else:
        path = {"signed out": "/v1/sessions/current", "everywhere": "/v1/sessions"}.get(way)
        if path is None:
            mine = body_of(await ground.ask("GET", "/v1/sessions", door=door, **signed.bearer))["sessions"]
            path = f"/v1/sessions/{next(one['id'] for one in mine if one['this'])}"
        answer = await ground.ask("DELETE", path, door=door, **signed.bearer)
        if answer.status != 204:
            raise ValueError(f"DELETE {path}: {answer.status} {code_of(answer)}")
    return time.monotonic()


async def watched(
    ground: Ground, seen: Seen, signed: Signed, way: str, ended: float, closing: "asyncio.Task[float]"
) -> None:
    """Both processes are asked again and again: each refuses within a second, and for good."""
    refused_at: dict[int, float] = {}
    while (now := time.monotonic()) - ended < WATCHED_S or len(refused_at) < len(ground.doors):
        if now - ended > GONE_S_MAX:
            seen.broken.append(f"{way}: the session was alive {GONE_S_MAX} s after its end")
            break
        for door in range(len(ground.doors)):
            if await alive(ground, signed.token, door):
                if door in refused_at:
                    seen.broken.append(f"{way}: a session that had ended came back")
                    refused_at.pop(door)
            else:
                refused_at.setdefault(door, time.monotonic())
        await asyncio.sleep(LOOK_S)
    seen.refused_s.append(max(0.0, max(refused_at.values(), default=time.monotonic()) - ended))
    try:
        seen.closed_s.append(max(0.0, await asyncio.wait_for(closing, GONE_S_MAX) - ended))
    except TimeoutError:
        seen.broken.append(f"{way}: a socket outlived its session by {GONE_S_MAX} s")


async def alive(ground: Ground, token: str, door: int) -> bool:
    answer = await ground.ask("GET", "/v1/me", door=door, authorization=f"Bearer {token}")
    return answer.status == 200


async def queued(ground: Ground, signed: Signed, door: int) -> None:
    """A change in the very moment of the end: taken or refused, both are right."""
    await asyncio.sleep(secrets.randbelow(20) / 1000)
    await ground.ask("POST", "/v1/duty", {"t": "duty", "on": False, "key": new_key()}, door=door, **signed.bearer)


async def opened(ground: Ground, signed: Signed, door: int) -> ClientConnection:
    """A socket at a process, from a page of ours."""
    url, origin = ground.service.doors[door % len(ground.doors)], ground.service.url
    ticket = await ground.ask("POST", "/v1/tickets", door=door, origin=origin, **signed.bearer)
    if ticket.status != 201:
        raise ValueError(f"POST /v1/tickets: {ticket.status} {code_of(ticket)}")
    address = f"ws{url.removeprefix('http')}/v1/socket?ticket={body_of(ticket)['ticket']}"
    said: Any = origin
    line = await connect(address, origin=said, compression=None, ping_interval=None, proxy=None, max_queue=None)
    await line.send(json.dumps({"t": "hello", "v": 1}))
    return line


async def closed(line: ClientConnection) -> float:
    """When it was closed by the service, as one whose session has ended."""
    try:
        while True:
            await line.recv()
    except ConnectionClosed as error:
        if error.rcvd is None or error.rcvd.code != Close.REVOKED:
            raise ValueError(f"a socket was closed otherwise: {error}") from error
        return time.monotonic()


Upload = tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]


async def begun(ground: Ground, signed: Signed, door: int) -> Upload:
    """A change whose body does not come yet: it has been asked whose it is."""
    where = urlsplit(ground.service.doors[door % len(ground.doors)])
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    body = json.dumps({"t": "duty", "on": True, "key": new_key()}).encode()
    head = [
        "POST /v1/duty HTTP/1.1", f"Host: {where.netloc}", f"Authorization: Bearer {signed.token}",
        "Content-Type: application/json", f"Content-Length: {len(body)}", "", "",
    ]  # fmt: skip
    writer.write("\r\n".join(head).encode() + body[:10])
    await writer.drain()
    return reader, writer, body[10:]


async def refused(upload: Upload) -> bool:
    """Whether the rest of the body comes too late."""
    reader, writer, rest = upload
    with contextlib.suppress(OSError):
        writer.write(rest)
        status = (await asyncio.wait_for(reader.readline(), GONE_S_MAX)).split(b" ")
        writer.close()
        return status[1:2] == [b"401"]
    return True
