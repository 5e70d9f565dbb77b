"""B3: a snapshot and the events after it are a fresh snapshot, for every event and every role.

One case after another is led through every event there is. Before it a viewer of each role takes a snapshot and folds
what it is told; after every step a second viewer of the same person takes a fresh one, and both must hold the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

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
from scripts.chaos_rows.fold_grouping import GROUPING_STORIES
from scripts.chaos_rows.fold_story import Story, by_reporter, do, key, won
from scripts.chaos_rows.fold_watch import WATCH_STORIES
from scripts.chaos_rows.ground import Ground
from scripts.chaos_rows.tally import Found, Profile, Row, Tally, judged

RELAY_S: Final = 0.8  # until the relay has told what no process committed
ROLES: Final = ("holder", "rival", "desk", "reporter")
EVENTS: Final = frozenset(str(event) for event in Event) | {"duty"}
LEFT_OUT: Final[Mapping[str, str]] = {}
"""Events that no story walks, each with the reason; the row names them."""

Telling = Callable[[Story], Awaitable[None]]


async def run(ground: Ground, profile: Profile, block: int) -> Mapping[str, Tally]:
    """Two towns' worth of stories beside each other, each at a station of its own."""
    one = Story(ground, f"B3 {block} ", ground.dice(f"B3:{block}"))
    other = Story(ground, f"B3w {block} ", ground.dice(f"B3w:{block}"), number=2)
    first = (_happy, _handed_back, _desk, _queue, _alarmed, _two_seats, _withdrawn, _nobody, _widened, _joined)
    async with asyncio.TaskGroup() as group:
        group.create_task(_tell(one, first))
        group.create_task(_tell(other, (*WATCH_STORIES, *GROUPING_STORIES)))
    wanted = {(event, role) for event in EVENTS - LEFT_OUT.keys() for role in ROLES}
    compared = one.compared | other.compared
    tally = {
        "pairs": len(compared & wanted),
        "missing": sorted(f"{event} x {role}" for event, role in wanted - compared),
        "broken": one.broken + other.broken,
    }
    return {"B3": tally}


async def _tell(story: Story, tellings: Sequence[Telling]) -> None:
    for tell in tellings:
        await tell(story)
        await story.end()
    await story.ground.desk_clears(story.words)


async def _happy(story: Story) -> None:
    accepted = await story.begin("real", "happy")
    case = accepted.case
    await story.compare("offer_opened", case)
    fence = await won(story, story.holder, case)
    await story.compare("claimed", case)
    line = Say(case=case, fence=fence, key=key(), words="At the south gate?")
    await do(story, story.holder, line, case, "said")
    await do(story, story.holder, SetOut(case=case, fence=fence, key=key()), case, "set_out")
    await do(story, story.holder, Arrived(case=case, fence=fence, key=key()), case, "arrived")
    (row,) = await story.ground.rows("SELECT word FROM assignments WHERE case_id = $1", case)
    await do(story, story.holder, Met(case=case, fence=fence, key=key(), word=row["word"]), case, "met")
    end = Cleared(case=case, fence=fence, key=key(), disposition=Disposition.FOUNDED)
    await do(story, story.holder, end, case, "cleared")
    await by_reporter(story, accepted, Rate(case=case, key=key(), stars=4), "rated")
    await _by_supervisor(story, case, "reclassified", Disposition.UNFOUNDED)
    await by_reporter(story, accepted, Object(case=case, key=key(), words="It is not solved."), "objected")
    await _by_supervisor(story, case, "cleared", Disposition.REPORT_TAKEN)


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
    fence = await won(story, story.holder, case)
    await do(story, story.holder, HandBack(case=case, fence=fence, key=key()), case, "handed_back")
    await asyncio.sleep(0.3)
    no = DeclineMessage(case=case, round=2, key=key())
    await do(story, story.third, no, case, "declined")
    fence = await won(story, story.rival, case)
    await do(story, story.rival, HandBack(case=case, fence=fence, key=key()), case, "handed_to_desk")


