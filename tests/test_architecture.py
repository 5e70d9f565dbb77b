"""The house's rules as failing tests: who may import whom, how long a file may be, whose clock decides, which words."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parent.parent
ROOMS: Final = ("geo", "dispatch", "gateway", "scripts")
SOURCES: Final = sorted(p for room in ROOMS for p in (ROOT / room).rglob("*.py") if "node_modules" not in p.parts)
TESTS: Final = sorted((ROOT / "tests").rglob("*.py"))
SQL: Final = sorted((ROOT / "dispatch/adapters/postgres").glob("*/*.sql"))

FILE_LINES_MAX: Final = 400
FUNCTION_LINES_MAX: Final = 70
BELOW: Final = {
    "geo": {"geo"},
    "dispatch": {"geo", "dispatch"},
    "gateway": {"geo", "dispatch", "gateway"},
    "scripts": set(ROOMS),
}
BROUGHT: Final = {
    "geo": {"shapely", "geopy", "numpy"},
    "dispatch": {"msgspec"},
    "adapters": {
        "asyncpg", "redis", "msgspec", "argon2", "cryptography", "phonenumbers", "httpx", "httpcore", "py_vapid",
        "pywebpush", "pyotp", "webauthn", "authlib", "joserfc",
    },
}  # fmt: skip
COMPOSING: Final = {
    f"gateway/{name}.py" for name in ("app", "node", "role", "sweeper", "relay", "pusher", "release", "town")
}
"""What puts services on stores together; `town` and `release` fill a database. Scripts start all of it and may too."""
WALL_CLOCKS: Final = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today"}
STALE_CLOCKS: Final = re.compile(
    r"\b(now\s*\(|current_timestamp|localtimestamp|transaction_timestamp|statement_timestamp)", re.IGNORECASE
)
FORBIDDEN_WORDS: Final = {
    "order", "orders", "job", "jobs", "grab", "grabs", "handle", "handles", "handler", "manager", "util", "utils",
    "data",
}  # fmt: skip
FOREIGN_NAMES: Final = {"data_received"}  # asyncio calls it so


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def imports(path: Path) -> set[str]:
    """Full names of the modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} imports by dots"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def tops(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


def of_room(room: str) -> list[Path]:
    return [p for p in SOURCES if p.relative_to(ROOT).parts[0] == room]


def in_adapters(path: Path) -> bool:
    return name_of(path).startswith("dispatch/adapters/")


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_there_is_something_to_judge() -> None:
    assert len(SOURCES) > 80 and len(SQL) >= 9 and all(of_room(room) for room in ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_arrows_run_one_way(room: str) -> None:
    wrong = {name_of(p): above for p in of_room(room) if (above := (tops(p) & {*ROOMS, "tests"}) - BELOW[room])}
    assert not wrong


def test_the_core_brings_nothing_from_outside_but_what_its_room_may() -> None:
    wrong = {}
    for path in (*of_room("geo"), *of_room("dispatch")):
        room = "adapters" if in_adapters(path) else path.relative_to(ROOT).parts[0]
        brought = tops(path) - set(sys.stdlib_module_names) - set(ROOMS)
        if brought - BROUGHT[room]:
            wrong[name_of(path)] = brought - BROUGHT[room]
    assert not wrong


def test_adapters_are_known_to_composition_roots_only() -> None:
    judged = [p for p in SOURCES if not in_adapters(p) and p not in of_room("scripts")]
    knowing = {name_of(p) for p in judged if any(n.startswith("dispatch.adapters") for n in imports(p))}
    assert knowing <= COMPOSING, knowing - COMPOSING


def test_nothing_in_dispatch_matches_on_case() -> None:
    """`case` is a word of ours and a soft keyword of Python's."""
    assert not [name_of(p) for p in of_room("dispatch") if any(isinstance(n, ast.Match) for n in ast.walk(tree(p)))]


def test_no_file_is_over_the_wall() -> None:
    long = {name_of(p): n for p in (*SOURCES, *TESTS, *SQL) if (n := len(p.read_text().splitlines())) > FILE_LINES_MAX}
    assert not long


def test_no_function_is_over_the_wall() -> None:
    long = {
        f"{name_of(p)}:{f.name}": lines
        for p in (*SOURCES, *TESTS)
        for f in functions(p)
        if (lines := (f.end_lineno or 0) - f.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert not long


def test_no_deadline_is_reckoned_by_a_process_own_clock() -> None:
    """Deadlines are the database's, and so is whatever one process stamps and another reads (dispatch/clock.py)."""
    reading = {
        name_of(p)
        for room in ("geo", "dispatch", "gateway")
        for p in of_room(room)
        for node in ast.walk(tree(p))
        if isinstance(node, ast.Attribute) and ast.unparse(node).removeprefix("datetime.datetime.") in WALL_CLOCKS
    }
    assert not reading


def statements(path: Path) -> list[str]:
    return [line.partition("--")[0] for line in path.read_text().splitlines()]


def test_sql_reads_the_clock_that_moves_within_a_transaction() -> None:
    """`now()` stands still from the transaction's first moment: a claim that waited would be judged by it."""
    stale = [f"{p.name}:{n}" for p in SQL for n, s in enumerate(statements(p), 1) if STALE_CLOCKS.search(s)]
    assert not stale


def test_only_sweepers_skip_what_is_locked() -> None:
    skipping = {p.name for p in SQL if any("SKIP LOCKED" in s.upper() for s in statements(p))}
    assert skipping == {"deadlines.sql"}


def test_functions_stand_with_the_judge_and_tables_in_migrations() -> None:
    tables = ("CREATE TABLE", "CREATE INDEX", "CREATE UNIQUE", "ALTER")
    wrong = [
        f"{path.parent.name}/{path.name}:{n}"
        for path in SQL
        for n, s in enumerate(statements(path), 1)
        if s.startswith("CREATE FUNCTION" if path.parent.name == "migrations" else tables)
        and "RETURNS trigger" not in s  # a trigger holds its function: no release can make it anew
    ]
    assert not wrong


def test_every_function_in_sql_says_what_it_is_for() -> None:
    silent = []
    for path in SQL:
        lines = path.read_text().splitlines()
        for n, line in enumerate(lines):
            if line.startswith("CREATE FUNCTION") and not lines[n - 1].startswith("-- "):
                silent.append(f"{path.name}: {line.split('(')[0]}")
    assert not silent


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def test_no_name_says_nothing_or_another_thing() -> None:
    wrong = []
    for path in (*of_room("geo"), *of_room("dispatch"), *of_room("gateway")):
        wrong += [name_of(path)] if words(path.stem) & FORBIDDEN_WORDS else []
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = node.name
                wrong += (
                    [f"{name_of(path)}:{name}"] if words(name) & FORBIDDEN_WORDS and name not in FOREIGN_NAMES else []
                )
    names = [f for p in SQL for f in re.findall(r"CREATE (?:TABLE|FUNCTION|TYPE) (\w+)", p.read_text())]
    wrong += [name for name in names if words(name) & FORBIDDEN_WORDS]
    assert not wrong


def test_modules_and_public_names_of_the_core_say_what_they_promise() -> None:
    silent = []
    for path in SOURCES:
        module = tree(path)
        if module.body and ast.get_docstring(module) is None:
            silent.append(name_of(path))
    assert not silent
