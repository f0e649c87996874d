"""Finds what a module does with a dict or list after it has written it: changes, reads of its parts, and functions that
it is handed to.

A dict is followed through names, loops, copies, parameters of the module's own functions, and the JSON that is made of
it.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from migrate.dialects.common.python.escapes import Escapes, is_wrapped, parameter_of, shown
from migrate.syntax.python.module import PythonModule
from migrate.syntax.python.names import Place, Scope, Use

Path = tuple[str | int | None, ...]
"""The keys and indices that lead from a dict or list to a part of it; None for an unknown one."""

_ADDING = frozenset({"append", "extend", "insert"})
_READING = frozenset({"get", "keys", "values", "items", "copy", "index", "count"})
_COPYING = frozenset(
    {"deepcopy", "copy", "dict", "list", "loads", "safe_load", "sorted", "reversed", "tuple", "iter", "cast"}
)
"""Functions that return a copy of what they are given, or the same."""
_UP = "\0"
"""The key of a path that stands for something around the dict: the next key leads back to it."""
_WRITING = frozenset({"dumps", "dump", "safe_dump", "str", "repr", "pformat"})
"""Functions that return what they are given as text."""
_REPLACING = frozenset({"replace", "sub", "subn", "format", "format_map", "translate", "substitute", "safe_substitute"})
"""Functions that return a text in which something is replaced."""
_KEEPING = frozenset(
    {
        "print", "pprint", "len", "bool", "isinstance", "type", "id", "hash", "debug", "info",
        "warning", "error", "critical", "exception", "log", "echo", "register_task_definition",
        "register_job_definition", "write", "write_text", "put_object", "enumerate", "zip", "any", "all",
    }
)  # fmt: skip
"""Functions that neither keep nor change what they are given."""
_EACH = frozenset({"map", "filter"})
"""Functions that call their first argument with each item of the others."""
_SPLITTING = frozenset({"split", "rsplit", "partition", "rpartition"})
"""Methods that take a word out of a text."""
_SEARCHING = frozenset({"find", "index", "count", "search", "match", "fullmatch", "findall", "finditer"})
"""Functions and methods that look for a word in a text."""


_HOST, _OPTIONS = "host path", "driver options"
ROOT = "root directory"
READ_AWAY = {
    "rootDirectory": ROOT,
    "root_directory": ROOT,
    "RootDirectory": ROOT,
    "host": _HOST,
    "Host": _HOST,
    "sourcePath": _HOST,
    "SourcePath": _HOST,
    "source_path": _HOST,
    "host_path": _HOST,
    "dockerVolumeConfiguration": _OPTIONS,
    "docker_volume_configuration": _OPTIONS,
    "DockerVolumeConfiguration": _OPTIONS,
    "driverOpts": _OPTIONS,
    "driver_opts": _OPTIONS,
    "DriverOpts": _OPTIONS,
}
"""The keys and attributes that volumes lose when they become EFS volumes or get an access point, with the words for
what they hold."""
_COMMON = frozenset({"host", "Host", "source_path", "host_path", "rootDirectory", "root_directory", "RootDirectory"})
"""Those of them that other things have, too: they count where the code speaks of volumes."""
_VOLUME = re.compile(r"volume|\bhost\b|efs", re.IGNORECASE)


def reads_of_volumes(module: ast.Module) -> list[tuple[int, str]]:
    """The lines that read a member of `READ_AWAY` of any volume, each with the words for it."""
    found: list[tuple[int, str]] = []
    nodes = list(ast.walk(module))
    methods = {node.func for node in nodes if isinstance(node, ast.Call)}
    for node in nodes:
        match node:
            case ast.Subscript(ctx=ast.Load(), slice=ast.Constant(value=str(key)), value=base):
                pass
            case ast.Attribute(ctx=ast.Load(), attr=key, value=base) if node not in methods:
                pass
            case ast.Call(func=ast.Attribute(attr="get" | "pop", value=base), args=[ast.Constant(value=str(key)), *_]):
                pass
            case ast.Compare(left=ast.Constant(value=str(key)), ops=[ast.In() | ast.NotIn()], comparators=[base]):
                pass
            case _:
                continue
        if key in READ_AWAY and (key not in _COMMON or _speaks_of_volumes(base)):
            found.append((node.lineno, READ_AWAY[key]))
    return sorted(found)


def _speaks_of_volumes(expression: ast.expr) -> bool:
    """Whether a name, attribute or key in an expression is one of volumes or their storage."""
    for node in ast.walk(expression):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.Constant(value=str(word)):
                if _VOLUME.search(word):
                    return True
            case _:
                pass
    return False


def overlaps(word: str, text: str) -> bool:
    """Whether replacing a word may change a text: the text has the word, or the word one of the text's own."""
    return word in text or any(len(own) > 3 and own in word for own in re.findall(r'"([^"]*)"', text))


