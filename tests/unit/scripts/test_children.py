"""The supervisor of named children, against real processes."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from scripts import children as module
from scripts.children import Child, ChildError, Children
from scripts.family import descendants

SLEEPS = (sys.executable, "-c", "import time; print('born', flush=True); time.sleep(600)")


@pytest.fixture
async def children() -> AsyncIterator[Children]:
    async with Children() as kept:
        yield kept


async def until(true: Callable[[], bool], within_s: float = 10) -> None:
    """Poll a fact about other processes, which offer nothing to await."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def born(log: Path, times: int = 1) -> Callable[[], bool]:
    return lambda: log.exists() and log.read_text().count("born") >= times


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


async def test_a_killed_child_is_started_again_and_counted(children: Children, tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    children.start(Child("a", SLEEPS, log=log))
    await until(born(log))
    first = children.pid("a")
    assert children.kill("a")
    await until(born(log, 2))
    assert children.pid("a") not in (None, first)
    assert children.deaths("a") == 1


async def test_a_child_that_cannot_stay_up_is_given_up_with_its_last_words(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUICK_DEATHS_MAX", 2)
    monkeypatch.setattr(module, "BACKOFF_MAX_S", 0.01)
    children.start(Child("b", ("sh", "-c", "echo no such town; exit 3"), log=tmp_path / "b.log"))
    failure = await asyncio.wait_for(children.failure(), 20)
    assert (failure.name, failure.said.splitlines()[-1]) == ("b", "no such town")
    assert "code 3" in str(failure)
    assert children.deaths("b") == 3
    with pytest.raises(ChildError):
        children.check("b")


async def test_an_unknown_program_ends_with_its_name_in_the_log(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUICK_DEATHS_MAX", 0)
    children.start(Child("c", ("no-such-program-here",), log=tmp_path / "c.log"))
    failure = await asyncio.wait_for(children.failure(), 20)
    assert "no-such-program-here" in failure.said


async def test_stop_ends_a_deaf_child_at_its_deadline(children: Children, tmp_path: Path) -> None:
    deaf = "trap '' TERM; echo born; while :; do sleep 1; done"
    children.start(Child("d", ("sh", "-c", deaf), log=tmp_path / "d.log", stop_s=0.2))
    await until(born(tmp_path / "d.log"))
    pid = children.pid("d")
    assert pid is not None
    await children.stop_one("d")
    assert not alive(pid)
    assert children.names == ()


async def test_stop_is_polite_first(children: Children, tmp_path: Path) -> None:
    polite = "trap 'echo farewell; exit 0' TERM; echo born; while :; do sleep 0.05; done"
    children.start(Child("e", ("sh", "-c", polite), log=tmp_path / "e.log"))
    await until(born(tmp_path / "e.log"))
    await children.stop()
    assert "farewell" in (tmp_path / "e.log").read_text()


async def test_a_frozen_child_stands_still_until_resumed_and_can_be_stopped_frozen(
    children: Children, tmp_path: Path
) -> None:
    log = tmp_path / "f.log"
    children.start(Child("f", ("sh", "-c", "while :; do echo born; sleep 0.01; done"), log=log))
    await until(born(log))
    assert children.pause("f")
    # A write that was under way when the signal came may still land; after it the log stands still.
    await asyncio.sleep(0.05)
    frozen = log.stat().st_size
    await asyncio.sleep(0.1)
    assert log.stat().st_size == frozen
    assert children.resume("f")
    await until(lambda: log.stat().st_size > frozen)
    assert children.pause("f")
    await asyncio.wait_for(children.stop_one("f"), 5)


async def test_kill_reaches_grandchildren_in_sessions_of_their_own(children: Children, tmp_path: Path) -> None:
    code = "import subprocess,sys,time; subprocess.Popen(['sleep','600'],start_new_session=True);"
    code += "print('born',flush=True); time.sleep(600)"
    children.start(Child("g", (sys.executable, "-c", code), log=tmp_path / "g.log"))
    await until(born(tmp_path / "g.log"))
    pid = children.pid("g")
    assert pid is not None
    (grandchild,) = descendants(pid)
    children.kill("g")
    await until(lambda: not alive(grandchild))


async def test_stop_during_the_backoff_does_not_wait_for_it(
    children: Children, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BACKOFF_FIRST_S", 600.0)
    monkeypatch.setattr(module, "BACKOFF_MAX_S", 600.0)
    children.start(Child("h", ("false",), log=tmp_path / "h.log"))
    await until(lambda: children.deaths("h") == 1)
    await asyncio.wait_for(children.stop_one("h"), 5)


async def test_two_children_of_one_name_are_refused(children: Children, tmp_path: Path) -> None:
    children.start(Child("i", SLEEPS, log=tmp_path / "i.log"))
    with pytest.raises(ValueError, match="already"):
        children.start(Child("i", SLEEPS))


async def test_children_die_when_their_parent_is_killed_without_a_word(tmp_path: Path) -> None:
    program = f"""
import asyncio
from pathlib import Path
from scripts.children import Child, Children
async def main():
    children = Children()
    children.start(Child("j", {SLEEPS!r}, log=Path({str(tmp_path / "j.log")!r})))
    while children.pid("j") is None or "born" not in Path({str(tmp_path / "j.log")!r}).read_text():
        await asyncio.sleep(0.01)
    print(children.pid("j"), flush=True)
    await asyncio.sleep(600)
asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(await asyncio.wait_for(parent.stdout.readline(), 20))
    assert alive(pid)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    await until(lambda: not alive(pid))
