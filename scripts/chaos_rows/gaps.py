"""B4: a gap that cannot be filled is declared: a false place or token brings a whole snapshot, never a silent part."""

import asyncio
import time
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from dispatch.cases import views
from scripts.chaos_rows import places
from scripts.chaos_rows.ground import STATIONS, Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.chaos_rows.viewer import Viewer
from scripts.simulator.doors import Person

TRIALS_EACH: Final = 10
SNAPSHOT_S_MAX: Final = 2.0
LISTENS_S: Final = 0.3
CASES: Final = 15
KINDS: Final = ("trimmed", "epoch", "future", "forged", "other_user")
FUTURE: Final = 10**9


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, dice = f"B4 {block} ", ground.dice(f"B4:{block}")
    tally: dict[str, Any] = {"trials": 0, "whys": [], "snapshot_s": [], "broken": []}
    # A process that has just begun remembers nothing of before: every older place is trimmed there.
    fresh = block % len(ground.fleet.webs)
    ground.fleet.children.kill(ground.fleet.webs[fresh].name)
    await asyncio.sleep(0.5)
    await ground.heal()
    await asyncio.gather(
        *(ground.report("real", f"{words}{n}", ground.place(n % STATIONS, dice)) for n in range(CASES))
    )
    await asyncio.sleep(1.0)
    for number in range(TRIALS_EACH):
        for kind in KINDS:
            await _trial(ground, kind, number, words, fresh, Random(f"{dice.random()}"), tally)
    await ground.desk_clears(words)
    return {"B4": tally}


async def _trial(
    ground: Ground, kind: str, number: int, words: str, fresh: int, dice: Random, tally: dict[str, Any]
) -> None:
    station = places.station(number % STATIONS)
    phones = ground.crew.officers[station]
    phone, other = dice.sample(phones, 2)
    viewer = Viewer(Person(ground.doors, phone.person.number, phone.person.token))
    await viewer.open()
    await viewer.close()
    head, honest = dict(viewer.at), viewer.token or ""
    viewer.at = {stream: max(0, offset - 1) for stream, offset in head.items()}
    if kind == "trimmed":
        viewer.at = dict.fromkeys(head, 0)
        viewer.person.turn = fresh
    elif kind == "epoch":
        viewer.token = f"{dice.getrandbits(64):016x}.{honest.partition('.')[2]}"
    elif kind == "future":
        viewer.at = dict.fromkeys(head, FUTURE)
    elif kind == "forged":
        epoch, _, mac = honest.partition(".")
        viewer.token = f"{epoch}.{mac[:-1]}{'0' if mac[-1] != '0' else '1'}"
    else:
        stranger = Viewer(Person(ground.doors, other.person.number, other.person.token))
        await stranger.open()
        await stranger.close()
        viewer.token = stranger.token
    viewer.heard.clear()
    began = time.monotonic()
    welcome = await viewer.open()
    tally["snapshot_s"].append(round(time.monotonic() - began, 4))
    await viewer.listen(LISTENS_S)
    await viewer.close()
    tally["trials"] += 1
    tally["whys"].append(f"{kind}: {welcome.why}")
    broken: list[str] = tally["broken"]
    snapshots = [h.message for h in viewer.heard if isinstance(h.message, views.Snapshot)]
    if kind == "trimmed" and welcome.resumed:
        # That process still remembered the beginning: then it must tell all of it, and the record is the judge.
        tally["whys"][-1] = "trimmed: remembered"
        await _whole(ground, viewer, words, phone, broken)
        return
    if welcome.resumed or len(snapshots) != 1:
        broken.append(f"{kind}: resumed {welcome.resumed}, {len(snapshots)} snapshots")
        return
    own = {case for case, (offer, _) in phone.shown.items() if offer.words.startswith(words)}
    shown = {offer.case for offer in snapshots[0].offers if offer.words.startswith(words)}
    if shown != own:
        broken.append(f"{kind}: the snapshot shows {len(shown)} of the {len(own)} offers of this officer")


async def _whole(ground: Ground, viewer: Viewer, words: str, phone: Any, broken: list[str]) -> None:
    told = {
        h.message.case for h in viewer.heard if isinstance(h.message, views.Offer) and h.message.words.startswith(words)
    }
    rows = await ground.rows(
        "SELECT w.case_id FROM waves w JOIN cases c ON c.id = w.case_id "
        "WHERE c.words LIKE $1 || '%' AND $2 = ANY (w.recipients)",
        words,
        phone.officer,
    )
    missing = {row["case_id"] for row in rows} - told
    if missing:
        broken.append(f"trimmed: resumed from the beginning, and {len(missing)} offers were passed in silence")


def judge(tally: Tally) -> Found:
    took = figures(tally["snapshot_s"])
    whys = {why: tally["whys"].count(why) for why in sorted(set(tally["whys"]))}
    return judged(
        tally["trials"],
        {"whys": whys, "snapshot_s": took},
        tally["broken"],
        ((most(took["max"], SNAPSHOT_S_MAX), f"a snapshot took {took['max']} s, above {SNAPSHOT_S_MAX} s"),),
    )


ROW = Row(("B4",), {Profile.SHORT: 1, Profile.GATE: 10}, run, {"B4": judge})
