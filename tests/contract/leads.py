"""Leads: short ways to what chance alone seldom reaches, from wherever a walk stands.

Each says what it is for; in a new and calm town it happens for certain (`test_leads.py`), in a walk mostly. Somebody
may come between, and the way on forks by the dice.
"""

from tests.contract import leads_at_the_desk, leads_on_the_way
from tests.contract.leading import LEADS, Aside, Lead

__all__ = ["LEADS", "lead_on", "leads_at_the_desk", "leads_on_the_way"]


def lead_on(by: Lead, name: str) -> None:
    """Raises: KeyError."""
    by.walk.note(f"led: {name}")
    try:
        LEADS[name].way(by)
    except Aside:
        by.walk.note("and goes nowhere")
