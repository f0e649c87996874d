"""Python modules that can be edited: their plain data, and changes as text edits."""

from __future__ import annotations

import ast
from collections.abc import Sequence as Items

from migrate.edit import Edit
from migrate.syntax.node import AddImport, AddStatement, AnyEdit, StatementNode
from migrate.syntax.python.module import PythonModule


class PythonDocument(PythonModule):
    """A parsed module that can also be compared and edited, as the engine needs it."""

    def import_place(self, module: str) -> StatementNode:
        """The statement that an import from `module` joins or stands beside, for `AddImport`: an import from the same
        module or package if there is one, else the last import at the top of the module, else its docstring or first
        statement."""
        from migrate.syntax.python.imports import neighbour

        return self.beside(neighbour(self.module, module))

    def data(self, changes: Items[AnyEdit] = ()) -> object:
        """The module's syntax tree after `changes` as a flat tuple, without positions, comments and layout."""
        from migrate.syntax.python.plain import data

        return data(self, changes)

    def edits(self, changes: Items[AnyEdit]) -> list[Edit]:
        if not changes:
            return []  # libcst takes longer to import than most files to read
        from migrate.syntax.python.write import write

        return write(self, changes)

    def reach(self, change: AnyEdit) -> tuple[int, int]:
        if isinstance(change, AddImport):
            from migrate.syntax.python.imports import reach

            return reach(self, change)
        if isinstance(change, AddStatement):
            statement = self.statements[id(change.node)]
            decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
            first = min((self.positions.span(d)[0] for d in decorators), default=change.node.start)
            return first, change.node.end
        return super().reach(change)

    def again(self, text: str) -> PythonDocument:
        return PythonDocument(text)
