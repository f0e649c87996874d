"""New imports, written in the style of the module's own."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from migrate.edit import Edit
from migrate.syntax.node import AddImport
from migrate.syntax.problem import CannotEdit
from migrate.syntax.python.lines import ModuleLines
from migrate.syntax.python.module import PythonModule

Import = ast.Import | ast.ImportFrom


def neighbour(module: ast.Module, wanted: str) -> ast.stmt:
    """The statement that an import from the module `wanted` joins or stands beside. Raises CannotEdit for a module
    without statements."""
    head = [statement for statement in module.body if isinstance(statement, Import)]
    same = [s for s in head if isinstance(s, ast.ImportFrom) and not s.level and s.module == wanted]
    if same:
        return same[-1]
    package = wanted.partition(".")[0]
    related = [s for s in head if _package(s) == package]
    if related or head:
        return (related or head)[-1]
    if not module.body:
        raise CannotEdit("a module without statements")
    return module.body[0]


def _package(statement: Import) -> str:
    name = statement.module or "" if isinstance(statement, ast.ImportFrom) else statement.names[0].name
    return name.partition(".")[0]


def edits_for(document: PythonModule, changes: Sequence[AddImport], width: int) -> list[Edit]:
    """The edits for all new imports; those longer than `width` characters are broken if possible."""
    joining: dict[ast.ImportFrom, list[str]] = {}
    beside: dict[tuple[object, ...], list[AddImport]] = {}
    edits: list[Edit] = []
    for change in changes:
        statement = document.statements[id(change.node)]
        if (
            isinstance(statement, ast.ImportFrom)
            and change.name is not None
            and statement.module == change.module
            and not statement.level
            and (len(statement.names) > 1 or _parenthesised(document, statement) or _may_join(document, statement))
        ):
            joining.setdefault(statement, []).append(_spelled(change.name, change.alias))
        else:
            alone = change.name is None or change.alias is not None or _one_a_line(document)
            beside.setdefault((change.module, change if alone else None), []).append(change)
    for together in beside.values():
        edits += _beside(document, together)
    for statement, written in joining.items():
        edits += _join(document, statement, written, width=width)
    return edits


def _beside(document: PythonModule, changes: Sequence[AddImport]) -> list[Edit]:
    """The edits for imports from one module that need a statement of their own."""
    layout = ModuleLines(document)
    change = changes[0]
    statement = document.statements[id(change.node)]
    written = ", ".join(sorted((_spelled(one.name, one.alias) for one in changes), key=str.lower))
    if change.name is None:
        line = f"import {change.module}" + (f" as {change.alias}" if change.alias else "")
    else:
        line = f"from {change.module} import {written}"
    start, end = change.node.start, change.node.end
    stop = layout.line_end(end)
    rest = document.text[end:stop].strip()
    if rest and not rest.startswith("#"):
        raise CannotEdit("an import that shares its line with another statement")
    broken = layout.newline(start)
    if not isinstance(statement, Import):
        is_docstring = (
            isinstance(statement, ast.Expr)
            and isinstance(statement.value, ast.Constant)
            and isinstance(statement.value.value, str)
        )
        if is_docstring:
            following = document.text[stop + len(broken) :]
            close = bool(following) and not following.startswith(broken)
            return [Edit(stop, stop, broken * 2 + line + (broken if close else ""))]
        first = document.line_starts[statement.lineno - 1]
        return [Edit(first, first, line + broken * 2)]
    before = _group(document, statement)
    # One import a line, in alphabetical order if the others are.
    lines = [document.text[slice(*document.positions.span(s))] for s in before]
    if lines == sorted(lines, key=_order):
        later = next((s for s, text in zip(before, lines, strict=True) if _order(text) > _order(line)), None)
        if later is not None:
            first = document.positions.span(later)[0]
            return [Edit(first, first, line + broken)]
    return [Edit(stop, stop, broken + line)]


def reach(document: PythonModule, change: AddImport) -> tuple[int, int]:
    """The start and end offsets of the text whose lines an import may touch: its neighbour, and that one's group."""
    statement = document.statements[id(change.node)]
    group = _group(document, statement) if isinstance(statement, Import) else [statement]
    return document.positions.span(group[0])[0], document.positions.span(group[-1])[1]


def _order(line: str) -> str:
    return line.lower()


def _by_letter(name: str) -> tuple[int, str]:
    return 0, name.lower()


def _by_kind(name: str) -> tuple[int, str]:
    """The sort key of a name as isort orders names: constants, then classes, then others."""
    return 0 if name.isupper() else 1 if name[:1].isupper() else 2, name.lower()


def _spelled(name: str | None, alias: str | None) -> str:
    return f"{name} as {alias}" if alias and alias != name else str(name)


def _parenthesised(document: PythonModule, statement: ast.ImportFrom) -> bool:
    return document.text[slice(*document.positions.span(statement))].endswith(")")


def _may_join(document: PythonModule, statement: ast.ImportFrom) -> bool:
    """Whether another name may join a statement that imports one name; not if it is renamed (`aws_ecs as ecs`)."""
    return statement.names[0].asname is None and not _one_a_line(document)


