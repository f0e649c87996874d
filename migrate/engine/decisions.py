"""What somebody decided about steps: answers given, rules skipped, statuses taken without asking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rules.rule import Finding, Status, StepId


@dataclass(frozen=True, slots=True)
class Answer:
    """A yes or a no to a step. `digest` is that of the step which it was given to; None: whatever the step does."""

    accepted: bool
    digest: str | None = None


@dataclass(frozen=True)
class Decisions:
    """What somebody decided about steps. What is left is decided by its status."""

    answers: Mapping[StepId, Answer] = field(default_factory=dict)
    """A yes to an alternative chooses it."""
    skipped: frozenset[str] = frozenset()
    """Rules whose steps are refused unless there is an answer."""
    taken: frozenset[Status] | None = None
    """The statuses of steps that are taken without an answer; None: as the choices say."""

    @classmethod
    def only(cls, steps: Iterable[StepId]) -> Decisions:
        """Takes these steps and no other, whether it is known by now or not."""
        return cls({step: Answer(True) for step in steps}, taken=frozenset())

    def of(self, finding: Finding) -> bool | None:
        """Whether a step was accepted; None if nobody decided about it."""
        answer = self.answers.get(finding.id)
        if answer is not None and (answer.digest is None or answer.digest == finding.digest):
            return answer.accepted
        return False if finding.rule in self.skipped else None

    def choose(self, finding: Finding) -> Finding:
        """The step, or the alternative to it that somebody accepted."""
        return next((other for other in finding.alternatives if self.of(other)), finding)


UNDECIDED = Decisions()