class TouchKind(StrEnum):
    """The ways to touch a dict."""

    CHANGE = "change"
    ADD = "add"
    """Adds items to it, which leaves those that it has as they are."""
    READ = "read"
    REPLACE = "replace"
    """Replaces a part of the text that is made of it."""
    COMPARE = "compare"
    """Compares it, or its text, with something."""
    HAND = "hand"
    """Hands it to code that is not followed."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One use of a part of a dict or list. `path` leads from the dict or list to that part."""

    path: Path
    line: int
    kind: TouchKind = TouchKind.CHANGE
    word: str | None = None
    """The name of the function that it is handed to, or the text that is replaced; None if that is not known."""


class Touches:
    """The touches of the dicts of one module."""

    def __init__(self, document: PythonModule) -> None:
        self.names = document.names
        self.escapes = Escapes(document)
        self._found: dict[ast.AST, list[Touch]] = {}
        self._relative: dict[ast.expr, list[Touch]] = {}

    def of(self, expression: ast.expr, place: Place) -> list[Touch]:
        """The touches of a dict or list that is written at `place`."""
        if expression in self._relative:
            return self._relative[expression]
        outermost, prefix = self._outermost(expression)
        if outermost not in self._found:
            self._found[outermost] = self.of_value(outermost, place) if isinstance(outermost, ast.expr) else []
        relative = self._relative[expression] = []
        for touch in self._found[outermost]:
            common = min(len(prefix), len(touch.path))
            if all(a == b or None in (a, b) for a, b in zip(prefix[:common], touch.path[:common], strict=True)):
                relative.append(replace(touch, path=touch.path[len(prefix) :]))
        return relative

    def of_value(self, expression: ast.expr, place: Place, *, is_text: bool = False) -> list[Touch]:
        """The touches of the dict that an expression returns, or of the text that is made of it."""
        try:
            found = list(dict.fromkeys(_Uses(self).value(expression, place, (), is_text=is_text)))
        except RecursionError:  # too long a chain of names
            found = [Touch((), getattr(expression, "lineno", 0))]
        # Code that is handed something around the dict is handed the dict.
        found = [_inward(touch) if touch.kind is TouchKind.HAND else touch for touch in found]
        return [touch for touch in found if _UP not in touch.path]

    def _outermost(self, expression: ast.expr) -> tuple[ast.AST, Path]:
        """The outermost dict or list around an expression, and the path from there to the expression."""
        path: list[str | int | None] = []
        node: ast.AST = expression
        while True:
            parent = self.names.parents.get(node)
            match parent:
                case ast.Dict():
                    keys = [k for k, v in zip(parent.keys, parent.values, strict=True) if v is node]
                    key = keys[0] if keys else None
                    path.insert(0, key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None)
                case ast.List() | ast.Tuple():
                    path.insert(0, parent.elts.index(node) if node in parent.elts else None)
                case _:
                    return node, tuple(path)
            node = parent


