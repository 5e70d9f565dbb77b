"""The protocol on a real uvicorn: what it says back, what it refuses, and that a bad neighbour harms nobody."""

import contextlib
import json
import socket
from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.sockets.protocol import Pace
from scripts.chaos_rows.malformed import MALFORMED, close, frame, text
from tests.unit.sockets.serving import REQUEST, WAIT_S, Server, until_end

HTTP_CASES: Final = {
    "no key": (b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", b"", b"400"),
    "short key": (b"dGhlIHNhbXBsZSBub25jZQ==", b"c2hvcnQ=", b"400"),
    "key not in base64": (b"dGhlIHNhbXBsZSBub25jZQ==", b"????????????????????????", b"400"),
    "two keys": (b"Host:", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nHost:", b"400"),
    "two origins": (b"Host:", b"Origin: http://a\r\nOrigin: http://b\r\nHost:", b"400"),
    "a body": (b"Host:", b"Content-Length: 5\r\nHost:", b"400"),
    "POST": (b"GET", b"POST", b"405"),
    "version 8": (b"Version: 13", b"Version: 8", b"426"),
    "huge head": (b"Host:", b"X-Long: " + b"x" * 20_000 + b"\r\nHost:", b"431"),
}


@pytest.fixture(scope="module", params=["uvloop", "asyncio"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(request.param) as running:
        yield running


def test_what_is_said_comes_back_and_nothing_is_compressed(server: Server) -> None:
    with server.client("/v1/socket?ticket=abc") as client:
        assert client.protocol.extensions == []
        for said in ("", "a", "x" * 125, "案" * 60, "y" * 126, "z" * 8_192):
            client.send(said)
            assert client.recv(WAIT_S) == said
        client.send(["one ", "message ", "in pieces"])
        assert client.recv(WAIT_S) == "one message in pieces"
        assert client.ping("still there?").wait(WAIT_S)
    handshake = server.gate.handshakes[-1]
    assert (handshake.path, handshake.query, handshake.peer) == ("/v1/socket", "ticket=abc", "127.0.0.1")
    assert handshake.headers["sec-websocket-extensions"].startswith("permessage-deflate")


def test_of_the_subprotocols_that_a_page_names_ours_is_chosen_and_a_strangers_is_not(server: Server) -> None:
    cases: list[tuple[list[str], str | None]] = [
        (["onbeat.1", "ticket.abc"], "onbeat.1"), (["graphql-ws"], None), ([], None),
    ]  # fmt: skip
    for named, chosen in cases:
        with server.client("/v1/socket", subprotocols=named) as client:
            assert client.subprotocol == chosen
            client.send("a")
            assert client.recv(WAIT_S) == "a"


def test_what_is_written_soon_comes_in_its_turn_and_by_itself(server: Server) -> None:
    with server.client("/v1/socket") as client:
        client.send("soon, alone")
        assert client.recv(WAIT_S) == "soon, alone"
    with server.raw() as raw:
        said = b"".join(map(text, (b"soon 1", b"now 2", b"soon 3", b"soon 4", b"close!")))
        raw.sendall(said + close(1000))
        said = until_end(raw)
    places = [said.index(one) for one in (b"soon 1", b"now 2", b"soon 3", b"soon 4", b"sign in again")]
    assert places == sorted(places)


def test_many_messages_in_one_piece_and_one_in_many_pieces_arrive_in_order(server: Server) -> None:
    with server.raw() as client:
        stream = b"".join(text(b"%04d" % i) for i in range(500))
        client.sendall(stream)
        for i in range(0, 60, 7):
            client.sendall(stream[i : i + 7])
        client.sendall(stream[63:600] + close(1000))
        assert until_end(client).count(b"\x81\x04") == 560
    heard = server.gate.sessions[-1].received_texts
    assert heard == [b"%04d" % i for i in range(500)] + [b"%04d" % i for i in range(60)]


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_frame_closes_its_own_socket_only(server: Server, name: str) -> None:
    broken, code = MALFORMED[name]
    with server.client() as neighbour, server.raw() as client:
        session = server.gate.sessions[-1]
        client.sendall(broken)
        said = until_end(client)
        at = said.index(b"\x88")
        assert int.from_bytes(said[at + 2 : at + 4], "big") == code
        assert len(said) == at + 2 + said[at + 1]
        assert session.codes.get(timeout=WAIT_S) == code
        neighbour.send("undisturbed")
        assert neighbour.recv(WAIT_S) == "undisturbed"


def test_a_peer_that_pours_on_after_the_close_is_held_back_and_still_hears_why(server: Server) -> None:
    with server.raw() as client:
        client.settimeout(1.0)
        client.sendall(frame(0x81, size=b"\xff" + (10**9).to_bytes(8, "big")))
        with pytest.raises((TimeoutError, BrokenPipeError, ConnectionResetError)):
            for _ in range(10_000):
                client.sendall(b"x" * 65_536)
        assert client.recv(4)[2:] == (1009).to_bytes(2, "big")
    server.pass_time(1.1)


@pytest.mark.parametrize("name", HTTP_CASES)
def test_a_bad_handshake_is_answered_by_a_problem(server: Server, name: str) -> None:
    old, new, status = HTTP_CASES[name]
    with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
        client.sendall((REQUEST % b"/").replace(old, new, 1))
        head, _, body = until_end(client).partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == status
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == int(status)


@pytest.mark.parametrize(("path", "status", "code"), [(b"/refused", 403, "origin"), (b"/broken", 500, "internal")])
def test_what_the_gate_refuses_is_answered_by_http_and_the_connection_ends(
    server: Server, path: bytes, status: int, code: str
) -> None:
    with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
        client.sendall(REQUEST % path)
        head, _, body = until_end(client).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert (b"x-why: y" in head) == (status == 403)
    assert json.loads(body)["code"] == code


def test_a_gate_that_thinks_too_long_is_answered_by_come_back() -> None:
    with Server("uvloop", Pace(admit_s=0.02)) as server:
        with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
            client.sendall(REQUEST % b"/slow")
            answer = until_end(client)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1" in answer
        assert server.gate.cancelled.is_set()


def test_a_peer_that_talks_before_it_is_let_in_is_cut_at_the_bound(server: Server) -> None:
    server.gate.waiting.clear()
    server.gate.cancelled.clear()
    with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
        client.sendall(REQUEST % b"/slow")
        assert server.gate.waiting.wait(WAIT_S)
        client.sendall(b"x" * 8_193)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(1) == b""
    assert server.gate.cancelled.wait(WAIT_S)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.lists(st.binary(max_size=300) | st.builds(frame, st.integers(0, 255), st.binary(max_size=40))))
def test_garbage_never_hangs_a_socket_nor_harms_its_neighbour(server: Server, garbage: list[bytes]) -> None:
    with server.client() as neighbour, server.raw() as client:
        session = server.gate.sessions[-1]
        client.sendall(b"".join(garbage))
        client.shutdown(socket.SHUT_WR)
        until_end(client)
        assert session.codes.get(timeout=WAIT_S) >= 1000
        neighbour.send("undisturbed")
        assert neighbour.recv(WAIT_S) == "undisturbed"
