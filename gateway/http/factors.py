"""Second factors: shown at sign-in, and one's own to add and forget."""

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

from dispatch.people.factors import Answer, FactorRefusal, Factors
from dispatch.people.permissions import SELF, Act
from dispatch.people.ports import API
from dispatch.people.service import SignInRefusal
from dispatch.people.values import Who
from gateway.http import cookies
from gateway.http.answers import NO_STORE, answered
from gateway.http.bearer import anyone_of, require, sign_in_of, signed
from gateway.http.bodies import read_body
from gateway.http.problems import Problem
from gateway.http.sign_in import opened
from gateway.wire.factors import (
    FactorAdded,
    FactorForgotten,
    FactorMade,
    FactorOfMine,
    FactorsOfMine,
    PasswordAgain,
    Second,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def post_second(request: Request) -> Response:
    """POST /v1/sessions/second: after a right password, the second factor. 201 Signed."""
    require(await anyone_of(request), Act.SIGN_IN)
    page = cookies.signing_in(request)
    body = await read_body(request, Second)
    answer = Answer(code=body.code, passkey=body.passkey, recovery=body.recovery)
    told = await sign_in_of(request).second(body.note, answer, page=page or API, device=cookies.device_of(request))
    if isinstance(told, FactorRefusal | SignInRefusal):
        raise Problem(str(told))
    token, who, paper = told
    return await opened(request, 201, page, token, who, recovery=paper)


async def get_factors(request: Request) -> Response:
    """GET /v1/factors: mine. 200 FactorsOfMine."""
    who = await signed(request, Act.READ_FACTORS, SELF)
    factors = factors_of(request)
    assert who.account is not None
    found = [
        FactorOfMine(
            id=one.id, kind=one.kind, name=one.name, made_at=_at(one.made_us),
            used_at=_at(one.used_us) if one.used_us is not None else None,
        )
        for one in await factors.mine(who.account)
    ]  # fmt: skip
    return answered(FactorsOfMine(factors=found))


async def post_app(request: Request) -> Response:
    """POST /v1/factors/app: the secret for an app; it counts when its first code came. 200 Asked."""
    who = await signed(request, Act.CHANGE_FACTORS, SELF)
    factors = factors_of(request)
    login = await _again(request, who)
    assert who.account is not None
    return answered(factors.add_app(who.account, login))


async def post_passkey(request: Request) -> Response:
    """POST /v1/factors/passkey: what the browser needs to make one. 200 Asked."""
    who = await signed(request, Act.CHANGE_FACTORS, SELF)
    factors = factors_of(request)
    login = await _again(request, who)
    assert who.account is not None
    return answered(await factors.add_passkey(who.account, login))


async def post_factor(request: Request) -> Response:
    """POST /v1/factors: the app's first code, or the passkey that was made. 201 FactorAdded."""
    who = await signed(request, Act.CHANGE_FACTORS, SELF)
    factors = factors_of(request)
    body = await read_body(request, FactorMade)
    assert who.account is not None
    answer = Answer(code=body.code, passkey=body.passkey)
    told = await factors.keep(who.account, who.name, body.note, answer, body.name.strip() or body.name)
    if isinstance(told, FactorRefusal):
        raise Problem(str(told))
    return answered(FactorAdded(recovery=told), 201)


async def post_forgotten(request: Request) -> Response:
    """POST /v1/factors/forgotten: it opens nothing any more. 204."""
    who = await signed(request, Act.CHANGE_FACTORS, SELF)
    factors = factors_of(request)
    body = await read_body(request, FactorForgotten)
    if not await sign_in_of(request).confirms(who, body.login, body.password):
        raise Problem("password_wrong")
    assert who.account is not None
    refused = await factors.forget(who.account, body.factor, who.name)
    if refused is not None:
        raise Problem(str(refused))
    return Response(status_code=204, headers=NO_STORE)


def factors_of(request: Request) -> Factors:
    """Raises: Problem, where this service has none."""
    factors = sign_in_of(request).factors
    if factors is None:
        raise Problem("not_found")
    return factors


async def _again(request: Request, who: Who) -> str:
    """The login of who proves to be themselves once more. Raises: Problem."""
    body = await read_body(request, PasswordAgain)
    if not await sign_in_of(request).confirms(who, body.login, body.password):
        raise Problem("password_wrong")
    return body.login


def _at(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)
