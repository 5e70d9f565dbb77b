"""How each route of the matrix is asked on a real object: the address, the body, and what must not have changed."""

import base64
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scripts.guarding.matrix import WITHOUT
from scripts.guarding.people import HERE, Json, Person, Told, new_key
from scripts.guarding.scenes import DESK_FIRST, Scene, SceneError, Stage

GEOJSON: Final = "application/geo+json"
THERE: Final = {"lat": HERE[0], "lon": HERE[1]}
DAY: Final = "from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z"


@dataclass(slots=True)
class Probe:
    """One request. `who`: asks in place of the person, a session of theirs that may be lost."""

    path: str
    body: Any = None
    head: dict[str, str] = field(default_factory=dict)
    who: Person | None = None


Ask = Callable[[Stage, Person], Awaitable[Probe]]


def plain(path: str, **head: str) -> Ask:
    async def made(stage: Stage, person: Person) -> Probe:
        return Probe(path.replace("$here", stage.stations[0]).replace("$there", stage.stations[1]), None, head)

    return made


async def again(stage: Stage, person: Person) -> Person:
    """Another session of the same person, or the person where there is none to be had."""
    if person.name in WITHOUT:
        return person
    if person.name.startswith("reporter"):
        answer = await stage.client.post("/v1/receipts", json={"code": person.said["receipt"]})
    else:
        login = {name: person.said[name] for name in ("login", "password")}
        answer = await stage.client.post("/v1/sessions", json=login)
    return Person(person.name, stage.service, stage.client, answer.json()["token"], person.said)


async def report(stage: Stage, person: Person) -> Probe:
    body = {"category": DESK_FIRST, "words": "A matrix.", **THERE}
    return Probe("/v1/reports", body, {"idempotency-key": new_key()})


async def advice(stage: Stage, person: Person) -> Probe:
    return Probe("/v1/advice", {"words": "A bicycle is gone."})


async def receipt(stage: Stage, person: Person) -> Probe:
    return Probe("/v1/receipts", {"code": (await stage.report()).receipt})


async def sign_in(stage: Stage, person: Person) -> Probe:
    login = stage.people["desk"].said
    return Probe("/v1/sessions", {"login": login["login"], "password": login["password"]})


async def everywhere(stage: Stage, person: Person) -> Probe:
    """By somebody whose other sessions the matrix does not need: signed in again afterwards."""
    return Probe("/v1/sessions", who=await again(stage, person))


async def here(stage: Stage, person: Person) -> Probe:
    return Probe("/v1/sessions/current", who=await again(stage, person))


async def one(stage: Stage, person: Person) -> Probe:
    other = await again(stage, person)
    listed = (await other.ask("GET", "/v1/sessions")).body or {}
    mine = [each["id"] for each in listed.get("sessions", []) if each["this"]]
    only = other if person.name.startswith("officer") else None  # an officer's other session has ended this one
    return Probe(f"/v1/sessions/{mine[0] if mine else '00000000-0000-4000-8000-000000000000'}", who=only)


async def others(stage: Stage, person: Person) -> Probe:
    whose = stage.people["supervisor" if person.name != "supervisor" else "admin"]
    listed = (await whose.ask("GET", "/v1/sessions")).body["sessions"]
    return Probe(f"/v1/sessions/{listed[0]['id']}")


async def ticket(stage: Stage, person: Person) -> Probe:
    return Probe("/v1/tickets", None, {"origin": stage.service.url})


async def duty(stage: Stage, person: Person) -> Probe:
    return Probe("/v1/duty", {"t": "duty", "on": True, "key": new_key()})


async def claim(stage: Stage, person: Person) -> Probe:
    scene = stage.scene
    assert scene is not None
    return Probe(f"/v1/cases/{scene.case}/claims", {"round": scene.names["round"], "key": new_key()})


async def hazard(stage: Stage, person: Person) -> Probe:
    more = {"words": "A dog.", "reason": "seen", "expires_in_h": 1, "key": new_key()}
    return Probe("/v1/hazards", {**THERE, **more})


async def hazard_ended(stage: Stage, person: Person) -> Probe:
    made = await stage.people["desk"].ask("POST", "/v1/hazards", (await hazard(stage, person)).body)
    if not made.done:
        raise SceneError(f"hazard: {made.body}")
    body = {"hazard": made.body["more"]["hazard"], "reason": "gone", "key": new_key()}
    return Probe("/v1/hazards/ended", body)


async def panic(stage: Stage, person: Person) -> Probe:
    return Probe("/v1/panics", {"t": "panic", "key": new_key()})


async def panic_cleared(stage: Stage, person: Person) -> Probe:
    made = await stage.people["officer"].ask("POST", "/v1/panics", (await panic(stage, person)).body)
    body = {"t": "clear_panic", "panic": made.body["more"]["panic"], "reason": "is safe", "key": new_key()}
    return Probe("/v1/panics/cleared", body)


