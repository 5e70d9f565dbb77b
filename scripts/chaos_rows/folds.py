"""B3: a snapshot and the events after it are a fresh snapshot, for every event and every role.

One case after another is led through every event there is. Before it a viewer of each role takes a snapshot and folds
what it is told; after every step a second viewer of the same person takes a fresh one, and both must hold the same.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any, Final
from uuid import UUID

import msgspec

from dispatch.cases import views
from dispatch.cases.ports import ActDraft
from dispatch.cases.values import Disposition, Event
from gateway.wire.desk_messages import (
    AddOfficer,
    AnswerAppointment,
    HandOver,
    Hold,
    OfferAppointment,
    Reoffer,
    SecondOfficer,
    TakeBack,
    TakeCase,
)
from gateway.wire.messages import (
    Acknowledge,
    Arrived,
    Assign,
    ClaimMessage,
    Cleared,
    DeclineMessage,
    Duty,
    HandBack,
    Met,
    Object,
    Rate,
    Say,
    SetOut,
    Withdraw,
)
from geo.point import Point
from scripts.chaos_rows import places
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.ground import Accepted, Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, judged
from scripts.chaos_rows.viewer import Viewer
from scripts.simulator.doors import Person

SETTLE_S: Final = 0.35
LOOKS: Final = 4
RELAY_S: Final = 0.8  # until the relay has told what no process committed
ENDED: Final = ("cleared", "withdrawn")
ROLES: Final = ("holder", "rival", "desk", "reporter")
EVENTS: Final = frozenset(str(event) for event in Event) | {"duty"}

State = dict[str, Any]
Step = Callable[[], Awaitable[Any]]


def folded(viewer: Viewer) -> State:
    """What a screen shows after all it was told. Times and offsets are left out: they pass by themselves."""
    offers, held, cases, officers = dict[UUID, Any](), dict[UUID, Any](), dict[UUID, Any](), set[str]()
    talks = dict[UUID, tuple[Any, ...]]()
    for one in viewer.heard:
        message = one.message
        if isinstance(message, views.Snapshot):
            offers = {o.case: _offer(o) for o in message.offers}
            held = {h.case: _held(h) for h in message.held}
            cases = {c.case: _case(c) for c in message.cases}
            officers = {o.call_sign for o in message.officers}
            talks = {t.case: t.lines for t in message.talks}
        elif isinstance(message, views.Offer):
            offers[message.case] = _offer(message)
        elif isinstance(message, views.Gone):
            offers.pop(message.case, None)
            held.pop(message.case, None)
            cases.pop(message.case, None)
            talks.pop(message.case, None)
        elif isinstance(message, views.HeldCase):
            offers.pop(message.case, None)
            held[message.case] = _held(message)
        elif isinstance(message, views.DeskCase | views.ReporterCase):
            cases[message.case] = _case(message)
        elif isinstance(message, views.Talk):
            talks[message.case] = message.lines
        elif isinstance(message, views.Said):
            talks[message.case] = (*talks.get(message.case, ()), message.line)
        elif isinstance(message, views.OfficerDuty):
            (officers.add if message.on else officers.discard)(message.call_sign)
    over = [case for case, shown in cases.items() if shown["status"] in ENDED]
    for case in over:
        del cases[case]  # a fresh desk does not list what is over
        talks.pop(case, None)
    return {"offers": offers, "held": held, "cases": cases, "officers": officers, "talks": talks}


def _offer(offer: views.Offer) -> Any:
    return offer.round, offer.category, offer.words, offer.place, offer.seats


def _held(held: views.HeldCase) -> Any:
    return held.fence, held.state, held.status, held.place, held.others


def _case(case: views.DeskCase | views.ReporterCase) -> State:
    passing = {"stream", "offset", "received_ago_ms", "remaining_ms", "object_ms", "quiet_ms", "last"}
    return {name: getattr(case, name) for name in case.__struct_fields__ if name not in passing}


class Story:
    """One station's people, led through the events; compares after every step."""

    def __init__(self, ground: Ground, words: str, dice: Random) -> None:
        self.ground, self.words = ground, words
        station = places.station(0)
        self.desk = ground.crew.desks[station]
        self.holder, self.rival, self.third = dice.sample(ground.crew.officers[station], 3)
        self.dice, self.broken, self.compared = dice, list[str](), set[tuple[str, str]]()
        self.seen: set[str] = set()
        self._viewers: dict[str, Viewer] = {}

    def _person(self, phone: Phone) -> Person:
        return Person(self.ground.doors, phone.person.number, phone.person.token)

    async def begin(self, category: str, name: str, nowhere: bool = False) -> Accepted:
        """A case, with a viewer of each role; the officers' and desk's snapshots are older than the case."""
        for role, phone in (("holder", self.holder), ("rival", self.rival), ("desk", self.desk)):
            viewer = self._viewers[role] = Viewer(self._person(phone))
            await viewer.open()
        place = places.NOWHERE if nowhere else self.ground.place(0, self.dice)
        accepted = await self.ground.report(category, f"{self.words}{name}", place)
        reporter = self.ground.reporter()
        await reporter.open_receipt(accepted.receipt)
        self._viewers["reporter"] = Viewer(reporter)
        await self._viewers["reporter"].open()
        if not nowhere:
            await self.ground.until_shown(accepted.case, [self.holder, self.rival])
        return accepted

    async def compare(self, step: str, case: UUID) -> None:
        """Every role's fold beside a fresh snapshot."""
        await asyncio.gather(*(viewer.listen(SETTLE_S) for viewer in self._viewers.values()))
        rows = await self.ground.rows("SELECT kind FROM events WHERE case_id = $1", case)
        kinds = {str(row["kind"]) for row in rows} | ({"duty"} if step == "duty" else set())
        for role, viewer in self._viewers.items():
            differ = await self._difference(viewer)
            if differ:
                self.broken.append(f"{role} after {step}: {differ}")
            self.compared |= {(kind, role) for kind in kinds}
        self.seen |= kinds

    async def _difference(self, viewer: Viewer) -> str:
        """What differs in the end; a timer may fire between two looks, so there are some."""
        differ = ""
        for _ in range(LOOKS):
            fresh = Viewer(Person(self.ground.doors, viewer.person.number, viewer.person.token))
            await fresh.open()
            await asyncio.gather(viewer.listen(0.1), fresh.listen(0.1))
            await fresh.close()
            one, other = folded(viewer), folded(fresh)
            if one == other:
                return ""
            differ = _difference(one, other, [name for name in one if one[name] != other[name]])
        return differ

    async def end(self) -> None:
        for viewer in self._viewers.values():
            await viewer.close()
        self._viewers.clear()


