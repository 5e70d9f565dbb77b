"""Signing in by the house's identity provider: there, back, and in.

    POST /v1/oidc            the page asks where to go; the errand goes into a cookie that no script reads
    GET  /v1/oidc/callback   the provider sends the browser here: its answer goes into the cookie, it to the page
    POST /v1/oidc/session    the page asks for its session: now the code is exchanged, and everything is checked

The return is caused by a foreign site, so the errand's cookie is SameSite=Lax until then, and the session's own, which
is Strict, is neither read nor given there. Whatever opens a session is asked by our own page, as with a password. The
callback asks nobody anything, and leads to one of three pages of ours, whatever it is sent.
"""

from typing import Final, Literal

from starlette.requests import Request
from starlette.responses import Response

from dispatch import limits
from dispatch.people.factors import Asked
from dispatch.people.permissions import Act
from dispatch.people.providers import Federation, ProviderRefusal
from dispatch.people.service import SignInRefusal
from dispatch.people.values import Role
from gateway.http import cookies
from gateway.http.answers import NO_STORE, answered
from gateway.http.bearer import address_of, anyone_of, require, settings_of, sign_in_of
from gateway.http.cookies import Page
from gateway.http.problems import Problem
from gateway.http.sign_in import opened
from gateway.wire.openid import Leave, ProviderOffered

CALLBACK: Final = "/v1/oidc/callback"
CAME: Final = "#oidc"  # how a page knows that somebody came back to it
ROLES: Final[dict[Page, frozenset[Role]]] = {
    Page.OFFICER: frozenset({Role.OFFICER}),
    Page.DESK: frozenset({Role.DESK, Role.SUPERVISOR}),
    Page.ADMIN: frozenset({Role.ADMIN, Role.SUPERVISOR}),
}
"""Whose pages they are, as the pages themselves say (`signInEffects`)."""
PARTS_CHARS_MAX: Final = 512  # of state and issuer, as they come back


async def get_offered(request: Request) -> Response:
    """GET /v1/oidc: whether an identity provider signs people in here, and what it is called. 200 ProviderOffered."""
    require(await anyone_of(request), Act.SIGN_IN)
    federation = sign_in_of(request).federation
    return answered(ProviderOffered(name=federation.name if federation is not None else None))


async def post_leaving(request: Request) -> Response:
    """POST /v1/oidc: where this page sends its visitor. 200 Leave, and the errand in a cookie."""
    require(await anyone_of(request), Act.SIGN_IN)
    federation = _federation(request)
    page = _page(request)
    origin = request.headers.get("origin", "")
    if origin not in settings_of(request).origins:
        raise Problem("csrf_refused")
    told = await federation.begin(page, origin + CALLBACK)
    if isinstance(told, ProviderRefusal):
        raise Problem(str(told))
    answer = answered(Leave(to=told.to, expires_in_s=told.expires_in_s))
    _keep(answer, page, told.note, told.expires_in_s, "lax")
    return answer


async def get_callback(request: Request) -> Response:
    """GET /v1/oidc/callback: the browser is back from the provider. 303 to the page that began, the answer in its
    cookie; an answer to what this browser did not ask is left where it is."""
    require(await anyone_of(request), Act.SIGN_IN)
    federation, said = _federation(request), request.query_params
    state = said.get("state", "")[:PARTS_CHARS_MAX]
    page = next((one for one in ROLES if state.startswith(f"{one}.")), None)
    if page is None:
        raise Problem(str(ProviderRefusal.OVER))
    answer = Response(status_code=303, headers={**NO_STORE, "location": f"/{page}{CAME}"})
    code, issuer = said.get("code"), said.get("iss")
    if "error" in said or not code or len(code) > limits.OIDC_CODE_CHARS_MAX:
        code = None
    came = federation.came(request.cookies.get(name_of(page), ""), state, code, issuer and issuer[:PARTS_CHARS_MAX])
    if came is not None:
        _keep(answer, page, came, limits.OIDC_ERRAND_S, "strict")
    return answer


async def post_session(request: Request) -> Response:
    """POST /v1/oidc/session: the session of who came back to this page. 201 Signed; 202 Asked, where our own second
    factor is needed."""
    require(await anyone_of(request), Act.SIGN_IN)
    federation = _federation(request)
    page = _page(request)
    told = await sign_in_of(request).from_provider(
        federation, request.cookies.get(name_of(page), ""), ROLES[page], address_of(request),
        page=page, device=cookies.device_of(request),
    )  # fmt: skip
    if isinstance(told, ProviderRefusal | SignInRefusal):
        answer = Problem(str(told)).response()
    elif isinstance(told, Asked):
        answer = answered(told, 202)
    else:
        answer = await opened(request, 201, page, *told)
    if told is not ProviderRefusal.OVER:  # nothing was under way, or something else still is
        _keep(answer, page, "", 0, "strict")
    return answer


def name_of(page: Page) -> str:
    """The errand's cookie: one a kind of page, as several may stand open in one browser."""
    return f"__Host-onbeat-oidc-{page}"


def _keep(answer: Response, page: Page, note: str, lasts_s: int, site: Literal["lax", "strict"]) -> None:
    answer.set_cookie(name_of(page), note, max_age=lasts_s, path="/", secure=True, httponly=True, samesite=site)


def _federation(request: Request) -> Federation:
    """Raises: Problem, where this service has none."""
    federation = sign_in_of(request).federation
    if federation is None:
        raise Problem("oidc_off")
    return federation


def _page(request: Request) -> Page:
    """The page that asks, one of those who work here. Raises: Problem page_unknown, csrf_refused, oidc_wrong_page."""
    page = cookies.signing_in(request)
    if page is None:
        raise Problem("page_unknown")
    if page not in ROLES:
        raise Problem(str(ProviderRefusal.WRONG_PAGE))
    return page
