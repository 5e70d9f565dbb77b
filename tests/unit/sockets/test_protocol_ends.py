"""Every way a socket can end: the session hears it once, with its code, and nothing is left behind."""

import functools
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from websockets.exceptions import ConnectionClosed

from dispatch.limits import OUTBOX_BYTES_MAX, SILENT_S_MAX, STALLED_S_MAX
from gateway.sockets.link import Close, text_frame
from gateway.sockets.protocol import Pace
from scripts.chaos_rows.malformed import close, frame, text
from tests.unit.sockets.serving import REQUEST, WAIT_S, Remembering, Server, open_links, until_end


@pytest.fixture(params=["uvloop", "asyncio"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with Server(request.param) as running:
        yield running


def reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def end_within_a_frame(client: socket.socket) -> None:
    client.sendall(text(b"abc")[:4])
    client.close()


def break_and_go(client: socket.socket) -> None:
    client.sendall(frame(0xC1))
    reset(client)


ENDS: Final[dict[str, tuple[Callable[[socket.socket], object], int]]] = {
    "closes with a code": (lambda client: client.sendall(close(1001, b"bye")), 1001),
    "closes without a code": (lambda client: client.sendall(frame(0x88)), 1005),
    "closes twice": (lambda client: client.sendall(close(1000) + close(1001)), 1000),
    "ends the stream": (lambda client: client.shutdown(socket.SHUT_WR), 1006),
    "ends the stream within a frame": (end_within_a_frame, 1006),
    "is reset": (reset, 1006),
    "breaks the protocol": (lambda client: client.sendall(frame(0xC1)), 1002),
    "breaks the protocol and goes": (break_and_go, 1002),
    "is closed by its session": (lambda client: client.sendall(text(b"close!") + text(b"never heard")), 4402),
    "makes its session fail": (lambda client: client.sendall(text(b"fail!") + text(b"never heard")), 1011),
}


@pytest.mark.parametrize("name", ENDS)
def test_a_session_hears_its_end_once_when_the_peer(server: Server, name: str) -> None:
    act, code = ENDS[name]
    with server.raw() as client:
        session = server.gate.sessions[-1]
        act(client)
        assert session.codes.get(timeout=WAIT_S) == code
        server.pass_time(1.1)  # a peer that does not close its half is cut
    assert_nothing_left(server, session)
    assert b"never heard" not in session.received_texts


def test_a_close_frame_is_echoed_and_ours_is_awaited(server: Server) -> None:
    with server.raw() as client:
        client.sendall(close(3_000, b"reason"))
        assert until_end(client) == b"\x88\x02" + (3_000).to_bytes(2, "big")
    with server.client() as polite:
        polite.send("close!")
        with pytest.raises(ConnectionClosed) as ended:
            polite.recv(WAIT_S)
        assert ended.value.rcvd is not None
        assert (ended.value.rcvd.code, ended.value.rcvd.reason) == (Close.REVOKED, "sign in again")
        assert ended.value.rcvd_then_sent
    assert_nothing_left(server, server.gate.sessions[-1], told=True)


def test_after_its_close_a_link_writes_nothing_and_closes_no_more(server: Server) -> None:
    with server.raw() as client:
        session = server.gate.sessions[-1]

        def twice() -> None:
            assert session.link is not None
            session.link.close(Close.REPLACED)
            session.link.close(Close.NORMAL)
            session.link.write(text_frame(b"too late"))
            assert session.codes.empty()  # told by the loop, never inside close: a hub may be walking its links

        server.inside(twice)
        client.sendall(close(4404))
        assert until_end(client) == b"\x88\x02" + (4404).to_bytes(2, "big")
        assert session.codes.get(timeout=WAIT_S) == Close.REPLACED
    assert_nothing_left(server, session)


def test_a_slow_reader_is_told_to_come_back_and_its_neighbour_is_undisturbed(server: Server) -> None:
    with server.client() as neighbour, server.raw(receive_bytes=4_096):
        slow, healthy = server.gate.sessions[-1], server.gate.sessions[-2]
        big = text_frame(b"x" * 32_768)

        def pour() -> int:
            assert slow.link is not None
            assert healthy.link is not None
            most = 0
            for _ in range(2_000):
                slow.link.write(big)
                most = max(most, slow.link.unsent)
            healthy.link.write(text_frame(b"undisturbed"))
            return most

        assert OUTBOX_BYTES_MAX - len(big) < server.inside(pour) <= OUTBOX_BYTES_MAX + 100
        assert slow.codes.get(timeout=WAIT_S) == Close.SLOW
        assert neighbour.recv(WAIT_S) == "undisturbed"
        server.pass_time(1.1)
        assert server.inside(lambda: slow.link is not None and slow.link.unsent) == 0
        neighbour.send("still here")
        assert neighbour.recv(WAIT_S) == "still here"
    assert_nothing_left(server, slow)


@pytest.mark.parametrize("loop_name", ["uvloop", "asyncio"])
def test_a_reader_without_progress_is_closed_at_the_bound_and_one_that_reads_is_not(loop_name: str) -> None:
    wide = Pace(outbox_bytes=64 * 1024 * 1024)  # more than the kernel takes, so that reading a little leaves a lot
    with Server(loop_name, wide) as server, server.raw(receive_bytes=4_096) as client:
        session = server.gate.sessions[-1]
        fill(server, session, wide.outbox_bytes // 4)
        server.pass_time(STALLED_S_MAX - 1)
        before = unsent(server, session)
        while unsent(server, session) == before:
            client.recv(65_536)
        server.pass_time(STALLED_S_MAX - 1)
        server.pass_time(0.9)
        assert session.codes.empty()
        server.pass_time(STALLED_S_MAX + 0.1)  # the kernel may have taken a last piece since
        server.pass_time(STALLED_S_MAX + 0.1)
        assert session.codes.get(timeout=WAIT_S) == Close.STALLED
        server.pass_time(1.1)
        assert_nothing_left(server, session)


@pytest.mark.parametrize("loop_name", ["uvloop", "asyncio"])
def test_a_reader_that_stopped_is_cut_while_the_kernel_still_takes_everything(loop_name: str) -> None:
    """On a fast line the kernel takes megabytes before anything waits in the outbox: hours of offers."""
    with Server(loop_name, Pace(untaken_s=1.0)) as server, server.client() as neighbour:
        with server.raw(receive_bytes=4_096):
            stopped, healthy = server.gate.sessions[-1], server.gate.sessions[-2]
            for session in (stopped, healthy):
                assert session.link is not None
                server.inside(functools.partial(session.link.write, text_frame(b"x" * 60_000)))
            assert unsent(server, stopped) == 0
            assert len(neighbour.recv(WAIT_S)) == 60_000
            assert stopped.codes.get(timeout=WAIT_S) == 1006
        neighbour.send("still here")
        assert neighbour.recv(WAIT_S) == "still here"


def test_frames_that_the_kernel_takes_in_pieces_arrive_whole_and_in_order(server: Server) -> None:
    frames = [text_frame(b"%06d" % i * 1_500) for i in range(600)]
    whole = b"".join(frames)
    heard = bytearray()
    with server.raw(receive_bytes=4_096) as client:
        link = server.gate.sessions[-1].link
        assert link is not None
        at = 0

        def pour() -> int:
            """Fills the kernel, empties it again before the loop may flush the rest, and writes on."""
            now = at
            while now < len(frames) and link.unsent < 3 * len(frames[0]):
                link.write(frames[now])
                now += 1
            while link.unsent and select.select([client], [], [], 0.05)[0]:
                heard.extend(client.recv(262_144))
            for frame in frames[now : now + 2]:
                link.write(frame)
            return min(now + 2, len(frames))

        while len(heard) < len(whole):
            at = server.inside(pour)
            heard += client.recv(262_144)
        assert heard == whole


def test_one_that_has_taken_all_is_watched_no_more(server: Server) -> None:
    with server.raw(receive_bytes=4_096) as client:
        session = server.gate.sessions[-1]
        fill(server, session)
        while unsent(server, session):
            client.recv(65_536)
        server.pass_time(STALLED_S_MAX + 1)
        assert session.codes.empty()


def test_a_silent_peer_is_pinged_and_kept_when_it_answers(server: Server) -> None:
    with server.raw() as client:
        session = server.gate.sessions[-1]
        for _ in range(4):
            server.pass_time(20)
            assert client.recv(16) == b"\x89\x00"
            client.sendall(frame(0x8A) + text(b"heard"))
            assert client.recv(16) == text_frame(b"heard")
        assert session.codes.empty()


def test_a_dead_peer_is_given_up(server: Server) -> None:
    with server.raw() as client:
        session = server.gate.sessions[-1]
        server.pass_time(SILENT_S_MAX - 1)
        assert client.recv(16) == b"\x89\x00"
        server.pass_time(1.1)
        assert session.codes.get(timeout=WAIT_S) == Close.SILENT
        server.pass_time(1.1)
        assert client.recv(4)[2:] == int(Close.SILENT).to_bytes(2, "big")
    assert_nothing_left(server, session)


def test_a_peer_that_leaves_while_the_gate_thinks_leaves_nothing(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
        client.sendall(REQUEST % b"/slow")
        assert server.gate.waiting.wait(WAIT_S)
    assert server.gate.cancelled.wait(WAIT_S)
    until(server.quiet)


def test_a_stopping_server_tells_the_open_to_come_back_and_the_waiting_503(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as waiting, server.client() as client:
        session = server.gate.sessions[-1]
        waiting.sendall(REQUEST % b"/slow")
        assert server.gate.waiting.wait(WAIT_S)
        server.stop()
        assert until_end(waiting).startswith(b"HTTP/1.1 503 ")
        with pytest.raises(ConnectionClosed) as ended:
            client.recv(WAIT_S)
        assert ended.value.rcvd is not None
        assert ended.value.rcvd.code == Close.RESTART
    assert session.codes.get_nowait() == Close.RESTART
    assert session.codes.empty()


def test_three_hundred_sockets_come_and_go_and_nothing_is_left(server: Server) -> None:
    for _ in range(10):
        with open_links(server, 30) as sessions:
            assert server.inside(lambda: len(server.protocol.wheel)) >= 30
        assert {session.codes.get(timeout=WAIT_S) for session in sessions} == {1000}
    until(server.quiet)


def fill(server: Server, session: Remembering, size: int = OUTBOX_BYTES_MAX // 2) -> None:
    """Writes until the kernel takes no more and `size` bytes wait."""
    piece = text_frame(b"x" * 16_384)

    def pour() -> None:
        assert session.link is not None
        while session.link.unsent < size:
            session.link.write(piece)

    server.inside(pour)
    assert unsent(server, session)


def unsent(server: Server, session: Remembering) -> int:
    link = session.link
    assert link is not None
    return server.inside(lambda: link.unsent)


def assert_nothing_left(server: Server, session: Remembering, *, told: bool = False) -> None:
    if told:
        session.codes.get(timeout=WAIT_S)
    until(server.quiet)
    assert session.codes.empty()


def until(holds: Callable[[], bool]) -> None:
    """Asks the running server again and again; the other side is a real kernel, whose clock cannot be moved."""
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end, "not quiet in time"
