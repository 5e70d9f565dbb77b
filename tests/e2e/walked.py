"""What the stories of this folder walked: edges of the table by the history of their databases, refusals as heard."""

from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg

from dispatch.cases.lifecycle import LEGAL
from dispatch.cases.values import Event, Refusal, Status

Edge = tuple[Status, Event]


@dataclass(slots=True)
class Walked:
    """`files`: whose service came to its end. `strange`: entries that the table does not know, as they stand there."""

    edges: set[Edge] = field(default_factory=set)
    refusals: set[Refusal] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    strange: list[str] = field(default_factory=list)

    def heard(self, answer: Any) -> None:
        """A result from a socket, or an answer over HTTP: a refusal counts."""
        if isinstance(answer, dict):
            said = answer.get("reason") if "ok" in answer else answer.get("code")
            if said in set(Refusal) and not answer.get("ok"):
                self.refusals.add(Refusal(said))

    async def read(self, file: str, owner_url: str) -> None:
        """Every case's history of a story's database, folded with the table."""
        owner = await asyncpg.connect(owner_url)
        try:
            rows = await owner.fetch("SELECT case_id, kind FROM events WHERE case_id IS NOT NULL ORDER BY case_id, seq")
        finally:
            await owner.close()
        now: dict[Any, Status] = {}
        for case, kind in rows:
            before = now.get(case)
            if before is None:
                now[case] = Status.RECEIVED
            elif kind in set(Event) and (before, Event(kind)) in LEGAL:
                self.edges.add((before, Event(kind)))
                now[case] = LEGAL[before, Event(kind)]
            else:
                self.strange.append(f"{file}: {case}: {kind} in {before}")
        self.files.add(file)


WALKED: Final = Walked()
"""Of this run."""
