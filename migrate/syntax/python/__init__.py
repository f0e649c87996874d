"""Python sources: read with `ast`, evaluated without running them, edited with libcst.

- `read` parses a text to an `ast.Module`, or raises a `SyntaxProblem`, whatever the text holds.
- `names` indexes a module once: scopes, the bindings and uses of each name, and all calls.
- `evaluate` makes the nodes that JSON and YAML also have (`migrate.syntax.node`) of expressions: dicts, lists and call
  arguments become `Mapping` and `Sequence`, known strings and numbers `Scalar`, a name that stands for one of these an
  `Alias`; everything else stays an `Expression`, with the reason.
- `document` joins these with the text; dialects work on its `PythonDocument`.
- `brackets` finds what the parser does not report (commas, comments, parentheses) with libcst, for one pair of brackets
  at a time; `write` uses it to make edits of changes, `spell` writes values, `imports` adds imports.
- `plain` compares two modules by their `ast`, without any of these.
"""

from __future__ import annotations

from migrate.syntax.python.document import PythonDocument

__all__ = ["PythonDocument"]
