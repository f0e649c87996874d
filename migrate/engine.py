"""Read, plan, write, prove: one file from its text to a new text that is known to be right.

Nothing here touches the disk or knows a dialect. A file whose change cannot be proven is left alone, with the reason.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, chain

from migrate import dialects
from migrate.dialects.reading import Reading
from migrate.dialects.unread import unread
from migrate.edit import Edit, apply
from migrate.suppress import suppressions
from migrate.syntax import CannotEdit, Document, SyntaxProblem, parse
from migrate.syntax.collecting import not_collecting
from migrate.syntax.node import AnyEdit, EditMapping, EditSequence
from rules import RULES
from rules.constraints import violations
from rules.levels import level
from rules.model import (
    AddAccessPoint,
    AddPermissions,
    AddRole,
    AddTraffic,
    Change,
    Key,
    Level,
    Service,
    Stack,
    Storage,
    Task,
    apply_to_task,
    apply_to_volume,
    subject,
)
from rules.model import apply as apply_changes
from rules.rule import CAREFUL, Context, Finding, Policy, Rule, ServiceCheck, Status, StepId, VolumeCheck, temper


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
    """The statuses of steps that are taken without an answer; None: as the policy says."""

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


@dataclass(frozen=True, slots=True)
class Decided:
    """A finding and whether its step is part of the plan."""

    finding: Finding
    applied: bool
    together: tuple[Finding, ...]
    """The findings that stand or fall with this one, itself included."""


@dataclass(frozen=True)
class Plan:
    """What the rules say about a stack, and the stack after every step that is part of the plan."""

    decided: tuple[Decided, ...]
    changes: tuple[Change, ...]
    stack: Stack


# -- planning ---------------------------------------------------------------------------------------------------------


def plan(
    reading: Reading,
    policy: Policy,
    suppressed: Mapping[Key, frozenset[str]],
    decisions: Decisions,
    most: int | None = None,
) -> Plan:
    """Ask every rule about every volume, task by task, each volume until nothing changes, then about the services. With
    `most`, only so many steps become part of the plan."""
    return _Planner(reading, policy, suppressed, decisions, most).run()


class _Planner:
    def __init__(
        self,
        reading: Reading,
        policy: Policy,
        suppressed: Mapping[Key, frozenset[str]],
        decisions: Decisions,
        most: int | None,
    ) -> None:
        self.left = most
        self.reading = reading
        self.policy = policy
        self.suppressed = suppressed
        self.decisions = decisions
        by_default = {Status.FIXABLE, Status.UNSAFE} if policy.unsafe else {Status.FIXABLE}
        self.taken = by_default if decisions.taken is None else decisions.taken
        self.context = Context(reading.stack, policy)
        self.tasks = {task.key: task for task in reading.stack.tasks}
        self.volumes = {volume.key: volume for task in reading.stack.tasks for volume in task.volumes}
        self.owner = {volume.key: task.key for task in reading.stack.tasks for volume in task.volumes}
        self.rules = [r for r in RULES if r.id not in policy.off and r.climbs_to.rank <= policy.target.rank]
        self.decided: list[Decided] = []
        self.changes: list[Change] = []
        self.said: set[StepId] = set()
        self.added: set[Key] = set()

    def run(self) -> Plan:
        done: set[Key] = set()
        for key in self.volumes:
            if key not in done:
                group = self.reading.twins.get(key, (key,))
                done.update(group)
                self.plan_volumes(group)
        # Whether a task uses EFS is known once its volumes are planned.
        stack, known = apply_changes(self.reading.stack, self.changes), len(self.changes)
        planned = {task.key: task for task in stack.tasks}
        for service in self.reading.stack.services:
            for rule in self.rules:
                if rule.check_service and rule.id not in self.suppressed.get(service.key, ()):
                    self.ask_service(rule.check_service, service, planned)
        stack, known = apply_changes(stack, self.changes[known:]), len(self.changes)
        for rule in self.rules:
            if rule.check_stack:
                self.plan_stack(rule, list(rule.check_stack(stack, self.context)))
        return Plan(tuple(self.decided), tuple(self.changes), apply_changes(stack, self.changes[known:]))

    def plan_stack(self, rule: Rule, findings: list[Finding]) -> None:
        """Decide about what a rule says of the whole stack; subjects that ask for the same change share it."""
        silenced = {f.changes for f in findings if rule.id in self.suppressed.get(f.subject, ())}
        groups: dict[object, list[Finding]] = {}
        for finding in findings:
            if rule.id not in self.suppressed.get(finding.subject, ()):
                if finding.changes and finding.changes in silenced:
                    finding = _refuse(finding, "it shares this with a resource for which the rule is suppressed")
                groups.setdefault(finding.changes or finding.id, []).append(finding)
        for group in groups.values():
            self.decide(group)

    def ask_service(self, check: ServiceCheck, service: Service, planned: Mapping[Key, Task]) -> None:
        """Ask about a service and each of its tasks until there is something to say."""
        tasks = [planned.get(key) if key else None for key in (service.task, *service.others)]
        finding = next((found for task in tasks if (found := check(service, task, self.context))), None)
        # Services may share what a finding is about: a parameter.
        if finding is None or finding.rule in self.suppressed.get(finding.subject, ()) or finding.id in self.said:
            return
        self.said.add(finding.id)
        if finding.changes and self.context.stack.blue_green:
            finding = _refuse(finding, "CodeDeploy replaces the tasks here, and its services are not edited")
        self.decide([finding])

    def plan_volumes(self, group: Sequence[Key]) -> None:
        """Ask about a volume, or about several that share a node and can only change together."""
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
                        break  # what stops a volume comes before what would take it further

    def ask(self, check: VolumeCheck, rule: str, group: Sequence[Key]) -> list[Finding]:
        findings = []
        silenced = False
        self.context.ask()
        for key in group:
            task = self.tasks[self.owner[key]]
            finding = check(self.volumes[key], task, self.context)
            if finding and rule in self.suppressed.get(key, ()):
                silenced = True
            elif finding:
                finding = temper(finding, self.volumes[key], task, self.context)
                others = (temper(other, self.volumes[key], task, self.context) for other in finding.alternatives)
                findings.append(replace(finding, alternatives=tuple(others)) if finding.alternatives else finding)
        return findings if len(group) == 1 else _agree(findings, group, silenced)

    def decide(self, findings: Sequence[Finding]) -> bool:
        """Record findings that stand or fall together; return whether their changes are part of the plan."""
        findings = self.with_alternatives(findings)
        if reason := self.obstacle(findings):
            findings = [_refuse(f, f"not possible here: {reason}") for f in findings]
        applied = bool(findings[0].changes) and all(self.accepts(f) for f in findings) and self.left != 0
        if applied and self.left is not None:
            self.left -= 1
        for finding in findings:
            self.decided.append(Decided(finding, applied, tuple(findings)))
            if applied:
                for change in finding.changes:
                    self.apply(change)
        return applied

    def with_alternatives(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        """The findings with the alternatives that are possible here, or the one that was chosen in its place."""
        if not any(finding.alternatives for finding in findings):
            return findings
        if len(findings) > 1:  # what is shared has to take the same way everywhere: the usual one
            return [replace(finding, alternatives=()) for finding in findings]
        possible = tuple(other for other in findings[0].alternatives if not self.obstacle([other]))
        return [self.decisions.choose(replace(findings[0], alternatives=possible))]

    def obstacle(self, findings: Sequence[Finding]) -> str | None:
        """Why the source cannot express what findings change, or None."""
        unwritten = (self.reading.unwritten.get(f.id) for f in findings if self.reading.unwritten)
        changes = (self.reading.can(change, self.added) for f in findings for change in f.changes)
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


def _refuse(finding: Finding, reason: str) -> Finding:
    return replace(_without_changes(finding), status=Status.REFUSED, message=f"{finding.message} — {reason}")


def _without_changes(finding: Finding) -> Finding:
    return replace(finding, caveat=None, changes=(), grant=None, question=None, alternatives=())


def _agree(findings: list[Finding], group: Sequence[Key], silenced: bool) -> list[Finding]:
    """What volumes that share a node answer together: the most careful of their answers."""
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
                finding = _without_changes(finding)
        agreed.append(finding)
    return agreed


# -- one file ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VolumeLevels:
    """A volume's level and storage, as they are and as the plan would leave them."""

    task: str
    name: str
    level: Level
    after: Level
    storage: Storage
    planned: Storage


