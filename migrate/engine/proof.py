"""Proves that new texts say exactly what was planned, and that nothing else in them changed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from types import MappingProxyType

from migrate import dialects
from migrate.dialects.dialect import Reading
from migrate.edit import Edit
from migrate.engine.decisions import Decisions
from migrate.engine.plan import Plan, plan
from migrate.engine.suppressions import suppressions
from migrate.syntax import Document
from migrate.syntax.node import AnyEdit, EditMapping, EditSequence
from migrate.syntax.unit import UnitProblem, parts
from rules.choices import Choices
from rules.facts.constraints import violations
from rules.model import Key, Stack
from rules.rule import StepId


def with_values_read(choices: Choices, reading: Reading[object]) -> Choices:
    """The choices, whose ids and roles are read as the source's dialect reads them, so that both can be compared."""
    return choices.with_values(reading.dialect.configured)


class Unproven(Exception):
    """Raised if the result of a plan is not proven to be right or, without `written`, if the plan cannot be written to
    the text at all.

    `about` are the entities that come out wrong, as far as that is known, each with what becomes of it. `full` is an
    entity that has no room for all that the plan adds to it.
    """

    def __init__(
        self,
        reason: str,
        about: Mapping[Key, str] = MappingProxyType({}),
        full: Key | None = None,
        written: bool = True,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.about = about
        self.full = full
        self.written = written

    def of(self, key: Key | None = None) -> str:
        """The problem as the reason for which a step is refused: with one of the entities that it is about, or with all
        of them."""
        told = [self.about[key]] if key is not None else [*dict.fromkeys(self.about.values())][:_MOST_TOLD]
        reason = ": ".join([self.reason, *(["; ".join(told)] if told else [])])
        return f"the change could not be proven: {reason}" if self.written else reason

    @property
    def whole(self) -> str:
        """The problem as the error of a whole unit."""
        return f"left alone, {self.of()}" if self.written else f"cannot be edited without guessing: {self.of()}"


_MOST_TOLD = 3
"""The number of entities that an error names."""


# -- the proof --------------------------------------------------------------------------------------------------------


def prove(
    reading: Reading[object],
    planned: Plan,
    changes: Mapping[Document, Sequence[AnyEdit]],
    edits: Sequence[Edit],
    new_texts: Sequence[str],
    choices: Choices,
    decisions: Decisions,
    unwritten: Mapping[StepId, str],
) -> None:
    """Proves that the new texts of a unit's files are what was planned. Raises Unproven if they are not.

    They must parse and read as exactly the planned stack; need no further step under the same decisions; hold the old
    data with the tree edits and no other change; keep the kind of newline; and break no constraint of ECS that the old
    texts kept.
    """
    unit = reading.unit
    try:
        new = unit.again(new_texts)
    except UnitProblem as found:
        where = f"{unit.prefix(found.index)}line {found.problem.line}"
        raise Unproven(f"the result does not parse ({where}: {found.problem.cause})") from found
    again = dialects.read(new)
    if again is None or again.dialect.name != reading.dialect.name:
        raise Unproven("the result is not recognised any more")
    if _keyed(again.stack) != _keyed(planned.stack):
        raise _misread(planned.stack, again.stack)
    if new.data({}) != unit.data(changes):
        raise Unproven("the result holds other data than the old text with the planned changes")
    if plan(
        again, with_values_read(choices, again), suppressions(again), decisions=decisions, unwritten=unwritten
    ).changes:
        raise Unproven("a second run would change it again")
    for index, (old, text) in enumerate(zip(unit.documents, new_texts, strict=True)):
        if newline_kinds(text) - (newline_kinds(old.text) or {"\n"}):
            raise Unproven(f"{unit.prefix(index)}the result has another kind of newline")
    if broken := newly_broken(again.stack, reading.stack):
        raise Unproven(f"the result breaks a constraint of ECS: {broken}")
    for index, (old, own) in enumerate(zip(unit.documents, parts(edits, unit.starts), strict=True)):
        if own and unit.members[index].fixed:
            raise Unproven(f"{unit.members[index].name} would change, and is not among the files that were named")
        if not _keeps_to_its_lines(old, changes.get(old, ()), own):
            raise Unproven(f"{unit.prefix(index)}an edit touches a line that nothing planned stands on")


def _keeps_to_its_lines(document: Document, tree_edits: Sequence[AnyEdit], edits: Sequence[Edit]) -> bool:
    """Whether every edit lies on the lines of a node that the plan changes. Comparing data cannot show this, because
    comments, quotes and blank lines are not part of it."""
    starts = document.line_starts
    regions = []
    for change in tree_edits:
        start, end = document.reach(change)
        first = bisect_right(starts, start) - 1
        if isinstance(change, EditSequence) and not change.items and first:
            first -= 1  # `[]` goes behind the key on the line above
        last = bisect_right(starts, max(start, end - 1)) - 1
        if isinstance(change, EditMapping | EditSequence):
            # A new member goes before or after the comments that belong to its neighbour.
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
    return not text or text.startswith(document.language.comments)


def newly_broken(stack: Stack, before: Stack) -> str:
    """The constraints of ECS that a stack breaks and the one before it did not, as one line; empty if there are
    none."""
    return "; ".join(sorted(reason for _, reason in set(violations(stack)) - set(violations(before))))


def _keyed(stack: Stack) -> tuple[object, ...]:
    """The parts of a stack by key, so that order does not count: volumes have none (ecs-cli has two lists), nor
    resources."""
    tasks = {t.key: (replace(t, volumes=()), {v.key: v for v in t.volumes}) for t in stack.tasks}
    points = {point.key: point for point in stack.access_points}
    roles = {role.key: role for role in stack.roles}
    parameters = {parameter.key: parameter for parameter in stack.parameters}
    network = replace(stack.network, traffic=())
    traffic = {rule.key: rule for rule in stack.network.traffic}
    systems = frozenset(stack.file_systems)
    images = frozenset(stack.images)
    # A runner without a version or a network tells only where tasks may run, which is not compared.
    runners = [runner for runner in stack.runners if runner.platform_versions or runner.shows_network]
    return tasks, runners, parameters, points, roles, stack.permissions, systems, network, traffic, images


def newline_kinds(text: str) -> set[str]:
    """The kinds of newline in a text: `\\n`, `\\r\\n` and `\\r`."""
    kinds = set()
    if "\r" in text:
        crlf = text.count("\r\n")
        kinds |= {"\r\n"} if crlf else set()
        kinds |= {"\r"} if text.count("\r") > crlf else set()
        kinds |= {"\n"} if text.count("\n") > crlf else set()
        return kinds
    return {"\n"} if "\n" in text else set()


def _misread(planned: Stack, read: Stack) -> Unproven:
    """The error that a result reads differently from the plan. The import is late because it is hardly ever needed."""
    from migrate.engine.differences import misread

    return Unproven("the result reads differently from the plan", about=misread(planned, read))
