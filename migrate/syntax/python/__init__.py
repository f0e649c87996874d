"""Python sources: read with `ast`, evaluated as far as that is sound, edited with libcst.

- `read` is the guard: a text becomes an `ast.Module` or a `SyntaxProblem`, whatever it holds.
- `names` indexes a module once: scopes, what binds and what uses each name, and all calls.
- `evaluate` turns an expression where it stands into the nodes that JSON and YAML have, too (`migrate.syntax.node`): dict,
  list and call arguments become `Mapping` and `Sequence`, known strings and numbers `Scalar`, a name that stands for one of
  these an `Alias`; all else stays an `Expression`, with the reason.
- `document` joins these with the text; `PythonDocument` is what dialects work on.
- `brackets` finds with libcst what the parser forgets (commas, comments, parentheses), for one pair of brackets at a time;
  `write` makes edits of changes with it, `spell` writes values, `imports` adds imports.
- `data` compares two modules by their `ast`, without any of these.
"""

from __future__ import annotations

from migrate.syntax.python.document import PythonDocument

__all__ = ["PythonDocument"]
