"""The pages' scripts are typed, every one: `tsc` reads their JSDoc, strictly, beside the wire's own types."""

import re
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Final

import pytest

from gateway.http.pages import ROOM
from scripts.web_packages import Parts, find_node, installed
from scripts.wire_types import MADE, make, written

MISTAKE: Final = re.compile(r"^([\w./-]+)\(\d+,\d+\): error TS\d+: .*$", re.M)


@pytest.fixture(scope="module")
def mistakes() -> dict[str, list[str]]:
    """What the type checker says, by file."""
    found = find_node()
    if found is None or not installed(Parts.ALL):
        pytest.skip("the type checker is not installed: python -m scripts.web_packages")
    make()
    checker = ROOM / "node_modules" / "typescript" / "bin" / "tsc"
    command = [str(found.node), str(checker), "-p", "tsconfig.json", "--pretty", "false"]
    ran = subprocess.run(command, cwd=ROOM, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode in (0, 1, 2), ran.stdout + ran.stderr
    told: dict[str, list[str]] = defaultdict(list)
    for line in MISTAKE.finditer(ran.stdout):
        told[line[1]].append(line[0])
    assert bool(told) == bool(ran.returncode), f"not understood: {ran.stdout[:500]}"
    return told


def test_every_script_is_typed(mistakes: dict[str, list[str]]) -> None:
    wrong = [line for lines in mistakes.values() for line in lines]
    assert not wrong, "\n".join(wrong)


def test_a_planted_mistake_is_seen(mistakes: dict[str, list[str]], tmp_path: Path) -> None:
    """The checker looks, and it knows the wire: a word that an offer has not is refused."""
    found = find_node()
    assert found is not None
    (tmp_path / "planted.js").write_text(
        f'/** @param {{import("{MADE.with_suffix("").with_suffix("")}").Offer}} m */\n'
        "export const ends = (m) => m.remaining_s * 1000;\n"
    )
    command = [str(found.node), str(ROOM / "node_modules/typescript/bin/tsc"), "--noEmit", "--checkJs", "--allowJs"]
    command += ["--strict", "--module", "es2022", "--moduleResolution", "bundler", "planted.js"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert "remaining_s" in ran.stdout and ran.returncode, ran.stdout


def test_a_schema_becomes_the_type_that_it_means() -> None:
    schema = {
        "type": "object",
        "properties": {
            "t": {"enum": ["offer"]},
            "at": {"type": "object", "additionalProperties": {"type": "integer"}},
            "pair": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}]},
            "place": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/a.b.Place"}]},
        },
        "required": ["t", "at"],
    }
    assert written(schema) == (
        '{ t: "offer"; at: Record<string, number>; pair?: [number, string]; place?: null | a_b_Place }'
    )
    assert written({}) == written({"type": "object", "properties": {"x": True}}).split(": ")[1].split(" }")[0]
