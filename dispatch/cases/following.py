"""What the reporter of a merged case reads: the own steps, then those of the case that stands for it."""

from dispatch.cases.facts import CaseState
from dispatch.cases.ports import CaseStore, HistoryEntry
from dispatch.cases.values import Event, Status


async def followed_history(store: CaseStore, state: CaseState) -> list[HistoryEntry]:
    """The entries of a case and, while it is merged, those that the case that stands for it has had since."""
    own = await store.history(state.id)
    if state.status is not Status.MERGED or state.group is None or state.group.into is None:
        return own
    since = max(entry.at for entry in own if entry.kind in (Event.MERGED, Event.FOLLOWED))
    return own + [entry for entry in await store.history(state.group.into) if entry.at > since]
