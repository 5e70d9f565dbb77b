"""Officers' safety over HTTP: the same calls as over sockets."""

from starlette.requests import Request
from starlette.responses import Response

from dispatch.people.permissions import SELF, Act
from gateway.http.bearer import signed
from gateway.http.bodies import read_body
from gateway.http.cases import node_of, told_of
from gateway.wire.messages import ClearPanic, PanicMessage


async def post_panic(request: Request) -> Response:
    """POST /v1/panics: an officer needs help, now. Never limited; pressed again it is the same call."""
    who = await signed(request, Act.PANIC, SELF)
    return told_of(await node_of(request).safety.panic(who, await read_body(request, PanicMessage)))


async def post_cleared(request: Request) -> Response:
    """POST /v1/panics/cleared: a person at the desk has made sure that the officer is safe."""
    who = await signed(request, Act.CLEAR_PANIC)
    return told_of(await node_of(request).safety.clear_panic(who, await read_body(request, ClearPanic)))
