"""The floor of a migration: a mount that is authorized by IAM today is migrated together with its authorization or not at all.

The rule that replaces the mount and the one that authorizes the new volume are two, and the second may be switched off,
above the target, suppressed, refused by the user, or without a role to authorize. A plan must not be left with the
first alone then, because its volume could not be mounted, or by anyone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from migrate.engine.decisions import Decisions
from rules import RULES
from rules.choices import Choices
from rules.facts.questions import Question
from rules.model import EfsVolume, Volume
from rules.rule import Finding, Status

KEEPER = next(rule for rule in RULES if rule.id == "EFS203")
"""The rule whose step authorizes a volume."""
WITHOUT_IT = "leave the volume as it is mounted today, with its authorization"
"""The choice not to take the keeper's step for such a mount, in place of the keeper's own words."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """The reason why a volume would lose its authorization, with the status that a step has because of it."""

    reason: str
    status: Status = Status.REFUSED
    question: Question | None = None

    def withheld(self, finding: Finding) -> Finding:
        """The finding of a step that is not taken for this reason."""
        because = f"the mount is authorized by IAM today, only {KEEPER.id} would keep that, and {self.reason}"
        return replace(
            finding.without_step(),
            status=self.status,
            message=f"{finding.message} — left alone: {because}",
            question=self.question,
        )


def is_authorized(volume: Volume) -> bool:
    """Whether a volume mounts EFS with IAM authorization."""
    return isinstance(volume.storage, EfsVolume) and volume.storage.authorizes


def not_asked(choices: Choices, suppressed: bool, decisions: Decisions) -> Shortfall | None:
    """The shortfall of every volume for which the keeper is not asked; None if it is."""
    if KEEPER.climbs_to.rank > choices.target.rank:
        return Shortfall(
            f"the target is {choices.target}: take `{KEEPER.climbs_to}` as the target (`--target`, or `target` in the "
            "configuration)"
        )
    if KEEPER.id in choices.off:
        return Shortfall(
            "it is switched off: let it take part (`--only`, `--skip` and `rules` in the configuration decide that)"
        )
    if suppressed:
        return Shortfall(f"it is suppressed here: take {KEEPER.id} out of the suppression, or suppress this step, too")
    if KEEPER.id in decisions.skipped:
        return Shortfall("you have refused all of its steps")
    return None


def not_possible(step: Finding | None, obstacle: str | None) -> Shortfall | None:
    """The shortfall of a volume about which the keeper says `step`, whose changes meet an `obstacle`; None if the step
    is possible."""
    if step is None:
        return Shortfall("it has nothing to say about this volume")
    if obstacle is not None:
        return Shortfall(f"its step is not possible here: {obstacle}")
    return None if step.changes else Shortfall(f"it says: {step.message}", step.status, step.question)


def not_taken(step: Finding | None, decisions: Decisions) -> Shortfall | None:
    """The shortfall of a volume whose plan is made and holds no authorization, though the keeper says `step`. None if
    the user may still accept it."""
    if short := not_possible(step, None):
        return short
    assert step is not None
    decision = decisions.of(step)
    if decision is None and decisions.asking:
        return None
    return Shortfall("you have refused its step" if decision is False else "its step is not accepted")
