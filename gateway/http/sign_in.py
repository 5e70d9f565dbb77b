"""Sessions, receipts, tickets, and who am I."""

from datetime import datetime
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dispatch import limits
from dispatch.audit.chains import EVERY_STATION, of_station
from dispatch.people.factors import Asked
from dispatch.people.permissions import SELF, Act
from dispatch.people.ports import API
from dispatch.people.service import SignInRefusal
from dispatch.people.values import Role, Who
from gateway.http import cookies
from gateway.http.answers import NO_STORE, answered
from gateway.http.bearer import address_of, anyone_of, require, settings_of, sign_in_of, signed
from gateway.http.bodies import read_body
from gateway.http.problems import Problem
from gateway.wire.factors import PasswordAgain
from gateway.wire.messages import OpenReceipt, PasswordChosen, Signed, SignIn, Ticket
from gateway.wire.openid import SignedOut


class Me(msgspec.Struct, frozen=True, kw_only=True):
    """GET /v1/me. `csrf`: what a page whose session is a cookie sends as X-CSRF-Token; null for a bearer token."""

    role: str
    name: str
    expires_in_s: int
    csrf: str | None = None
    station: str | None = None
    officer: str | None = None
    call_sign: str | None = None
    case: str | None = None


class SessionOfMine(msgspec.Struct, frozen=True, kw_only=True):
    """One place where I am signed in. `page`: the kind of page, or `api` for a bearer token. `this`: the asking one."""

    id: UUID
    page: str
    device: str
    opened_at: datetime
    expires_in_s: int
    this: bool


class SessionsOfMine(msgspec.Struct, frozen=True, kw_only=True):
    """GET /v1/sessions: the latest first."""

    sessions: list[SessionOfMine]


async def post_session(request: Request) -> Response:
    """POST /v1/sessions: signs in by login and password. 201 Signed; 202 Asked, where a second factor is needed;
    401 without saying what was wrong. With `new_password` that is the password from now on."""
    require(await anyone_of(request), Act.SIGN_IN)
    page = cookies.signing_in(request)
    body = await read_body(request, SignIn)
    answer = await sign_in_of(request).sign_in(
        body.login, body.password, address_of(request), page=page or API, device=cookies.device_of(request),
        chosen=body.new_password,
    )  # fmt: skip
    if isinstance(answer, SignInRefusal):
        raise Problem(str(answer))
    if isinstance(answer, Asked):
        return answered(answer, 202)
    return await opened(request, 201, page, *answer)


async def post_password(request: Request) -> Response:
    """POST /v1/password: another password. Every session ends, here too, and one is opened here. 200 Signed."""
    who = await signed(request, Act.CHANGE_PASSWORD, SELF)
    body = await read_body(request, PasswordChosen)
    answer = await sign_in_of(request).choose(
        who, body.login, body.password, body.new_password, page=cookies.page_of(request) or API,
        device=cookies.device_of(request),
    )  # fmt: skip
    if isinstance(answer, SignInRefusal):
        raise Problem(str(answer))
    return await opened(request, 200, cookies.page_of(request), *answer)


async def delete_session(request: Request) -> Response:
    """DELETE /v1/sessions/current: the token opens nothing from now on. 204; 200 SignedOut, where a page is led to the
    identity provider to sign out there too."""
    who = await signed(request, Act.SIGN_OUT, SELF)
    await sign_in_of(request).sign_out(who)
    return await _gone(request, who)


async def get_sessions(request: Request) -> Response:
    """GET /v1/sessions: where I am signed in. Of a reporter: where the same code is open. 200 SessionsOfMine."""
    who = await signed(request, Act.READ_SESSIONS, SELF)
    sign_in = sign_in_of(request)
    mine = [
        SessionOfMine(
            id=one.id,
            page=one.page,
            device=one.device,
            opened_at=one.opened_at,
            expires_in_s=sign_in.seconds_to(one.expires_at_s),
            this=one.id == who.session,
        )
        for one in await sign_in.sessions_of(who)
    ]
    return answered(SessionsOfMine(sessions=mine))


async def delete_sessions(request: Request) -> Response:
    """DELETE /v1/sessions: signs me out everywhere, here too. 204 or 200, as one's own end is answered."""
    who = await signed(request, Act.END_SESSION, SELF)
    told = await sign_in_of(request).end_own(who, None)
    if isinstance(told, SignInRefusal):
        raise Problem(str(told))
    return await _gone(request, who)


