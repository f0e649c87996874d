"""The decisions of a user about steps: answers given, rules skipped, statuses that are taken without asking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rules.rule import Finding, Status, StepId


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes or a no to a step. It holds only for a step with this `digest`; if that is None, for the step whatever it
    does."""

    accepted: bool
    digest: str | None = None


@dataclass(frozen=True)
class Decisions:
    """The decisions of a user about steps. A step without one is decided by its status."""

    answers: Mapping[StepId, Answer] = field(default_factory=dict)
    """The answers, by step. A yes to an alternative chooses it instead of the usual step."""
    skipped: frozenset[str] = frozenset()
    """Ids of rules whose steps are refused unless there is an answer to them."""
    taken: frozenset[Status] | None = None
    """The statuses of steps that are taken without an answer; None leaves that to the choices."""
    asking: bool = False
    """Whether more answers are to come, so that a step without one may still be accepted."""

    @classmethod
    def only(cls, steps: Iterable[StepId]) -> Decisions:
        """The decisions that accept these steps and refuse every other, also those that only a later plan comes
        upon."""
        return cls({step: Answer(True) for step in steps}, taken=frozenset())

    def of(self, finding: Finding) -> bool | None:
        """Whether the step of a finding was accepted; None if there is no decision about it."""
        answer = self.answers.get(finding.id)
        if answer is not None and (answer.digest is None or answer.digest == finding.digest):
            return answer.accepted
        return False if finding.rule in self.skipped else None

    def choose(self, finding: Finding) -> Finding:
        """The finding, or that one of its alternatives that the user accepted."""
        return next((other for other in finding.alternatives if self.of(other)), finding)


UNDECIDED = Decisions()
