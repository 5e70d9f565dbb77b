"""Who somebody is to the service: a role, and what that person stands for. Plain frozen values."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID


class Role(StrEnum):
    """What is stored, sent and looked up in the permission table."""

    NOBODY = "nobody"  # no session at all
    REPORTER = "reporter"  # opened one case by its receipt code
    OFFICER = "officer"
    DESK = "desk"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Who:
    """The person behind a live session.

    `account`: None for a reporter, who has none. `officer`, `call_sign`: of an officer. `station`: of an officer
    or a desk; of a reporter, where the case stands now. `case`: the one case of a reporter.
    `expires_at_s`: Unix seconds; the session ends then whatever else happens.
    """

    session: UUID
    role: Role
    account: UUID | None = None
    officer: UUID | None = None
    station: str | None = None
    case: UUID | None = None
    call_sign: str | None = None
    expires_at_s: float = 0.0

    @property
    def name(self) -> str:
        """How histories and idempotency scopes call this person: stable over sessions of the same account."""
        if self.role is Role.REPORTER:
            return f"reporter:{self.case}"
        return f"{self.role}:{self.officer or self.account or '-'}"


NOBODY: Final = Who(session=UUID(int=0), role=Role.NOBODY)