@dataclass(frozen=True, slots=True)
class Located:
    """A finding with its place (line and column from 1) and the names that reports show."""

    rule: Rule
    finding: Finding
    line: int
    column: int
    task: str
    volume: str | None
    applied: bool


@dataclass(frozen=True, slots=True)
class LocatedWord:
    """A word that made the screening stop but lies in nothing that was read (line and column from 1)."""

    line: int
    column: int
    word: str


@dataclass(frozen=True)
class Outcome:
    """What became of one file. With an error there are no edits; without edits nothing is to be written."""

    dialect: str | None = None
    volumes: tuple[VolumeLevels, ...] = ()
    findings: tuple[Located, ...] = ()
    unread: tuple[LocatedWord, ...] = ()
    edits: tuple[Edit, ...] = ()
    text: str = ""
    """The text after the edits."""
    error: str | None = None
    error_line: int | None = None


def process(
    text: str,
    stem: str,
    policy: Policy,
    *,
    json: bool | None = None,
    python: bool = False,
    decisions: Decisions = UNDECIDED,
) -> Outcome:
    """Read, plan, write and prove one file's text (`json` and `python` as for `parse`). Never raises for what a file may
    hold."""
    opened = open_text(text, stem, json=json, python=python)
    return opened.outcome(policy, decisions) if isinstance(opened, Opened) else opened


