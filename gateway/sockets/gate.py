"""Who may open a socket: the right path, an exact Origin, and a ticket that was never used before. In that order:
what costs nothing comes first, and a stranger never reaches the database."""

import time
from urllib.parse import parse_qs

import msgspec

from dispatch.batching import Overloaded
from dispatch.cases.ports import StoreAway, StoreBusy
from dispatch.limits import HANDSHAKES_PER_S_MAX
from dispatch.people.permissions import SELF, Act, allowed
from dispatch.people.service import SignIn
from dispatch.people.tickets import TicketRefusal
from gateway.http.codes import CODES, RETRY_AFTER_S
from gateway.http.problems import MEDIA_TYPE
from gateway.node import Node
from gateway.refusals import tell
from gateway.sockets.link import Handshake, Refused, Session
from gateway.sockets.opening import subprotocols
from gateway.sockets.session import PersonSession

PATH = "/v1/socket"
TICKET = "ticket."  # a subprotocol that begins so names a ticket


def refusal(code: str, detail: str | None = None) -> Refused:
    """A problem document, as on every other route."""
    status, title, sentence = CODES[code]
    body = {
        "type": f"/docs#problem-{code}",
        "title": title,
        "status": status,
        "detail": detail or sentence,
        "code": code,
    }
    headers = [("content-type", MEDIA_TYPE), ("cache-control", "no-store")]
    if code in RETRY_AFTER_S:
        headers.append(("retry-after", str(RETRY_AFTER_S[code])))
    return Refused(status, msgspec.json.encode(body), tuple(headers))


def _tickets(handshake: Handshake) -> list[str]:
    """As our pages name theirs, in a header that no log keeps; in the address, of a page that a phone kept."""
    named = (one for one in subprotocols(handshake.headers) if one.startswith(TICKET))
    return [one[len(TICKET) :] for one in named] + parse_qs(handshake.query, max_num_fields=4).get("ticket", [])


class SocketGate:
    """`gateway.sockets.link.Gate`."""

    def __init__(self, node: Node, sign_in: SignIn) -> None:
        self._node, self._sign_in = node, sign_in
        self._tokens, self._tokens_at = float(HANDSHAKES_PER_S_MAX), time.monotonic()

    async def admit(self, handshake: Handshake) -> Session | Refused:
        told = await self._admit(handshake)
        if isinstance(told, str):
            tell(told, PATH, None)
            return refusal(told)
        return told

    async def _admit(self, handshake: Handshake) -> Session | str:
        """The session, or the code of why there is none."""
        if handshake.path != PATH:
            return "not_found"
        if not self._node.ready or not self._take():
            return "overloaded"
        origin = handshake.headers.get("origin", "")
        if origin not in self._node.settings.origins:
            return "origin_not_allowed"
        tickets = _tickets(handshake)
        if len(tickets) != 1:
            return "ticket_missing"
        try:
            who = await self._sign_in.use_ticket(tickets[0], origin)
        except (StoreAway, StoreBusy):
            return "store_away"
        except Overloaded:
            return "overloaded"
        if isinstance(who, TicketRefusal):
            return str(who)
        if not allowed(who.role, Act.CONNECT, SELF):
            return "not_allowed"
        return PersonSession(self._node, who)

    def _take(self) -> bool:
        now = time.monotonic()
        grown = self._tokens + (now - self._tokens_at) * HANDSHAKES_PER_S_MAX
        self._tokens, self._tokens_at = min(float(HANDSHAKES_PER_S_MAX), grown), now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
