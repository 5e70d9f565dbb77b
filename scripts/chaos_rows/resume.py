"""B2: whoever comes back is told exactly what was missed, or is shown everything anew; whichever way the line broke.

Fifteen phones, each cut thirty times (farewell, reset, silence, death of the node) while about fifty events a second
flow. Token and offsets outlive the socket. At the end each phone's log is laid beside the record.
"""

import asyncio
import bisect
from collections import defaultdict
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final
from uuid import UUID

from dispatch.cases import views
from scripts.chaos_rows import places
from scripts.chaos_rows.deliveries import ASKED
from scripts.chaos_rows.flow import Takers, every, flow, settled
from scripts.chaos_rows.ground import STATIONS, Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, figures, judged, most
from scripts.chaos_rows.viewer import Heard, Viewer
from scripts.simulator.doors import Person

PHONES: Final = 15
CUTS: Final = 30
LISTENS_S: Final = (0.2, 1.4)
DEAF_S: Final = 0.6
PER_S: Final = 14.0  # reports; each makes three to five events
SHARE: Final = 0.01
KINDS: Final = ("farewell", "reset", "silence", "node", "ended")  # `ended`: sockets that a node's death took along
NODE_KILLS: Final = 3
LASTS_S: Final = 45.0
RESUME_P99_S_MAX: Final = 1.0
SHOWN_S_MAX: Final = 2.0
MARGIN_S: Final = 0.5  # around the moment of a snapshot nobody can say on which side of it an event was

# An offer is over when its window has closed, however much later a sweeper writes that down.
ENDED = """
SELECT e.case_id, extract(epoch FROM least(max(e.at), max(c.offer_deadline)))::float8 AS at_s
FROM events e JOIN cases c ON c.id = e.case_id
WHERE c.words LIKE $1 || '%' AND e.kind IN ('claimed', 'fell_back', 'sent_to_desk') GROUP BY e.case_id"""


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    words, dice = f"B2 {block} ", ground.dice(f"B2:{block}")
    viewers = [_viewer(ground, number) for number in range(PHONES)]
    cuts = defaultdict[str, int](int)
    takers = Takers(ground, words, SHARE)

    async def kill() -> None:
        ground.fleet.children.kill(dice.choice(ground.fleet.webs).name)
        cuts["node"] += 1

    async with takers.at_work():
        async with asyncio.TaskGroup() as group:
            flowing = group.create_task(flow(ground, words, count=int(PER_S * LASTS_S), per_s=PER_S, seed=block))
            group.create_task(every(LASTS_S / (NODE_KILLS + 1), NODE_KILLS, kill))
            for viewer in viewers:
                group.create_task(_life(viewer, Random(f"{dice.random()}"), cuts, flowing))
        broken = await settled(ground, words)
    await ground.heal()
    asked = defaultdict[UUID, list[tuple[UUID, int, float]]](list)
    for case, officer, offset, at_s in [tuple(row) for row in await ground.rows(ASKED, words)]:
        asked[officer].append((case, offset, at_s - ground.clock_s))
    ended = {row["case_id"]: row["at_s"] - ground.clock_s for row in await ground.rows(ENDED, words)}
    shown_s: list[float] = []
    for number, viewer in enumerate(viewers):
        phone = _phone(ground, number)
        assert phone.officer is not None
        broken += judge_phone(phone.login, phone.station, asked[phone.officer], ended, viewer.heard, shown_s)
    await ground.desk_clears(words)
    tally: Tally = {
        "reconnects": sum(viewer.life - 1 for viewer in viewers),
        "resumed": sum(_welcomes(viewer, True) for viewer in viewers),
        "declared": sum(_welcomes(viewer, False) for viewer in viewers),
        "told_twice": sum(viewer.dropped for viewer in viewers),
        "cuts": [kind for kind, count in sorted(cuts.items()) for _ in range(count)],
        "resume_s": [round(s, 4) for viewer in viewers for s in viewer.welcome_s[1:]],
        "shown_s": shown_s,
        "broken": broken,
    }
    return {"B2": tally}


