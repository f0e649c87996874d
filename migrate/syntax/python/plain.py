"""The meaning of a module without its layout: its syntax tree after some changes, as one flat tuple.

The proof compares these tuples. To be independent of the writer, this module uses neither libcst nor the code that
spells values: it makes syntax trees of new values.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence as Items
from keyword import iskeyword

from migrate.syntax.node import (
    Added,
    AddImport,
    AddStatement,
    AnyEdit,
    Call,
    Copy,
    EditMapping,
    EditSequence,
    FString,
    Inner,
    Kept,
    New,
    NewExpression,
    NewValue,
    Renamed,
    SetCallee,
    SetScalar,
    Tagged,
)
from migrate.syntax.python.module import PythonModule

_IGNORED = {"lineno", "col_offset", "end_lineno", "end_col_offset", "ctx", "type_comment"}
_Changes = dict[ast.AST, list[AnyEdit]]


def data(document: PythonModule, changes: Items[AnyEdit] = ()) -> object:
    """Implements `Document.data`. Imports are compared as a set, because a new one may join another statement."""
    by_node: _Changes = {}
    imports: list[AddImport] = []
    for change in changes:
        if isinstance(change, AddImport):
            imports.append(change)
            continue
        node = (
            document.statements[id(change.node)] if isinstance(change, AddStatement) else document.origin(change.node)
        )
        if node is None:
            raise ValueError("not a node of this document")
        others = by_node.setdefault(node, [])
        if any(
            isinstance(c, SetCallee) == isinstance(change, SetCallee) for c in others if not isinstance(c, AddStatement)
        ):
            raise ValueError("two changes concern one node")
        others.append(change)
    flat, imported = _flat(document, document.module, by_node)
    for added in imports:
        imported.append((added.module if added.name else None, added.name or added.module, added.alias or None, 0))
    return flat, tuple(sorted(set(imported), key=repr))


def _flat(
    document: PythonModule, root: ast.AST, changes: _Changes
) -> tuple[tuple[object, ...], list[tuple[object, ...]]]:
    result: list[object] = []
    imported: list[tuple[object, ...]] = []
    pending: list[object] = [root]
    while pending:
        item = pending.pop()
        if isinstance(item, list):
            result.append(len(item))
            pending += reversed(item)
        elif not isinstance(item, ast.AST):
            result.append((type(item).__name__, repr(item) if isinstance(item, float | complex) else item))
        else:
            made = _changed(document, item, changes[item]) if item in changes else item
            parts = list(made.values()) if isinstance(made, dict) else _fields(made)
            result.append(type(item if isinstance(made, dict) else made).__name__)
            pending += reversed([_with_statements(document, part, changes, imported=imported) for part in parts])
    return tuple(result), imported


def _fields(node: ast.AST) -> list[object]:
    return [getattr(node, name, None) for name in node._fields if name not in _IGNORED]


def _with_statements(
    document: PythonModule, part: object, changes: _Changes, imported: list[tuple[object, ...]]
) -> object:
    """The statements of a list with the new ones added and the module's imports left out."""
    if not isinstance(part, list) or not part or not isinstance(part[0], ast.stmt):
        return part
    made: list[object] = []
    top = part is document.module.body
    for statement in part:
        added = [c for c in changes.get(statement, ()) if isinstance(c, AddStatement)]
        made += [_added(c) for c in added if c.before]
        if top and isinstance(statement, ast.Import | ast.ImportFrom):
            module = statement.module if isinstance(statement, ast.ImportFrom) else None
            level = statement.level if isinstance(statement, ast.ImportFrom) else 0
            imported += [(module, alias.name, alias.asname, level) for alias in statement.names]
        else:
            made.append(statement)
        made += [_added(c) for c in added if not c.before]
    return made


def _added(change: AddStatement) -> ast.stmt:
    value = _value(change.value)
    if change.name is None:
        return ast.Expr(value)
    target = ast.parse(change.name, mode="eval").body
    return ast.Assign([target], value)


