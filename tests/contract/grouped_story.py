"""Every event of several reports of one incident, as steps of the story of snapshots and events."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

from dispatch.cases.facts import Answer
from tests.contract.small_town import Town

Step = Callable[[], Awaitable[list[Answer]]]


def grouped(town: Town, watched: UUID) -> list[Step]:
    """A case at the desk is merged, follows on, moves to a case split off, and is unmerged: at the desk again."""
    first, second, made = uuid4(), uuid4(), uuid4()

    def desk(case: UUID, event: str, *others: UUID, **more: Any) -> Step:
        async def act() -> list[Answer]:
            return [await town.desk(case, event, others=others, reason="one incident", **more)]

        return act

    async def said() -> list[Answer]:
        return [await town.desk(watched, "said", words="Where?", salt="00")]

    return [
        lambda: town.store.report([town.draft(id=first), town.draft(id=second)]),
        said,
        desk(first, "absorbed", watched),
        desk(second, "absorbed", first),
        desk(second, "split", watched, made=made, words="Another one.", salt="00"),
        desk(watched, "unmerged"),
    ]