def _phone(ground: Ground, number: int) -> Any:
    return ground.crew.officers[places.station(number % STATIONS)][number // STATIONS]


def _viewer(ground: Ground, number: int) -> Viewer:
    """A second screen of an officer who is on duty."""
    phone = _phone(ground, number)
    return Viewer(Person(ground.doors, phone.person.number, phone.person.token))


async def _life(viewer: Viewer, dice: Random, cuts: dict[str, int], flowing: "asyncio.Task[Any]") -> None:
    """Comes and goes as often as promised, and is there when the last events come."""
    await viewer.open()
    for number in range(CUTS):
        if not await viewer.listen(dice.uniform(*LISTENS_S)):
            cuts["ended"] += 1  # by the node's death
            viewer.drop()
        else:
            kind = ("farewell", "reset", "silence")[number % 3]
            cuts[kind] += 1
            if kind == "farewell":
                await viewer.close()
            elif kind == "reset":
                viewer.reset()
            else:
                await viewer.go_deaf(DEAF_S)
        await asyncio.sleep(dice.uniform(0, 0.4))
        await viewer.open()
    while not flowing.done() or not await viewer.listen(8.0):
        if not await viewer.listen(1.0):
            viewer.drop()
            await viewer.open()
    await viewer.close()


def _welcomes(viewer: Viewer, resumed: bool) -> int:
    found = [h.message for h in viewer.heard if isinstance(h.message, views.Welcome)]
    return sum(welcome.resumed is resumed for welcome in found[1:])


def judge_phone(
    login: str,
    station: str,
    asked: Sequence[tuple[UUID, int, float]],
    ended: Mapping[UUID, float],
    heard: Sequence[Heard],
    shown_s: list[float],
) -> list[str]:
    """Was every offer told, or passed by a declared snapshot that shows it where it was still open?

    An offer that was over by the record before the phone's place in the stream passed it needs not be told: a process
    that hears of it late tells nobody a card that cannot be taken.

    Times in monotonic seconds. `shown_s` collects how long after a return a claimable offer was on the screen.
    """
    offers = {(h.message.case, h.message.offset): h.at for h in heard if isinstance(h.message, views.Offer)}
    snapshots = [(h.at, h.message) for h in heard if isinstance(h.message, views.Snapshot)]
    returns = [h.at for h in heard if isinstance(h.message, views.Welcome)]
    broken = []
    for case, offset, at in asked:
        passed = [(when, snap) for when, snap in snapshots if snap.at.get(station, -1) >= offset]
        told = offers.get((case, offset))
        end = ended.get(case, float("inf"))
        if told is None and not passed:
            past = next((h.at for h in heard if _place(h.message, station) >= offset), float("inf"))
            if not end <= past < float("inf"):
                open_s = f"open from {at:.3f} to {end:.3f}, passed at {past:.3f}"
                broken.append(f"{login} was never told of {case} at {offset}, and no snapshot passed it ({open_s})")
        elif told is None and at >= (returns[0] if returns else 0.0):
            when, snap = passed[0]
            inside = any(offer.case == case for offer in snap.offers)
            if not inside and at + MARGIN_S < when < end - MARGIN_S:
                open_s = f"open from {at:.3f} to {end:.3f}, snapshot of {len(snap.offers)} at {when:.3f}"
                broken.append(f"{login}: {case} was open and is missing in the snapshot that passed it ({open_s})")
            told = when if inside else None
        if told is not None:
            back = bisect.bisect_right(returns, told) - 1
            since = max(at, returns[back] if back >= 0 else at)
            if since < end - SHOWN_S_MAX:
                shown_s.append(round(max(0.0, told - since), 4))
    return broken


def _place(message: views.Sent, station: str) -> int:
    """How far in the station's stream the phone had come with this message."""
    if isinstance(message, views.View):
        return message.offset if message.stream == station else -1
    at = getattr(message, "at", None)
    return int(at.get(station, -1)) if isinstance(at, dict) else -1


def judge(tally: Tally) -> Found:
    resume, shown = figures(tally["resume_s"]), figures(tally["shown_s"])
    counted = {name: tally[name] for name in ("resumed", "declared", "told_twice")}
    return judged(
        tally["reconnects"],
        {**counted, "cuts": {kind: tally["cuts"].count(kind) for kind in KINDS}, "resume_s": resume, "shown_s": shown},
        tally["broken"],
        (
            (most(resume["p99"], RESUME_P99_S_MAX), f"resume p99 was {resume['p99']} s, above {RESUME_P99_S_MAX} s"),
            (most(shown["max"], SHOWN_S_MAX), f"a claimable offer was shown {shown['max']} s after the return"),
            (set(KINDS) <= set(tally["cuts"]), "not every kind of cut was made"),
            (tally["resumed"] > 0, "nothing was ever resumed"),
        ),
    )


ROW = Row(("B2",), {Profile.SHORT: 1, Profile.GATE: 20}, run, {"B2": judge})
