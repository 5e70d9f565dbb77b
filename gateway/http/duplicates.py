"""What looks like one incident, for the desk."""

from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dispatch.cases.facts import CaseState
from dispatch.people.permissions import Act
from gateway.http import cases
from gateway.http.answers import answered


class Duplicate(msgspec.Struct, frozen=True, kw_only=True):
    """GET /v1/cases/{case}/duplicates: an open case that may be the same incident.

    `likeness`: 1 at the same place and time, 0 at either limit. `metres` between the two places and `seconds` between
    the two reports are what it is made of; an `earlier` one came first. `reports`: how many it stands for, itself
    included. `words`: empty where the case is another station's.
    """

    case: UUID
    station: str
    status: str
    category: str
    words: str
    likeness: float
    metres: int
    seconds: int
    earlier: bool
    reports: int


async def get_duplicates(request: Request) -> Response:
    """GET /v1/cases/{case}/duplicates: open cases of its category near it in place and time, the likeliest first."""
    _, state = await cases.case_for(request, Act.READ_DUPLICATES)
    found = await cases.node_of(request).store.duplicates(state.id)
    return answered([_told(one.likeness, one.metres, one.state, state) for one in found])


def _told(likeness: float, metres: float, other: CaseState, own: CaseState) -> Duplicate:
    apart_us = other.received_us - own.received_us
    return Duplicate(
        case=other.id,
        station=other.station,
        status=other.status,
        category=other.category,
        words=other.words if other.station == own.station else "",
        likeness=likeness,
        metres=round(metres),
        seconds=abs(apart_us) // 1_000_000,
        earlier=apart_us < 0,
        reports=1 + len(other.group.reports if other.group else ()),
    )