async def import_areas(stage: Stage, person: Person) -> Probe:
    answer = await stage.client.get("/v1/areas")
    features = [f for f in answer.json()["features"] if f["properties"]["kind"] == "station"]
    return Probe("/v1/areas?kind=station", {"type": "FeatureCollection", "features": features})


async def _row(stage: Stage, kind: str, name: str) -> Json:
    town = (await stage.people["admin"].ask("GET", "/v1/admin/town")).body
    return next(dict(one) for one in town[kind] if one["id"] == name)


async def _person(stage: Stage, login: str) -> Json:
    found = (await stage.people["admin"].ask("GET", f"/v1/admin/people?q={login}")).body["people"]
    return next(dict(one) for one in found if one["login"] == login)


async def put_person(stage: Stage, person: Person) -> Probe:
    """The same person as before, in the next version."""
    spare = stage.people["suspended"].said["login"]
    row = await _person(stage, spare)
    kept = {k: row[k] for k in ("role", "station", "call_sign", "surname", "beat", "slots") if row.get(k) is not None}
    return Probe(f"/v1/admin/people/{spare}", {"version": row["version"], "reason": "authz-matrix", **kept})


def suspend(out: bool) -> Ask:
    async def made(stage: Stage, person: Person) -> Probe:
        spare = stage.people["suspended"].said["login"]
        row = await _person(stage, spare)
        if row["suspended"] == out:  # so that something changes
            other = {"version": row["version"], "reason": "authz-matrix", "suspended": not out}
            await stage.people["admin"].ask("POST", f"/v1/admin/people/{spare}/suspended", other)
            row = await _person(stage, spare)
        body = {"version": row["version"], "reason": "authz-matrix", "suspended": out}
        return Probe(f"/v1/admin/people/{spare}/suspended", body)

    return made


async def password(stage: Stage, person: Person) -> Probe:
    """Of one who is made for it: whose password changes, loses every sign-in of the demonstration."""
    login = "authz-spare"
    admin = stage.people["admin"]
    new = {"version": 0, "reason": "authz-matrix", "role": "desk", "station": stage.stations[0]}
    await admin.ask("PUT", f"/v1/admin/people/{login}", new)
    row = await _person(stage, login)
    return Probe(f"/v1/admin/people/{login}/password", {"version": row["version"], "reason": "authz-matrix"})


_STATION: Final = (
    "name", "name_en", "catch_all", "cross_border", "lends", "falls_to", "head_start_ms", "hand_backs_max", "time_zone",
)  # fmt: skip


async def put_station(stage: Stage, person: Person) -> Probe:
    row = await _row(stage, "stations", stage.stations[0])
    kept = {name: row[name] for name in _STATION if name in row}
    return Probe(f"/v1/admin/stations/{row['id']}", {"version": row["version"], "reason": "authz-matrix", **kept})


_CATEGORY: Final = (
    "name", "name_en", "open", "priority", "seats", "skill", "check_in_s", "ack_ms", "patience_ms", "mode", "hours",
    "window_ms", "wave_ms", "rings_m", "head_start_ms", "turn_ms",
)  # fmt: skip


async def put_category(stage: Stage, person: Person) -> Probe:
    row = await _row(stage, "categories", DESK_FIRST)
    kept = {name: row[name] for name in _CATEGORY if name in row}
    return Probe(f"/v1/admin/categories/{DESK_FIRST}", {"version": row["version"], "reason": "authz-matrix", **kept})


async def identity(stage: Stage, person: Person) -> Probe:
    assert stage.scene is not None
    return Probe(f"/v1/cases/{stage.scene.case}/identity", {"reason": "to call the reporter back"})


async def phone(stage: Stage, person: Person) -> Probe:
    number = f"+86138{secrets.randbelow(10**8):08d}"  # a number of its own: each is written to a few times an hour
    return Probe("/v1/phones", {"number": number})


async def subscription(stage: Stage, person: Person) -> Probe:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    keys = {"p256dh": _text(point), "auth": _text(secrets.token_bytes(16))}
    body = {"endpoint": f"https://fcm.googleapis.com/fcm/send/{secrets.token_hex(16)}", "keys": keys}
    return Probe("/v1/push/subscriptions", body)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def with_password(path: str, **more: Any) -> Ask:
    async def made(stage: Stage, person: Person) -> Probe:
        own = {name: person.said.get(name, "x") for name in ("login", "password")}
        return Probe(path, own | more)

    return made


def body_of(path: str, body: Any) -> Ask:
    async def made(stage: Stage, person: Person) -> Probe:
        return Probe(path, body)

    return made


TAKEN: Final = "q1w2e3r4t5y6"  # one of the most frequent
NOBODYS: Final = "00000000-0000-4000-8000-000000000000"

