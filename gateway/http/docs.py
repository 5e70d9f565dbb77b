"""The wire's own documents, generated from the code: OpenAPI 3.1, AsyncAPI 3, and a page to read them."""

from starlette.routing import BaseRoute

ROUTES: list[BaseRoute] = []
