"""The wire's own documents, generated from the code: OpenAPI 3.1, AsyncAPI 3, and a page to read them.

Made at the first question and kept: neither changes while the process lives.
"""

from typing import Final, cast

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gateway.http import pages
from gateway.operations import OPERATIONS
from gateway.wire.asyncapi import asyncapi
from gateway.wire.docs_page import docs_page
from gateway.wire.openapi import JSON, endpoints, openapi

HTML: Final = ".html"


def documents(app: Starlette) -> dict[str, pages.Served]:
    """Both documents and the page, of this application's routes."""
    held = getattr(app.state, "documents", None)
    if held is None:
        found = endpoints(app.routes)
        operations = {one: OPERATIONS[one] for one in OPERATIONS if one in found}
        described = [route for at, route in found.items() if at in operations]
        http, live = openapi(described, operations), asyncapi()
        held = app.state.documents = {
            "openapi": pages.served(msgspec.json.encode(http), JSON),
            "asyncapi": pages.served(msgspec.json.encode(live), JSON),
            "docs": pages.served(docs_page(http, live).encode(), pages.TYPES[HTML]),
        }
    return cast(dict[str, pages.Served], held)


async def get_openapi(request: Request) -> Response:
    """GET /openapi.json: this interface, as OpenAPI 3.1."""
    return pages.answer(request, documents(request.app)["openapi"])


async def get_asyncapi(request: Request) -> Response:
    """GET /asyncapi.json: the live socket, as AsyncAPI 3."""
    return pages.answer(request, documents(request.app)["asyncapi"])


async def get_docs(request: Request) -> Response:
    """GET /docs: both documents to read, with every error code and close code."""
    return pages.answer(request, documents(request.app)["docs"])


ROUTES: Final[list[BaseRoute]] = [
    Route("/openapi.json", get_openapi, methods=["GET"]),
    Route("/asyncapi.json", get_asyncapi, methods=["GET"]),
    Route("/docs", get_docs, methods=["GET"]),
]
