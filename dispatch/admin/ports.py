"""What administration needs from outside, as promises."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol
from uuid import UUID

from dispatch.admin.values import Changes, People, Town
from dispatch.cases.facts import Answer


class AdminStore(Protocol):
    """The record. A change and the entry that keeps who, why, before and after are one commit. A refusal is an answer
    with its code as `reason`; of what was done `response["now"]` is how it stands. Raises StoreAway, StoreBusy."""

    async def people(self, role: str | None, station: str | None, text: str | None, after: str, count: int) -> People:
        """At most `count` whose login is greater than `after`; `text` stands in login, call sign or surname."""

    async def put_person(self, draft: dict[str, Any]) -> Answer:
        """Refused: not_found, exists, stale_version, role_fixed, station_unknown, beat_unknown, on_duty, slots_held,
        call_sign_taken."""

    async def set_suspended(self, draft: dict[str, Any]) -> Answer:
        """Refused: not_found, stale_version, own_account, last_admin."""

    async def reset_password(self, draft: dict[str, Any]) -> Answer:
        """Refused: not_found, stale_version, own_account."""

    async def role_of(self, login: str) -> str | None:
        """What a login is for; it never changes. None: there is no such login."""

    async def put_identity(self, draft: dict[str, Any]) -> Answer:
        """Who a login is at an identity provider, or nobody; ended sessions in the response."""

    async def town(self) -> Town:
        """Stations and categories as they are set."""

    async def put_station(self, draft: dict[str, Any]) -> Answer:
        """Refused: not_found, exists, stale_version, catch_all_needed, station_unknown, falls_in_a_circle,
        zone_unknown."""

    async def put_category(self, draft: dict[str, Any]) -> Answer:
        """Refused: not_found, exists, stale_version, category_needed."""

    async def changes(self, kind: str | None, subject: str | None, before: int | None, count: int) -> Changes:
        """At most `count`, the latest first, those before an id where one is given."""


class Hashing(Protocol):
    """Slow on purpose, off the event loop, few at a time."""

    async def hash(self, password: str) -> str:
        """As it is stored. Raises: TooManyWaiting."""


class Endings(Protocol):
    """Who else must hear that a session is over."""

    async def ended(self, sessions: Mapping[UUID, bytes | None]) -> None: ...


class Publishing(Protocol):
    """Who tells everybody of what was committed."""

    def committed(self, answers: Iterable[Answer]) -> None: ...
