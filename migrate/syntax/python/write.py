"""The writer for Python: from changes of a module's tree to text edits.

Each pair of brackets is edited element by element, in the layout of its own lines. Brackets that stand on one line with
everything around them (a unit) are tried on that line first. If it becomes too long, the outermost brackets are opened,
with one element a line, and inner ones only as far as needed, as Black does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass, field, replace
from itertools import pairwise

from migrate.edit import Edit, apply
from migrate.syntax.node import (
    Added,
    AddImport,
    AddStatement,
    AnyEdit,
    EditMapping,
    EditSequence,
    Entry,
    Kept,
    New,
    Renamed,
    SetCallee,
    SetScalar,
)
from migrate.syntax.problem import CannotEdit
from migrate.syntax.python.brackets import Brackets, Element, brackets
from migrate.syntax.python.habits import PythonHabits, values_of
from migrate.syntax.python.lines import ModuleLines
from migrate.syntax.python.module import PythonModule
from migrate.syntax.python.spell import Style, explode, flat, laid_out, string

_ENDLESS = 240
_BROKEN = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class PlannedElement:
    """One element after the change: the index of the element that it was (None if it is new), its key if that is new,
    and its value if that is new."""

    index: int | None
    key: str | None = None
    value: New | None = None


@dataclass
class OneLineCall:
    """Brackets whose elements are on one line, and the edits inside them."""

    expression: ast.expr
    start: int
    end: int
    at: int
    """An offset on the line that the elements share."""
    edits: list[Edit] = field(default_factory=list)


def write(document: PythonModule, changes: Items[AnyEdit]) -> list[Edit]:
    """Implements `Document.edits`."""
    return _Writer(document, changes).run()


class _Writer:
    """Collects the changes of one module, bracket by bracket, and writes them as edits."""

    def __init__(self, document: PythonModule, changes: Items[AnyEdit]) -> None:
        self.document = document
        self.text = document.text
        self.changes = changes
        self.members: dict[ast.expr, list[PlannedElement]] = {}
        self.brackets: dict[ast.expr, Brackets] = {}
        self.gone: set[ast.expr] = set()
        """The values that a change removes or replaces."""
        self.lines = ModuleLines(document)
        self.habits = PythonHabits(document, self.lines, self.gone)
        seen: set[tuple[object, bool]] = set()
        for change in changes:
            if isinstance(change, AddStatement | AddImport):
                continue
            origin = document.origin(change.node)
            if origin is None:
                raise ValueError("not a node of this document")
            if (origin, isinstance(change, SetCallee)) in seen:
                raise ValueError("two changes concern one node")
            seen.add((origin, isinstance(change, SetCallee)))
            if isinstance(change, EditMapping | EditSequence):
                self.members[origin] = self._members_after(change, origin)
        self._check_nesting()

    def run(self) -> list[Edit]:
        edits: list[Edit] = []
        imports: list[AddImport] = []
        units: dict[ast.expr, OneLineCall] = {}
        for change in self.changes:
            if isinstance(change, AddStatement):
                edits.append(self._statement(change))
                continue
            if isinstance(change, AddImport):
                imports.append(change)
                continue
            origin = self.document.origin(change.node)
            assert origin is not None
            unit = self._unit(origin)
            if unit is not None:
                unit = units.setdefault(unit.expression, unit)
            found = list(self._edits(change, origin, in_line=unit is not None))
            (edits if unit is None else unit.edits).extend(found)
        if imports:
            from migrate.syntax.python.imports import edits_for

            edits += edits_for(self.document, imports, self.habits.file_style.width)
        loose = list(edits)
        for unit in units.values():
            edits += self._settled(unit, [*loose, *(e for u in units.values() if u is not unit for e in u.edits)])
        edits.sort(key=lambda edit: (edit.start, edit.end))
        if any(later.start < edit.end for edit, later in pairwise(edits)):
            raise CannotEdit("changes that share a line with one another")
        return edits

    # -- what becomes of the elements ---------------------------------------------------------------------------------

    def _members_after(self, change: EditMapping | EditSequence, origin: ast.expr) -> list[PlannedElement]:
        if isinstance(change, EditSequence):
            places = {id(item): index for index, item in enumerate(change.node.items)}
            made = [
                PlannedElement(None, None, item) if isinstance(item, New) else PlannedElement(places[id(item)])
                for item in change.items
            ]
        else:
            positional = len(origin.args) if isinstance(origin, ast.Call) and not self._is_dict(origin) else 0
            made = [PlannedElement(index) for index in range(positional)]
            for entry in change.entries:
                made += self._member(entry)
        order = [member.index for member in made if member.index is not None]
        if order != sorted(set(order)):
            raise ValueError("entries or items out of document order, or twice")
        return made

    def _is_dict(self, call: ast.Call) -> bool:
        """Whether a call is `dict(base, …)`, whose positional arguments count as entries."""
        return isinstance(call.func, ast.Name) and call.func.id == "dict"

    def _member(self, entry: Kept | Renamed | Added) -> list[PlannedElement]:
        match entry:
            case Kept():
                index = self._place(entry.entry)
                return [] if index is None else [PlannedElement(index)]
            case Renamed():
                return [PlannedElement(self._certain(entry.entry), entry.key)]
            case Added():
                at = None if entry.replaces is None else self._certain(entry.replaces)
                return [PlannedElement(at, entry.key, New(entry.value))]

    def _place(self, entry: Entry) -> int | None:
        """The index of the element that an entry is; None if a statement of its own sets it."""
        return self.document.evaluator.entry_origin.get(id(entry))

    def _certain(self, entry: Entry) -> int:
        index = self._place(entry)
        if index is None:
            raise CannotEdit("a key that a statement of its own sets")
        return index

    def _check_nesting(self) -> None:
        """Raises ValueError if a change lies inside a part that another one removes or replaces."""
        gone = self.gone
        for origin, members in self.members.items():
            kept = {member.index for member in members if member.value is None}
            gone |= {value for index, value in enumerate(values_of(origin)) if index not in kept}
        if not gone:
            return
        for change in self.changes:
            if isinstance(change, AddStatement | AddImport):
                continue
            node: ast.AST | None = self.document.origin(change.node)
            while node is not None and not isinstance(node, ast.stmt):
                if node in gone:
                    raise ValueError("a change inside a part that another change removes or replaces")
                node = self.document.names.parents.get(node)

    # -- one change ---------------------------------------------------------------------------------------------------

    def _edits(self, change: AnyEdit, origin: ast.expr, *, in_line: bool) -> Iterator[Edit]:
        match change:
            case SetScalar():
                style = self.habits.style(origin)
                start, end = self.document.positions.span(origin)
                quote = change.node.style or style.quote
                value = change.value
                yield Edit(start, end, string(value, quote) if isinstance(value, str) else flat(value, style))
            case SetCallee():
                callee = self._brackets(origin).callee
                if callee is None:
                    raise ValueError("another name for what is no call")
                yield Edit(*callee, change.name)
            case _:
                yield from self._of_brackets(origin, in_line)

    def _of_brackets(self, origin: ast.expr, in_line: bool) -> Iterator[Edit]:
        if isinstance(origin, ast.Tuple) and len(self.members[origin]) == 1:
            raise CannotEdit("a tuple that would have one member")
        found = self._brackets(origin)
        style = self.habits.style(origin, found)
        elements = found.elements
        members = self._in_place(found, self.members[origin])
        kept = [member.index for member in members if member.index is not None]
        if not kept:
            yield from self._anew(origin, found, members, style=style, in_line=in_line)
            return
        yield from self._removals(found, kept, ends=members[-1].index is not None)
        previous: int | None = None
        for position, member in enumerate(members):
            if member.index is None:
                continue
            element = elements[member.index]
            if member.value is not None:
                yield self._replacement(origin, element, member, style=style, in_line=in_line)
            elif member.key is not None:
                yield self._renaming(origin, element, member.key, style=style)
            if previous is None and position:
                yield self._before(origin, element, members[:position], style=style, in_line=in_line)
            following = members[position + 1 :]
            added = following[: next((i for i, m in enumerate(following) if m.index is not None), len(following))]
            if added:
                is_last = len(added) == len(following)
                yield from self._after(
                    origin, found, member.index, added=added, is_last=is_last, style=style, in_line=in_line
                )
            previous = member.index

    def _replacement(
        self, origin: ast.expr, element: Element, member: PlannedElement, style: Style, in_line: bool
    ) -> Edit:
        assert member.value is not None
        # An unchanged key keeps its spelling, and the space after it.
        if element.key is not None and member.key is not None and member.key == self._key_of(element, origin):
            before = self.text[element.key[0] : element.value[0]]
        else:
            before = self._before_value(origin, member.key, style, near=element)
        indent, used = self.lines.indent(element.start), self.lines.column(element.start) + len(before)
        value = flat(member.value.value, style) if in_line else laid_out(member.value.value, style, indent, used=used)
        return Edit(element.start, element.end, before + value)

    def _renaming(self, origin: ast.expr, element: Element, key: str, style: Style) -> Edit:
        if element.key is None:
            raise CannotEdit("a key that ** puts in")
        start, end = element.key
        if isinstance(origin, ast.Call):
            return Edit(start, end, key)
        quote = self.text[end - 1] if self.text[end - 1] in "\"'" else style.key_quote
        return Edit(start, end, string(key, quote))

    def _key_of(self, element: Element, origin: ast.expr) -> str | None:
        if element.key is None:
            return None
        written = self.text[slice(*element.key)]
        if isinstance(origin, ast.Call):
            return written
        try:
            value = ast.literal_eval(written)
        except (ValueError, SyntaxError):
            return None
        return value if isinstance(value, str) else None

    def _before_value(self, origin: ast.expr, key: str | None, style: Style, near: Element | None) -> str:
        """A key and its separator from the value, in the style of the keys beside it."""
        if key is None:
            return ""
        if isinstance(origin, ast.Call):
            gap = self.text[near.key[1] : near.value[0]] if near is not None and near.key is not None else "="
            return key + (gap if gap.strip() == "=" and not _BROKEN.search(gap) else "=")
        gap = self.text[near.key[1] : near.value[0]] if near is not None and near.key is not None else ": "
        # Keys in aligned columns have extra spaces that a new key does not need.
        tight = gap if gap in (":", " : ", ": ", " :") else ": "
        return string(key, style.key_quote) + tight

    def _text_of(
        self,
        origin: ast.expr,
        member: PlannedElement,
        style: Style,
        indent: str,
        used: int,
        near: Element | None,
        in_line: bool,
    ) -> str:
        assert member.value is not None
        before = self._before_value(origin, member.key, style, near=near)
        value = member.value.value
        return before + (flat(value, style) if in_line else laid_out(value, style, indent, used=used + len(before)))

    def _anew(
        self, origin: ast.expr, found: Brackets, members: list[PlannedElement], style: Style, in_line: bool
    ) -> Iterator[Edit]:
        """The edits for brackets that are empty, or of which no element stays."""
        inside = self.text[found.open + 1 : found.close]
        if self.lines.has_comment(found.open + 1, found.close):
            raise CannotEdit("comments inside brackets that would be written anew")
        if not members:
            yield Edit(found.open + 1, found.close, "")
            return
        indent = self.lines.indent(found.open)
        lines = [self._text_of(origin, m, style, indent=indent, used=0, near=None, in_line=True) for m in members]
        one_line = ", ".join(lines)
        broken = bool(_BROKEN.search(inside))
        fits = self.lines.column(found.open) + len(one_line) + 3 <= style.width and not broken
        if in_line or fits:
            yield Edit(found.open + 1, found.close, one_line)
            return
        inner = indent + style.unit
        lines = [
            self._text_of(origin, m, style, indent=inner, used=len(inner), near=None, in_line=False) for m in members
        ]
        written = explode(self.text[found.open], lines, self.text[found.close], style=style, indent=indent)
        yield Edit(found.open, found.close + 1, written)

    # -- removing and adding elements ---------------------------------------------------------------------------------

    def _in_place(self, found: Brackets, members: list[PlannedElement]) -> list[PlannedElement]:
        """The members, with new ones put in the places of removed ones between the same neighbours. Where elements
        share lines, separate edits for adding and removing would overlap."""
        kept = {member.index for member in members}
        made = list(members)
        for first, last in _runs([index for index in range(len(found.elements)) if index not in kept]):
            if self._have_lines(found.elements[first : last + 1]):
                continue
            at = next((i + 1 for i, member in enumerate(made) if first and member.index == first - 1), 0)
            for index in range(first, last + 1):
                if at == len(made) or made[at].index is not None:
                    break
                made[at] = replace(made[at], index=index)
                at += 1
        return made

    def _have_lines(self, elements: Items[Element]) -> bool:
        """Whether each of these elements has lines of its own."""
        return all(
            self.lines.starts_line(element.start) and self.lines.ends_line(_end_of(element)) for element in elements
        )

    def _removals(self, found: Brackets, kept: list[int], *, ends: bool) -> Iterator[Edit]:
        """The edits that remove elements; `ends` if no new element follows the last one that stays."""
        elements = found.elements
        gone = [index for index in range(len(elements)) if index not in set(kept)]
        for first, last in _runs(gone):
            if self._have_lines(elements[first : last + 1]):
                line = self.lines.line(_end_of(elements[last]))
                starts = self.document.line_starts
                end = starts[line + 1] if line + 1 < len(starts) else len(self.text)
                yield Edit(starts[self.lines.line(elements[first].start)], end, "")
                before = elements[first - 1] if first and first - 1 in kept else None
                if ends and last + 1 == len(elements) and elements[last].comma is None and before is not None:
                    assert before.comma is not None
                    yield Edit(before.comma, before.comma + 1, "")
                continue
            if last + 1 < len(elements):
                start, end = elements[first].start, elements[last + 1].start
            else:
                start, end = elements[first - 1].end, elements[last].end
            if self.lines.has_comment(start, end):
                raise CannotEdit("comments between elements that share a line")
            yield Edit(start, end, "")

    def _before(
        self, origin: ast.expr, first: Element, added: list[PlannedElement], style: Style, in_line: bool
    ) -> Edit:
        """The edit that adds elements before the first one that stays."""
        indent = self.lines.indent(first.start)
        texts = [
            self._text_of(
                origin, m, style, indent=indent, used=self.lines.column(first.start), near=first, in_line=in_line
            )
            for m in added
        ]
        gap = "," + style.newline + indent if self.lines.starts_line(first.start) else ", "
        return Edit(first.start, first.start, "".join(text + gap for text in texts))

    def _after(
        self,
        origin: ast.expr,
        found: Brackets,
        index: int,
        added: list[PlannedElement],
        is_last: bool,
        style: Style,
        in_line: bool,
    ) -> Iterator[Edit]:
        """The edits that add elements after one that stays; `is_last` if no other element that stays follows it."""
        element = found.elements[index]
        shares = not in_line and index > 0 and not self.lines.starts_line(element.start)
        lead = self.lines.indent(element.start) if shares else self.lines.lead(element.start)
        end = _end_of(element)
        texts = [
            self._text_of(origin, m, style, indent=lead, used=len(lead), near=element, in_line=in_line) for m in added
        ]
        following = found.elements[index + 1].start if index + 1 < len(found.elements) else found.close
        if shares and is_last and not _BROKEN.search(self.text, end, following):
            yield Edit(element.end, element.end, self._filled(element.end, texts, lead, style=style))
            return
        if _BROKEN.search(self.text, end, following) and not in_line:
            # The last element has a comma if the last one had one, or if another element follows.
            comma = not is_last or style.trailing_comma
            if element.comma is None:
                yield Edit(element.end, element.end, ",")
            line_end = self.lines.line_end(end)
            lines = [style.newline + lead + text + "," for text in texts]
            if not comma:
                lines[-1] = lines[-1][:-1]
            yield Edit(line_end, line_end, "".join(lines))
        elif self.lines.starts_line(element.start) and not in_line and is_last:
            yield Edit(element.end, element.end, "".join("," + style.newline + lead + text for text in texts))
        elif self.lines.starts_line(element.start) and not in_line and self._too_long(end, texts, style):
            gap = "," + style.newline + lead
            yield Edit(element.end, following, gap + gap.join(texts) + gap)
        else:
            if not self.lines.starts_line(element.start):
                lead = self.lines.indent(element.end)  # the indentation of the line on which the element ends
                texts = [
                    self._text_of(origin, m, style, indent=lead, used=len(lead), near=element, in_line=in_line)
                    for m in added
                ]
            yield Edit(element.end, element.end, "".join(", " + text for text in texts))

    def _filled(self, offset: int, texts: list[str], lead: str, style: Style) -> str:
        """New elements written on the line of an offset as long as they fit, then on new lines."""
        written = ""
        used = self.lines.column(offset)
        for text in texts:
            first = _BROKEN.split(text)[0]
            fits = used + len(first) + 2 < style.width
            written += (", " if fits else "," + style.newline + lead) + text
            last = _BROKEN.split(text)[-1]
            used = len(last) if last != text else (used + 2 if fits else len(lead)) + len(text)
        return written

    def _too_long(self, offset: int, texts: list[str], style: Style) -> bool:
        """Whether the line at an offset has no room for more elements."""
        length = self.lines.line_end(offset) - self.document.line_starts[self.lines.line(offset)]
        return length + sum(len(text) + 2 for text in texts) > style.width

    # -- brackets on one line -----------------------------------------------------------------------------------------

    def _unit(self, origin: ast.expr) -> OneLineCall | None:
        best: ast.expr | None = None
        at = 0
        node: ast.AST | None = origin
        while node is not None and not isinstance(node, ast.stmt):
            if isinstance(node, ast.Dict | ast.List | ast.Call):
                if self.lines.on_one_line(node):
                    best, at = node, self.document.positions.span(node)[0]
                elif (own := self._own_line(node)) is not None:
                    best, at = node, own
            node = self.document.names.parents.get(node)
        return OneLineCall(best, *self.document.positions.span(best), at) if best is not None else None

    def _own_line(self, node: ast.expr) -> int | None:
        """The start of a line that holds all elements and nothing else, as Black writes them before it gives each its
        own line; None if there is no such line."""
        values = values_of(node)
        if len(values) < 2 or values[0].lineno != values[-1].end_lineno or values[0].lineno == node.end_lineno:
            return None
        found = self._brackets(node)
        first, last = found.elements[0], found.elements[-1]
        alone = (
            self.lines.starts_line(first.start)
            and self.lines.starts_line(found.close)
            and self.lines.ends_line(_end_of(last))
        )
        return None if not alone or self.lines.has_comment(found.open, found.close) else first.start

    def _settled(self, unit: OneLineCall, others: list[Edit]) -> list[Edit]:
        """The unit's edits, or, if its line would be too long, edits that write it on several lines."""
        start, end = self.document.line_starts[self.lines.line(unit.at)], self.lines.line_end(unit.at)
        length = end - start
        beside = [e for e in others if start <= e.start and e.end <= end]
        grown = sum(len(e.replacement) - (e.end - e.start) for e in [*unit.edits, *beside])
        style = self.habits.style(unit.expression)
        # Generated code on one very long line stays on one line.
        if grown <= 0 or length + grown <= style.width or length > _ENDLESS:
            return unit.edits
        if unit.at == unit.start:
            return [Edit(unit.start, unit.end, self._opened(unit, unit.expression, self.lines.indent(unit.start)))]
        # The text before the elements and the bracket after them stay.
        elements = self._brackets(unit.expression).elements
        lead = self.lines.indent(unit.at)
        written = self._spread(unit, unit.expression, lead)
        stop = _end_of(elements[-1])
        comma = "," if self.habits.style(unit.expression, self._brackets(unit.expression)).trailing_comma else ""
        edit = Edit(unit.at, stop, ("," + style.newline + lead).join(written) + comma)
        return [*(e for e in unit.edits if e.start < unit.at or e.start > stop), edit]

    def _opened(self, unit: OneLineCall, expression: ast.expr, indent: str) -> str:
        found = self._brackets(expression)
        style = self.habits.style(expression, found)
        start, _ = self.document.positions.span(expression)
        written = self._spread(unit, expression, indent + style.unit)
        opened = self._flat(unit, start, found.open + 1)
        # Since Python 3.6, a comma may also follow `*args` and `**options`.
        comma = True if isinstance(expression, ast.Tuple) and len(written) == 1 else None
        return explode(opened, written, self.text[found.close], style=style, indent=indent, comma=comma)

    def _spread(self, unit: OneLineCall, expression: ast.expr, inner: str) -> list[str]:
        """The elements of brackets, each written for a line of its own that is indented by `inner`."""
        found = self._brackets(expression)
        style = self.habits.style(expression, found)
        members = self.members.get(expression, [PlannedElement(index) for index in range(len(found.elements))])
        values = values_of(expression)
        written = []
        for member in members:
            if member.index is None:
                near = found.elements[-1] if found.elements else None
                written.append(
                    self._text_of(expression, member, style, indent=inner, used=len(inner), near=near, in_line=False)
                )
                continue
            element = found.elements[member.index]
            if member.value is not None:
                same = member.key is not None and member.key == self._key_of(element, expression)
                if same:
                    assert element.key is not None
                    before = self.text[element.key[0] : element.value[0]]
                    used = len(inner) + len(before)
                    written.append(before + laid_out(member.value.value, style, inner, used=used))
                else:
                    written.append(
                        self._text_of(
                            expression, member, style, indent=inner, used=len(inner), near=element, in_line=False
                        )
                    )
                continue
            before = self._flat(unit, element.start, element.value[0])
            value = values[member.index]
            one_line = self._flat(unit, *element.value)
            fits = len(inner) + len(before) + len(one_line) < style.width
            whole = self.document.positions.span(value) == element.value
            if (
                not fits
                and whole
                and isinstance(value, ast.Dict | ast.List | ast.Call)
                and self._brackets(value).elements
            ):
                one_line = self._opened(unit, value, inner)
            written.append(before + one_line)
        return written

    def _flat(self, unit: OneLineCall, start: int, end: int) -> str:
        """A part of the unit on one line, with its edits made."""
        inside = [e for e in unit.edits if start <= e.start and e.end <= end]
        # An insertion at the border belongs to the neighbouring part.
        inside = [e for e in inside if not (e.start == e.end and e.start in (start, end))]
        return apply(self.text[start:end], [Edit(e.start - start, e.end - start, e.replacement) for e in inside])

    # -- statements ---------------------------------------------------------------------------------------------------

    def _statement(self, change: AddStatement) -> Edit:
        statement = self.document.statements[id(change.node)]
        decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
        first = self.document.positions.offset(min([statement.lineno, *(d.lineno for d in decorators)]), 0)
        start, end = change.node.start, change.node.end
        line_end = self.lines.line_end(end)
        rest = self.text[end:line_end].strip()
        alone = not self.text[first : start if not decorators else first].strip() and (not rest or rest.startswith("#"))
        if not alone:
            raise CannotEdit("a statement that shares its line with another one")
        indent = self.lines.indent(first)
        style = self.habits.file_style
        name = f"{change.name} = " if change.name else ""
        code = name + laid_out(change.value, style, indent, used=len(indent) + len(name), comma=False)
        if name and len(indent + _BROKEN.split(code)[0]) > style.width:
            # As Black does if not even the opening bracket fits after the name.
            inner = indent + style.unit
            value = laid_out(change.value, style, inner, used=len(inner), comma=False)
            if len(inner + _BROKEN.split(value)[0]) <= style.width:
                code = f"{name}({style.newline}{inner}{value}{style.newline}{indent})"
        if change.before:
            return Edit(first, first, indent + code + style.newline * (2 if change.apart else 1))
        return Edit(line_end, line_end, style.newline * (2 if change.apart else 1) + indent + code)

    # -- style --------------------------------------------------------------------------------------------------------

    def _brackets(self, expression: ast.expr) -> Brackets:
        found = self.brackets.get(expression)
        if found is None:
            start, end = self.document.positions.span(expression)
            found = self.brackets[expression] = brackets(self.text, start, end, expression=expression)
        return found

    # -- lines --------------------------------------------------------------------------------------------------------


def _end_of(element: Element) -> int:
    """The offset at which an element ends, its comma included."""
    return element.end if element.comma is None else element.comma + 1


def _runs(indices: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and runs[-1][1] == index - 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs
