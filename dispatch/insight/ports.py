"""What figures need from outside."""

from typing import Protocol

from dispatch.insight.values import Answered, Question


class QuestionError(ValueError):
    """What was asked cannot be answered; the message is a sentence."""


class FigureStore(Protocol):
    """Reads the history, writes nothing."""

    async def figures(self, question: Question) -> Answered:
        """From committed facts alone, in one snapshot.

        Raises: QuestionError for an hour's zone that nobody knows; StoreAway; StoreBusy where it would take longer
        than FIGURES_S_MAX or others are asking: ask again, or for a shorter time.
        """
