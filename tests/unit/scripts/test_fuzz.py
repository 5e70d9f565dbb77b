"""What a long run of `scripts/fuzz` is cut into, what is kept of it, and what it says of itself."""

import argparse
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from scripts import fuzz
from scripts.fuzzing.blocks import Block, Kept, added, blocks_of, shallow
from scripts.fuzzing.callers import ROLES
from scripts.fuzzing.hooks import Caller

WORDS: Final = {"login": "desk", "password": "secret"}


def finished(**more: Any) -> dict[str, Any]:
    told = {"role": "desk", "examples": 100, "seed": 7, "commit": "abc", "cases": 10, "operations": 2, "failing": [],
            "errors": [], "answers": {"GET /v1/me": {"200": 10}}, "said": "", "seconds": 1.0}  # fmt: skip
    return told | more


def test_a_run_is_cut_into_parts_whose_sizes_are_the_whole_and_whose_seeds_differ() -> None:
    blocks = blocks_of(("desk", "none"), 250, 7)
    assert [(one.name, one.examples, one.seed) for one in blocks] == [
        ("desk-0", 100, 7), ("none-0", 100, 7), ("desk-1", 100, 8), ("none-1", 100, 8),
        ("desk-2", 50, 9), ("none-2", 50, 9),
    ]  # fmt: skip


def test_what_is_resumed_is_the_same_run_and_came_to_its_end(tmp_path: Path) -> None:
    kept, block = Kept(tmp_path), Block("desk", 0, 100, 7)
    assert kept.of(block) is None
    kept.put(block, finished())
    assert kept.of(block) == finished()
    assert kept.of(Block("desk", 0, 100, 8)) is None, "another seed"
    assert kept.of(Block("desk", 0, 50, 7)) is None, "another size"
    kept.put(block, finished(errors=["stopped before its end"]))
    assert kept.of(block) is None


def test_blocks_are_added_up_and_a_finding_of_one_is_one_of_all() -> None:
    bad = {"type": "ServerError", "title": "Server error", "count": 1, "operations": ["GET /v1/me"]}
    told = added([finished(), finished(failing=[bad], answers={"GET /v1/me": {"200": 1, "500": 1}})])
    assert (told["cases"], told["failures"], told["failing"]) == (20, 1, [bad])
    assert told["answers"] == {"GET /v1/me": {"200": 11, "500": 1}}


def test_an_operation_that_only_said_too_much_or_that_nobody_is_there_was_not_tested() -> None:
    answers = {
        "POST /v1/phones": {"429 too_many_codes": 95, "202": 5},
        "GET /v1/me": {"401 session_ended": 100},
        "DELETE /v1/sessions/{session}": {"404 session_unknown": 100},
        "GET /v1/desk": {"200": 50, "401 session_ended": 50},
    }
    assert shallow(answers, signed=True) == ["POST /v1/phones", "GET /v1/me"]
    assert shallow(answers, signed=False) == ["POST /v1/phones"], "nobody is signed in: that is the answer"


def test_a_run_that_was_not_ended_says_so_and_claims_no_success(tmp_path: Path) -> None:
    chosen = argparse.Namespace(
        roles=list(ROLES), examples=200, seed=7, json=tmp_path / "out.json", resume=True, minutes=None, url=None
    )
    Kept(tmp_path / "out.json.blocks").put(Block("desk", 0, 100, 7), finished())
    run = fuzz.Run(chosen)
    assert (run.code, run.told()["error"]) == (2, "1 of 12 blocks were run")
    assert run.told()["failures"] == 0 and run.told()["commits"] == ["abc"]
    run.done = {block: finished(role=block.role) for block in run.blocks}
    assert (run.code, run.told()["error"]) == (0, None)
    run.done[run.blocks[3]] = finished(failing=[{"type": "ServerError"}])
    assert run.code == 1


@pytest.fixture
def door() -> Iterator[tuple[str, list[Any]]]:
    """Something that gives a token for right words, another one each time."""
    heard: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            heard.append(body)
            told = json.dumps({"token": f"token-{len(heard)}"}).encode()
            self.send_response(201 if body == WORDS else 401)
            self.send_header("content-length", str(len(told)))
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", heard
        server.shutdown()


def test_who_asks_signs_in_again_when_what_was_drawn_ended_the_session(door: tuple[str, list[Any]]) -> None:
    url, heard = door
    caller = Caller(url, "/v1/sessions", [WORDS])
    assert (caller.token(), caller.token(), len(heard)) == ("token-1", "token-1", 1)
    caller.heard("GET /v1/me", "GET", "/v1/me", 401, b'{"code": "sign_in_refused"}')
    assert caller.token() == "token-1", "that was about other words"
    caller.heard("GET /v1/me", "GET", "/v1/me", 401, b'{"code": "session_ended"}')
    assert caller.token() == "token-2"
    caller.heard("DELETE /v1/sessions", "DELETE", "/v1/sessions", 204, b"")
    assert caller.token() == "token-3"
    assert caller.told()["answers"] == {
        "GET /v1/me": {"401 sign_in_refused": 1, "401 session_ended": 1}, "DELETE /v1/sessions": {"204": 1},
    }  # fmt: skip


def test_who_is_not_let_in_any_more_is_told_not_hidden(door: tuple[str, list[Any]]) -> None:
    another = {"login": "desk", "password": "another"}
    caller = Caller(door[0], "/v1/sessions", [another])
    assert caller.token() is None
    assert caller.told()["lost"].startswith("401")
    caller = Caller(door[0], "/v1/sessions", [another, another, WORDS])
    assert caller.token() == "token-4" and caller.told()["lost"] == "", "the next of the role goes on"