@dataclass(frozen=True)
class Opened:
    """A text that a dialect reads, ready to be planned and written any number of times."""

    reading: Reading
    stem: str
    suppressed: Mapping[Key, frozenset[str]]

    @property
    def text(self) -> str:
        return self.reading.document.text

    @property
    def unwritten(self) -> int:
        """How many steps have turned out to have no place in the text. The next plan refuses them."""
        return len(self.reading.unwritten)

    def plan(self, policy: Policy, decisions: Decisions) -> Plan:
        """What the rules say, in the order in which steps rest on one another."""
        with not_collecting():
            return plan(self.reading, _adopted(policy, self.reading), self.suppressed, decisions)

    def outcome(self, policy: Policy, decisions: Decisions) -> Outcome:
        """Plan, write and prove."""
        with not_collecting():
            return self._outcome(_adopted(policy, self.reading), decisions)

    def _outcome(self, policy: Policy, decisions: Decisions) -> Outcome:
        reading, document = self.reading, self.reading.document
        try:
            planned, tree_edits, edits = _written(reading, policy, self.suppressed, decisions)
        except (CannotEdit, ValueError) as problem:
            return Outcome(dialect=reading.dialect.name, error=f"cannot be edited without guessing: {problem}")
        new_text = apply(document.text, edits)
        failure = prove(reading, planned, tree_edits, edits, new_text, self.stem, policy, decisions) if edits else None
        if edits == [] and planned.stack != reading.stack:
            failure = "the plan changes something that was not written"
        if failure:
            return Outcome(dialect=reading.dialect.name, error=f"left alone, the change could not be proven: {failure}")
        return Outcome(
            reading.dialect.name,
            tuple(_levels(reading, planned, policy)),
            tuple(_locate(reading, planned)),
            _words(document, reading.regions),
            tuple(edits),
            new_text,
        )

    def edited(self, text: str) -> Opened | str:
        """Another text in this one's place, as somebody edited it by hand; or why it cannot be.

        That is weaker than `prove`, because no plan says what the text should be: it must parse and be read by the same
        dialect, with the same tasks and volumes, have no other kind of newline, and break no constraint of ECS that the old
        text kept. That other lines are as they were is for the caller to see to.
        """
        with not_collecting():
            try:
                reading = dialects.read(self.reading.document.again(text), self.stem)
                suppressed = suppressions(reading) if reading is not None else {}
            except SyntaxProblem as problem:
                return f"line {problem.line}: {problem.cause}"
        if reading is None or reading.dialect.name != self.reading.dialect.name:
            return "it is not recognised any more"
        if reading.storages.keys() != self.reading.storages.keys():
            return "it has other volumes than before"
        if _newlines(text) - (_newlines(self.text) or {"\n"}):
            return "it has another kind of newline"
        if broken := _broken(reading.stack, self.reading.stack):
            return f"it breaks a constraint of ECS: {broken}"
        return Opened(reading, self.stem, suppressed)


def open_text(text: str, stem: str, *, json: bool | None = None, python: bool = False) -> Opened | Outcome:
    """Read one file's text (see `process`), or return what became of it if there is nothing to plan."""
    with not_collecting():
        try:
            document = parse(text, json=json, python=python)
        except SyntaxProblem as problem:
            return Outcome(error=problem.cause, error_line=problem.line)
        reading = dialects.read(document, stem)
        if reading is None:
            return Outcome(unread=_words(document, []), text=document.text)
        try:
            return Opened(reading, stem, suppressions(reading))
        except SyntaxProblem as problem:
            return Outcome(dialect=reading.dialect.name, error=problem.cause, error_line=problem.line)