PROBES: Final[dict[str, Ask]] = {
    "POST /v1/reports": report, "POST /v1/advice": advice, "POST /v1/receipts": receipt, "POST /v1/sessions": sign_in,
    "DELETE /v1/sessions": everywhere, "DELETE /v1/sessions/current": here, "DELETE /v1/sessions/{session}": one,
    "DELETE /v1/sessions/{session} of another person": others, "POST /v1/tickets": ticket, "POST /v1/duty": duty,
    "POST /v1/cases/{case}/claims": claim, "GET /v1/claims/{key}": plain("/v1/claims/" + "k" * 24),
    "GET /v1/hazards": plain("/v1/hazards?station=$here"), "POST /v1/hazards": hazard,
    "GET /v1/hazards of another station": plain("/v1/hazards?station=$there"),
    "POST /v1/hazards/ended": hazard_ended, "POST /v1/panics": panic, "POST /v1/panics/cleared": panic_cleared,
    "GET /v1/desk": plain("/v1/desk?station=$here"),
    "GET /v1/desk of another station": plain("/v1/desk?station=$there"),
    "GET /v1/desk/handover": plain("/v1/desk/handover?station=$here"),
    "GET /v1/desk/handover of another station": plain("/v1/desk/handover?station=$there"),
    "GET /v1/figures": plain(f"/v1/figures?{DAY}"),
    "GET /v1/audit of a case": plain("/v1/audit?chain=read:00000000-0000-4000-8000-000000000000"),
    "GET /v1/audit": plain("/v1/audit?chain=town"), "POST /v1/areas": import_areas,
    "PUT /v1/admin/people/{login}": put_person, "POST /v1/admin/people/{login}/suspended": suspend(True),
    "POST /v1/admin/people/{login}/suspended and in again": suspend(False),
    "POST /v1/admin/people/{login}/password": password, "PUT /v1/admin/stations/{station}": put_station,
    "PUT /v1/admin/categories/{category}": put_category, "GET /static/{path}": plain("/static/shared/dom.js"),
    "POST /v1/cases/{case}/identity": identity, "POST /v1/phones": phone,
    "POST /v1/phones/confirmed with a code that was never sent": body_of(
        "/v1/phones/confirmed", {"phone": NOBODYS, "code": "123456"}
    ),
    "POST /v1/push/subscriptions": subscription,
    "DELETE /v1/push/subscriptions/{subscription}": plain(f"/v1/push/subscriptions/{NOBODYS}"),
    "POST /v1/password to a common one": with_password("/v1/password", new_password=TAKEN),
    "POST /v1/sessions/proved": with_password("/v1/sessions/proved"),
    "POST /v1/factors/app": with_password("/v1/factors/app"),
    "POST /v1/factors/passkey": with_password("/v1/factors/passkey"),
    "POST /v1/factors/forgotten of one that is not there": with_password("/v1/factors/forgotten", factor=NOBODYS),
    "POST /v1/factors with a wrong proof": body_of("/v1/factors", {"note": "a" * 64, "name": "x", "code": "123456"}),
    "POST /v1/oidc without a provider": body_of("/v1/oidc", None),
    "GET /v1/oidc/callback without a provider": plain("/v1/oidc/callback?state=desk.x&code=x"),
    "POST /v1/oidc/session without a provider": body_of("/v1/oidc/session", None),
    "PUT /v1/admin/people/{login}/identity without a provider": body_of(
        "/v1/admin/people/nobody/identity", {"version": 1, "reason": "A matrix.", "subject": "x"}
    ),
    "POST /v1/sessions/second with a word of nobody's": body_of(
        "/v1/sessions/second", {"note": "a" * 64, "code": "123456"}
    ),
}  # fmt: skip
"""Whatever is not here is asked by GET at its own address."""


async def unchanged_of(stage: Stage) -> Any:
    """What no refused request may have changed: the town, its areas, the notes, who is signed in, the queue."""
    admin, boss = stage.people["admin"], stage.people["supervisor"]
    told: list[Told] = [
        await admin.ask("GET", "/v1/admin/changes?count=1"),
        await admin.ask("GET", "/v1/admin/town"),
        await boss.ask("GET", f"/v1/hazards?station={stage.stations[0]}"),
        await boss.ask("GET", f"/v1/desk?station={stage.stations[0]}"),
        await boss.ask("GET", "/v1/sessions"),
        await admin.ask("GET", "/v1/me"),
    ]
    return [still(one.body) for one in told]


def still(body: Any) -> Any:
    """What does not run with the time: without whatever is counted in milliseconds or seconds, offsets and alarms."""
    if isinstance(body, dict):
        kept = ((name, one) for name, one in body.items() if name not in ("at", "offset", "seq", "alarms"))
        return {name: still(one) for name, one in kept if not name.endswith(("_ms", "_s"))}
    return [still(one) for one in body] if isinstance(body, list) else body


async def case_of(stage: Stage, scene: Scene) -> Any:
    """The case as the supervisor sees it, and its whole history."""
    boss = stage.people["supervisor"]
    seen = await boss.ask("GET", f"/v1/cases/{scene.case}")
    history = await boss.ask("GET", f"/v1/cases/{scene.case}/history")
    return still(seen.body), history.body
