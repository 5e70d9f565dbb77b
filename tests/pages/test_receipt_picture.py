"""The code as a picture says the code: compared square by square with another maker of QR codes."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest
import segno

from gateway.http.pages import ROOM
from gateway.http.vendor import PACKAGES, vendor_files

CODES: Final = ("4GWT-2B8N-9QXM-7YZC-1DKP-5RAV", "0000-0000-0000-0000-0000-0000", "ZZZZ-1234-QQQQ-8888-ABCD-EFGH")
DRAW: Final = """
import { generate } from %s;
import { pathOf } from %s;
const draw = (bits) => ({ size: bits.size, path: pathOf(bits) });
console.log(JSON.stringify(process.argv.slice(1).map((code) => draw(generate(code)))));
"""
RUN: Final = re.compile(r"M(\d+) (\d+)h(\d+)v1H(\d+)z")

Squares = frozenset[tuple[int, int]]


def painted(path: str) -> Squares:
    """The dark squares of an SVG path of rows."""
    assert RUN.sub("", path) == ""
    return frozenset((int(x) + step, int(y)) for x, y, wide, _ in RUN.findall(path) for step in range(int(wide)))


def possible(code: str, size: int) -> set[Squares]:
    """The same text by segno, for every level of repair and every mask that fit this size."""
    found = set()
    for error, mask in itertools.product("LMQH", range(8)):
        try:
            made = segno.make_qr(code, version=(size - 17) // 4, error=error, mask=mask, boost_error=False)
        except segno.DataOverflowError:
            continue
        found.add(frozenset((x, y) for y, row in enumerate(made.matrix) for x, dark in enumerate(row) if dark))
    return found


def test_the_picture_of_a_code_is_a_qr_code_of_that_code_and_of_no_other(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not vendor_files():
        pytest.skip("no node, or the pages' packages are not installed")
    library, own = PACKAGES / "lean-qr" / "index.mjs", ROOM / "shared" / "qr.js"
    script = DRAW % (json.dumps(library.as_uri()), json.dumps(own.as_uri()))
    command = [node, "--input-type=module", "-e", script, *CODES]
    drawn = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
    for code, one in zip(CODES, drawn, strict=True):
        squares = painted(one["path"])
        assert squares in possible(code, one["size"]), code
        assert squares not in possible(code[:-1] + "7", one["size"])