async def _desk(story: Story) -> None:
    case = (await story.begin("quick", "desk")).case
    await asyncio.sleep(4.6)
    await story.compare("fell_back", case)
    await do(story, story.desk, Acknowledge(case=case, key=key()), case, "acknowledged")
    assert story.holder.officer is not None and story.rival.officer is not None
    await do(story, story.desk, Say(case=case, key=key(), words="Somebody is sent."), case, "said by the desk")
    sent = Assign(case=case, officer=story.holder.officer, key=key())
    await do(story, story.desk, sent, case, "assigned")
    sent = Assign(case=case, officer=story.rival.officer, key=key())
    await do(story, story.desk, sent, case, "reassigned")
    await _more_and_fewer(story, case, story.holder.officer, story.rival.officer)


async def _queue(story: Story) -> None:
    """Put off and woken, a time agreed with the reporter, and handed to another station."""
    accepted = await story.begin("quick", "queue")
    case, reporter = accepted.case, story.ground.reporter()
    await reporter.open_receipt(accepted.receipt)
    await asyncio.sleep(4.6)
    await story.compare("fell_back", case)
    await do(story, story.desk, Hold(case=case, hold_min=5, key=key()), case, "put_on_hold")
    await story.ground.rows("UPDATE deadlines SET due_at = clock_timestamp() WHERE case_id = $1", case)
    await asyncio.sleep(0.8)
    await story.compare("woken", case)
    for accept in (True, False):
        offer = OfferAppointment(case=case, hold_min=60, lasts_min=30, key=key())
        await do(story, story.desk, offer, case, "appointment_offered")
        body = msgspec.json.encode(AnswerAppointment(case=case, accept=accept, key=key()))
        answer = await reporter.ask("POST", f"/v1/cases/{case}/acts", body)
        if answer.status != 200:
            story.broken.append(f"an appointment's answer was answered {answer.status}")
        await story.compare("appointment answered", case)
    over = HandOver(case=case, to_station=places.station(1), key=key(), reason="theirs")
    await do(story, story.desk, over, case, "handed_over")


async def _more_and_fewer(story: Story, case: UUID, one: UUID, other: UUID) -> None:
    """`other` holds it and wants another; both are taken back, and what the desk took is offered anew."""
    held = story.rival.held.get(case)
    ask = SecondOfficer(case=case, fence=held[0].fence if held else 0, key=key())
    await do(story, story.rival, ask, case, "second_asked")
    await do(story, story.desk, AddOfficer(case=case, officer=one, key=key()), case, "officer_added")
    for officer, step in ((one, "officer_taken_back"), (other, "last_taken_back")):
        back = TakeBack(case=case, officer=officer, key=key(), reason="needed elsewhere")
        await do(story, story.desk, back, case, step)
    await do(story, story.desk, TakeCase(case=case, key=key()), case, "taken_by_desk")
    await do(story, story.desk, Reoffer(case=case, key=key()), case, "reoffered")
    await asyncio.sleep(0.3)
    await won(story, story.holder, case)  # the second seat is wanted still
    fence = await won(story, story.rival, case)
    await story.ground.clear(story.rival, case, fence)


async def _alarmed(story: Story) -> None:
    case = (await story.begin("alarm", "alarm")).case
    await asyncio.sleep(3.1)
    await story.compare("alarm_raised", case)
    end = Cleared(case=case, key=key(), disposition=Disposition.ADVICE_GIVEN)
    await do(story, story.desk, end, case, "cleared by the desk")


async def _two_seats(story: Story) -> None:
    case = (await story.begin("pair", "pair")).case
    await won(story, story.holder, case)
    await story.compare("seat_filled", case)
    fence = await won(story, story.rival, case)
    await story.compare("claimed by two", case)
    await story.ground.clear(story.rival, case, fence)
    await story.compare("cleared by one of two", case)


async def _withdrawn(story: Story) -> None:
    accepted = await story.begin("real", "withdrawn")
    await by_reporter(story, accepted, Withdraw(case=accepted.case, key=key()), "withdrawn")


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
        {
            "pairs": tally["pairs"],
            "of": len(EVENTS - LEFT_OUT.keys()) * len(ROLES),
            "missing": sorted(set(tally["missing"])),
        },
        tally["broken"],
        ((not tally["missing"], f"not shown: {', '.join(sorted(set(tally['missing'])))}"),),
    )


NAMED: Final = "; ".join(f"left out: {event}: {why}" for event, why in sorted(LEFT_OUT.items()))
ROW = Row(("B3",), {Profile.SHORT: 1, Profile.GATE: 3}, run, {"B3": judge}, {"B3": NAMED}, fresh=True)
