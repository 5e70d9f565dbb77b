"""Other people's libraries: an exact list, ready for a browser, and absent without harm."""

import json
import re
from pathlib import Path

import pytest

from gateway.http import vendor
from gateway.http.pages import ROOM, room
from gateway.http.vendor import FILES, PACKAGES, browser_ready, vendor_files
from scripts.web_packages import Parts, installed

needs_packages = pytest.mark.skipif(not installed(Parts.SERVED), reason="the pages' packages are not installed")


@needs_packages
def test_exactly_the_listed_files_are_served() -> None:
    assert {name for name in room("110") if name.startswith("vendor/")} == {f"vendor/{name}" for name in FILES}
    assert not [name for name in room("110") if "node_modules" in name]


@needs_packages
@pytest.mark.parametrize("name", sorted(FILES))
def test_a_library_imports_only_what_is_served(name: str) -> None:
    text = vendor_files()[f"vendor/{name}"].decode()
    named = re.findall(r"""\b(?:from|import)\s*["']([^"'\s{}]+)["']""", text)
    assert not [one for one in named if one.removeprefix("/static/") not in vendor_files()]
    assert "sourceMappingURL" not in text[-200:]


@needs_packages
@pytest.mark.parametrize("package", sorted({inside.partition("/")[0] for inside in FILES.values()}))
def test_a_served_package_is_locked_and_of_a_licence_that_permits_it(package: str) -> None:
    lock = json.loads((ROOM / "package-lock.json").read_text())["packages"][f"node_modules/{package}"]
    assert lock["integrity"].startswith("sha512-")
    assert not lock.get("dev")
    assert json.loads((PACKAGES / package / "package.json").read_text())["license"] in ("MIT", "BSD-3-Clause")


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((ROOM / "package-lock.json").read_text())
    assert not [name for name, one in lock["packages"].items() if "resolved" in one]


def test_without_the_packages_nothing_of_them_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert vendor_files(tmp_path) == {}
    (tmp_path / "fflate" / "esm").mkdir(parents=True)
    (tmp_path / "fflate" / "esm" / "browser.js").write_text("export const a = 1;")
    assert vendor_files(tmp_path) == {}, "half a set is none: a library without its worker stands still"


def test_a_bare_import_becomes_an_address_and_a_text_stays_a_text() -> None:
    body = b'import{a}from"fflate";var b="imported from fflate";export{a};\n//# sourceMappingURL=x.map\n'
    ready = browser_ready(body).decode()
    assert ready == f'import{{a}}from"{vendor.INSTEAD["fflate"]}";var b="imported from fflate";export{{a}};'
