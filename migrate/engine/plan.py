"""Makes the plan: asks every rule about every volume until no rule changes anything more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from migrate.dialects.dialect import Reading
from migrate.engine.decisions import Decisions
from migrate.engine.floor import KEEPER, WITHOUT_IT, Shortfall, is_authorized, not_asked, not_possible, not_taken
from rules import RULES
from rules.choices import Choices
from rules.context import Context
from rules.model import (
    AddAccessPoint,
    AddPermissions,
    AddRole,
    AddTraffic,
    Change,
    Key,
    PlatformVersion,
    Stack,
    Task,
    TaskRunner,
    Volume,
    apply_to_task,
    apply_to_volume,
    subject,
)
from rules.model import apply as apply_changes
from rules.rule import CAREFUL, Finding, Rule, RunnerCheck, Status, StepId, VolumeCheck
from rules.shared.platforms import limit_by_platform


@dataclass(frozen=True, slots=True)
class Decided:
    """A finding and whether its step is part of the plan."""

    finding: Finding
    applied: bool
    together: tuple[Finding, ...]
    """The findings that are accepted or refused together with this one, which is among them."""


@dataclass(frozen=True)
class Plan:
    """The findings of the rules about a stack, and the stack after all steps that are part of the plan."""

    decided: tuple[Decided, ...]
    changes: tuple[Change, ...]
    stack: Stack


# -- planning ---------------------------------------------------------------------------------------------------------


def plan(
    reading: Reading[object],
    choices: Choices,
    suppressed: Mapping[Key, frozenset[str]],
    decisions: Decisions,
    unwritten: Mapping[StepId, str],
) -> Plan:
    """Asks every rule about every volume, task by task, until nothing changes, and then about the task runners.

    `unwritten` gives steps that could not be written to the text, with the reason for which they are refused now."""
    short: dict[StepId, Shortfall] = {}
    while True:
        planner = _Planner(reading, choices, suppressed, decisions=decisions, unwritten=unwritten, short=short)
        planned = planner.run()
        # A step that fell short is part of no further plan, so that this ends.
        if not (more := planner.shortfalls()):
            return planned
        short |= more


class _Planner:
    def __init__(
        self,
        reading: Reading[object],
        choices: Choices,
        suppressed: Mapping[Key, frozenset[str]],
        decisions: Decisions,
        unwritten: Mapping[StepId, str],
        short: Mapping[StepId, Shortfall],
    ) -> None:
        self.short = short
        self.reading = reading
        self.choices = choices
        self.suppressed = suppressed
        self.decisions = decisions
        self.unwritten = unwritten
        self.outside = frozenset(choices.values())
        by_default = {Status.FIXABLE, Status.UNSAFE} if choices.unsafe else {Status.FIXABLE}
        self.taken = by_default if decisions.taken is None else decisions.taken
        self.context = Context(reading.stack, choices, reading.dialect.reference)
        self.tasks = {task.key: task for task in reading.stack.tasks}
        self.volumes = {volume.key: volume for task in reading.stack.tasks for volume in task.volumes}
        self.owner = {volume.key: task.key for task in reading.stack.tasks for volume in task.volumes}
        self.rules = [r for r in RULES if r.id not in choices.off and r.climbs_to.rank <= choices.target.rank]
        self.decided: list[Decided] = []
        self.changes: list[Change] = []
        self.said: set[StepId] = set()
        self.added: set[Key] = set()
        self.doubts_said: dict[Key, str] = {}
        """The rule at whose step the doubt about a volume is said."""
        self.waiting: set[Key] = set()
        """The volumes whose mount is part of the plan only together with their authorization."""

    def run(self) -> Plan:
        done: set[Key] = set()
        for key in self.volumes:
            if key not in done:
                group = self.reading.sharing_a_node.get(key, (key,))
                done.update(group)
                self.plan_volumes(group)
        # Only after its volumes are planned is it known whether a task uses EFS.
        stack, known = apply_changes(self.reading.stack, self.changes), len(self.changes)
        planned = {task.key: task for task in stack.tasks}
        for runner in self.reading.stack.runners:
            for pinned in runner.platform_versions:
                for rule in self.rules:
                    if rule.check_runner and rule.id not in self.suppressed.get(pinned.key, ()):
                        self.ask_runner(rule.check_runner, runner, pinned, planned=planned)
        stack, known = apply_changes(stack, self.changes[known:]), len(self.changes)
        for rule in self.rules:
            if rule.check_stack:
                self.plan_stack(rule, list(rule.check_stack(stack, self.context)))
        return Plan(tuple(self.decided), tuple(self.changes), apply_changes(stack, self.changes[known:]))

    def plan_stack(self, rule: Rule, findings: list[Finding]) -> None:
        """Decides about a rule's findings for the whole stack. Findings that ask for the same change are decided
        together."""
        silenced = {f.changes for f in findings if rule.id in self.suppressed.get(f.subject, ())}
        groups: dict[object, list[Finding]] = {}
        for finding in findings:
            if rule.id not in self.suppressed.get(finding.subject, ()):
                if finding.changes and finding.changes in silenced:
                    finding = _refuse(finding, "it shares this with a resource for which the rule is suppressed")
                groups.setdefault(finding.changes or finding.id, []).append(finding)
        for group in groups.values():
            self.decide(group)

    def ask_runner(
        self, check: RunnerCheck, runner: TaskRunner, pinned: PlatformVersion, planned: Mapping[Key, Task]
    ) -> None:
        """Asks a rule about a platform version that a runner pins and each task that runs on it, up to the first
        finding."""
        tasks = [planned.get(key) for key in pinned.tasks]
        finding = next((found for task in tasks if (found := check(runner, pinned, task, self.context))), None)
        # Several versions may share one parameter, and so the subject of a finding.
        if finding is None or finding.rule in self.suppressed.get(finding.subject, ()) or finding.id in self.said:
            return
        self.said.add(finding.id)
        if finding.changes and self.context.stack.blue_green:
            finding = _refuse(finding, "CodeDeploy replaces the tasks here, and its services are not edited")
        self.decide([finding])

    def plan_volumes(self, group: Sequence[Key]) -> None:
        """Asks all rules about a volume, or about several that share a YAML node and can only change together."""
        settled: set[str] = set()
        progress = True
        while progress:
            progress = False
            for rule in self.rules:
                if rule.check_volume is None or rule.id in settled:
                    continue
                findings = self.ask(rule.check_volume, rule.id, group)
                if findings:
                    settled.add(rule.id)
                    progress = self.decide(findings)
                    if findings[0].stops and not progress:
                        return
                    if progress:
                        break  # start over: a rule that stops the volume comes before rules that would take it further

    def ask(self, check: VolumeCheck, rule: str, group: Sequence[Key]) -> list[Finding]:
        findings = []
        silenced = False
        self.context.begin_group()
        for key in group:
            task = self.tasks[self.owner[key]]
            finding = check(self.volumes[key], task, self.context)
            if finding and rule in self.suppressed.get(key, ()):
                silenced = True
            elif finding:
                finding = limit_by_platform(finding, self.volumes[key], task, context=self.context)
                others = (
                    limit_by_platform(other, self.volumes[key], task, context=self.context)
                    for other in finding.alternatives
                )
                finding = replace(finding, alternatives=tuple(others)) if finding.alternatives else finding
                if rule == KEEPER.id and key in self.waiting:
                    finding = replace(finding, otherwise=WITHOUT_IT)
                finding = self.above_floor(finding, self.volumes[key], task)
                findings.append(_careful(finding) if key in self.reading.doubts else finding)
        return findings if len(group) == 1 else _agree(findings, group, silenced)

    def decide(self, findings: Sequence[Finding]) -> bool:
        """Records findings that are accepted or refused together, and returns whether their changes are part of the
        plan."""
        findings = self.with_alternatives(findings)
        if reason := self.obstacle(findings):
            findings = [_refuse(f, f"not possible here: {reason}") for f in findings]
        applied = bool(findings[0].changes) and all(self.accepts(f) for f in findings)
        findings = [self.doubted(f, applied) for f in findings]
        for finding in findings:
            self.decided.append(Decided(finding, applied, tuple(findings)))
            if applied:
                if finding.keeps_iam:
                    self.waiting.add(finding.subject)
                for change in finding.changes:
                    self.apply(change)
        return applied

    def doubted(self, finding: Finding, applied: bool) -> Finding:
        """The finding with the doubt about its volume in its caveat, in full at the first step. A later one that is part
        of the plan is as safe as the first; one that is not says why it is unsafe."""
        doubt = self.reading.doubts.get(finding.subject)
        if doubt is None or not finding.changes:
            return finding
        first = self.doubts_said.setdefault(finding.subject, finding.rule)
        if first == finding.rule:
            said = f"{doubt[0].upper()}{doubt[1:]}"
        else:
            said = "" if applied else f"The doubt that {first} names holds here, too."
        return replace(finding, caveat=" ".join(filter(None, (said, finding.caveat))) or None)

    def above_floor(self, finding: Finding, volume: Volume, task: Task) -> Finding:
        """The finding of a step that must not be taken without the volume's authorization: as careful as the step is
        that authorizes the new volume, or withheld where that is not possible."""
        if not finding.keeps_iam or not finding.changes:
            return finding
        for change in finding.changes:
            volume = apply_to_volume(volume, change) if subject(change) == volume.key else volume
        if is_authorized(volume):
            return finding
        short = self.short.get(finding.id) or not_asked(
            self.choices, KEEPER.id in self.suppressed.get(volume.key, ()), self.decisions
        )
        if short is None:
            assert KEEPER.check_volume is not None
            step = KEEPER.check_volume(volume, task, self.context)
            step = limit_by_platform(step, volume, task, context=self.context) if step else None
            short = not_possible(step, self.obstacle([step]) if step else None)
            if step is not None and step.status is Status.UNSAFE and finding.status is Status.FIXABLE:
                because = f"It is part of the plan only together with {KEEPER.id}, which is unsafe here."
                caveat = f"{finding.caveat} {because}" if finding.caveat else because
                finding = replace(finding, status=Status.UNSAFE, caveat=caveat)
        return short.withheld(finding) if short else finding

    def shortfalls(self) -> dict[StepId, Shortfall]:
        """The steps of the plan that are in it without the authorization that they must not be taken without."""
        alone = [
            decided.finding
            for decided in self.decided
            if decided.applied
            and decided.finding.keeps_iam
            and not is_authorized(self.volumes[decided.finding.subject])
        ]
        if not alone:
            return {}
        said = {d.finding.subject: d.finding for d in self.decided if d.finding.rule == KEEPER.id}
        reasons = ((f.id, not_taken(said.get(f.subject), self.decisions)) for f in alone)
        return {step: short for step, short in reasons if short is not None}

    def with_alternatives(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        """The findings with those alternatives that are possible here, or the chosen alternative in place of its
        finding."""
        if not any(finding.alternatives for finding in findings):
            return findings
        if len(findings) > 1:  # volumes that share a node need the same change, so only the usual step is offered
            return [replace(finding, alternatives=()) for finding in findings]
        possible = tuple(other for other in findings[0].alternatives if not self.obstacle([other]))
        return [self.decisions.choose(replace(findings[0], alternatives=possible))]

    def obstacle(self, findings: Sequence[Finding]) -> str | None:
        """The reason why the source file cannot express the changes of findings, or None if it can."""
        unwritten = (self.unwritten.get(f.id) for f in findings if self.unwritten)
        changes = (self.reading.can(change, self.added, self.outside) for f in findings for change in f.changes)
        return next(filter(None, chain(unwritten, changes)), None)

    def accepts(self, finding: Finding) -> bool:
        decision = self.decisions.of(finding)
        return finding.status in self.taken if decision is None else decision

    def apply(self, change: Change) -> None:
        self.changes.append(change)
        self.context.planned(change)
        key = subject(change)
        if isinstance(change, AddAccessPoint | AddRole | AddPermissions | AddTraffic):
            self.added.add(key)
        if key in self.volumes:
            self.volumes[key] = apply_to_volume(self.volumes[key], change)
        elif key in self.tasks:
            self.tasks[key] = apply_to_task(self.tasks[key], change)


def _careful(finding: Finding) -> Finding:
    """The finding, unsafe at best if it has a step."""
    alternatives = tuple(map(_careful, finding.alternatives))
    status = Status.UNSAFE if finding.changes and finding.status is Status.FIXABLE else finding.status
    return replace(finding, status=status, alternatives=alternatives)


def _refuse(finding: Finding, reason: str) -> Finding:
    return replace(finding.without_step(), status=Status.REFUSED, message=f"{finding.message} — {reason}")


def _agree(findings: list[Finding], group: Sequence[Key], silenced: bool) -> list[Finding]:
    """The findings for volumes that share a node, made to agree: the most cautious status holds for all, and a step
    that does not concern all of them is refused."""
    if silenced:
        return [_refuse(f, "it shares its source with a volume for which this rule is suppressed") for f in findings]
    careful = [f for f in findings if f.status in CAREFUL]
    if not careful:
        return findings
    worst = max(careful, key=lambda f: CAREFUL.index(f.status))
    if worst.stops:
        missing = [key for key in group if all(f.subject != key for f in findings)]
        return [*findings, *(replace(worst, subject=key, message=f"shared: {worst.message}") for key in missing)]
    if len(findings) < len(group) and any(subject(c) == f.subject for f in findings for c in f.changes):
        return [
            _refuse(f, "it shares its source with a volume that this does not concern: write them apart first")
            for f in findings
        ]
    agreed = []
    for finding in findings:
        if finding.status in CAREFUL and finding.status is not worst.status:
            because = f"{finding.message} — shared with a volume for which {worst.message}"
            finding = replace(finding, status=worst.status, message=because)
            if worst.status is not Status.UNSAFE:
                finding = finding.without_step()
        agreed.append(finding)
    return agreed
