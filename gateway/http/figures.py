"""Figures over HTTP: for the desk those of its station, for a supervisor any."""

from datetime import UTC, datetime, timedelta
from typing import Final, cast

from starlette.requests import Request
from starlette.responses import Response

from dispatch.insight.ports import FigureStore, QuestionError
from dispatch.insight.values import By, Question
from dispatch.limits import FIGURES_DAYS_MAX
from dispatch.people.permissions import Act, relations_of
from dispatch.people.values import Role
from gateway.http.answers import answered
from gateway.http.bearer import require, who_of
from gateway.http.problems import Problem

ZONE_CHARS_MAX: Final = 64


async def get_figures(request: Request) -> Response:
    """GET /v1/figures: what the history says of the cases received in a time, exercises left out.

    A desk asks about its own station; a supervisor about the one named by ?station=, or without it about all.
    Raises: Problem.
    """
    who = await who_of(request)
    station = who.station if who.role is Role.DESK else request.query_params.get("station")
    require(who, Act.READ_FIGURES, relations_of(who, station=station))
    question = asked(request, station)
    store = cast(FigureStore, request.app.state.services.figures)
    try:
        found = await store.figures(question)
    except QuestionError as error:
        raise Problem("question_invalid", str(error)) from None
    return answered(found)


def asked(request: Request, station: str | None) -> Question:
    """What the address asks. Raises: Problem."""
    since, until = _time(request, "from"), _time(request, "to")
    if not since < until:
        raise Problem("question_invalid", "from must be earlier than to.")
    if until - since > timedelta(days=FIGURES_DAYS_MAX):
        raise Problem("question_invalid", f"from and to may lie {FIGURES_DAYS_MAX} days apart.")
    by = request.query_params.get("by", By.STATION.value)
    if by not in set(By):
        raise Problem("question_invalid", f"by may be {', '.join(By)}.")
    zone = request.query_params.get("zone")
    if zone is not None and not (0 < len(zone) <= ZONE_CHARS_MAX and zone.isprintable()):
        raise Problem("question_invalid", "zone must name a time zone, as Asia/Shanghai.")
    return Question(since, until, By(by), station, zone)


def _time(request: Request, name: str) -> datetime:
    said = request.query_params.get(name)
    if said is None:
        raise Problem("question_invalid", f"Say {name}= as 2026-11-22T00:00:00Z.")
    try:
        found = datetime.fromisoformat(said.replace(" ", "+"))  # a plus sign that nobody escaped
        if found.tzinfo is None:
            raise Problem("question_invalid", f"{name} must say its offset from UTC, as 2026-11-22T00:00:00Z does.")
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Problem("question_invalid", f"{name} must be a time as 2026-11-22T00:00:00Z.") from None
