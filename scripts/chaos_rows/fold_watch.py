"""Stories of officers who are watched over, pulled away, or leave: the rest of what B3 walks.

What the watch notices takes minutes of a phone that stands still, and a step waits a minute more: the owner says what
was noticed and moves the time; the sweepers fire the rest by themselves.
"""

import asyncio
from typing import Any, Final
from uuid import UUID

import msgspec

from dispatch.cases.ports import ActDraft
from dispatch.cases.values import Disposition, Event
from dispatch.watch.ports import WatchDraft
from gateway.wire.messages import Arrived, CheckIn, Cleared, HandBack, Transfer
from gateway.wire.safety import AdviceAsked
from gateway.wire.watch_messages import AllWell, AskWelfare, Preempt
from scripts.chaos_rows.crew import Phone
from scripts.chaos_rows.fold_story import Story, by_reporter, do, key, won

RELAY_S: Final = 0.8  # until the relay has told what no process committed
FIRED_S: Final = 8.0  # until a sweeper fired what was due, its turn being 1 s
MOVED: Final = (
    "UPDATE assignments SET watch_due = clock_timestamp() WHERE case_id = $1 AND watch_due IS NOT NULL",
    "UPDATE deadlines SET due_at = clock_timestamp() WHERE case_id = $1 AND kind IN ('welfare', 'check_in')",
)


async def _fired(story: Story, case: UUID, event: Event) -> None:
    """What the case waits for comes now, and a sweeper fires it."""
    for query in MOVED:
        await story.ground.rows(query, case)
    await _until(story, case, event)
    await story.compare(event, case)


async def _until(story: Story, case: UUID, *events: Event) -> None:
    """One of them stands in the history, or the story is broken."""
    for _ in range(int(FIRED_S / 0.1)):
        rows = await story.ground.rows("SELECT kind FROM events WHERE case_id = $1", case)
        if {row["kind"] for row in rows} & {str(event) for event in events}:
            return
        await asyncio.sleep(0.1)
    story.broken.append(f"{events} did not come within {FIRED_S} s")


async def _stepped(story: Story, case: UUID, fence: int, *steps: str) -> None:
    """Steps of the watch over the holder's seat, in one commit; nobody else is near."""
    officer = story.holder.officer
    assert officer is not None
    async with story.ground.owner.acquire() as conn, conn.transaction():
        for what in steps:
            if what == "due":
                for query in MOVED:
                    await conn.execute(query, case)
            draft = WatchDraft(case=case, officer=officer, fence=fence, what=what, why="no_progress")
            await conn.fetch("SELECT idx FROM watch_seat($1)", msgspec.json.encode(draft).decode())
    await asyncio.sleep(RELAY_S)
    await story.compare(" ".join(steps), case)


async def _asked(story: Story, phone: Phone, case: UUID) -> None:
    assert phone.officer is not None
    await do(story, story.desk, AskWelfare(case=case, officer=phone.officer, key=key()), case, "welfare_asked")


async def _on_scene(story: Story) -> None:
    """Welfare and signs of life, asked and missed; and the reporter says what sounds like an emergency."""
    accepted = await story.begin("scene", "scene")
    case, phone = accepted.case, story.holder
    fence = await won(story, phone, case)
    said = AdviceAsked(words="He has a gun")
    await by_reporter(story, accepted, said, "advised", "/v1/advice")
    await _asked(story, phone, case)
    await do(story, phone, AllWell(case=case, fence=fence, key=key()), case, "welfare_answered")
    await do(story, phone, Arrived(case=case, fence=fence, key=key()), case, "arrived")
    await _asked(story, phone, case)
    await _fired(story, case, Event.WELFARE_MISSED)
    await do(story, phone, AllWell(case=case, fence=fence, key=key()), case, "welfare_answered")
    await _fired(story, case, Event.CHECK_IN_ASKED)
    await _fired(story, case, Event.CHECK_IN_MISSED)
    await do(story, phone, CheckIn(case=case, fence=fence, key=key()), case, "checked_in")
    end = Cleared(case=case, fence=fence, key=key(), disposition=Disposition.FOUNDED)
    await do(story, phone, end, case, "cleared")


async def _silent(story: Story) -> None:
    """Noticed, the desk told, eased; then silent: first somebody else is asked, then nobody is near."""
    case = (await story.begin("real", "silent")).case
    fence = await won(story, story.holder, case)
    await _stepped(story, case, fence, "raise")
    await _stepped(story, case, fence, "raise", "due")
    await _stepped(story, case, fence, "raise", "ease")
    await _asked(story, story.holder, case)
    await _fired(story, case, Event.SILENT)
    fence = await won(story, story.rival, case, 2)
    await story.ground.clear(story.rival, case, fence)
    await story.end()
    case = (await story.begin("real", "silent to the desk")).case
    fence = await won(story, story.holder, case)
    await _asked(story, story.holder, case)
    await _stepped(story, case, fence, "due")


async def _pulled(story: Story) -> None:
    """Away to something worse, with somebody else near and without."""
    await story.ground.rows("UPDATE categories SET priority = 1 WHERE id = 'urgent'")
    place = story.ground.place(story.number, story.dice)
    worse = [(await story.ground.report("urgent", f"{story.words}worse {n}", place)).case for n in range(2)]
    for one in worse:
        await _until(story, one, Event.FELL_BACK, Event.SENT_TO_DESK)
    case = (await story.begin("real", "pulled")).case
    await won(story, story.holder, case)
    assert story.holder.officer is not None and story.rival.officer is not None
    pull = Preempt(case=worse[0], from_case=case, officer=story.holder.officer, key=key())
    await do(story, story.desk, pull, case, "preempted")
    await won(story, story.rival, case, 2)
    draft = ActDraft(
        case=worse[1], from_case=case, officer=story.rival.officer, event="preempted", actor="supervisor",
        actor_id=case, scope=f"account:{case}", key=key(), hash="00",
    )  # fmt: skip
    rows = await story.ground.rows("SELECT ok, reason FROM pull_officer($1)", msgspec.json.encode(draft).decode())
    if not rows[0]["ok"]:
        story.broken.append(f"a pull was refused: {rows[0]['reason']}")
    await asyncio.sleep(RELAY_S)
    await story.compare("preempted_to_desk", case)
    for phone, one in zip((story.holder, story.rival), worse, strict=True):
        await story.ground.clear(phone, one, await _fence(story, phone, one))


async def _fence(story: Story, phone: Phone, case: UUID) -> int:
    query = "SELECT fence FROM assignments WHERE case_id = $1 AND officer_id = $2 AND active"
    rows: list[Any] = await story.ground.rows(query, case, phone.officer)
    return int(rows[0]["fence"]) if rows else 0


async def _leaving(story: Story) -> None:
    """One of two hands a seat back while the other is free, another leaves at the end of a shift, then the last."""
    case = (await story.begin("pair", "leaving")).case
    fence = await won(story, story.rival, case)
    await do(story, story.rival, HandBack(case=case, fence=fence, key=key()), case, "seat_handed_back")
    first, third = await won(story, story.holder, case), await won(story, story.third, case)
    await do(story, story.third, Transfer(case=case, fence=third, key=key()), case, "seat_left")
    await do(story, story.holder, Transfer(case=case, fence=first, key=key()), case, "transferred")


WATCH_STORIES: Final = (_on_scene, _silent, _pulled, _leaving)
