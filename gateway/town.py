"""A town from a file, for simulations and trials: areas, categories, officers and desks into an empty database.

The file is one JSON object:

    {"stations": FeatureCollection, "beats": FeatureCollection, "officers": 300,
     "categories": [{"id": "theft", "name": "...", "name_en": "...", "seats": 1, "window_ms": null, "mode": "snatch"}]}

Reporters find the kinds of case in the file's order. Stations and beats as `geo.areas` reads them (RFC 7946; a beat
names its `station`); of a category only the id is needed. The station `other` is added for places in no area, and a
desk for every station.
"""

import random
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import UUID, uuid4

import msgspec

from dispatch.adapters.passwords import Argon2Passwords
from dispatch.cases.policy import Mode
from dispatch.limits import PRIORITY, SLOTS_DEFAULT
from dispatch.people.values import Role
from geo.areas import AreaKind, AreaSet, load_areas

OFFICERS_MAX: Final = 100_000
CATCH_ALL: Final = "other"
SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
"""The twenty most frequent surnames of the 2020 census' name report; a reporter is told this one character."""


class TownError(ValueError):
    """A town's file that cannot be used; the message is a sentence."""


class Connection(Protocol):
    """What is needed of a database connection."""

    async def fetchval(self, query: str, *args: object) -> Any: ...

    async def executemany(self, command: str, args: Iterable[Sequence[object]]) -> Any: ...


class Category(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of case; times and rings in place of the service's own where given (`Policy.columns` names them alike)."""

    id: str
    name: str = ""
    name_en: str = ""
    seats: int = 1
    window_ms: int | None = None
    wave_ms: int | None = None
    ack_ms: int | None = None
    mode: Mode = Mode.SNATCH
    rings_m: tuple[int, ...] | None = None
    head_start_ms: int | None = None
    turn_ms: int | None = None
    check_in_s: int | None = None
    priority: int = PRIORITY
    patience_ms: int | None = None


class Town(msgspec.Struct, frozen=True):
    """The file as it stands."""

    stations: dict[str, Any]
    beats: dict[str, Any]
    officers: int
    categories: tuple[Category, ...]
    first_call_sign: int = 1


def read_town(path: Path) -> dict[str, Any]:
    """The content of a town's file. Raises: TownError; OSError when it cannot be read."""
    try:
        found: dict[str, Any] = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise TownError(f"{path} is not a town: {error}") from error
    return found


async def seed_town(
    conn: Connection, town: dict[str, Any], *, rng: random.Random, passwords: Argon2Passwords | None = None
) -> dict[str, Any]:
    """Put a town into the database, all or nothing if the caller holds a transaction; its sign-ins.

    Returns {"people": [{"role", "login", "password", "station", "call_sign", "beat"}]}, desks first. Call signs and
    surnames follow from `rng`; passwords never do: each is 128 random bits, so that `passwords`, argon2id in its
    own encoding, needs no costly settings. Officers go over the beats in turn.
    Raises: TownError; ValueError (geo's AreaError) when no area can be read.
    """
    try:
        wanted = msgspec.convert(town, Town)
    except msgspec.ValidationError as error:
        raise TownError(f"The town's file is not one: {error}") from error
    if not 0 <= wanted.officers <= OFFICERS_MAX or not wanted.categories:
        raise TownError(f"A town has 0 to {OFFICERS_MAX} officers and at least one category.")
    stations, report = load_areas(wanted.stations, kind="station")
    beats, beat_report = load_areas(wanted.beats, kind="beat")
    refused = [*report.refused, *beat_report.refused]
    if refused or not len(stations):
        raise TownError(f"The town's areas cannot be used: {refused[0] if refused else 'it has no station'}")
    for beat in beats.areas:
        if beat.station not in stations:
            raise TownError(f"Beat {beat.id} lies in station {beat.station}, which the town has not.")
    if CATCH_ALL in stations:
        raise TownError(f"The station {CATCH_ALL} is the town's own, for places that lie in no area.")
    await _put_areas(conn, stations, beats)
    await conn.executemany(
        "INSERT INTO categories (id, name, name_en, seats, window_ms, wave_ms, ack_ms, mode, rings_m, head_start_ms, "
        "turn_ms, check_in_s, priority, patience_ms, shown) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        [
            (
                k.id,
                k.name or k.id,
                k.name_en or k.name or k.id,
                k.seats,
                k.window_ms,
                k.wave_ms,
                k.ack_ms,
                str(k.mode),
                list(k.rings_m) if k.rings_m else None,
                k.head_start_ms,
                k.turn_ms,
                k.check_in_s,
                k.priority,
                k.patience_ms,
                place,
            )
            for place, k in enumerate(wanted.categories, 1)
        ],
    )
    # Passwords here are 128 random bits: stretching them would protect nothing and cost each sign-in 20 ms.
    cheap = passwords or Argon2Passwords(memory_kib=1024, passes=1)
    return {"people": await _put_people(conn, stations, beats, wanted, rng, cheap)}


