"""Who asks, and may they: the two questions at the head of every route."""

from typing import cast

from starlette.requests import Request

from dispatch.people.permissions import Act, Relation, allowed
from dispatch.people.service import SignIn
from dispatch.people.values import NOBODY, Who
from gateway.http.problems import Problem
from gateway.settings import Settings


def sign_in_of(request: Request) -> SignIn:
    return cast(SignIn, request.app.state.services.sign_in)


def settings_of(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


async def who_of(request: Request) -> Who:
    """The person behind Authorization: Bearer. Raises: Problem 401; StoreAway."""
    token = _token(request)
    who = await sign_in_of(request).who(token) if token else None
    if who is None:
        raise Problem("session_ended" if token else "session_missing")
    return who


async def anyone_of(request: Request) -> Who:
    """As `who_of`, or `NOBODY`: for routes that need no session. A stale token keeps nobody from reporting."""
    token = _token(request)
    return (await sign_in_of(request).who(token) if token else None) or NOBODY


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
