"""`scripts/up` with stand-in roles: what it starts, what it tells them, how it ends. The stores are real."""

import asyncio
import json
import os
import re
import signal
import sys
from pathlib import Path

import asyncpg
import pytest

from scripts.lock import put_markers_back, wanted
from scripts.stores import ROOT, free_port
from scripts.up import Plan, read_procfile, sign_ins

WEB = """
import http.server, os, signal, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(os.environ["DATABASE_URL"].encode())
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("born", flush=True)
http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answer).serve_forever()
"""
RELEASE = """
import asyncio, json, os
from pathlib import Path
from dispatch.adapters.postgres.roles import ensure_login
asyncio.run(ensure_login(os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"]))
people = [{"role": "officer", "login": "nj-101", "password": "p"}]
Path(os.environ["ONBEAT_CREDENTIALS"]).write_text(json.dumps({"people": people}))
"""


def program(local: Path, port: int, release: str = RELEASE, web: str = WEB) -> str:
    return f"""
import asyncio, logging, os, sys
from pathlib import Path
from scripts.up import Plan, run
logging.basicConfig(level=logging.WARNING, format="%(message)s")
plan = Plan((sys.executable, "-c", {release!r}), {{"web": (sys.executable, "-c", {web!r})}},
            Path({str(local)!r}), port={port})
sys.exit(asyncio.run(run(plan, os.environ)))
"""


async def launch(code: str) -> asyncio.subprocess.Process:
    clean = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**clean, "PYTHONPATH": str(ROOT)}, start_new_session=True,
    )  # fmt: skip


async def read_until(process: asyncio.subprocess.Process, mark: str) -> str:
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(60):
        while mark not in said:
            line = await process.stdout.readline()
            assert line, f"it ended before it said {mark!r}: {said}"
            said += line.decode()
    return said


async def ask(port: int) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /readyz HTTP/1.0\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer.decode().rpartition("\r\n\r\n")[2]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
async def test_it_gets_ready_survives_a_dead_role_stops_cleanly_and_runs_again_at_once(
    tmp_path: Path, ending: signal.Signals
) -> None:
    port, log = free_port(), tmp_path / "log" / "web.log"
    for turn in (1, 2):
        process = await launch(program(tmp_path, port))
        said = await read_until(process, "Ctrl-C stops everything")
        assert f"http://localhost:{port}" in said
        assert re.search(r"officer +nj-101 +p", said)
        # The role signs in with the lesser address, and it works.
        app_url = await ask(port)
        connection = await asyncpg.connect(app_url)
        assert await connection.fetchval("SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user") is False
        await connection.close()
        if turn == 1:
            os.kill(pid_of_web(port), signal.SIGKILL)
            async with asyncio.timeout(20):
                while log.read_text().count("born") < 2:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        process.send_signal(ending)
        output, errors = await asyncio.wait_for(process.communicate(), 30)
        assert process.returncode == 0, errors.decode()
        assert output.decode().endswith("Stopped.\n")
        assert (tmp_path / "log" / "postgres.log").read_text().endswith("database system is shut down\n")


def pid_of_web(port: int) -> int:
    found = [entry for entry in Path("/proc").iterdir() if entry.name.isdigit() and _is_web(entry, f"PORT={port}")]
    return int(found[0].name)


def _is_web(entry: Path, setting: str) -> bool:
    try:
        environ = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
        return setting in environ and b"ThreadingHTTPServer" in (entry / "cmdline").read_bytes()
    except OSError:
        return False


async def test_a_failing_release_ends_it_with_the_reason_and_starts_no_role(tmp_path: Path) -> None:
    process = await launch(program(tmp_path, free_port(), release="raise SystemExit('the town is closed')"))
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 1
    assert "release failed with code 1" in errors.decode()
    assert "the town is closed" in errors.decode()
    assert not (tmp_path / "log" / "web.log").exists()


async def test_a_taken_port_is_told_before_anything_starts(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    process = await launch(program(tmp_path / "local", port))
    _, errors = await asyncio.wait_for(process.communicate(), 60)
    server.close()
    await server.wait_closed()
    assert process.returncode == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in errors.decode()
    assert not (tmp_path / "local").exists()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:1"),
        ("0.0.0.0", "http://localhost:1"),  # noqa: S104
        ("onbeat.example", "http://onbeat.example:1"),
    ],
)
def test_a_browser_is_sent_to_a_name_wherever_we_listen(host: str, url: str) -> None:
    assert Plan((), {}, host=host, port=1).url == url


def test_the_roles_are_the_procfiles_and_web_comes_last() -> None:
    roles = read_procfile("web: python -m a\n\nrelay: python -m b --x 'y z'\nzebra: sh c\nrelease: python -m d\n")
    assert list(roles) == ["relay", "release", "zebra", "web"]
    assert roles["relay"] == (sys.executable, "-m", "b", "--x", "y z")
    assert roles["zebra"] == ("sh", "c")
    assert set(read_procfile((ROOT / "Procfile").read_text())) == {"web", "sweeper", "relay", "pusher", "release"}


def test_the_first_sign_ins_of_every_role_are_shown_officers_first() -> None:
    people = [{"role": "desk", "login": "d", "password": "x", "station": "s"}]
    people += [{"role": "officer", "login": f"o{n}", "password": "x"} for n in range(5)]
    heading, *rows = sign_ins(json.loads(json.dumps({"url": "u", "people": people})))
    assert heading.split() == ["role", "login", "password", "station"]
    assert [row.split()[:2] for row in rows] == [["officer", "o0"], ["officer", "o1"], ["desk", "d"]]
    assert sign_ins([]) == sign_ins({}) == []


def test_the_lock_holds_every_requirement_of_pyproject_with_its_marker_and_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    requirements = wanted((ROOT / "pyproject.toml").read_text())
    assert put_markers_back(lock, requirements) == lock
    blocks = [block for block in lock.split("\n") if block and not block.startswith((" ", "#"))]
    assert len(blocks) > len(requirements)
    assert all(block.endswith(" \\") for block in blocks)
    names = {block.partition("==")[0] for block in blocks}
    for requirement in requirements:
        assert requirement.replace(">", "=").partition("=")[0] in names
    assert "://" not in lock