def _difference(one: State, other: State, names: list[str]) -> str:
    found = []
    for name in names:
        if isinstance(one[name], set):
            found.append(f"{name} {sorted(one[name] ^ other[name])}")
        else:
            keys = {k for k in {*one[name], *other[name]} if one[name].get(k) != other[name].get(k)}
            found += [f"{name} {k}: folded {one[name].get(k)}, fresh {other[name].get(k)}" for k in keys]
    return "; ".join(found)[:600]


def key() -> str:
    return secrets.token_urlsafe(24)


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    story = Story(ground, f"B3 {block} ", ground.dice(f"B3:{block}"))
    for tell in (_happy, _handed_back, _desk, _queue, _alarmed, _two_seats, _withdrawn, _nobody, _widened, _joined):
        await tell(story)
        await story.end()
    await ground.desk_clears(story.words)
    wanted = {(event, role) for event in EVENTS for role in ROLES}
    tally = {
        "pairs": len(story.compared & wanted),
        "missing": sorted(f"{event} x {role}" for event, role in wanted - story.compared),
        "broken": story.broken,
    }
    return {"B3": tally}


async def _won(story: Story, phone: Phone, case: UUID) -> int:
    result = await phone.act(claim := ClaimMessage(case=case, round=phone.shown[case][0].round, key=key()), claim.key)
    if result is None or not result.ok:
        story.broken.append(f"a claim was refused: {result}")
        return 0
    return result.fence or 0


async def _do(story: Story, phone: Phone, message: Any, case: UUID, step: str) -> None:
    result = await phone.act(message, message.key)
    if result is None or not result.ok:
        story.broken.append(f"{step} was refused: {result.reason if result else 'no answer'}")
    await story.compare(step, case)


