"""The models by which a history can be judged."""

from scripts.checker.case_claim import CaseClaim
from scripts.checker.register import CasRegister

__all__ = ["CasRegister", "CaseClaim"]