def _one_a_line(document: PythonModule) -> bool:
    """Whether the module has a statement for each imported name, even where several names come from one module."""
    found = [s for s in document.module.body if isinstance(s, ast.ImportFrom)]
    modules = [(s.level, s.module) for s in found]
    return all(len(s.names) == 1 for s in found) and len(set(modules)) < len(modules)


def _group(document: PythonModule, statement: Import) -> list[Import]:
    """The imports of the same kind and package on neighbouring lines, each on a line of its own."""
    body = document.module.body
    at = next((i for i, s in enumerate(body) if s is statement), None)
    if at is None:
        return [statement]

    def like(one: ast.stmt) -> bool:
        return isinstance(one, Import) and type(one) is type(statement) and _package(one) == _package(statement)

    first = last = at
    while first and like(body[first - 1]) and (body[first - 1].end_lineno or 0) + 1 == body[first].lineno:
        first -= 1
    while last + 1 < len(body) and like(body[last + 1]) and (body[last].end_lineno or 0) + 1 == body[last + 1].lineno:
        last += 1
    return [s for s in body[first : last + 1] if isinstance(s, Import)]


def _join(document: PythonModule, statement: ast.ImportFrom, wanted: list[str], width: int) -> list[Edit]:
    """Adds names to `from … import a, b`, whether in brackets, on one line, or over lines with backslashes."""
    import libcst as cst

    layout = ModuleLines(document)
    start, end = document.positions.span(statement)
    source = document.text[start:end]
    broken = layout.newline(start)
    try:
        parsed = cst.parse_statement(source, config=cst.PartialParserConfig(default_newline=broken))
    except (cst.ParserSyntaxError, ValueError):
        raise CannotEdit("an import that libcst does not read") from None
    found = parsed.body[0] if isinstance(parsed, cst.SimpleStatementLine) else None
    if not isinstance(found, cst.ImportFrom) or isinstance(found.names, cst.ImportStar):
        raise CannotEdit("an import that libcst does not read")
    code = cst.Module([], default_newline=broken).code_for_node
    if code(found) != source:
        raise CannotEdit("an import that mixes kinds of line breaks")
    names = [alias.evaluated_name for alias in found.names]
    spelled = [_spelled(a.evaluated_name, a.evaluated_alias) for a in found.names]
    added = [name for name in wanted if name not in spelled]
    if not added:
        return []
    # The names' spans, counted from the end, because the text before the names does not matter.
    tail = len(code(found.rpar)) if found.rpar is not None else 0
    spans: list[tuple[int, int]] = []
    at = end - tail
    for alias in reversed(found.names):
        at -= len(code(alias))
        comma = len(code(alias.comma)) if isinstance(alias.comma, cst.Comma) else 0
        spans.insert(0, (at, at + len(code(alias)) - comma))
    orders: tuple[Callable[[str], tuple[int, str]], ...] = (_by_letter, _by_kind)
    order = next((key for key in orders if names == sorted(names, key=key)), None)
    is_sorted = order is not None
    last = found.names[-1]
    one_a_line = len({document.text.count(broken, 0, s) for s, _ in spans}) == len(spans) and found.lpar is not None
    own_lines = one_a_line and broken in document.text[start : spans[0][0]]
    first = spans[0][0]
    stop = spans[-1][1]
    edits: list[Edit] = []
    behind: list[str] = []
    gap = " "
    if own_lines:
        gap = broken + document.text[document.line_starts[document.line_column(first)[0] - 1] : first]
    for name in sorted(added, key=order) if order else added:
        place = sum(order(known) < order(name) for known in names) if order else len(names)
        if place < len(names):
            edits.append(Edit(spans[place][0], spans[place][0], name + "," + gap))
        else:
            behind.append(name)
    if own_lines:
        after = layout.line_end(stop)
        if not behind:
            return edits
        if after >= end - 1:  # the bracket closes on the same line
            return [*edits, Edit(stop, stop, "".join(f",{gap}{name}" for name in behind))]
        comma_there = isinstance(last.comma, cst.Comma)
        edits += [] if comma_there else [Edit(stop, stop, ",")]
        lines = f",{gap}".join(behind)
        return [*edits, Edit(after, after, gap + lines + ("," if comma_there else ""))]
    line = document.line_starts[document.line_column(stop)[0] - 1]
    length = stop - line + sum(len(name) + 2 for name in added)
    if length > width and "\\" in source:
        lead = document.text[line:]
        indent = lead[: len(lead) - len(lead.lstrip(" \t"))] or "    "
        written = ", ".join(added)
        return [Edit(stop, stop, f", \\{broken}{indent}{written}")]
    if length > width and found.lpar is None:
        listed = [*spelled, *added]
        if is_sorted:
            listed.sort(key=order)
        inner = "".join(f"    {name},{broken}" for name in listed)
        return [Edit(first, stop, f"({broken}{inner})")]
    return [*edits, *([Edit(stop, stop, "".join(f", {name}" for name in behind))] if behind else [])]
