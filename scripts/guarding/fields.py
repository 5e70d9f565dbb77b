"""Which fields an answer carries, against the list of what each role may see there."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def paths_of(body: Any, at: str = "") -> Iterator[str]:
    """`a`, `a.b`, `a[].b` of everything that is there; keys that are ids or days are one: `*`."""
    if isinstance(body, dict):
        for name, one in body.items():
            here = f"{at}.{name}" if at else name
            yield here
            yield from paths_of(one, here)
    elif isinstance(body, list):
        for one in body:
            yield from paths_of(one, f"{at}[]")


def unlisted_fields(lists: Mapping[str, Sequence[str]], what: str, person: str, body: Any) -> list[str]:
    """Fields of this answer that the list of `what` for this person's role lacks; nothing where there is no list.

    A list is named `GET /v1/me` for everybody, or `GET /v1/me officer` for a role. An entry that ends in `.*` covers
    what is below it.
    """
    role = person.partition("_")[0]
    own = lists.get(f"{what} {role}", lists.get(what))
    if own is None:
        return []
    known, below = set(own), tuple(one[:-1] for one in own if one.endswith(".*"))
    return sorted({one for one in paths_of(body) if one not in known and not (below and one.startswith(below))})