async def _put_areas(conn: Connection, stations: AreaSet, beats: AreaSet) -> None:
    await conn.executemany(
        "INSERT INTO stations (id, name, name_en, catch_all) VALUES ($1, $2, $3, $4)",
        [(s.id, s.name, str(s.properties.get("name_en") or s.name), False) for s in stations.areas]
        + [(CATCH_ALL, "其他", "Elsewhere", True)],
    )
    await conn.executemany(
        "INSERT INTO areas (id, kind, station, name, name_en, outline) VALUES ($1, $2, $3, $4, $5, $6::text::jsonb)",
        [
            (
                _area_id(area.id, kind),
                str(kind),
                area.station or area.id,
                area.name,
                str(area.properties.get("name_en") or "") or None if kind is AreaKind.BEAT else None,
                _outline(these, area.id),
            )
            for kind, these in ((AreaKind.STATION, stations), (AreaKind.BEAT, beats))
            for area in these.areas
        ],
    )
    await conn.executemany(
        "INSERT INTO streams (stream) VALUES ($1) ON CONFLICT DO NOTHING",
        [(s,) for s in [*(s.id for s in stations.areas), CATCH_ALL]],
    )


async def _put_people(
    conn: Connection,
    stations: AreaSet,
    beats: AreaSet,
    wanted: Town,
    rng: random.Random,
    passwords: Argon2Passwords,
) -> list[dict[str, str]]:
    people: list[dict[str, str]] = []
    officers: list[tuple[object, ...]] = []
    accounts: list[tuple[object, ...]] = []

    def sign_in(role: Role, login: str, station: str, officer: UUID | None, **more: str) -> None:
        password = secrets.token_urlsafe(16)
        accounts.append((uuid4(), login, passwords.hash_now(password), str(role), station, officer))
        people.append({"role": str(role), "login": login, "password": password, "station": station, **more})

    for station in [*(s.id for s in stations.areas), CATCH_ALL]:
        sign_in(Role.DESK, f"desk-{station}", station, None)
    homes = [(b.station or "", b.id) for b in beats.areas] or [(s.id, "") for s in stations.areas]
    width = max(4, len(str(wanted.first_call_sign + wanted.officers)))
    for number in range(wanted.officers):
        station, beat = homes[number % len(homes)]
        one, call_sign = uuid4(), f"{number + wanted.first_call_sign:0{width}d}"
        area = _area_id(beat, AreaKind.BEAT) if beat else None
        officers.append((one, call_sign, rng.choice(SURNAMES), station, area, SLOTS_DEFAULT))
        sign_in(Role.OFFICER, f"officer-{call_sign}", station, one, call_sign=call_sign, beat=beat)
    await conn.executemany(
        "INSERT INTO officers (id, call_sign, surname, station, beat, slots) VALUES ($1, $2, $3, $4, $5, $6)", officers
    )
    await conn.executemany(
        "INSERT INTO accounts (id, login, password, role, station, officer) VALUES ($1, $2, $3, $4, $5, $6)", accounts
    )
    return people


def _area_id(own: str, kind: AreaKind) -> str:
    """Station 18 and beat 18 are two areas."""
    return f"{kind}:{own}"


def _outline(areas: AreaSet, own: str) -> str:
    return msgspec.json.encode(areas.outline(own)).decode()
