"""A report with its reporter's confirmed number: looked at before it is taken, in the vault before it is answered."""

from typing import cast
from uuid import UUID

from starlette.requests import Request

from dispatch.abuse.histories import Histories, Known
from dispatch.people.phones import Phones
from gateway.http.advice import ANONYMOUS
from gateway.http.bodies import at
from gateway.node import Node
from gateway.wire.messages import Report

NAMED = "named"
REPORT = "report"  # the scope of reports' keys


def phones_of(request: Request) -> Phones:
    return cast(Phones, request.app.state.services.phones)


def histories_of(request: Request) -> Histories:
    return cast(Histories, request.app.state.services.histories)


async def named(request: Request, report: Report, reporter: str, key: str) -> str:
    """`reporter`, or NAMED where the report carries a confirmed number. Raises: Problem, where it carries another.

    A report of this key that was taken already goes on to the judge, who tells the first answer or that it was another:
    a confirmation that ended meanwhile does not hide that the report stands.
    """
    if report.phone is None and report.name is None:
        return reporter
    if report.phone is None:
        raise at("phone_not_confirmed", "/name", "A name goes with a confirmed number.")
    if not await phones_of(request).confirmed(report.phone) and not await _taken(request, key):
        raise at("phone_not_confirmed", "/phone")
    return NAMED if reporter == ANONYMOUS else reporter


async def _taken(request: Request, key: str) -> bool:
    node = cast(Node, request.app.state.node)
    return await node.store.by_key(REPORT, key) is not None


async def known_of(request: Request, report: Report) -> Known | None:
    """What is known of the number that a named report carries. Raises: StoreAway."""
    return await histories_of(request).known(report.phone) if report.phone is not None else None


async def keep_name(request: Request, report: Report, case: UUID) -> None:
    """Before the answer: who did not hear it asks again with the key, and it is done then. Raises: StoreAway."""
    if report.phone is not None:
        await phones_of(request).keep(case, report.phone, report.name)
        await histories_of(request).remember(report.phone, case)
