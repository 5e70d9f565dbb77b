"""Is this process alive; is the service whole."""

from starlette.requests import Request
from starlette.responses import Response

from dispatch.cases.ports import StoreAway, StoreBusy
from gateway.http.answers import answered
from gateway.http.cases import node_of

NEEDED = ("relay", "sweeper")
DATABASE_S_MAX = 3.0


async def healthz(request: Request) -> Response:
    """GET /healthz: 200 while this process answers; and for how long it did not, at worst, in the last minute."""
    return answered({"ok": True, "pause_ms": node_of(request).pauses.longest_ms()})


async def readyz(request: Request) -> Response:
    """GET /readyz: 200 only when migrations, town, a sweeper and a relay are there and this process knows the board."""
    node = node_of(request)
    missing = [] if node.ready else ["board"]
    try:
        living = await node.upkeep.living_roles()
        missing += [role for role in NEEDED if role not in living]
    except (StoreAway, StoreBusy):
        missing.append("database")
    if node.feed.now() - node.feed.heard_database_at > DATABASE_S_MAX:
        missing.append("streams")
    if not node.catalogue.stations or not node.catalogue.categories:
        missing.append("town")
    return answered({"ready": not missing, "missing": missing}, 503 if missing else 200)