class _Uses:
    """Follows the uses of one dict; remembers those that it has followed, which may refer to one another."""

    def __init__(self, touches: Touches) -> None:
        self.names = touches.names
        self.escapes = touches.escapes
        self.seen: set[tuple[ast.AST, Path]] = set()

    def value(self, node: ast.expr, place: Place, path: Path, *, is_text: bool = False) -> Iterator[Touch]:
        """The touches of the part at `path` of the dict, for which an expression stands (or for its text)."""
        if (node, path) in self.seen or len(path) > 12 or len(self.seen) > 5_000:
            return
        self.seen.add((node, path))
        parent = self.names.parents.get(node)
        line = getattr(node, "lineno", 0)
        match parent:
            case ast.Subscript() if parent.value is node and not is_text:
                deeper = _below(path, self.key(parent.slice, place))
                if not isinstance(parent.ctx, ast.Load):
                    yield Touch(deeper, line)
                    return
                yield Touch(deeper, line, TouchKind.READ)
                yield from self.value(parent, place, deeper)
            case ast.Attribute() if parent.value is node:
                yield from self.method(parent, place, path, is_text)
            case ast.Compare():
                yield from self.compared(parent, node, path, is_text)
            case ast.Match(cases=cases) if not is_text:
                for read in (read for case in cases for read in _matched(case.pattern)):
                    yield Touch((*path, read), line, TouchKind.READ)
            case ast.FormattedValue():
                made = self.names.parents.get(parent)
                if isinstance(made, ast.JoinedStr):
                    yield from self.value(made, place, path, is_text=True)
            case ast.BinOp(op=ast.Add() | ast.Mod() as operator) if is_text:
                if isinstance(operator, ast.Mod) and parent.left is node:
                    yield Touch(path, line, TouchKind.REPLACE)
                yield from self.value(parent, place, path, is_text=True)
            case ast.BinOp(op=ast.BitOr()):
                for known in _keys(parent.right) if parent.left is node else ():
                    yield Touch(_below(path, known), line)
                yield from self.value(parent, place, path)
            case ast.Assign():
                for target in parent.targets:
                    yield from self.target(target, place, path, is_text)
            case ast.AugAssign(op=operator, value=more) if parent.target is node and not is_text:
                merged = _keys(more) if isinstance(operator, ast.BitOr) else ()
                yield from (Touch(_below(path, known), line) for known in merged)
                if not merged:
                    yield Touch(path, line, TouchKind.ADD)
            case ast.AnnAssign():
                yield from self.target(parent.target, place, path, is_text)
            case ast.NamedExpr():
                yield from self.target(parent.target, place, path, is_text)
                yield from self.value(parent, place, path, is_text=is_text)
            case ast.comprehension() if isinstance(made := self.names.parents.get(parent), ast.DictComp):
                # A copy of a dict, perhaps without some of its keys.
                for key in _left_out(parent):
                    yield Touch(_below(path[:-1], key), line)
                yield from self.target(parent.target, place, _below(path, None), is_text)
                yield from self.value(made, place, path[:-1])
            case ast.For() | ast.AsyncFor() | ast.comprehension() if parent.iter is node:
                yield from self.target(parent.target, place, _below(path, None), is_text)
            case ast.Dict() if not is_text:
                keys = [k for k, v in zip(parent.keys, parent.values, strict=True) if v is node]
                # `{**definition, …}` is a copy of it; else it becomes a part of another dict.
                copied = None in keys
                for known in _keys(parent) if copied else ():
                    yield Touch(_below(path, known), line)
                yield from self.value(parent, place, path if copied else (*path, _UP))
            case ast.List() | ast.Tuple() | ast.Set() if not is_text:
                yield from self.value(parent, place, (*path, _UP))
            case ast.IfExp() | ast.BoolOp() | ast.Await() if not (
                isinstance(parent, ast.IfExp) and parent.test is node
            ):
                yield from self.value(parent, place, path, is_text=is_text)
            case ast.Call() if parent.func is not node:
                yield from self.argument(parent, node, place, path, is_text=is_text)
            case ast.keyword():
                call = self.names.parents.get(parent)
                if isinstance(call, ast.Call):
                    yield from self.argument(call, node, place, path, is_text=is_text)
            case ast.Return():
                yield from self.returned(place, path)
            case ast.Yield() if not is_text:
                yield from self.returned(place, (*path, _UP))
            case _:
                pass

    def method(self, attribute: ast.Attribute, place: Place, path: Path, is_text: bool) -> Iterator[Touch]:
        """The touches by one of its methods."""
        call, name = self.names.parents.get(attribute), attribute.attr
        if not isinstance(call, ast.Call) or call.func is not attribute:
            return
        if is_text:
            if name in _REPLACING or name in _SPLITTING:
                word = _literal(call.args[:1])
                if name in _REPLACING or (word is not None and word.strip()):
                    yield Touch(path, call.lineno, TouchKind.REPLACE, word=word)
            elif name in _SEARCHING:
                yield Touch(path, call.lineno, TouchKind.COMPARE, word=_literal(call.args[:1]))
            yield from self.value(call, place, path, is_text=True)
            return
        first = call.args[0] if call.args else None
        key = first.value if isinstance(first, ast.Constant) else None
        if name in ("get", "pop", "setdefault") and isinstance(key, str | int):
            path = _below(path, key)
        elif name in ("values", "items"):
            path = _below(path, None)
        if name == "update" and not call.args and all(k.arg is not None for k in call.keywords):
            for keyword in call.keywords:
                yield Touch(_below(path, keyword.arg), call.lineno)
        elif name == "update" and isinstance(first, ast.Dict) and not call.keywords:
            for known in _keys(first):
                yield Touch(_below(path, known), call.lineno)
        elif name in _ADDING:
            yield Touch(path, call.lineno, TouchKind.ADD)
        elif name not in _READING:
            yield Touch(path, call.lineno)
        if name == "pop" or name in ("get", "setdefault"):
            yield Touch(path, call.lineno, TouchKind.READ)
        if name not in _ADDING:
            yield from self.value(call, place, path)

    def argument(self, call: ast.Call, node: ast.expr, place: Place, path: Path, *, is_text: bool) -> Iterator[Touch]:
        """The touches by a function that it is an argument of."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        functions = self.escapes.functions(call, place)
        for function in functions:
            taken = parameter_of(function, call, node)
            if taken is None:
                if any(k.arg is None and k.value is node for k in call.keywords):
                    yield from self.spread(function, call, path)
                continue
            inside = (*path, _UP) if taken[1] else path  # one of `*arguments` or `**options`
            for use in self.names.uses_of(taken[0], function):
                yield from self.value(use.node, use.place, inside, is_text=is_text)
        if functions:
            return
        if is_text and name in _REPLACING:
            yield Touch(path, call.lineno, TouchKind.REPLACE)
            yield from self.value(call, place, path, is_text=True)
        elif name in _COPYING or name == "Template":
            yield from self.value(call, place, path, is_text=is_text and name == "Template")
        elif name in _WRITING:
            yield from self.value(call, place, path, is_text=True)
        elif name in _EACH and call.args and node in call.args[1:] and not is_text:
            yield from self.each(call, place, path)
            loop = self.names.parents.get(call)
            if name == "filter" and isinstance(loop, ast.For | ast.comprehension):
                yield from self.target(loop.target, place, _below(path, None), is_text)
        elif is_text and name in _SEARCHING:
            yield Touch(path, call.lineno, TouchKind.COMPARE, word=_literal(call.args[:1]))
        elif name == "enumerate":
            loop = self.names.parents.get(call)
            if isinstance(loop, ast.For | ast.comprehension):
                yield from self.target(loop.target, place, _below(path, None), is_text)
        elif name not in _KEEPING and not is_text:
            yield Touch(path, call.lineno, TouchKind.HAND, word=shown(call))

    def key(self, written: ast.expr, place: Place) -> str | int | None:
        """The key that a subscript stands for; None if it is not known."""
        if isinstance(written, ast.Constant):
            return written.value if isinstance(written.value, str | int) else None
        parts = self.escapes.evaluator.string(written, place)
        return parts[0] if parts is not None and len(parts) == 1 and isinstance(parts[0], str) else None

    def compared(self, compared: ast.Compare, node: ast.expr, path: Path, is_text: bool) -> Iterator[Touch]:
        """The touches by a comparison: a test for a member, or for a word in the text, or with another value."""
        within = isinstance(compared.ops[0], ast.In | ast.NotIn)
        others = [side for side in (compared.left, *compared.comparators) if side is not node]
        if within and node in compared.comparators:
            if (word := _literal([compared.left])) is None:
                return
            touch = Touch(_below(path, word), node.lineno, TouchKind.READ)
            yield Touch(path, node.lineno, TouchKind.COMPARE, word=word) if is_text else touch
        elif not within and not all(isinstance(other, ast.Constant) for other in others):
            yield Touch(path, node.lineno, TouchKind.COMPARE)

    def spread(self, function: Scope, call: ast.Call, path: Path) -> Iterator[Touch]:
        """The touches by a function of this module that takes the members of a dict as its parameters."""
        arguments = getattr(function.node, "args", None)
        if not isinstance(arguments, ast.arguments):
            return
        for parameter in (*arguments.args, *arguments.kwonlyargs):
            deeper = _below(path, parameter.arg)
            if parameter.arg in READ_AWAY:
                yield Touch(deeper, call.lineno, TouchKind.READ)
            for use in self.names.uses_of(parameter.arg, function):
                yield from self.value(use.node, use.place, deeper)
        if arguments.kwarg is not None:
            for use in self.names.uses_of(arguments.kwarg.arg, function):
                yield from self.value(use.node, use.place, path)

    def each(self, call: ast.Call, place: Place, path: Path) -> Iterator[Touch]:
        """The touches by a function that is called with each item."""
        function, _ = self.escapes.evaluator.definition(call.args[0], place)
        inner = _below(path, None)
        if isinstance(function, ast.Lambda):
            first = next(iter(function.args.args), None)
            for use in self.names.uses_of(first.arg, self.names.inside[function].scope) if first is not None else ():
                yield from self.value(use.node, use.place, inner)
            return
        name = function.id if isinstance(function, ast.Name) else ""
        owner, _ = self.names.owner(name, place.scope)
        scopes = [s for s in self.escapes.scopes.get(name, ()) if s.parent is owner and s.kind == "function"]
        for scope in scopes:
            first = next(iter(scope.node.args.args), None) if isinstance(scope.node, ast.FunctionDef) else None
            for use in self.names.uses_of(first.arg, scope) if first is not None else ():
                yield from self.value(use.node, use.place, inner)
        if not scopes and not hasattr(builtins, name):
            yield Touch(path, call.lineno, TouchKind.HAND, word=shown(call))

    def returned(self, place: Place, path: Path) -> Iterator[Touch]:
        """The touches of what a function of this module returns."""
        function = place.scope
        for use in self.names.uses.get(function.path[-1], ()) if function.kind == "function" else ():
            call = self.names.parents.get(use.node)
            if (
                isinstance(call, ast.Call)
                and call.func is use.node
                and function in self.escapes.functions(call, use.place)
            ):
                if is_wrapped(function):
                    yield Touch(path, call.lineno, TouchKind.HAND, word=shown(call))
                yield from self.value(call, use.place, path)

    def target(self, target: ast.expr, place: Place, path: Path, is_text: bool) -> Iterator[Touch]:
        """The touches through a name or attribute that it is assigned to."""
        uses: Sequence[Use] = ()
        if isinstance(target, ast.Name):
            owner, _ = self.names.owner(target.id, place.scope)
            uses = self.names.uses_of(target.id, owner) if owner is not None else ()
            augmented = self.names.augmented.get(target.id, ())
            uses = [*uses, *(u for u in augmented if self.names.owner(target.id, u.place.scope)[0] is owner)]
        elif isinstance(target, ast.Attribute):
            uses = [*self.names.attributes.get(target.attr, ()), *self.names.augmented.get(target.attr, ())]
        elif isinstance(target, ast.Tuple | ast.List):
            for part in target.elts:
                yield from self.target(part, place, path, is_text)
        for use in uses:
            if use.node is not target:
                yield from self.value(use.node, use.place, path, is_text=is_text)


def _left_out(generator: ast.comprehension) -> Iterator[str | None]:
    """The keys that a comprehension over the items of a dict may leave out, None for unknown ones: it may leave out
    members that are empty."""
    for test in generator.ifs:
        match test:
            case ast.Name() | ast.Compare(ops=[ast.IsNot()], comparators=[ast.Constant(value=None)]):
                pass
            case ast.Compare(ops=[ast.NotEq()], comparators=[ast.Constant(value=str(key))]):
                yield key
            case ast.Compare(ops=[ast.NotIn()], comparators=[ast.Tuple() | ast.List() | ast.Set() as listed]):
                yield from (
                    e.value if isinstance(e, ast.Constant) and isinstance(e.value, str) else None for e in listed.elts
                )
            case _:
                yield None


def _inward(touch: Touch) -> Touch:
    """The touch of the dict itself, for one of something around it."""
    return replace(touch, path=touch.path[: touch.path.index(_UP)]) if _UP in touch.path else touch


def _matched(pattern: ast.pattern) -> Iterator[str]:
    """The keys that a pattern of `match` reads."""
    for node in ast.walk(pattern):
        if isinstance(node, ast.MatchMapping):
            yield from (k.value for k in node.keys if isinstance(k, ast.Constant) and isinstance(k.value, str))


def _below(path: Path, key: str | int | None) -> Path:
    """The path one key further."""
    return path[:-1] if path and path[-1] == _UP else (*path, key)


def _keys(node: ast.expr) -> list[str | None]:
    """The keys of a dict that is written out, None for unknown ones and for those of another one that it merges; None
    alone for any other expression."""
    if not isinstance(node, ast.Dict):
        return [None]
    return [
        key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
        for key in node.keys
        if key is not None
    ]


def _literal(arguments: list[ast.expr]) -> str | None:
    """The string that an argument is; None if it is none."""
    first = arguments[0] if arguments else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
