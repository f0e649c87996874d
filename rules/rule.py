"""The rule interface: what a rule is given, what it says, and what it asks for."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from rules.context import Context
from rules.facts.digest import digest
from rules.facts.iam import Grant
from rules.facts.other_files import Proposal
from rules.facts.questions import Question
from rules.model import Change, Key, Level, PlatformVersion, Stack, Task, TaskRunner, Volume


class Status(StrEnum):
    """What can be done about a finding. `unsafe` names the nature of the step: it stays when the step is applied."""

    FIXABLE = "fixable"
    UNSAFE = "unsafe"
    NEEDS_INPUT = "needs-input"
    REFUSED = "refused"
    ADVICE = "advice"


CAREFUL = (Status.FIXABLE, Status.UNSAFE, Status.NEEDS_INPUT, Status.REFUSED)
"""From the least to the most careful answer to a question that several entities share."""


@dataclass(frozen=True, slots=True)
class StepId:
    """Names a step across plans: the same source and configuration always give the same one."""

    rule: str
    subject: Key
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule says about a subject. `changes` is what applying it means: empty unless fixable or unsafe."""

    rule: str
    subject: Key
    status: Status
    message: str
    caveat: str | None = None
    help: str | None = None
    changes: tuple[Change, ...] = ()
    grant: Grant | None = None
    """What the task role has to be allowed, outside of this source, before the changes are deployed."""
    detail: str = ""
    stops: bool = False
    """Whether no other rule may touch the subject."""
    proposals: tuple[Proposal, ...] = ()
    """What the configuration could say, as far as other files show it."""
    question: Question | None = None
    """What somebody could say to unblock it or, beside changes, to have it done in another way."""
    label: str = ""
    """What taking the step means in a few words, where there are alternatives to it."""
    alternatives: tuple[Finding, ...] = ()
    """Other ways to take the step, each with its own `detail` and `label`, for somebody to choose from; to advice, steps that
    somebody may want to take."""
    otherwise: str = ""
    """What stays if the step is not taken, in a few words, where that is a choice worth naming."""

    @property
    def digest(self) -> str:
        """Names what the step does, and on which terms: a yes to it is no yes to a step that does something else."""
        return digest(self.status, self.changes, self.grant)

    @property
    def id(self) -> StepId:
        return StepId(self.rule, self.subject, self.detail)

    @property
    def ways(self) -> tuple[Finding, ...]:
        """The steps that somebody can say yes to, the usual one first."""
        return (self, *self.alternatives) if self.changes else self.alternatives

    @property
    def whole_caveat(self) -> str | None:
        """The caveat with the statement to attach, for reports that show each finding by itself."""
        parts = [self.grant.sentence() if self.grant else None, self.caveat]
        return " ".join(part for part in parts if part) or None


def refusal(rule: str, volume: Volume, message: str) -> Finding:
    """A finding that nothing can be done about a volume, and why."""
    return Finding(rule, volume.key, Status.REFUSED, message)


@dataclass(frozen=True)
class Example:
    """A definition before and after a rule (the only one applied), used in its page and in the tests."""

    before: str
    after: str
    config: str = ""

    def __post_init__(self) -> None:
        for name in ("before", "after", "config"):
            object.__setattr__(self, name, textwrap.dedent(getattr(self, name)).lstrip("\n"))


class Stage(StrEnum):
    """When, in a deployment, what a rule asks people to do or to check has its place; in this order."""

    PLATFORM = "platform"
    NETWORK = "network"
    GRANTS = "grants"
    ACCESS_POINTS = "access points"
    VOLUMES = "volumes"
    LATER = "later"
    """Once everything runs with what the file says now."""
    LAST = "last"
    """By itself, when nothing mounts without IAM any more."""


VolumeCheck = Callable[[Volume, Task, Context], Finding | None]
RunnerCheck = Callable[[TaskRunner, PlatformVersion, Task | None, Context], Finding | None]
StackCheck = Callable[[Stack, Context], Iterable[Finding]]
"""Given the planned stack; the context still has the one that was read."""


@dataclass(frozen=True)
class Rule:
    """One rule. `page` is its documentation: the first line is the title, the rest Markdown paragraphs."""

    id: str
    name: str
    level: str
    default: str
    page: str
    check_volume: VolumeCheck | None = None
    check_runner: RunnerCheck | None = None
    check_stack: StackCheck | None = None
    """Asked last, once the plan is made: for advice about what it leaves. What its findings change is no volume, task or
    service; those with the same changes stand or fall together."""
    examples: tuple[Example, ...] = ()
    climbs_to: Level = Level.OTHER
    """The level that the rule's step reaches: it is not asked when the user's target lies below."""
    stage: Stage = Stage.VOLUMES
    """Where its caveats and its advice belong in a checklist."""

    @property
    def title(self) -> str:
        return self.page.strip().splitlines()[0].rstrip(".")

    def __reduce__(self) -> tuple[Callable[[str], Rule], tuple[str]]:
        # Findings pass between processes by the thousand: a rule's page need not go with each.
        return _known, (self.id,)


def _known(rule: str) -> Rule:
    """The rule with an id that came from another process."""
    from rules import RULES

    return next(known for known in RULES if known.id == rule)
