"""Who asks, and may they: the two questions at the head of every route."""

import functools
from typing import cast

from starlette.requests import Request

from dispatch.people.permissions import Act, Relation, allowed
from dispatch.people.service import SignIn
from dispatch.people.values import NOBODY, Who
from gateway.http import cookies
from gateway.http.problems import Problem
from gateway.settings import Settings


def sign_in_of(request: Request) -> SignIn:
    return cast(SignIn, request.app.state.services.sign_in)


def settings_of(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


async def who_of(request: Request) -> Who:
    """The person behind Authorization: Bearer, or behind the cookie of the page that asks.

    Raises: Problem 401, 403 csrf_refused, 429 too_many_reads; StoreAway.
    """
    who = await _asker(request)
    request.state.who = who  # for gateway.refusals
    if who is None:
        raise Problem("session_ended" if _token(request) or cookies.token_of(request) else "session_missing")
    if request.method in ("GET", "HEAD") and not sign_in_of(request).may_read(who):
        raise Problem("too_many_reads")
    request.state.still = functools.partial(_still, request)
    return who


async def _still(request: Request) -> None:
    """Asked again after a body that took its time. Raises: Problem 401, where the session has ended; StoreAway."""
    if await sign_in_of(request).who(_token(request) or cookies.token_of(request) or "") is None:
        raise Problem("session_ended")


async def anyone_of(request: Request) -> Who:
    """As `who_of`, or `NOBODY`: for routes that need no session. A stale token keeps nobody from reporting."""
    try:
        request.state.who = who = await _asker(request) or NOBODY
        return who
    except Problem:
        return NOBODY  # a cookie that may not speak for this request speaks for nobody


async def _asker(request: Request) -> Who | None:
    token = _token(request)
    if token is not None:
        return await sign_in_of(request).who(token)
    token = cookies.token_of(request)
    if token is None:
        if cookies.carries_one(request):
            raise Problem("csrf_refused")
        return None
    who = await sign_in_of(request).who(token)
    if who is not None and cookies.changes(request):
        # A cookie comes with whatever request the browser sends; only the page that signed in knows the word.
        _require_word(request, who)
    return who


def _require_word(request: Request, who: Who) -> None:
    if not sign_in_of(request).is_csrf_of(who, cookies.word_of(request)):
        raise Problem("csrf_refused")


def require(who: Who, act: Act, relations: frozenset[Relation] = frozenset(), *, hidden: bool = False) -> None:
    """Returns when the table allows it. `hidden`: a stranger hears 404, so that ids cannot be sounded out.

    Raises: Problem.
    """
    if allowed(who.role, act, relations):
        return
    if who is NOBODY:
        raise Problem("session_missing")
    raise Problem("not_found" if hidden else "not_allowed")


async def signed(request: Request, act: Act, relations: frozenset[Relation] = frozenset()) -> Who:
    """`who_of` and `require` in one. Raises: Problem 401, 403; StoreAway."""
    who = await who_of(request)
    require(who, act, relations)
    return who


def address_of(request: Request) -> str:
    """The caller's address for limits, never logged: the peer's, or what our own proxy says (its last entry)."""
    if settings_of(request).trusted_proxy:
        forwarded = request.headers.getlist("x-forwarded-for")
        if forwarded:
            return forwarded[-1].rpartition(",")[2].strip()
    return request.client.host if request.client else ""


def _token(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