_MOST_UNWRITTEN = 32
"""How many steps of one file may turn out to have no place in it before the file is left alone."""


def _written(
    reading: Reading, policy: Policy, suppressed: Mapping[Key, frozenset[str]], decisions: Decisions
) -> tuple[Plan, Sequence[AnyEdit], Sequence[Edit]]:
    """The plan and its edits. What only writing shows to have no place in the text is refused, and the rest planned again.
    Raises CannotEdit or ValueError where that does not help."""

    def attempt(most: int | None = None) -> tuple[Plan, Sequence[AnyEdit], Sequence[Edit]]:
        planned = plan(reading, policy, suppressed, decisions, most)
        tree_edits = reading.write(planned.stack)
        return planned, tree_edits, reading.document.edits(tree_edits)

    def problem(most: int) -> str | None:
        try:
            attempt(most)
        except (CannotEdit, ValueError) as found:
            return str(found)
        return None

    for _ in range(_MOST_UNWRITTEN):
        try:
            return attempt()
        except (CannotEdit, ValueError):
            # The first step with which it fails: without any it cannot, with all of them it does.
            works, fails = 0, sum(d.applied for d in plan(reading, policy, suppressed, decisions).decided)
            while fails - works > 1:
                middle = (works + fails) // 2
                works, fails = (middle, fails) if problem(middle) is None else (works, middle)
            applied = [d.finding for d in plan(reading, policy, suppressed, decisions, fails).decided if d.applied]
            reason = problem(fails)
            if not applied or reason is None:
                raise
            reading.unwritten[applied[-1].id] = reason
    return attempt()


def _adopted(policy: Policy, reading: Reading) -> Policy:
    """The policy as the source's dialect reads it; the reading takes note of what comes from there."""
    adopted = policy.with_values(reading.dialect.configured)
    reading.outside = frozenset(adopted.values())
    return adopted


def _levels(reading: Reading, planned: Plan, policy: Policy) -> Iterator[VolumeLevels]:
    context = Context(reading.stack, policy)
    for before, after in zip(reading.stack.tasks, planned.stack.tasks, strict=True):
        for old, new in zip(before.volumes, after.volumes, strict=True):
            yield VolumeLevels(
                before.name,
                old.name,
                level(old, before, context),
                level(new, after, context),
                old.storage,
                new.storage,
            )


def _words(document: Document, regions: Sequence[tuple[int, int]]) -> tuple[LocatedWord, ...]:
    return tuple(LocatedWord(*document.line_column(u.offset), u.word) for u in unread(document, regions))


def _locate(reading: Reading, planned: Plan) -> Iterator[Located]:
    rules = {rule.id: rule for rule in RULES}
    names: dict[Key, tuple[str, str | None]] = {}
    for task in reading.stack.tasks:
        names |= {volume.key: (task.name, volume.name) for volume in task.volumes}
    tasks = {task.key: task.name for task in reading.stack.tasks}
    for service in reading.stack.services:
        names[service.key] = (tasks.get(service.task, service.name) if service.task else service.name, None)
    for hidden in reading.stack.hidden:
        names[hidden.key] = (str(hidden.key[-2]), None)  # what it lies in, and which of those there it is
    for instance in reading.stack.instances:
        names |= dict.fromkeys((instance.key, instance.image_key, instance.script_key), (instance.name, None))
    located = []
    for decided in planned.decided:
        about = decided.finding.subject
        line, column = reading.document.line_column(reading.spans[about])
        # What is none of these is a resource, which its key names.
        task_name, volume = names.get(about) or (str(about[-1]), None)
        rule = rules[decided.finding.rule]
        located.append(Located(rule, decided.finding, line, column, task_name, volume, decided.applied))
    # The plan's order tells a volume's story; files are read from the top.
    yield from sorted(located, key=lambda f: (f.line, f.column))


# -- the proof --------------------------------------------------------------------------------------------------------


