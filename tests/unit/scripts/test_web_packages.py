"""The pages' packages: which Node, installed when, told how. npm is a stand-in; nothing is downloaded."""

import json
from pathlib import Path

import pytest

from scripts import web_packages
from scripts.web_packages import Parts, ensure, find_node, installed


@pytest.fixture
def web(tmp_path: Path) -> Path:
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "package.json").write_text("{}")
    (folder / "package-lock.json").write_text("{}")
    return folder


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


def put(tools: Path, name: str, script: str) -> None:
    (tools / name).write_text(f"#!/bin/sh\n{script}\n")
    (tools / name).chmod(0o755)


def environ(tools: Path) -> dict[str, str]:
    return {"PATH": f"{tools}:/usr/bin:/bin"}


def npm(tools: Path, script: str = "") -> None:
    put(tools, "node", "echo v22.19.0")
    put(tools, "npm", f'echo "$*" >> {tools}/calls\n{script}\nmkdir -p node_modules')


def calls(tools: Path) -> list[str]:
    return (tools / "calls").read_text().splitlines() if (tools / "calls").exists() else []


@pytest.mark.parametrize("told", ["v22.18.9", "v20.20.2", "nothing of the kind"])
def test_a_node_that_is_too_old_is_passed_over_for_the_packages_own(tools: Path, told: str) -> None:
    npm(tools)
    put(tools, "node", f"echo {told}")
    found = find_node(environ(tools))
    assert found is None or found.node.parent != tools


@pytest.mark.parametrize("told", ["v22.19.0", "v24.0.1"])
def test_the_machines_node_is_taken_where_it_is_new_enough(tools: Path, told: str) -> None:
    npm(tools)
    put(tools, "node", f"echo {told}")
    found = find_node(environ(tools))
    assert found is not None and found.node == tools / "node"


def test_what_is_installed_is_not_installed_again_until_the_lock_changes(web: Path, tools: Path) -> None:
    npm(tools)
    for _ in range(2):
        assert ensure(Parts.ALL, web=web, environ=environ(tools)) is None
    assert len(calls(tools)) == 1
    assert installed(Parts.SERVED, web), "all of it holds what is served"
    (web / "package-lock.json").write_text("{ }")
    assert not installed(Parts.SERVED, web)
    assert ensure(Parts.ALL, web=web, environ=environ(tools)) is None
    assert len(calls(tools)) == 2


def test_only_what_is_served_is_asked_for_and_all_of_it_later(web: Path, tools: Path) -> None:
    npm(tools)
    assert ensure(Parts.SERVED, web=web, environ=environ(tools)) is None
    assert "--omit=dev" in calls(tools)[0]
    assert not installed(Parts.ALL, web)
    assert ensure(Parts.ALL, web=web, environ=environ(tools)) is None
    assert "--omit=dev" not in calls(tools)[1]
    assert "--ignore-scripts" in calls(tools)[1], "a package runs nothing while it is installed"


def test_a_failure_is_a_sentence_and_is_tried_again(web: Path, tools: Path) -> None:
    npm(tools, "echo no such host >&2; exit 7")
    for _ in range(2):
        told = ensure(Parts.ALL, web=web, environ=environ(tools))
        assert told is not None and "exit 7" in told and "no such host" in told
    assert len(calls(tools)) == 2


def test_no_node_at_all_is_a_sentence(web: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_packages, "_from_wheel", lambda: None)
    told = ensure(Parts.ALL, web=web, environ={"PATH": "/nowhere"})
    assert told is not None and "22.19" in told


def test_a_mark_that_is_torn_counts_as_nothing(web: Path, tools: Path) -> None:
    (web / "node_modules").mkdir()
    (web / "node_modules" / web_packages.MARK).write_text('{"lock"')
    assert not installed(Parts.SERVED, web)
    npm(tools)
    assert ensure(Parts.SERVED, web=web, environ=environ(tools)) is None
    assert json.loads((web / "node_modules" / web_packages.MARK).read_text())["parts"] == "served"
