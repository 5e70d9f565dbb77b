"""Errors as problem documents (RFC 9457): a stable `code`, a sentence, and where it helps the place in the body."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.people.ports import TooManyWaiting
from gateway.http.codes import CODES, RETRY_AFTER_S
from gateway.refusals import tell_of

log = logging.getLogger("onbeat.http")

MEDIA_TYPE: Final = "application/problem+json"


class Problem(Exception):
    """Raised anywhere below a route; answered as a problem document. `code` must be one of `CODES`."""

    def __init__(
        self, code: str, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        self.status, self.title, sentence = CODES[code]
        self.code = code
        self.detail = detail or sentence
        self.headers = headers
        self.more = more
        super().__init__(self.detail)

    def response(self) -> Response:
        return problem(self.status, self.code, self.detail, headers=self.headers, **self.more)


def problem(
    status: int | None,
    code: str,
    detail: str | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """A problem document. `status`, `detail`: None for the code's own. `more`: members beside the standard ones."""
    own_status, title, sentence = CODES[code]
    answered = status or own_status
    said = {
        "type": f"/docs#problem-{code}",
        "title": title,
        "status": answered,
        "detail": detail or sentence,
        "code": code,
        **more,
    }
    sent = {"cache-control": "no-store", **(headers or {})}
    if code in RETRY_AFTER_S:
        sent.setdefault("retry-after", str(RETRY_AFTER_S[code]))
    if answered == 401:
        sent.setdefault("www-authenticate", "Bearer")
    return Response(msgspec.json.encode(said), answered, sent, media_type=MEDIA_TYPE)


async def on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    tell_of(request, error.code)
    return error.response()


async def on_http_exception(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself: no such route, no such method, a request it cannot parse."""
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "malformed_request")
    return problem(error.status_code, code, headers=error.headers)


async def on_store_away(request: Request, error: Exception) -> Response:
    log.warning("store away: %s", error)
    return problem(None, "store_away")


async def on_busy(request: Request, error: Exception) -> Response:
    return problem(None, "busy")


async def on_error(request: Request, error: Exception) -> Response:
    """A mistake of ours. Only the route's template is logged, never what was sent."""
    route = request.scope.get("route")
    log.error("unexpected error in %s", getattr(route, "path", "?"), exc_info=error)
    return problem(500, "internal")


Handler = Callable[[Request, Exception], Any]

EXCEPTION_HANDLERS: Final[dict[Any, Handler]] = {
    Problem: on_problem,
    HTTPException: on_http_exception,
    StoreAway: on_store_away,
    StoreBusy: on_busy,
    TooManyWaiting: on_busy,
    Exception: on_error,
}