async def _happy(story: Story) -> None:
    accepted = await story.begin("real", "happy")
    case = accepted.case
    await story.compare("offer_opened", case)
    fence = await _won(story, story.holder, case)
    await story.compare("claimed", case)
    line = Say(case=case, fence=fence, key=key(), words="At the south gate?")
    await _do(story, story.holder, line, case, "said")
    await _do(story, story.holder, SetOut(case=case, fence=fence, key=key()), case, "set_out")
    await _do(story, story.holder, Arrived(case=case, fence=fence, key=key()), case, "arrived")
    (row,) = await story.ground.rows("SELECT word FROM assignments WHERE case_id = $1", case)
    await _do(story, story.holder, Met(case=case, fence=fence, key=key(), word=row["word"]), case, "met")
    end = Cleared(case=case, fence=fence, key=key(), disposition=Disposition.FOUNDED)
    await _do(story, story.holder, end, case, "cleared")
    await _by_reporter(story, accepted, Rate(case=case, key=key(), stars=4), "rated")
    await _by_supervisor(story, case, "reclassified", Disposition.UNFOUNDED)
    await _by_reporter(story, accepted, Object(case=case, key=key(), words="It is not solved."), "objected")
    await _by_supervisor(story, case, "cleared", Disposition.REPORT_TAKEN)


async def _by_reporter(story: Story, accepted: Accepted, message: Any, step: str) -> None:
    reporter = story.ground.reporter()
    await reporter.open_receipt(accepted.receipt)
    answer = await reporter.ask("POST", f"/v1/cases/{accepted.case}/acts", msgspec.json.encode(message))
    if answer.status != 200:
        story.broken.append(f"{step} was answered {answer.status}")
    await story.compare(step, accepted.case)


async def _by_supervisor(story: Story, case: UUID, event: str, disposition: Disposition) -> None:
    """A town of chaos has no supervisor's sign-in: asked of the judge itself, told by the relay."""
    draft = ActDraft(
        case=case, event=event, actor="supervisor", actor_id=case, scope=f"account:{case}", key=key(), hash="00",
        disposition=disposition,
    )  # fmt: skip
    (row,) = await story.ground.rows("SELECT ok, reason FROM act_on_case($1)", msgspec.json.encode(draft).decode())
    if not row["ok"]:
        story.broken.append(f"{event} by a supervisor was refused: {row['reason']}")
    await asyncio.sleep(RELAY_S)
    await story.compare(event, case)


async def _handed_back(story: Story) -> None:
    case = (await story.begin("real", "back")).case
    fence = await _won(story, story.holder, case)
    await _do(story, story.holder, HandBack(case=case, fence=fence, key=key()), case, "handed_back")
    await asyncio.sleep(0.3)
    no = DeclineMessage(case=case, round=2, key=key())
    await _do(story, story.third, no, case, "declined")
    fence = await _won(story, story.rival, case)
    await _do(story, story.rival, HandBack(case=case, fence=fence, key=key()), case, "handed_to_desk")


async def _desk(story: Story) -> None:
    case = (await story.begin("quick", "desk")).case
    await asyncio.sleep(4.6)
    await story.compare("fell_back", case)
    await _do(story, story.desk, Acknowledge(case=case, key=key()), case, "acknowledged")
    assert story.holder.officer is not None and story.rival.officer is not None
    await _do(story, story.desk, Say(case=case, key=key(), words="Somebody is sent."), case, "said by the desk")
    sent = Assign(case=case, officer=story.holder.officer, key=key())
    await _do(story, story.desk, sent, case, "assigned")
    sent = Assign(case=case, officer=story.rival.officer, key=key())
    await _do(story, story.desk, sent, case, "reassigned")
    await _more_and_fewer(story, case, story.holder.officer, story.rival.officer)


