"""What is refused for the sake of security is told to the log: who, where, by which code; a flood fills no disk."""

import logging
from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from dispatch.limits import REFUSALS_TOLD_PER_MIN
from dispatch.people.values import NOBODY, Role, Who
from gateway.http.codes import CODES
from gateway.http.problems import EXCEPTION_HANDLERS, Problem
from gateway.refusals import TOLD, AtMost, name_of, tell

DESK = Who(session=uuid4(), role=Role.DESK, account=UUID(int=7), station="s1")
REPORTER = Who(session=uuid4(), role=Role.REPORTER, case=UUID(int=9))


def test_every_code_that_is_told_is_one_of_ours() -> None:
    assert CODES.keys() >= TOLD


def test_of_a_reporter_nothing_is_told_but_that_it_was_one() -> None:
    assert [name_of(one) for one in (None, NOBODY, REPORTER)] == ["nobody", "nobody", "reporter"]
    assert name_of(DESK) == f"desk:{UUID(int=7)}"


async def test_a_refused_request_is_told_by_the_template_of_its_route(
    refusals: Callable[[], list[str]],
) -> None:
    async def refuse(request: Request) -> Response:
        request.state.who = DESK
        raise Problem(request.path_params["code"])

    app = Starlette(routes=[Route("/v1/x/{code}", refuse)], exception_handlers=EXCEPTION_HANDLERS)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        for code in ("not_allowed", "store_away", "field_missing", "csrf_refused"):
            await client.get(f"/v1/x/{code}?secret=word")
    codes = ("not_allowed", "csrf_refused")
    assert refusals() == [f"{code} at GET /v1/x/{{code}} by desk:{UUID(int=7)}" for code in codes]


def test_a_flood_is_counted_and_not_written() -> None:
    log, at_most = logging.getLogger("onbeat.test_flood"), AtMost()

    def passes(at: float) -> str | None:
        record = log.makeRecord(log.name, logging.WARNING, __file__, 1, "%s refused", ("x",), None)
        record.created = at
        return record.getMessage() if at_most.filter(record) else None

    minute = 60.0 * 1_000
    first = [passes(minute + 0.01 * n) for n in range(REFUSALS_TOLD_PER_MIN + 500)]
    assert first.count("x refused") == REFUSALS_TOLD_PER_MIN and first.count(None) == 500
    assert [passes(minute + 60), passes(minute + 61)] == ["x refused (and 500 more before)", "x refused"]


def test_what_is_no_matter_of_security_is_not_told(refusals: Callable[[], list[str]]) -> None:
    tell("field_missing", "POST /v1/reports", None)
    assert refusals() == []
    tell("csrf_refused", "POST /v1/reports", None)
    assert len(refusals()) == 1
