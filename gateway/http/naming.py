"""A report with its reporter's confirmed number: looked at before it is taken, in the vault before it is answered."""

from typing import cast
from uuid import UUID

from starlette.requests import Request

from dispatch.people.phones import Phones
from gateway.http.advice import ANONYMOUS
from gateway.http.bodies import at
from gateway.wire.messages import Report

NAMED = "named"


def phones_of(request: Request) -> Phones:
    return cast(Phones, request.app.state.services.phones)


async def named(request: Request, report: Report, reporter: str) -> str:
    """`reporter`, or NAMED where the report carries a confirmed number. Raises: Problem, where it carries another."""
    if report.phone is None and report.name is None:
        return reporter
    if report.phone is None:
        raise at("phone_not_confirmed", "/name", "A name goes with a confirmed number.")
    if not await phones_of(request).confirmed(report.phone):
        raise at("phone_not_confirmed", "/phone")
    return NAMED if reporter == ANONYMOUS else reporter


async def keep_name(request: Request, report: Report, case: UUID) -> None:
    """Before the answer: who did not hear it asks again with the key, and it is done then. Raises: StoreAway."""
    if report.phone is not None:
        await phones_of(request).keep(case, report.phone, report.name)
