"""The page to read is whole, linked, escaped and without anything inline."""

import re
from collections.abc import AsyncIterator
from types import SimpleNamespace

import httpx
import pytest
from starlette.applications import Starlette

from dispatch.people.values import Role
from gateway.basemap import Basemap
from gateway.http.codes import CODES
from gateway.http.problems import EXCEPTION_HANDLERS
from gateway.operations import OPERATIONS
from gateway.routes import ROUTES
from gateway.sockets.link import Close
from gateway.wire.asyncapi import asyncapi, client_messages, service_messages, socket_problems, tag_of
from gateway.wire.docs_page import docs_page
from gateway.wire.openapi import openapi

PAGE = docs_page(openapi(ROUTES, OPERATIONS), asyncapi())


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=ROUTES, exception_handlers=EXCEPTION_HANDLERS)
    origins = frozenset({"http://localhost:8000"})
    app.state.settings = SimpleNamespace(emergency_number="110", origins=origins, basemap=Basemap())
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        yield client


def test_every_code_message_route_and_close_has_its_place() -> None:
    anchors = set(re.findall(r' id="([^"]+)"', PAGE))
    assert {f"problem-{code}" for code in [*CODES, *socket_problems()]} <= anchors
    assert {f"close-{int(code)}" for code in Close} <= anchors
    assert {f"message-{tag_of(one)}" for one in (*client_messages(), *service_messages())} <= anchors
    assert {f"op-{one.id}" for one in OPERATIONS.values()} <= anchors


def test_every_link_within_the_page_leads_somewhere_once() -> None:
    anchors = re.findall(r' id="([^"]+)"', PAGE)
    assert len(set(anchors)) == len(anchors)
    links = set(re.findall(r'href="#([^"]+)"', PAGE))
    assert len(links) > 50
    assert links <= set(anchors), links - set(anchors)


def test_what_the_documents_hold_is_escaped() -> None:
    http, live = openapi(ROUTES, OPERATIONS), asyncapi()
    planted = "<script>alert(1)</script>"
    http["info"]["description"] = planted
    http["paths"]["/v1/reports"]["post"]["description"] = planted
    live["components"]["messages"]["offer"]["description"] = planted
    live["channels"]["socket"]["x-close-codes"][0]["says"] = planted
    page = docs_page(http, live)
    assert planted not in page
    assert page.count("&lt;script&gt;") == 4


def test_nothing_is_inline_and_nothing_is_anybody_elses() -> None:
    assert "<script" not in PAGE and "<style" not in PAGE and " style=" not in PAGE
    assert not re.search(r" on\w+=", PAGE)
    for address in re.findall(r'(?:href|src)="([^"]+)"', PAGE):
        assert address.startswith(("/", "#")) and not address.startswith("//"), address


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("/openapi.json", "application/json"),
        ("/asyncapi.json", "application/json"),
        ("/docs", "text/html; charset=utf-8"),
    ],
)
async def test_the_documents_are_served_under_the_pages_policy(
    client: httpx.AsyncClient, path: str, type_: str
) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, type_)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]
    again = await client.get(path, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_everything_that_the_page_names_is_served(client: httpx.AsyncClient) -> None:
    named = [one for one in re.findall(r'(?:href|src)="([^"]+)"', PAGE) if not one.startswith("#")]
    assert len(named) >= 5
    for address in named:
        assert (await client.get(address)).status_code == 200, address


def test_every_role_of_the_socket_is_told_what_it_says_and_hears() -> None:
    for role in (Role.REPORTER, Role.OFFICER, Role.DESK):
        assert f"{role} says" in PAGE and f"{role} hears" in PAGE
