"""What was refused for the sake of security, a line each: who, where, by which code. Never what was sent.

A flood fills no disk: sixty lines a minute, and the first of the next minute tells how many there were besides.
"""

import logging
from typing import Final

from starlette.requests import Request

from dispatch.limits import REFUSALS_TOLD_PER_MIN
from dispatch.people.values import NOBODY, Role, Who

log = logging.getLogger("onbeat.refused")

TOLD: Final = frozenset({
    # who somebody is (a wrong password is told by dispatch.people.service, which knows whose it was)
    "second_wrong", "password_wrong", "password_lapsed", "receipt_unknown", "code_wrong", "oidc_refused",
    "oidc_invalid", "oidc_not_linked", "oidc_suspended", "oidc_wrong_page", "ticket_forged", "ticket_used",
    "ticket_origin",
    # what they may do
    "not_allowed", "csrf_refused", "origin_not_allowed", "page_unknown",
    # too much of it
    "too_many_attempts", "too_many_codes", "too_many_reads", "work_invalid",
    # what no client of ours sends
    "body_too_large", "body_slow", "malformed_request", "malformed_json", "content_type_unsupported", "field_unknown",
    "character_not_allowed", "coordinate_not_finite", "message_unknown",
})  # fmt: skip


class AtMost(logging.Filter):
    """So many records a minute of the clock; those that were held back are counted."""

    def __init__(self, per_min: int = REFUSALS_TOLD_PER_MIN) -> None:
        super().__init__()
        self.per_min, self._minute, self._told, self._held = per_min, 0, 0, 0

    def filter(self, record: logging.LogRecord) -> bool:
        minute = int(record.created // 60)
        if minute != self._minute:
            if self._held:
                record.msg, record.args = f"{record.getMessage()} (and {self._held} more before)", ()
            self._minute, self._told, self._held = minute, 0, 0
        self._told += 1
        if self._told > self.per_min:
            self._held += 1
            return False
        return True


def name_of(who: Who | None) -> str:
    """Who works here by role and account; of anybody else the role alone."""
    if who is None or who.role in (Role.NOBODY, Role.REPORTER):
        return str((who or NOBODY).role)
    return f"{who.role}:{who.account or who.officer}"


def tell(code: str, where: str, who: Who | None) -> None:
    """Told, where it is of those that are."""
    if code in TOLD:
        log.warning("%s at %s by %s", code, where, name_of(who))


def tell_of(request: Request, code: str) -> None:
    """The same of a request: its route's template, and who was found to ask."""
    if code in TOLD:
        route = request.scope.get("route")
        tell(code, f"{request.method} {getattr(route, 'path', '?')}", getattr(request.state, "who", None))
