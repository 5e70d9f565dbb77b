"""Whose address counts for limits."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.http.bearer import address_of
from tests.unit.http.asking import app_of, client_of

PEER = "127.0.0.1"  # as the test's client has it


async def told(request: Request) -> Response:
    return PlainTextResponse(address_of(request))


@pytest.mark.parametrize(
    ("said", "behind", "without"),
    [
        ([], PEER, PEER),
        (["198.51.100.7"], "198.51.100.7", PEER),
        (["203.0.113.9, 198.51.100.7"], "198.51.100.7", PEER),
        (["203.0.113.9", "10.0.0.1,198.51.100.7"], "198.51.100.7", PEER),
    ],
)
async def test_of_what_a_proxy_says_the_last_address_counts_and_without_one_nothing_of_it(
    said: list[str], behind: str, without: str
) -> None:
    for trusted, expected in (("1", behind), ("0", without)):
        app = app_of([Route("/", told)], ONBEAT_TRUSTED_PROXY=trusted)
        async with client_of(app) as client:
            answer = await client.get("/", headers=[("x-forwarded-for", one) for one in said])
        assert answer.text == expected
