"""Stories of cases that are one incident, and of those that were not: the desk merges, splits and parts (B3)."""

from typing import Final
from uuid import UUID

from gateway.wire.grouping import Merge, Split, Unmerge
from scripts.chaos_rows.fold_story import Story, do, key


async def _other(story: Story, name: str) -> UUID:
    place = story.ground.place(story.number, story.dice)
    return (await story.ground.report("real", f"{story.words}{name}", place)).case


async def _stands_for(story: Story) -> None:
    """The case that stands for others: takes them in, one parts, and the rest becomes a case of its own."""
    others = (await _other(story, "taken in 1"), await _other(story, "taken in 2"))
    case = (await story.begin("real", "stands for others")).case
    await do(story, story.desk, Merge(case=case, reports=others, key=key(), reason="the same"), case, "absorbed")
    await do(story, story.desk, Unmerge(case=others[0], key=key(), reason="another one"), case, "parted")
    split = Split(case=case, words=f"{story.words}made", reports=others[1:], key=key(), reason="two of them")
    await do(story, story.desk, split, case, "split")


async def _is_stood_for(story: Story) -> None:
    """The case that another stands for: taken in, taken along, and back in the queue."""
    heads = await _other(story, "head 1"), await _other(story, "head 2")
    case = (await story.begin("real", "stood for")).case
    await do(story, story.desk, Merge(case=heads[0], reports=(case,), key=key(), reason="the same"), case, "merged")
    along = Merge(case=heads[1], reports=(heads[0],), key=key(), reason="the same")
    await do(story, story.desk, along, case, "followed")
    await do(story, story.desk, Unmerge(case=case, key=key(), reason="another one"), case, "unmerged")


GROUPING_STORIES: Final = (_stands_for, _is_stood_for)