async def _queue(story: Story) -> None:
    """Put off and woken, a time agreed with the reporter, and handed to another station."""
    accepted = await story.begin("quick", "queue")
    case, reporter = accepted.case, story.ground.reporter()
    await reporter.open_receipt(accepted.receipt)
    await asyncio.sleep(4.6)
    await story.compare("fell_back", case)
    await _do(story, story.desk, Hold(case=case, hold_min=5, key=key()), case, "put_on_hold")
    await story.ground.rows("UPDATE deadlines SET due_at = clock_timestamp() WHERE case_id = $1", case)
    await asyncio.sleep(0.8)
    await story.compare("woken", case)
    for accept in (True, False):
        offer = OfferAppointment(case=case, hold_min=60, lasts_min=30, key=key())
        await _do(story, story.desk, offer, case, "appointment_offered")
        body = msgspec.json.encode(AnswerAppointment(case=case, accept=accept, key=key()))
        answer = await reporter.ask("POST", f"/v1/cases/{case}/acts", body)
        if answer.status != 200:
            story.broken.append(f"an appointment's answer was answered {answer.status}")
        await story.compare("appointment answered", case)
    over = HandOver(case=case, to_station=places.station(1), key=key(), reason="theirs")
    await _do(story, story.desk, over, case, "handed_over")


async def _more_and_fewer(story: Story, case: UUID, one: UUID, other: UUID) -> None:
    """`other` holds it and wants another; both are taken back, and what the desk took is offered anew."""
    held = story.rival.held.get(case)
    ask = SecondOfficer(case=case, fence=held[0].fence if held else 0, key=key())
    await _do(story, story.rival, ask, case, "second_asked")
    await _do(story, story.desk, AddOfficer(case=case, officer=one, key=key()), case, "officer_added")
    for officer, step in ((one, "officer_taken_back"), (other, "last_taken_back")):
        back = TakeBack(case=case, officer=officer, key=key(), reason="needed elsewhere")
        await _do(story, story.desk, back, case, step)
    await _do(story, story.desk, TakeCase(case=case, key=key()), case, "taken_by_desk")
    await _do(story, story.desk, Reoffer(case=case, key=key()), case, "reoffered")
    await asyncio.sleep(0.3)
    await _won(story, story.holder, case)  # the second seat is wanted still
    fence = await _won(story, story.rival, case)
    await story.ground.clear(story.rival, case, fence)


async def _alarmed(story: Story) -> None:
    case = (await story.begin("alarm", "alarm")).case
    await asyncio.sleep(3.1)
    await story.compare("alarm_raised", case)
    end = Cleared(case=case, key=key(), disposition=Disposition.ADVICE_GIVEN)
    await _do(story, story.desk, end, case, "cleared by the desk")


async def _two_seats(story: Story) -> None:
    case = (await story.begin("pair", "pair")).case
    await _won(story, story.holder, case)
    await story.compare("seat_filled", case)
    fence = await _won(story, story.rival, case)
    await story.compare("claimed by two", case)
    await story.ground.clear(story.rival, case, fence)
    await story.compare("cleared by one of two", case)


async def _withdrawn(story: Story) -> None:
    accepted = await story.begin("real", "withdrawn")
    await _by_reporter(story, accepted, Withdraw(case=accepted.case, key=key()), "withdrawn")


async def _nobody(story: Story) -> None:
    case = (await story.begin("real", "nobody", nowhere=True)).case
    await story.compare("sent_to_desk", case)


async def _widened(story: Story) -> None:
    """Those in the first ring are all asked; the third moves out of it and is asked by the next wave."""
    home = story.third.place
    story.third.place = Point(home.lat + 0.02, home.lon)
    await story.third.fix()
    await asyncio.sleep(0.6)
    case = (await story.begin("waves", "waves")).case
    await asyncio.sleep(1.2)
    await story.compare("offer_widened", case)
    story.third.place = home
    await story.third.fix()


async def _joined(story: Story) -> None:
    """The third goes off duty, and comes back while the window is open."""
    off, on = Duty(on=False, key=key()), Duty(on=True, key=key())
    await story.third.act(off, off.key)
    case = (await story.begin("real", "joined")).case
    await story.compare("duty", case)
    await story.third.act(on, on.key)
    await story.third.fix()
    await asyncio.sleep(0.8)
    await story.compare("offer_joined", case)


def judge(tally: Tally) -> Found:
    return judged(
        tally["pairs"],
        {"pairs": tally["pairs"], "of": len(EVENTS) * len(ROLES), "missing": sorted(set(tally["missing"]))},
        tally["broken"],
        ((not tally["missing"], f"not shown: {', '.join(sorted(set(tally['missing'])))}"),),
    )


ROW = Row(("B3",), {Profile.SHORT: 1, Profile.GATE: 3}, run, {"B3": judge}, fresh=True)
