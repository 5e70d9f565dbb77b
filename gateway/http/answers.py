"""An answer in JSON that nobody keeps: what most routes give."""

from typing import Final

import msgspec
from starlette.responses import Response

NO_STORE: Final = {"cache-control": "no-store"}


def answered(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, NO_STORE, media_type="application/json")
