"""The interface of rules: the findings that they return, and the members of a rule."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from rules.context import Context
from rules.facts.digest import digest
from rules.facts.iam import Grant
from rules.facts.other_files import Proposal
from rules.facts.questions import Question
from rules.model import Change, Key, Level, PlatformVersion, Stack, Task, TaskRunner, Volume


class Status(StrEnum):
    """The status of a finding: whether and under which condition its step is applied. An applied unsafe step stays
    `unsafe`."""

    FIXABLE = "fixable"
    UNSAFE = "unsafe"
    NEEDS_INPUT = "needs-input"
    REFUSED = "refused"
    ADVICE = "advice"


CAREFUL = (Status.FIXABLE, Status.UNSAFE, Status.NEEDS_INPUT, Status.REFUSED)
"""The statuses of steps, from the least to the most careful. If several volumes share a text, the most careful
counts."""


@dataclass(frozen=True, slots=True)
class StepId:
    """The identity of a step across plans. The same source and configuration always give the same id."""

    rule: str
    subject: Key
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule's answer about one subject: a volume, task, service or resource."""

    rule: str
    subject: Key
    status: Status
    message: str
    caveat: str | None = None
    help: str | None = None
    changes: tuple[Change, ...] = ()
    """The changes that applying it makes; empty unless it is fixable or unsafe."""
    grant: Grant | None = None
    """The statement to attach to a task role outside of this source, by hand, before the changes are deployed; or
    None."""
    detail: str = ""
    """The result of the step in short form; a part of its id."""
    stops: bool = False
    """Whether no other rule may touch the subject."""
    proposals: tuple[Proposal, ...] = ()
    """Entries for the configuration that mounts in other files suggest."""
    question: Question | None = None
    """A question whose answer unblocks the finding or, if there are changes, has it done in another way."""
    label: str = ""
    """The step in a few words, to choose it by, if there are alternatives."""
    alternatives: tuple[Finding, ...] = ()
    """Other ways to take the step, each with its own `detail` and `label`. For advice, steps that the user may want."""
    otherwise: str = ""
    """The choice not to take the step, in a few words; "" if it is not worth offering."""
    keeps_iam: bool = False
    """Whether the volume's legacy mount is authorized by IAM, so that the step is part of a plan only together with one
    that has the new volume authorized, too."""

    @property
    def digest(self) -> str:
        """A hash of the step's status, changes and grant. A recorded approval holds only for a step with the same
        hash."""
        return digest(self.status, self.changes, self.grant)

    @property
    def id(self) -> StepId:
        """The identity of the finding's step."""
        return StepId(self.rule, self.subject, self.detail)

    @property
    def ways(self) -> tuple[Finding, ...]:
        """The steps that the user can choose from, the usual one first."""
        return (self, *self.alternatives) if self.changes else self.alternatives

    def without_step(self) -> Finding:
        """The finding without everything that belongs to taking its step."""
        return replace(self, caveat=None, changes=(), grant=None, question=None, alternatives=())

    @property
    def whole_caveat(self) -> str | None:
        """The caveat with the statement to attach, for reports that show each finding by itself."""
        parts = [self.grant.sentence() if self.grant else None, self.caveat]
        return " ".join(part for part in parts if part) or None


def refusal(rule: str, volume: Volume, message: str) -> Finding:
    """A finding that nothing can be done about a volume, and why."""
    return Finding(rule, volume.key, Status.REFUSED, message=message)


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
    """The stages of a deployment, in order. A rule's caveats and advice stand under its stage in a checklist."""

    PLATFORM = "platform"
    NETWORK = "network"
    GRANTS = "grants"
    ACCESS_POINTS = "access points"
    VOLUMES = "volumes"
    LATER = "later"
    """After all tasks run with the migrated definitions."""
    LAST = "last"
    """In a deployment of its own, after the last mount without IAM is gone."""


VolumeCheck = Callable[[Volume, Task, Context], Finding | None]
RunnerCheck = Callable[[TaskRunner, PlatformVersion, Task | None, Context], Finding | None]
StackCheck = Callable[[Stack, Context], Iterable[Finding]]
"""A check that is given the planned stack; the context has the one that was read."""


@dataclass(frozen=True)
class Rule:
    """One rule: its documentation, and the checks that it makes of volumes, services or the whole stack.

    `page` is Markdown whose first line is the title.
    """

    id: str
    name: str
    level: str
    default: str
    page: str
    check_volume: VolumeCheck | None = None
    check_runner: RunnerCheck | None = None
    check_stack: StackCheck | None = None
    """The check that is called once, after the plan is made, mostly for advice on the result. Its findings change no
    volume, task or service. Findings with the same changes are applied together or not at all."""
    examples: tuple[Example, ...] = ()
    climbs_to: Level = Level.OTHER
    """The level that the rule's step reaches. A rule is not asked if the user's target lies below its level."""
    stage: Stage = Stage.VOLUMES
    """The stage of a checklist that the rule's caveats and advice belong to."""

    @property
    def title(self) -> str:
        """The first line of the page, without its full stop."""
        return self.page.strip().splitlines()[0].rstrip(".")