async def delete_one_session(request: Request) -> Response:
    """DELETE /v1/sessions/{session}: signs me out in one place. 204; 404 where it is not mine, or over."""
    who = await signed(request, Act.END_SESSION, SELF)
    session: UUID = request.path_params["session"]
    told = await sign_in_of(request).end_own(who, session)
    if isinstance(told, SignInRefusal):
        raise Problem(str(told))
    if not told:
        raise Problem("session_unknown")
    return await _gone(request, who) if session == who.session else Response(status_code=204, headers=NO_STORE)


async def post_proved(request: Request) -> Response:
    """POST /v1/sessions/proved: my own login and password once more: then this session may end my others. 204."""
    who = await signed(request, Act.PROVE, SELF)
    body = await read_body(request, PasswordAgain)
    refused = await sign_in_of(request).prove(who, body.login, body.password)
    if refused is not None:
        raise Problem(str(refused))
    return Response(status_code=204, headers=NO_STORE)


async def post_receipt(request: Request) -> Response:
    """POST /v1/receipts: opens the case of a receipt code. 200 Signed."""
    require(await anyone_of(request), Act.OPEN_RECEIPT)
    page = cookies.signing_in(request)
    body = await read_body(request, OpenReceipt)
    answer = await sign_in_of(request).open_receipt(body.code, address_of(request), page=page or API)
    if isinstance(answer, SignInRefusal):
        raise Problem(str(answer))
    return await opened(request, 200, page, *answer)


async def post_ticket(request: Request) -> Response:
    """POST /v1/tickets: opens one socket from this very page within 30 s. 201 Ticket."""
    who = await signed(request, Act.TICKET, SELF)
    origin = request.headers.get("origin", "")
    if origin not in settings_of(request).origins:
        raise Problem("origin_not_allowed")
    if who.role in (Role.DESK, Role.SUPERVISOR):  # the socket shows a whole queue: that it was opened is kept first
        node = request.app.state.node
        await node.journal.enter(of_station(who.station or EVERY_STATION), who.name, Act.CONNECT, {})
    ticket = sign_in_of(request).issue_ticket(who, origin)
    return answered(Ticket(ticket=ticket, expires_in_s=limits.TICKET_S), 201)


async def get_me(request: Request) -> Response:
    """GET /v1/me: who the service takes me for. 200 Me."""
    who = await signed(request, Act.READ_ME, SELF)
    me = Me(
        role=who.role,
        name=who.name,
        expires_in_s=sign_in_of(request).left_s(who),
        csrf=sign_in_of(request).csrf_of(who) if cookies.speaks(request) else None,
        station=who.station,
        officer=str(who.officer) if who.officer else None,
        call_sign=who.call_sign,
        case=str(who.case) if who.case else None,
    )
    return answered(me)


async def opened(
    request: Request, status: int, page: cookies.Page | None, token: str, who: Who, *, recovery: list[str] | None = None
) -> Response:
    """Answers with a new session: in the page's cookie, whose old session ends here; or as a token in the body."""
    told = Signed(
        token=None if page else token,
        csrf=sign_in_of(request).csrf_of(who) if page else None,
        role=who.role,
        expires_in_s=sign_in_of(request).left_s(who),
        station=who.station,
        officer=who.officer,
        call_sign=who.call_sign,
        case=who.case,
        recovery=recovery or None,
    )
    answer = answered(told, status)
    if page is not None:
        before = cookies.token_of(request)
        old = await sign_in_of(request).who(before) if before else None
        if old is not None:
            await sign_in_of(request).sign_out(old)
        cookies.give(answer, page, token, told.expires_in_s)
    return answer


async def _gone(request: Request, who: Who) -> Response:
    """The page's cookie emptied: 204, or where a page of who came by the identity provider goes on to."""
    page, origin = cookies.page_of(request), request.headers.get("origin", "")
    to = None
    if page is not None and origin in settings_of(request).origins:
        to = await sign_in_of(request).farewell(who, f"{origin}/{page}")
    answer = answered(SignedOut(to=to)) if to is not None else Response(status_code=204, headers=NO_STORE)
    if page is not None:
        cookies.take(answer, page)
    return answer
