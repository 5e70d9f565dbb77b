"""Our words beside those of the field, for who exchanges cases with other systems. A mapping, no claim of conformance.

Sources, read in part only: NENA-STA-021.1a-2022 (EIDO): incident status in section 3.3, disposition in 2.14 and 3.5,
unit status in 3.9, as the documentation of EidoLib tells its fields; the codes of dispositions are those of APCO ANS
1.111.2-2018; founded and unfounded are words of the FBI's UCR program. The registries spell their values: an exporter
must take the spelling from there.
"""

from typing import Final, NamedTuple

from dispatch.cases.values import Disposition, Status


class StatusWords(NamedTuple):
    """EIDO's incident status, EIDO's status of the unit that is on it (empty: none), and what a radio room says."""

    incident: str
    unit: str
    spoken: str


class DispositionWords(NamedTuple):
    """An outcome as APCO's list means it, and what the UCR counts it as (empty: nothing)."""

    outcome: str
    counted: str


STATUSES: Final[dict[Status, StatusWords]] = {
    Status.RECEIVED: StatusWords("Active", "", "call received"),
    Status.OFFERED: StatusWords("Active", "", "pending dispatch"),
    Status.CLAIMED: StatusWords("Active", "Assigned", "dispatched"),
    Status.EN_ROUTE: StatusWords("Active", "Enroute", "en route"),
    Status.ON_SCENE: StatusWords("Active", "On Scene", "on scene"),
    Status.AT_STATION: StatusWords("Active", "", "held at the desk"),
    Status.CLEARED: StatusWords("Closed", "Available", "cleared"),
    Status.WITHDRAWN: StatusWords("Closed", "Available", "cancelled by the caller"),
    Status.MERGED: StatusWords("Closed", "Available", "duplicate, combined with another call"),
}

DISPOSITIONS: Final[dict[Disposition, DispositionWords]] = {
    Disposition.FOUNDED: DispositionWords("action taken", "founded"),
    Disposition.UNFOUNDED: DispositionWords("unfounded", "unfounded"),
    Disposition.GONE_ON_ARRIVAL: DispositionWords("gone on arrival", ""),
    Disposition.ADVICE_GIVEN: DispositionWords("advised", ""),
    Disposition.REFERRED: DispositionWords("referred to another agency", ""),
    Disposition.DUPLICATE: DispositionWords("duplicate", ""),
    Disposition.HOAX: DispositionWords("false call", "unfounded"),
    Disposition.REPORT_TAKEN: DispositionWords("report taken", "founded"),
}
