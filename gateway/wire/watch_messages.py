"""What people say about officers on the way: is all well, and who is needed more elsewhere."""

from uuid import UUID

from gateway.wire.fields import Count, Key, Message, Reason


class AskWelfare(Message, frozen=True, kw_only=True, tag="ask_welfare"):
    """The desk asks an officer on a held case: are you well? One tap answers; no answer never takes a scene away."""

    case: UUID
    officer: UUID
    key: Key
    reason: Reason | None = None


class AllWell(Message, frozen=True, kw_only=True, tag="all_well"):
    """The answer to a welfare check."""

    case: UUID
    fence: Count
    key: Key


class Preempt(Message, frozen=True, kw_only=True, tag="preempt"):
    """The desk pulls an officer, not yet on scene, from `from_case` to this case of higher priority. The one that is
    left is offered to others at once, with its age kept; where others are on scene they go on. Refused while the
    officer's welfare check is open."""

    case: UUID
    from_case: UUID
    officer: UUID
    key: Key
    reason: Reason | None = None
