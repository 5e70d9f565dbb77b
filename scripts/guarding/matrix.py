"""The matrix as it is written: `tests/authz_matrix.yaml` read into cells. Nothing here knows the table enforced."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import yaml

PEOPLE: Final = (
    "none", "reporter", "reporter_other", "officer", "officer_former", "officer_same", "officer_other", "desk",
    "desk_other", "supervisor", "admin", "suspended", "expired",
)  # fmt: skip
WITHOUT: Final = frozenset({"none", "suspended", "expired"})
DONE: Final = 200
ACTS_PATH: Final = "/v1/cases/{case}/acts"


class MatrixError(ValueError):
    """The file cannot be read as a matrix; the message says what and where."""


class Way(StrEnum):
    """How a cell is asked."""

    HTTP = "http"
    SOCKET = "socket"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to do and what each person hears: DONE, or a status. `scene`, `says`: of acts on a case."""

    what: str
    answers: dict[str, int]
    scene: str = ""
    says: dict[str, Any] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The message's own word; what stands after it in a row's name says of what."""
        return self.what.partition(" ")[0]

    @property
    def refused_first(self) -> list[str]:
        """Those who are refused, then those who do it: the refused share a scene, which must stay as it was."""
        return sorted(PEOPLE, key=lambda one: self.answers[one] == DONE)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows by kind. `routes` and `messages` by what they are called; `reads` once for each state."""

    acts: list[Row]
    reads: list[Row]
    routes: list[Row]
    messages: list[Row]
    fields: dict[str, list[str]]

    def listed_routes(self) -> set[str]:
        """`METHOD /path` of every route that has a row."""
        named = {" ".join(row.what.split(" ")[:2]) for row in self.routes}
        return named | {f"GET {row.what}" for row in self.reads} | {f"POST {ACTS_PATH}"}

    def listed_messages(self) -> set[str]:
        return {row.tag for row in (*self.acts, *self.messages)}


def read_matrix(path: Path) -> Matrix:
    """Raises: MatrixError, OSError."""
    said = yaml.safe_load(path.read_text())
    groups: dict[str, list[str]] = said["groups"]

    def members(names: Iterable[str]) -> Iterator[str]:
        for name in names:
            found = groups.get(name, [name])
            if not set(found) <= set(PEOPLE):
                raise MatrixError(f"{name} is neither a person nor a group")
            yield from found

    def row(what: str, of: dict[str, Any], rest: int = 403, scene: str = "") -> Row:
        strange = of.keys() - {"scene", "says", "may", "judge", "hidden", "other"}
        if strange:
            raise MatrixError(f"{what}: {', '.join(strange)} means nothing")
        answers = {one: 401 if one in WITHOUT else rest for one in PEOPLE}
        for word, status in (("hidden", 404), ("judge", 409), ("may", DONE)):
            answers |= dict.fromkeys(members(of.get(word, [])), status)
        for name, status in of.get("other", {}).items():
            answers |= dict.fromkeys(members([name]), status)
        return Row(what, answers, scene or of.get("scene", ""), of.get("says", {}))

    return Matrix(
        acts=[row(what, of) for what, of in said["acts"].items()],
        # Who is no part of a case hears the same as for one that is not there.
        reads=[row(what, of, 404, scene) for what, states in said["reads"].items() for scene, of in states.items()],
        routes=[row(what, of) for what, of in said["routes"].items()],
        messages=[row(what, of) for what, of in said["messages"].items()],
        fields=said.get("fields", {}),
    )
