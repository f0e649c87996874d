"""A Python module as dialects read it: calls, names, the values behind expressions, statements and comments."""

from __future__ import annotations

import ast
import builtins
import io
import tokenize
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property

from migrate.files.language import PYTHON
from migrate.syntax.document import Document
from migrate.syntax.node import Entry, Node, Scalar, StatementNode
from migrate.syntax.python.evaluate import Evaluator
from migrate.syntax.python.names import Names, Place, Use
from migrate.syntax.python.read import ParserPositions, read


class PythonModule(Document):
    """A parsed module, for reading. Nodes are made on demand: ask for `calls`, then for the `arguments` of one, or for
    the `node` of any expression. `roots` and `aliases` are empty, because a module as a whole is not data.

    The constructor raises SyntaxProblem for a text that is not Python.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text, PYTHON, roots=[])
        self.module = read(text)
        self.positions = ParserPositions(text)

    @cached_property
    def names(self) -> Names:
        """The index of the module's names: scopes, bindings, uses and calls."""
        return Names(self.module)

    @cached_property
    def evaluator(self) -> Evaluator:
        """The evaluator of the module's expressions."""
        return Evaluator(self.names, self.positions.span, self.text)

    @cached_property
    def line_starts(self) -> list[int]:
        return self.positions.line_starts

    # -- reading ------------------------------------------------------------------------------------------------------

    def calls(self, wanted: Callable[[ast.Call], bool]) -> Iterator[tuple[ast.Call, Place]]:
        """The calls for which `wanted` is true, in the order of the text, each with the place where it is executed.
        From then on, these calls count as ones that do not change the dicts that they are given."""
        self.evaluator.reads = (*self.evaluator.reads, wanted)
        return ((call, place) for call, place in self.names.calls if wanted(call))

    def arguments(self, call: ast.Call, place: Place) -> Node:
        """The keyword arguments of a call as a `Mapping` that spans the whole call; `**options` is an entry with the
        key `<<`. An `Expression` if the arguments contradict one another."""
        return self.evaluator.call(call, place)

    def node(self, expression: ast.expr, place: Place) -> Node:
        """The node of an expression where it stands: its value if that is known, an `Expression` if not."""
        return self.evaluator.node(expression, place)

    def dotted(self, expression: ast.expr, place: Place) -> str | None:
        """The full dotted name of an expression by the module's imports, such as `aws_cdk.aws_ecs.Volume`; None if it
        is not a name that was imported."""
        return self.evaluator.dotted(expression, place)

    def is_bound(self, name: str, place: Place) -> bool:
        """Whether a name is defined at a place: assigned or imported before it, or a Python builtin."""
        owner, later = self.names.owner(name, place.scope)
        if owner is None:
            return self.names.star_import is not None or hasattr(builtins, name)
        return later or any(binding.place.index < place.index for binding in owner.bindings[name])

    @cached_property
    def modules(self) -> frozenset[str]:
        """The names of all modules that are imported, or from which a name is imported."""
        found: set[str] = set()
        for statement, _ in self.names.imports:
            if isinstance(statement, ast.ImportFrom):
                found.add(statement.module or "")
            else:
                found.update(alias.name for alias in statement.names)
        return frozenset(found)

    def is_set_apart(self, entry: Entry) -> bool:
        """Whether an entry is set by a statement of its own (`name["key"] = value`), not inside a dict or call."""
        return id(entry) not in self.evaluator.entry_origin

    def assigned(self, name: ast.Name, place: Place) -> ast.expr | None:
        """The one expression assigned to a name, perhaps only in a branch; None if there are several assignments."""
        owner, _ = self.names.owner(name.id, place.scope)
        bindings = owner.bindings.get(name.id, []) if owner is not None else []
        return bindings[0].value if len(bindings) == 1 else None

    def uses(self, name: ast.expr, place: Place) -> list[Use]:
        """All uses of the variable behind a name; an empty list for any other expression."""
        owner = self.names.owner(name.id, place.scope)[0] if isinstance(name, ast.Name) else None
        return self.names.uses_of(name.id, owner) if isinstance(name, ast.Name) and owner is not None else []

    def origin(self, node: Node) -> ast.expr | None:
        """The expression of which a node was made; for an alias, the name."""
        return self.evaluator.origin.get(id(node))

    def constants(self, node: Node) -> dict[str, str]:
        """Maps each known string in a node's expression to its name, so that new code can use the name again."""
        found: dict[str, str] = {}
        origin = self.origin(node)
        for inner in ast.walk(origin) if origin is not None else ():
            if isinstance(inner, ast.Name | ast.Attribute):
                known = self.evaluator.known_name(inner)
                if known:
                    found.setdefault(known, ast.unparse(inner))
        return found

    def statement(self, place: Place) -> StatementNode:
        """The statement that contains a place, for `AddStatement`."""
        return self.beside(place.statement)

    def beside(self, statement: ast.stmt) -> StatementNode:
        """The node of a statement, beside which new statements can be put."""
        found = self._statements.get(statement)
        if found is None:
            found = StatementNode(*self.positions.span(statement))
            self._statements[statement] = found
            self.statements[id(found)] = statement
        return found

    @cached_property
    def _statements(self) -> dict[ast.stmt, StatementNode]:
        return {}

    @cached_property
    def statements(self) -> dict[int, ast.stmt]:
        """Maps the identity of each statement node that was handed out to the statement in the syntax tree."""
        return {}

    def string_at(self, offset: int) -> tuple[Scalar, bool] | None:
        """The string at a character offset, and whether it is a key. Strings are also f-strings and the names of
        keyword arguments; keys are those of dicts, of keyword arguments and of assignments such as `name["key"] =
        value`. None for docstrings and everything else."""
        starts, found = self._strings
        index = bisect_right(starts, offset) - 1
        return found[index] if index >= 0 and offset < found[index][0].end else None

    @cached_property
    def _strings(self) -> tuple[list[int], list[tuple[Scalar, bool]]]:
        found: list[tuple[Scalar, bool]] = []
        keys: set[ast.AST] = set()
        pending: list[ast.AST] = [self.module]
        while pending:
            node = pending.pop()
            match node:
                case ast.Expr(value=ast.Constant()):
                    continue  # a docstring
                case ast.Dict():
                    keys.update(key for key in node.keys if key is not None)
                case ast.Subscript(ctx=ast.Store()):
                    keys.add(node.slice)
                case ast.keyword(arg=str(name)):
                    start = self.positions.span(node)[0]
                    found.append((Scalar(start, start + len(name), name, style=""), True))
                case ast.Constant(value=str(text)):
                    found.append((Scalar(*self.positions.span(node), text, '"'), node in keys))
                    continue
                case ast.JoinedStr():
                    text = "".join(str(p.value) for p in node.values if isinstance(p, ast.Constant))
                    found.append((Scalar(*self.positions.span(node), text, '"'), False))
                    continue
                case _:
                    pass
            pending += ast.iter_child_nodes(node)
        found.sort(key=lambda one: one[0].start)
        return [scalar.start for scalar, _ in found], found

    @cached_property
    def comment_spans(self) -> list[tuple[int, int]]:
        if "#" not in self.text:
            return []
        spans = []
        # With the parser's line breaks: tokenize would not take a lone carriage return for one.
        lines = self.text.replace("\r\n", "\n").replace("\r", "\n")
        try:
            for token in tokenize.generate_tokens(io.StringIO(lines).readline):
                if token.type == tokenize.COMMENT:
                    start = self.line_starts[token.start[0] - 1] + token.start[1]
                    spans.append((start, start + len(token.string)))
        except (tokenize.TokenError, SyntaxError):
            pass  # the parser accepted the text; the comments found so far count
        return spans
