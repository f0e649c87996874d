"""Changes that a module makes to its objects, or to the template that holds them, after it has made them, as far as
they are not read into the objects' properties (`Objects.settled`): in branches, loops, helpers, copies of the template,
and code of other modules.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from migrate.dialects.common.python.escapes import Escape, Escapes, is_class_name, unread_code
from migrate.dialects.common.python.touches import Touches, TouchKind, overlaps
from migrate.dialects.troposphere.objects import PACKAGE, Objects, TitledObject
from migrate.syntax.python.names import Place

_OF_TEMPLATE = frozenset({"resources", "values", "items", "get"})
"""The attributes and methods that lead from a template to its objects."""
_AS_DICT, _AS_TEXT = frozenset({"to_dict"}), frozenset({"to_json", "to_yaml"})
_MEMBERS = frozenset({"properties", "resource"})
"""The attributes of an object that hold its properties."""
_IN_PLACE = ("setattr", "delattr")


@dataclass(frozen=True)
class LateStatement:
    """A statement that changes an object, or may."""

    name: str | None
    """The name of the property that it changes; None if that is not known, or if it changes the whole object."""
    line: int
    what: str
    """The statement in words, to follow its line: "changes Volumes"."""
    is_class: bool = False
    """Whether it hands the object to a class of another module."""
    word: str | None = None
    """The text that it replaces, if it does that."""

    @property
    def reason(self) -> str:
        """The statement as a reason for messages."""
        return f"line {self.line} {self.what}"


class LateStatements:
    """The late changes of the objects of one module."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.names = objects.document.names
        self.escapes = Escapes(objects.document)

    def of(self, made: TitledObject) -> list[LateStatement]:
        """The changes of one object, in the order of the text."""
        found = [*self._through_names(made)]
        for line, reason in unread_code(self.names):
            found.append(LateStatement(None, line, f"{reason.partition(f'line {line} ')[2]}, and may change it there"))
        text = self.objects.document.text[slice(*self.objects.document.positions.span(made.call))].replace("'", '"')
        found += [
            change
            for title, change in self._through_templates
            if title in (None, made.title) and (change.word is None or overlaps(change.word, text))
        ]
        return sorted(found, key=lambda change: change.line)

    def _through_names(self, made: TitledObject) -> Iterator[LateStatement]:
        for expression in (made.call, *([made.added] if made.added is not None else [])):
            uses = self.escapes.uses(expression)
            for attribute, _ in uses.assigned:
                if attribute not in self.objects.settled:
                    yield self._assigned(attribute)
            for escape in uses.escapes:
                if not escape.is_return:
                    yield self._left(escape)

    def _assigned(self, attribute: ast.Attribute) -> LateStatement:
        name: str | None = attribute.attr
        if name in _MEMBERS:
            name = self._key_above(attribute)
        return LateStatement(name, attribute.lineno, f"changes {name or 'it'}")

    def _key_above(self, node: ast.AST) -> str | None:
        """The literal key by which an expression is subscripted, or that its method is given; None if there is none."""
        match self.names.parents.get(node):
            case ast.Subscript(slice=ast.Constant(value=str(key))):
                return key
            case ast.Attribute() as method:
                call = self.names.parents.get(method)
                first = call.args[0] if isinstance(call, ast.Call) and call.args and method.attr == "pop" else None
                return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
            case _:
                return None

    @staticmethod
    def _left(escape: Escape) -> LateStatement:
        call = escape.call
        if call is not None and isinstance(call.func, ast.Name) and call.func.id in _IN_PLACE and len(call.args) > 1:
            key = call.args[1]
            name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
            return LateStatement(name, escape.line, f"changes {name or 'it'}")
        is_class = call is not None and is_class_name(call.func)
        what = escape.reason.partition(f"line {escape.line} ")[2]
        return LateStatement(
            None, escape.line, what if is_class else f"{what}, and may change it there", is_class=is_class
        )

    @cached_property
    def _through_templates(self) -> list[tuple[str | None, LateStatement]]:
        """The changes through the templates of the module, with the title of the object that each changes, None if it
        may be any."""
        found: list[tuple[str | None, LateStatement]] = []
        for call, dotted in self.objects.dotted.items():
            if dotted == f"{PACKAGE}.Template":
                found += self._of_template(call)
        return found

    def _of_template(self, template: ast.Call) -> Iterator[tuple[str | None, LateStatement]]:
        whole, inner = self.escapes.uses(template), self.escapes.uses(template, _OF_TEMPLATE)
        for attribute, _ in whole.assigned:
            if attribute.attr == "resources":
                yield from self._resources(attribute)
        for attribute, _ in inner.assigned:
            if (attribute.attr != "resources" and attribute.attr[:1].isupper()) or attribute.attr in _MEMBERS:
                base = attribute.value
                key = base.slice if isinstance(base, ast.Subscript) else None
                title = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None
                yield title, self._assigned(attribute)
        for escape in whole.escapes:
            if escape.call is not None and isinstance(self.names.parents.get(escape.call), ast.Expr):
                what = escape.reason.partition(f"line {escape.line} ")[2]
                yield None, LateStatement(None, escape.line, what, is_class=True)
        for escape in inner.escapes:
            is_template = escape in whole.escapes or any(e.line == escape.line for e in whole.escapes)
            if not escape.is_return and not is_template:
                yield None, self._left(escape)
        for made, place in whole.methods:
            name = made.func.attr if isinstance(made.func, ast.Attribute) else ""
            if name in _AS_DICT | _AS_TEXT:
                yield from self._of_copy(made, place, is_text=name in _AS_TEXT)

    def _resources(self, attribute: ast.Attribute) -> Iterator[tuple[str | None, LateStatement]]:
        """The changes of a template's resources themselves: `del t.resources["Task"]`, `t.resources.clear()`."""
        title = self._key_above(attribute)
        outer = self.names.parents.get(attribute)
        above = self.names.parents.get(outer) if outer is not None else None
        if isinstance(outer, ast.Subscript) and isinstance(above, ast.Attribute):
            return  # an attribute of one of them, which is found through it
        yield title, LateStatement(None, attribute.lineno, "changes the resources of the template")

    def _of_copy(self, made: ast.Call, place: Place, *, is_text: bool) -> Iterator[tuple[str | None, LateStatement]]:
        """The changes of the dict or text that is made of a template."""
        for touch in Touches(self.objects.document).of_value(made, place, is_text=is_text):
            path = [None if key is None else str(key) for key in touch.path]
            if touch.kind is TouchKind.REPLACE:
                what = (
                    "replaces text in the template"
                    if touch.word is None
                    else f"replaces `{touch.word}` in the template"
                )
                yield None, LateStatement(None, touch.line, what, word=touch.word)
            elif touch.kind is TouchKind.CHANGE and path[:1] in ([], ["Resources"], [None]):
                title = path[1] if len(path) > 1 else None
                name = path[3] if len(path) > 3 else None
                yield title, LateStatement(name, touch.line, f"changes {name or 'the template'}")