def prove(
    reading: Reading,
    planned: Plan,
    tree_edits: Sequence[AnyEdit],
    edits: Sequence[Edit],
    new_text: str,
    stem: str,
    policy: Policy,
    decisions: Decisions,
) -> str | None:
    """Why the new text is not what the plan means, or None if it is.

    It must parse; say what the planned stack says, nothing lost and nothing more; want no further step under the same
    decisions; be the old data with the tree edits and nothing else; keep the kind of newline; and break no constraint of
    ECS that the old text kept.
    """
    try:
        document = reading.document.again(new_text)
    except SyntaxProblem as problem:
        return f"the result does not parse (line {problem.line}: {problem.cause})"
    again = dialects.read(document, stem)
    if again is None or again.dialect.name != reading.dialect.name:
        return "the result is not recognised any more"
    again.unwritten |= reading.unwritten
    if _keyed(again.stack) != _keyed(planned.stack):
        return "the result reads differently from the plan: " + _difference(_keyed(planned.stack), _keyed(again.stack))
    if document.data() != reading.document.data(tree_edits):
        return "the result holds other data than the old text with the planned changes"
    if plan(again, _adopted(policy, again), suppressions(again), decisions).changes:
        return "a second run would change it again"
    if _newlines(new_text) - (_newlines(reading.document.text) or {"\n"}):
        return "the result has another kind of newline"
    if broken := _broken(again.stack, reading.stack):
        return f"the result breaks a constraint of ECS: {broken}"
    if not _keeps_to_its_lines(reading.document, tree_edits, edits):
        return "an edit touches a line that nothing planned stands on"
    return None


def _keeps_to_its_lines(document: Document, tree_edits: Sequence[AnyEdit], edits: Sequence[Edit]) -> bool:
    """Whether every edit lies on the lines of a node that the plan changes: comments, quotes and blank lines elsewhere are
    no data, so nothing else would miss them."""
    starts = document.line_starts
    regions = []
    for change in tree_edits:
        start, end = document.reach(change)
        first = bisect_right(starts, start) - 1
        if isinstance(change, EditSequence) and not change.items and first:
            first -= 1  # `[]` goes behind the key on the line above
        last = bisect_right(starts, max(start, end - 1)) - 1
        if isinstance(change, EditMapping | EditSequence):
            # What is new goes around the comments that belong to what it stands beside.
            while first and _says_nothing(document, first - 1):
                first -= 1
            while last + 1 < len(starts) and _says_nothing(document, last + 1):
                last += 1
        regions.append((starts[first], starts[last + 1] if last + 1 < len(starts) else len(document.text)))
    regions.sort()
    reach = list(accumulate((end for _, end in regions), max))
    for edit in edits:
        index = bisect_right(regions, (edit.start, len(document.text) + 1)) - 1
        if index < 0 or edit.end > reach[index]:
            return False
    return True


def _says_nothing(document: Document, line: int) -> bool:
    """Whether a line is blank or a comment."""
    starts = document.line_starts
    text = document.text[starts[line] : starts[line + 1] if line + 1 < len(starts) else len(document.text)].strip()
    return not text or (text.startswith("#") and not document.json)


def _broken(stack: Stack, before: Stack) -> str:
    """The constraints of ECS that a stack breaks and the one before it kept; empty if there are none."""
    return "; ".join(sorted(reason for _, reason in set(violations(stack)) - set(violations(before))))


def _keyed(stack: Stack) -> tuple[object, ...]:
    """A stack by keys: volumes have no order (ecs-cli keeps them in two lists), and neither have resources."""
    tasks = {t.key: (replace(t, volumes=()), {v.key: v for v in t.volumes}) for t in stack.tasks}
    points = {point.key: point for point in stack.access_points}
    roles = {role.key: role for role in stack.roles}
    parameters = {parameter.key: parameter for parameter in stack.parameters}
    network = replace(stack.network, traffic=())
    traffic = {rule.key: rule for rule in stack.network.traffic}
    systems = frozenset(stack.file_systems)
    images = frozenset(stack.images)
    return tasks, stack.services, parameters, points, roles, stack.permissions, systems, network, traffic, images


def _newlines(text: str) -> set[str]:
    kinds = set()
    if "\r" in text:
        crlf = text.count("\r\n")
        kinds |= {"\r\n"} if crlf else set()
        kinds |= {"\r"} if text.count("\r") > crlf else set()
        kinds |= {"\n"} if text.count("\n") > crlf else set()
        return kinds
    return {"\n"} if "\n" in text else set()


def _difference(planned: object, read: object) -> str:
    """Where two stacks differ, in words; imported late because it is slow and hardly ever needed."""
    from migrate.wording import difference

    return difference(planned, read)


__all__ = [
    "UNDECIDED",
    "Answer",
    "Decided",
    "Decisions",
    "Document",
    "Located",
    "Opened",
    "Outcome",
    "Plan",
    "VolumeLevels",
    "open_text",
    "plan",
    "process",
    "prove",
]
