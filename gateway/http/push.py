"""Phones that want to be rung: the key, to agree, to end it."""

import base64
from typing import cast
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from dispatch.people.permissions import SELF, Act
from dispatch.push.endpoints import is_public_key
from dispatch.push.ports import PushStore
from gateway.http.answers import NO_STORE, answered
from gateway.http.bearer import settings_of, signed
from gateway.http.bodies import at, read_body
from gateway.http.problems import Problem
from gateway.vapid import PushSettings
from gateway.wire.push import PushKept, PushKey, PushSubscription


def _push(request: Request) -> PushSettings:
    found = settings_of(request).push
    if found is None:
        raise Problem("push_off")
    return found


def _store(request: Request) -> PushStore:
    return cast(PushStore, request.app.state.services.push)


async def get_key(request: Request) -> Response:
    """GET /v1/push/key: what a browser needs to agree to be rung by this service. 200 PushKey."""
    await signed(request, Act.RING, SELF)
    return answered(PushKey(key=_push(request).public_key))


async def post_subscription(request: Request) -> Response:
    """POST /v1/push/subscriptions: this phone is rung while the session lives and its officer is on duty. 201 PushKept.

    The same phone again is the same one; told by another session it belongs to that.
    """
    who = await signed(request, Act.RING, SELF)
    settings = _push(request)
    body = await read_body(request, PushSubscription)
    if settings.services.of(body.endpoint) is None:
        raise at("push_endpoint_refused", "/endpoint")
    p256dh, auth = _bytes(body.keys.p256dh), _bytes(body.keys.auth)
    if not is_public_key(p256dh):
        raise at("push_key_invalid", "/keys/p256dh")
    kept = await _store(request).keep(who, body.endpoint, p256dh, auth)
    return answered(PushKept(subscription=kept), 201)


async def delete_subscription(request: Request) -> Response:
    """DELETE /v1/push/subscriptions/{subscription}: never rung again. 204, also where there was none of one's own."""
    who = await signed(request, Act.RING, SELF)
    try:
        subscription = UUID(request.path_params["subscription"])
    except ValueError:
        raise Problem("not_found") from None
    await _store(request).drop(subscription, who.account)
    return Response(status_code=204, headers=NO_STORE)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
