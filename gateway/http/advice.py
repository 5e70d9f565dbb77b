"""Is it an emergency? Asked of a draft, and of every report before it is taken. And who a report was entered by."""

from typing import Any, cast

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dispatch.advice.rules import Verdict, shipped
from dispatch.cases.values import Channel
from dispatch.people.permissions import Act
from dispatch.people.values import Who
from gateway.advising import advice_of
from gateway.http.answers import answered
from gateway.http.bearer import anyone_of, require, settings_of
from gateway.http.bodies import read_body
from gateway.http.problems import Problem
from gateway.node import Node
from gateway.wire.messages import Report
from gateway.wire.safety import Advice, AdviceAsked, Questions

ANONYMOUS = "anonymous"


async def get_advice(request: Request) -> Response:
    """GET /v1/advice: the questions whose answers tell an emergency, and the number to call."""
    require(await anyone_of(request), Act.ADVICE)
    rules = shipped()
    return answered(Questions(call=settings_of(request).emergency_number, questions=rules.questions))


async def post_advice(request: Request) -> Response:
    """POST /v1/advice: whether words sound like an emergency, and whom to call. Nothing of them is kept.

    With the session of a reporter it stands in the case's history that the advice was given.
    """
    who = await anyone_of(request)
    require(who, Act.ADVICE)
    asked = await read_body(request, AdviceAsked)
    if who.case is not None:
        return answered(
            await cast(Node, request.app.state.node).advising.heard(who.case, asked) or Advice(emergency=False)
        )
    verdict = shipped().check(asked.words, category=asked.category, answers=asked.answers)
    police = settings_of(request).emergency_number
    return answered(advice_of(verdict, police) if verdict else Advice(emergency=False))


def advised(report: Report, police: str) -> Verdict | None:
    """What the reporter was told before going on, or None: there was nothing to tell. `police`: the number to call.

    Raises: Problem `emergency` with the advice, while the body does not say `advised`.
    """
    verdict = shipped().check(report.words, category=report.category, answers=report.answers)
    if verdict is not None and not report.advised:
        advice = advice_of(verdict, police)
        detail = f"{advice.say['zh-CN']} {advice.say['en']}"
        raise Problem("emergency", detail, advice=msgspec.to_builtins(advice))
    return verdict


def noted(report: Report, verdict: Verdict | None) -> dict[str, Any]:
    """What the first entry of the history says beside: the channel, and that advice was given, by rule and number."""
    said: dict[str, Any] = {}
    if report.channel is not Channel.WEB:
        said["channel"] = str(report.channel)
    if verdict is not None:
        said["advice"] = {"call": str(verdict.call), "rules": verdict.rules}
    return said


def reporter_of(who: Who, report: Report) -> str:
    """Who reports, for the record: nobody by name, unless a clerk enters it or sets an exercise.

    Raises: Problem 401, 403.
    """
    entered = report.channel is not Channel.WEB
    if entered:
        require(who, Act.ENTER)
    if report.exercise:
        require(who, Act.EXERCISE)
    return who.name if entered or report.exercise else ANONYMOUS
