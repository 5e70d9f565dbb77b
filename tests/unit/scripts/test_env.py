"""`scripts/_env`: what every verb stands on, run in a small copy of the repository with an empty lock."""

import asyncio
import fcntl
import json
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from scripts.stores import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository whose one verb prints where it stands; its folder has a blank in its name."""
    root = tmp_path / "a clone"
    (root / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "_env", root / "scripts" / "_env")
    (root / "requirements.lock").write_text("# nothing\n")
    (root / "scripts" / "__init__.py").touch()
    (root / "scripts" / "hello.py").write_text("import os, sys\nprint(sys.prefix, os.getcwd(), sys.argv[1:])\n")
    verb = root / "scripts" / "hello"
    verb.write_text((ROOT / "scripts" / "up").read_text().replace("scripts.up", "scripts.hello"))
    verb.chmod(0o755)
    return root


async def call(verb: Path, *words: str, cwd: Path, **environ: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        verb, *words, cwd=cwd, env={**os.environ, **environ},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, output.decode(), errors.decode()


@pytest.mark.slow
async def test_two_verbs_at_once_set_up_once_and_later_calls_are_quiet(clone: Path, tmp_path: Path) -> None:
    verb = clone / "scripts" / "hello"
    first, second = await asyncio.gather(call(verb, cwd=tmp_path), call(verb, cwd=tmp_path))
    assert (first[0], second[0]) == (0, 0), first[2] + second[2]
    assert (first[2] + second[2]).count("Making .venv") == 1
    assert (first[2] + second[2]).count("Another verb is setting up") <= 1

    began = time.monotonic()
    code, output, errors = await call(verb, "a b", cwd=tmp_path)
    took = time.monotonic() - began
    assert (code, errors) == (0, "")
    # It runs in the folder it was called in, on the repository's own Python, with the words as they are.
    assert output == f"{clone / '.venv'} {tmp_path} ['a b']\n"
    assert took < 1.0, "0.05 s alone on two cores; the bound leaves room for a busy machine"

    # A changed lock is installed again, into the same .venv.
    (clone / "requirements.lock").write_text("# something\n")
    _, _, errors = await call(verb, cwd=tmp_path)
    assert "Installing" in errors
    assert "Making" not in errors

    # A .venv that was interrupted while it was made is made afresh.
    (clone / ".venv" / "made").unlink()
    (clone / ".venv" / "installed.lock").unlink()
    _, _, errors = await call(verb, cwd=tmp_path)
    assert "Making .venv" in errors


async def test_a_package_that_cannot_be_had_fails_with_a_sentence_and_is_tried_again(clone: Path) -> None:
    verb = clone / "scripts" / "hello"
    (clone / "requirements.lock").write_text("onbeat @ file:///nowhere/at/all.whl\n")
    for _ in range(2):
        code, output, errors = await call(verb, cwd=clone)
        assert (code, output) == (1, "")
        assert "could not be installed" in errors


async def test_no_python_is_told_in_a_sentence(clone: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("dirname", "cmp"):
        (tools / name).symlink_to(shutil.which(name) or "")
    # Too old a Python does not count as one.
    (tools / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tools / "python3").chmod(0o755)
    code, _, errors = await call(clone / "scripts" / "hello", cwd=clone, PATH=str(tools))
    assert code == 1
    assert "Python 3.11 or newer was not found" in errors


async def test_a_python_that_is_named_comes_before_any_other(clone: Path, tmp_path: Path) -> None:
    named = tmp_path / "named"
    named.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    named.chmod(0o755)
    code, _, errors = await call(clone / "scripts" / "hello", cwd=tmp_path, PYTHON=str(named))
    assert code == 0
    assert f"Making .venv with {named}" in errors


@pytest.mark.skipif(not Path("/usr/bin/python3.11").exists(), reason="this machine's distribution has no Python 3.11")
async def test_the_distributions_python_comes_before_one_that_a_version_manager_built(
    clone: Path, tmp_path: Path
) -> None:
    shims = tmp_path / "shims"
    shims.mkdir()
    (shims / "python3.11").symlink_to(sys.executable)
    _, _, errors = await call(
        clone / "scripts" / "hello", cwd=tmp_path, PYTHON="", PATH=f"{shims}:{os.environ['PATH']}"
    )
    assert "Making .venv with /usr/bin/python3.1" in errors


def test_every_verb_is_executable_and_names_its_module() -> None:
    for module in ("up", "test"):
        verb = ROOT / "scripts" / module
        assert os.access(verb, os.X_OK)
        assert f"-m scripts.{module} " in verb.read_text()
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text()


async def test_a_verb_that_cannot_be_set_up_says_so_in_its_answer(clone: Path, tmp_path: Path) -> None:
    for name in ("answer.py", "verb.py", "figures"):
        shutil.copy(ROOT / "scripts" / name, clone / "scripts" / name)
    (clone / "requirements.lock").write_text("onbeat @ file:///nowhere/at/all.whl\n")
    out = tmp_path / "out.json"
    code, _, errors = await call(clone / "scripts" / "figures", "--json", str(out), cwd=tmp_path)
    told = json.loads(out.read_text())
    assert code == 1 and "could not be installed" in told["reason"] and told["whole"] is None, errors


async def test_a_verb_that_is_stopped_while_it_is_set_up_says_so_in_its_answer(clone: Path, tmp_path: Path) -> None:
    """The lock is held by us, so the verb waits for its turn to install for as long as the test likes."""
    for name in ("answer.py", "verb.py", "figures"):
        shutil.copy(ROOT / "scripts" / name, clone / "scripts" / name)
    out = tmp_path / "out.json"
    with (clone / "requirements.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        process = await asyncio.create_subprocess_exec(
            clone / "scripts" / "figures",
            "--json",
            str(out),
            'it\'s "so"',
            cwd=tmp_path,
            stderr=asyncio.subprocess.PIPE,
        )
        assert process.stderr is not None
        await asyncio.wait_for(process.stderr.readuntil(b"waiting for it"), 120)
        process.terminate()
        await asyncio.sleep(0)
    said = (await asyncio.wait_for(process.stderr.read(), 120)).decode()
    assert await asyncio.wait_for(process.wait(), 120) == 143, said
    assert out.exists(), said
    assert "SIGTERM" in json.loads(out.read_text())["reason"]
