"""Sessions, receipts, tickets, and who am I."""

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dispatch import limits
from dispatch.people.permissions import SELF, Act
from dispatch.people.service import SignInRefusal
from dispatch.people.values import Who
from gateway.http.bearer import address_of, anyone_of, require, settings_of, sign_in_of, signed
from gateway.http.bodies import read_body
from gateway.http.problems import Problem
from gateway.wire.messages import OpenReceipt, Signed, SignIn, Ticket

_NO_STORE = {"cache-control": "no-store"}


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """GET /v1/me."""

    role: str
    name: str
    expires_in_s: int
    station: str | None = None
    officer: str | None = None
    call_sign: str | None = None
    case: str | None = None


async def post_session(request: Request) -> Response:
    """POST /v1/sessions: signs in by login and password. 201 Signed; 401 without saying what was wrong."""
    require(await anyone_of(request), Act.SIGN_IN)
    body = await read_body(request, SignIn)
    answer = await sign_in_of(request).sign_in(body.login, body.password, address_of(request))
    if isinstance(answer, SignInRefusal):
        raise Problem(str(answer))
    return _signed(request, 201, *answer)


async def delete_session(request: Request) -> Response:
    """DELETE /v1/sessions/current: the token opens nothing from now on. 204."""
    who = await signed(request, Act.SIGN_OUT, SELF)
    await sign_in_of(request).sign_out(who)
    return Response(status_code=204, headers=_NO_STORE)


async def post_receipt(request: Request) -> Response:
    """POST /v1/receipts: opens the case of a receipt code. 200 Signed."""
    require(await anyone_of(request), Act.OPEN_RECEIPT)
    body = await read_body(request, OpenReceipt)
    answer = await sign_in_of(request).open_receipt(body.code, address_of(request))
    if isinstance(answer, SignInRefusal):
        raise Problem(str(answer))
    return _signed(request, 200, *answer)


async def post_ticket(request: Request) -> Response:
    """POST /v1/tickets: opens one socket from this very page within 30 s. 201 Ticket."""
    who = await signed(request, Act.TICKET, SELF)
    origin = request.headers.get("origin", "")
    if origin not in settings_of(request).origins:
        raise Problem("origin_not_allowed")
    ticket = sign_in_of(request).issue_ticket(who, origin)
    return _json(201, Ticket(ticket=ticket, expires_in_s=limits.TICKET_S))


async def get_me(request: Request) -> Response:
    """GET /v1/me: who the service takes me for. 200 Me."""
    who = await signed(request, Act.READ_ME, SELF)
    me = Me(
        role=who.role,
        name=who.name,
        expires_in_s=sign_in_of(request).left_s(who),
        station=who.station,
        officer=str(who.officer) if who.officer else None,
        call_sign=who.call_sign,
        case=str(who.case) if who.case else None,
    )
    return _json(200, me)


def _signed(request: Request, status: int, token: str, who: Who) -> Response:
    told = Signed(
        token=token,
        role=who.role,
        expires_in_s=sign_in_of(request).left_s(who),
        station=who.station,
        officer=who.officer,
        call_sign=who.call_sign,
        case=who.case,
    )
    return _json(status, told)


def _json(status: int, said: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(said), status, _NO_STORE, media_type="application/json")