def _changed(document: PythonModule, node: ast.AST, changes: list[AnyEdit]) -> dict[str, object] | ast.AST:
    """The changed fields of a node, or the node that replaces it."""
    for change in changes:
        if isinstance(change, SetScalar):
            return _value(change.value)
    fields = {name: getattr(node, name, None) for name in node._fields if name not in _IGNORED}
    for change in changes:
        match change:
            case SetCallee():
                fields["func"] = ast.parse(change.name, mode="eval").body
            case EditMapping() if isinstance(node, ast.Dict):
                pairs = _pairs(document, node, change)
                fields |= {"keys": [key for key, _ in pairs], "values": [value for _, value in pairs]}
            case EditMapping() if isinstance(node, ast.Call):
                fields |= _arguments(document, node, change)
            case EditSequence():
                places = {id(i): e for i, e in zip(change.node.items, node.elts, strict=True)}  # type: ignore[attr-defined]  # a list or tuple
                fields["elts"] = [_value(i.value) if isinstance(i, New) else places[id(i)] for i in change.items]
            case _:
                pass
    return fields


def _pairs(document: PythonModule, node: ast.Dict, change: EditMapping) -> list[tuple[ast.expr | None, ast.expr]]:
    made: list[tuple[ast.expr | None, ast.expr]] = []
    for entry in change.entries:
        if isinstance(entry, Added):
            made.append((ast.Constant(entry.key), _value(entry.value)))
            continue
        index = document.evaluator.entry_origin.get(id(entry.entry))
        if index is None:
            continue  # set by a statement of its own
        key = ast.Constant(entry.key) if isinstance(entry, Renamed) else node.keys[index]
        made.append((key, node.values[index]))
    return made


def _arguments(document: PythonModule, node: ast.Call, change: EditMapping) -> dict[str, object]:
    args = list(node.args)
    taken = len(args)
    listed: list[ast.expr] = []
    keywords: list[ast.keyword] = []
    is_dict = isinstance(node.func, ast.Name) and node.func.id == "dict"
    for entry in change.entries:
        if isinstance(entry, Added):
            keywords.append(ast.keyword(entry.key, _value(entry.value, calls=is_dict)))
            continue
        index = document.evaluator.entry_origin[id(entry.entry)]
        if index < taken:
            listed.append(args[index])
            continue
        keyword = node.keywords[index - taken]
        keywords.append(ast.keyword(entry.key, keyword.value) if isinstance(entry, Renamed) else keyword)
    assert all(isinstance(e, Kept | Renamed | Added) for e in change.entries)
    return {"args": listed if is_dict else args, "keywords": keywords}


def _value(value: NewValue, *, calls: bool = False) -> ast.expr:
    """The syntax tree of a new value. With `calls`, dicts become calls of `dict` if their keys can be keywords."""
    match value:
        case dict() if calls and all(key.isidentifier() and not iskeyword(key) for key in value):
            keywords = [ast.keyword(key, _value(item, calls=True)) for key, item in value.items()]
            return ast.Call(ast.Name("dict"), [], keywords)
        case dict():
            items = [_value(item, calls=calls) for item in value.values()]
            return ast.Dict([ast.Constant(key) for key in value], items)
        case list():
            return ast.List([_value(item, calls=calls) for item in value])
        case Call():
            called = ast.parse(value.name, mode="eval").body
            keywords = [ast.keyword(key, _value(item, calls=calls)) for key, item in value.arguments.items()]
            return ast.Call(called, [_value(item, calls=calls) for item in value.positional], keywords)
        case NewExpression():
            return ast.parse(value.text, mode="eval").body
        case FString():
            return _template(value.parts)
        case Copy() | Tagged():
            raise ValueError("a value of another syntax")
        case _:
            return ast.Constant(value)


def _template(parts: tuple[str | Inner, ...]) -> ast.expr:
    if all(isinstance(part, str) for part in parts):
        return ast.Constant("".join(map(str, parts)))
    values: list[ast.expr] = []
    for part in parts:
        if isinstance(part, str):
            values.append(ast.Constant(part))
        else:
            parsed = ast.parse("f" + repr(part.source), mode="eval").body
            assert isinstance(parsed, ast.JoinedStr)
            values += parsed.values
    alone = values[0]
    if (
        len(values) == 1
        and isinstance(alone, ast.FormattedValue)
        and alone.conversion == -1
        and alone.format_spec is None
    ):
        return alone.value
    return ast.JoinedStr(values)
