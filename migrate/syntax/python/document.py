"""A Python text and what it says, as dialects and the engine see it."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Items
from functools import cached_property

from migrate.edit import Edit
from migrate.syntax.document import Document
from migrate.syntax.node import AnyEdit, Node, Statement
from migrate.syntax.python.evaluate import Evaluator
from migrate.syntax.python.names import Names, Place
from migrate.syntax.python.read import Positions, read


class PythonDocument(Document):
    """A parsed module. Nodes are made on demand: ask for `calls`, then for the `arguments` of one, or the `node` of any
    expression. `roots` and `aliases` are empty, as nothing here is data as a whole.

    Raises SyntaxProblem, when it is made, for what is not Python.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text, [], json=False)
        self.module = read(text)
        self.positions = Positions(text)

    @cached_property
    def names(self) -> Names:
        """All names of the module."""
        return Names(self.module)

    @cached_property
    def evaluator(self) -> Evaluator:
        return Evaluator(self.names, self.positions.span, self.text)

    @cached_property
    def line_starts(self) -> list[int]:
        return self.positions.line_starts

    # -- reading ------------------------------------------------------------------------------------------------------

    def calls(self, wanted: Callable[[ast.Call], bool]) -> Iterator[tuple[ast.Call, Place]]:
        """The calls for which `wanted` is true, in the order of the text, each with the place where it is executed. A
        dict that is given to one of them is not thought to be changed by it."""
        self.evaluator.reads = (*self.evaluator.reads, wanted)
        return ((call, place) for call, place in self.names.calls if wanted(call))

    def arguments(self, call: ast.Call, place: Place) -> Node:
        """The keyword arguments of a call as a `Mapping` that spans the whole call; what `**` puts in is an entry with
        the key `<<`. An `Expression` if they contradict one another."""
        return self.evaluator.call(call, place)

    def node(self, expression: ast.expr, place: Place) -> Node:
        """What an expression stands for where it stands."""
        return self.evaluator.node(expression, place)

    def dotted(self, expression: ast.expr, place: Place) -> str | None:
        """What a dotted name means by the module's imports: `aws_cdk.aws_ecs.Volume`; None for anything else."""
        return self.evaluator.dotted(expression, place)

    def origin(self, node: Node) -> ast.expr | None:
        """The expression that a node was made of; an alias's is the name."""
        return self.evaluator.origin.get(id(node))

    def constants(self, node: Node) -> dict[str, str]:
        """Names inside a node's expression that stand for known strings: source by value. What a value is called where it
        is used, so that it can go on being called that."""
        found: dict[str, str] = {}
        origin = self.origin(node)
        for inner in ast.walk(origin) if origin is not None else ():
            if isinstance(inner, ast.Name | ast.Attribute):
                known = self.evaluator.known_name(inner)
                if known:
                    found.setdefault(known, ast.unparse(inner))
        return found

    def statement(self, place: Place) -> Statement:
        """The statement that a place lies in, for `AddStatement`."""
        return self.beside(place.statement)

    def beside(self, statement: ast.stmt) -> Statement:
        """The node of a statement."""
        found = self._statements.get(statement)
        if found is None:
            found = Statement(*self.positions.span(statement))
            self._statements[statement] = found
            self.statements[id(found)] = statement
        return found

    @cached_property
    def _statements(self) -> dict[ast.stmt, Statement]:
        return {}

    @cached_property
    def statements(self) -> dict[int, ast.stmt]:
        """What the parser calls the statements of `statement`, by their identity."""
        return {}

    def import_place(self, module: str) -> Statement:
        """The statement that an import from `module` joins or stands beside, for `AddImport`: one from the same module or
        package if there is one, else the last import of the module's head, else its docstring or first statement."""
        from migrate.syntax.python.imports import neighbour

        return self.beside(neighbour(self.module, module))

    # -- the rest of a document ---------------------------------------------------------------------------------------

    def data(self, changes: Items[AnyEdit] = ()) -> object:
        """The module's syntax tree after `changes`, flat, without positions, comments and layout."""
        from migrate.syntax.python.data import data

        return data(self, changes)

    def edits(self, changes: Items[AnyEdit]) -> list[Edit]:
        """As `Document.edits`, in the author's style."""
        from migrate.syntax.python.write import write

        return write(self, changes)

    def again(self, text: str) -> Document:
        return PythonDocument(text)

    @cached_property
    def comment_spans(self) -> list[tuple[int, int]]:
        if "#" not in self.text:
            return []
        spans = []
        # In lines as the parser counts them: tokenize would take a lone carriage return for no line break.
        lines = self.text.replace("\r\n", "\n").replace("\r", "\n")
        try:
            for token in tokenize.generate_tokens(io.StringIO(lines).readline):
                if token.type == tokenize.COMMENT:
                    start = self.line_starts[token.start[0] - 1] + token.start[1]
                    spans.append((start, start + len(token.string)))
        except (tokenize.TokenError, SyntaxError):
            pass  # a text that the parser took; what was found so far counts
        return spans
