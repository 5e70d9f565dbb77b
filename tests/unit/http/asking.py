"""An app of the routes under test, asked in process over ASGI."""

from types import SimpleNamespace
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.http.problems import EXCEPTION_HANDLERS
from gateway.settings import Settings

ENV = {
    "DATABASE_URL": "postgresql://owner@127.0.0.1/x",
    "REDIS_URL": "redis://127.0.0.1",
    "ONBEAT_PEPPER": "p" * 32,
    "ONBEAT_TICKET_KEY": "t" * 32,
}


def app_of(routes: list[Route], services: Any = None, **env: str) -> Starlette:
    """A service with these routes and whatever stands behind them."""
    app = Starlette(routes=routes, exception_handlers=EXCEPTION_HANDLERS)
    app.state.settings = Settings.from_env(ENV | env)
    app.state.services = services or SimpleNamespace()
    return app


def client_of(app: Starlette) -> httpx.AsyncClient:
    """Answers a mistake of ours as a client would see it: by its document, not by the exception."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost:8000")
