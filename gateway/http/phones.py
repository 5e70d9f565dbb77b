"""A reporter's telephone: a code to it, the code back; and who reported, opened by the desk for a reason."""

from html import escape
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from dispatch import limits
from dispatch.people.permissions import Act
from dispatch.people.phones import Identity, PhoneRefusal
from gateway.http import pages
from gateway.http.answers import answered
from gateway.http.bearer import address_of, anyone_of, require
from gateway.http.bodies import at, read_body
from gateway.http.cases import case_for
from gateway.http.naming import phones_of
from gateway.http.problems import Problem
from gateway.wire.phones import CodeSent, Confirmed, IdentityAsked, PhoneAsked, PhoneCode, PhonesOffered

AGAIN_S: Final = {PhoneRefusal.TOO_MANY_CODES: 3600, PhoneRefusal.USED_UP: 3600}
LOOK: Final = '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Outbox</title>\
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/shared/tokens.css">\
<link rel="stylesheet" href="/static/shared/pieces.css"></head><body><main id="main" class="column">\
<h1>Outbox</h1><p>What the demonstration would have sent to telephones, the latest first.</p>'


async def get_phones(request: Request) -> Response:
    """GET /v1/phones: whether a number can be confirmed here. 200 PhonesOffered."""
    require(await anyone_of(request), Act.CONFIRM_PHONE)
    return answered(PhonesOffered(offered=phones_of(request).offered))


async def post_phone(request: Request) -> Response:
    """POST /v1/phones: sends a code. 202 CodeSent, the same for every number that can be written to."""
    require(await anyone_of(request), Act.CONFIRM_PHONE)
    body = await read_body(request, PhoneAsked)
    answer = await phones_of(request).ask(body.number, body.language, address_of(request))
    if isinstance(answer, PhoneRefusal):
        raise refused(answer)
    return answered(CodeSent(phone=answer, expires_in_s=limits.CODE_S), 202)


async def post_confirmed(request: Request) -> Response:
    """POST /v1/phones/confirmed: the code that came. 200 Confirmed; a right code sent twice hears the same."""
    require(await anyone_of(request), Act.CONFIRM_PHONE)
    body = await read_body(request, PhoneCode)
    answer = await phones_of(request).confirm(body.phone, body.code)
    if answer is not None:
        raise refused(answer)
    return answered(Confirmed(phone=body.phone, lasts_s=limits.CONFIRMED_S))


async def post_identity(request: Request) -> Response:
    """POST /v1/cases/{case}/identity: who reported, for the desk of the case, with a reason. 200 Identity; entered."""
    body = await read_body(request, IdentityAsked)
    if len(body.reason.strip()) < limits.IDENTITY_REASON_CHARS_MIN:
        raise at("field_invalid", "/reason", "reason: say in words why it must be known.")
    who, state = await case_for(request, Act.OPEN_IDENTITY, enters_itself=True)
    try:
        found: Identity = await phones_of(request).identity(state.id, who.name, body.reason.strip())
    except ValueError:
        raise Problem("vault_key_differs") from None
    return answered(found)


async def get_outbox(request: Request) -> Response:
    """GET /outbox: the demonstration's telephones. 404 anywhere else."""
    outbox = request.app.state.services.outbox
    if outbox is None:
        raise Problem("not_found")
    said = "".join(
        f'<article class="card"><h2>{escape(one["to"])}</h2><p>{escape(one["text"])}</p></article>'
        for one in await outbox.messages()
    )
    page = LOOK + (said or "<p>Nothing yet.</p>") + "</main></body></html>"
    return pages.answer(request, pages.served(page.encode(), pages.TYPES[".html"]))


def refused(why: PhoneRefusal) -> Problem:
    wait = AGAIN_S.get(why)
    return Problem(str(why), headers={"retry-after": str(wait)} if wait else {})
