"""Is it an emergency? Asked of a draft, and of every report before it is taken. And who a report was entered by."""

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dispatch.advice.rules import Verdict, say, shipped
from dispatch.cases.values import Channel
from dispatch.people.permissions import Act
from dispatch.people.values import Who
from gateway.http.bearer import anyone_of, require, settings_of
from gateway.http.bodies import read_body
from gateway.http.problems import Problem
from gateway.wire.messages import Advice, AdviceAsked, Questions, Report

ANONYMOUS = "anonymous"


async def get_advice(request: Request) -> Response:
    """GET /v1/advice: the questions whose answers tell an emergency, and the number to call."""
    require(await anyone_of(request), Act.ADVICE)
    rules = shipped()
    return _json(Questions(call=settings_of(request).emergency_number, questions=rules.questions))


async def post_advice(request: Request) -> Response:
    """POST /v1/advice: whether a draft sounds like an emergency, and whom to call. Nothing of it is kept."""
    require(await anyone_of(request), Act.ADVICE)
    asked = await read_body(request, AdviceAsked)
    verdict = shipped().check(asked.words, category=asked.category, answers=asked.answers)
    return _json(advice_of(request, verdict) if verdict else Advice(emergency=False))


def advice_of(request: Request, verdict: Verdict) -> Advice:
    """The verdict as people hear it, with the operator's number."""
    number = shipped().number(verdict.call, settings_of(request).emergency_number)
    return Advice(emergency=True, call=number, because=verdict.because, say=say(number, verdict.because))


def advised(request: Request, report: Report) -> Verdict | None:
    """What the reporter was told before going on, or None: there was nothing to tell.

    Raises: Problem `emergency` with the advice, while the body does not say `advised`.
    """
    verdict = shipped().check(report.words, category=report.category, answers=report.answers)
    if verdict is not None and not report.advised:
        advice = advice_of(request, verdict)
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


def _json(said: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(said), 200, {"cache-control": "no-store"}, media_type="application/json")
