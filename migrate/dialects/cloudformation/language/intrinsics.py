"""CloudFormation's intrinsic functions as values of the model, in their short and long forms alike.

`!Ref Fs`, `{"Ref": "Fs"}` and `!Sub "${Fs}"` are the same text with one reference. Expressions that do not make a text
(`!FindInMap`, `!ImportValue`, `!If` …) are opaque, in one canonical spelling, so that equal expressions compare equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from migrate.dialects.common.conditional import Arm, Conditions, only
from migrate.dialects.common.nodes import key_text
from migrate.dialects.common.values import has_own_tag, is_call, items
from migrate.syntax import CannotEdit, literal, resolve
from migrate.syntax.node import Alias, Expression, Mapping, NewValue, Node, Scalar, Sequence, Tagged
from rules.model import Opaque, Ref, Text, Value

# YAML aliases can make a small file expand to an enormous expression. Real expressions stay far below these limits.
_MOST_PARTS = 2000
_MOST_TEXT = 10_000_000

NO_VALUE = "AWS::NoValue"
_SHORT = {"Ref": "!Ref", "Condition": "!Condition"}
_SUB = re.compile(r"\$\{(!?)([^}]*)\}")


def call(node: Node | None) -> tuple[str, Node] | None:
    """The function that a node calls, by its long name (`Fn::Sub`), and its argument; None for a plain node.

    The argument of a tagged node is the node itself, with the tag that names the function. If it holds another function
    (`!ImportValue {Fn::Sub: …}`), the argument is a copy without the tag.
    """
    if _is_plain(node):
        return None
    found = resolve(node) if node is not None else None
    if found is None or not is_call(found):
        return None
    if found.tag is not None and has_own_tag(found):
        name = found.tag[1:]
        argument: Node = found
        if isinstance(found, Mapping) and is_call(inner := replace(found, tag=None)):
            argument = inner
        return (name if name in _SHORT else f"Fn::{name}"), argument
    assert isinstance(found, Mapping)
    return key_text(found.entries[0]), found.entries[0].value


def _is_plain(node: Node | None) -> bool:
    """Whether a node is a scalar without a tag. Most are: this spares them the longer checks."""
    return type(node) is Scalar and node.tag is None


def is_no_value(node: Node | None) -> bool:
    """Whether a node is `!Ref AWS::NoValue`, which removes what it stands for."""
    called = call(node)
    return called is not None and called[0] == "Ref" and isinstance(called[1], Scalar) and called[1].text == NO_VALUE


def branches(node: Node | None) -> list[Arm]:
    """The values that a node may have: `!If [Prod, a, b]` is `a` if the condition Prod holds, else `b`."""
    if node is None or _is_plain(node) or call(node) is None:
        return only(node)
    found: list[Arm] = []
    pending = [Arm((), node)]
    while pending:
        arm = pending.pop()
        if len(found) + len(pending) > _MOST_PARTS:
            return [arm]
        called = call(arm.node)
        argument = resolve(called[1]) if called and called[0] == "Fn::If" else None
        if isinstance(argument, Sequence) and len(argument.items) == 3 and isinstance(argument.items[0], Scalar):
            name = argument.items[0].text
            pending.append(Arm((*arm.conditions, (name, False)), argument.items[2], argument))
            pending.append(Arm((*arm.conditions, (name, True)), argument.items[1], argument))
        else:
            found.append(Arm(arm.conditions, arm.node, arm.choice, absent=is_no_value(arm.node)))
    return found


def arms(node: Node | None) -> list[tuple[Conditions, Node]]:
    """The values that a node may have, except `AWS::NoValue`, each with its conditions."""
    return [(arm.conditions, arm.node) for arm in branches(node) if not arm.absent]


def members(node: Node | None) -> list[tuple[Conditions, Node]] | None:
    """The items that a list has under any condition, each with its conditions; None if the list
    is another expression."""
    found: list[tuple[Conditions, Node]] = []
    for outer, listed in arms(node):
        sequence = resolve(listed)
        if not isinstance(sequence, Sequence) or call(listed) is not None:
            return None
        found += [((*outer, *inner), arm) for item in sequence.items for inner, arm in arms(item)]
    return found


def each(node: Node | None) -> list[Node] | None:
    """The items that a list has under any condition; None if the list is another expression."""
    found = members(node)
    return None if found is None else [item for _, item in found]


def items_with_conditions(node: Node | None) -> Iterator[tuple[Conditions, Node]]:
    """The items of a list, or a single value in its place, each with its conditions."""
    for outer, listed in arms(node):
        nodes = items(listed)
        for item in [listed] if nodes is None else nodes:
            for inner, arm in arms(item):
                yield (*outer, *inner), arm


def value(node: Node | None) -> Value | None:
    """The node as a value; None for a missing or null node and for `AWS::NoValue`."""
    if node is None or is_no_value(node):
        return None
    if call(node) is None:
        found = resolve(node)
        if isinstance(found, Scalar):
            return None if literal(found) is None else Text.of(found.text)
        return Opaque(render(node), node)
    text = as_text(node)
    if (
        text is not None
        and len(text.parts) == 1
        and isinstance(text.parts[0], Ref)
        and text.parts[0].handle is not None
    ):
        return Opaque(text.parts[0].source, text.parts[0].handle)
    return text or Opaque(render(node), node, _cases(node))


def _cases(node: Node) -> tuple[Value | None, ...]:
    """The values among which conditions choose; empty if the node is no such choice."""
    found = branches(node)
    return tuple(value(arm.node) for arm in found) if any(arm.conditions for arm in found) else ()


def configured(member: Value) -> Value:
    """A value from the tool's configuration as a template would read it: `!Ref Fs` and `"${Fs}"` are references; other
    placeholders (`{{resolve:ssm:/efs/id}}`) become literal text."""
    if isinstance(member, Opaque):
        return value(_node(member.handle)) or member
    return merge([p.source if isinstance(p, Ref) and not p.source.startswith("${") else p for p in member.parts])


def names(member: Value) -> Iterator[str]:
    """The names of parameters, resources, conditions and mappings that a value refers to."""
    for part in member.parts if isinstance(member, Text) else (member,):
        if isinstance(part, str):
            continue
        if part.handle is not None:
            yield from references(_node(part.handle))
        elif part.source.startswith("${"):
            yield part.source[2:-1].partition(".")[0]


def references(node: Node, budget: _Budget | None = None) -> Iterator[str]:
    """The names of parameters, resources, conditions and mappings that an expression refers to."""
    budget = budget or _Budget()
    if budget.spent():
        return
    name, argument = call(node) or ("", node)
    inner = resolve(argument)
    if name in ("Ref", "Condition", "Fn::GetAtt"):
        yield from (word.partition(".")[0] for word in (_words(argument) or [])[:1])
        return
    parts = inner.items if isinstance(inner, Sequence) else []
    first = resolve(parts[0]) if parts else inner
    if name == "Fn::Sub" and isinstance(first, Scalar):
        variables = resolve(parts[1]) if len(parts) > 1 else None
        own = {key_text(entry) for entry in variables.entries} if isinstance(variables, Mapping) else set()
        named = (p.source[2:-1].partition(".")[0] for p in parse_sub(first.text).parts if isinstance(p, Ref))
        yield from (target for target in named if target not in own)
    elif name in ("Fn::FindInMap", "Fn::If") and isinstance(first, Scalar) and parts:
        yield first.text
    if inner is not None and inner is not resolve(node) and is_call(inner):
        parts = [inner]
    elif isinstance(inner, Mapping):
        parts = [entry.value for entry in inner.entries]
    for part in parts:
        yield from references(part, budget)


class _Budget:
    """A limit on the parts of one expression. With `opaque`, parts that do not make a text become references."""

    def __init__(self, *, opaque: bool = False) -> None:
        self.left = _MOST_PARTS
        self.opaque = opaque

    def spent(self) -> bool:
        """Counts one part; True if the limit is passed."""
        self.left -= 1
        return self.left < 0


def as_text(node: Node, budget: _Budget | None = None, *, opaque: bool = False) -> Text | None:
    """The text that a scalar, `Ref`, `GetAtt`, `Sub` or `Join` makes. If a part does not make a text, it becomes a
    reference with `opaque`; without, the result is None."""
    budget = budget or _Budget(opaque=opaque)
    if budget.spent():
        return None
    return _text(node, budget) or (Text((Ref(render(node)),)) if budget.opaque else None)


def _text(node: Node, budget: _Budget) -> Text | None:
    called = call(node)
    found = resolve(node)
    if called is None:
        return Text.of(found.text) if isinstance(found, Scalar) and literal(found) is not None else None
    name, argument = called
    match name:
        case "Ref":
            return Text((Ref(f"${{{argument.text}}}"),)) if isinstance(argument, Scalar) else None
        case "Fn::GetAtt":
            parts = _words(argument)
            return Text((Ref(f"${{{'.'.join(parts)}}}"),)) if parts else None
        case "Fn::Sub":
            return _sub(argument, budget)
        case "Fn::Join":
            return _join(argument, budget)
        case _:
            return None


def _words(node: Node) -> list[str] | None:
    """The word or words of a scalar or a list of scalars, as in `GetAtt`; None for anything else."""
    found = resolve(node)
    if isinstance(found, Scalar):
        return [found.text]
    if isinstance(found, Sequence) and all(isinstance(item, Scalar) and item.tag is None for item in found.items):
        return [item.text for item in found.items if isinstance(item, Scalar)]
    return None


def _sub(argument: Node, budget: _Budget) -> Text | None:
    found = resolve(argument)
    names: dict[str, Text] = {}
    if isinstance(found, Sequence) and len(found.items) == 2:
        variables = resolve(found.items[1])
        if not isinstance(variables, Mapping):
            return None
        for entry in variables.entries:
            if not isinstance(entry.key, Scalar):
                return None
            # A variable whose value is no text becomes a reference, which a text can hold.
            inner = _text(entry.value, budget) or Text((Ref(render(entry.value, budget), entry.value),))
            names[entry.key.text] = inner
        found = resolve(found.items[0])
    if not isinstance(found, Scalar) or len(found.text) * sum(len(t.source) + 1 for t in names.values()) > _MOST_TEXT:
        return None
    return parse_sub(found.text, names)


def parse_sub(template: str, names: dict[str, Text] | None = None) -> Text:
    """The text of an `Fn::Sub` string, given its variables by name; `${!Literal}` is the literal `${Literal}`."""
    return merge(_sub_parts(template, names or {}))


def _sub_parts(template: str, names: dict[str, Text]) -> Iterator[str | Ref]:
    at = 0
    for match in _SUB.finditer(template):
        yield template[at : match.start()]
        if match[1]:
            yield f"${{{match[2]}}}"
        elif match[2].strip() in names:
            yield from names[match[2].strip()].parts
        else:
            yield Ref(f"${{{match[2].strip()}}}")
        at = match.end()
    yield template[at:]


def _join(argument: Node, budget: _Budget) -> Text | None:
    found = resolve(argument)
    if not isinstance(found, Sequence) or len(found.items) != 2:
        return None
    separator, listed = resolve(found.items[0]), resolve(found.items[1])
    if not isinstance(separator, Scalar) or not isinstance(listed, Sequence) or call(listed) is not None:
        return None
    parts: list[str | Ref] = []
    for i, item in enumerate(listed.items):
        if is_no_value(item):
            continue
        inner = as_text(item, budget)
        if inner is None:
            return None
        parts += [separator.text] if i else []
        parts += inner.parts
        if len(parts) > _MOST_TEXT:
            return None
    return merge(parts)


def merge(parts: Iterator[str | Ref] | list[str | Ref]) -> Text:
    """The text made of some parts: neighbouring literals are joined, and empty ones dropped."""
    merged: list[str | Ref] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
    return Text(tuple(merged))


# -- the canonical spelling -------------------------------------------------------------------------------------------


def render(node: Node | None, budget: _Budget | None = None) -> str:
    """A node as one line in short form: `!ImportValue shared-efs-id`, for comparison and messages."""
    budget = budget or _Budget()
    if budget.spent():
        return "…"
    called = call(node)
    if called is not None:
        name, argument = called
        text = as_text(node, budget) if node is not None else None
        if text is not None:  # equal texts have one spelling
            return text.source
        inner = _render_plain(argument, budget) if argument is resolve(node) else render(argument, budget)
        return f"{_SHORT.get(name, '!' + name.removeprefix('Fn::'))} {inner}"
    return _render_plain(node, budget)


def _render_plain(node: Node | None, budget: _Budget) -> str:
    found = resolve(node) if node is not None else None
    if isinstance(found, Scalar) and not found.text and not found.style:
        return "null"  # an empty plain scalar is null, and a copy of it says so
    if isinstance(found, Scalar | Expression):
        return found.text
    if isinstance(found, Sequence):
        return "[" + ", ".join(render(item, budget) for item in found.items) + "]"
    if isinstance(found, Mapping):
        pairs = ((e.key.text if isinstance(e.key, Scalar) else "", e.value) for e in found.entries)
        return "{" + ", ".join(f"{key}: {render(value, budget)}" for key, value in pairs) + "}"
    return "…"


# -- writing ----------------------------------------------------------------------------------------------------------


def writer(short: bool) -> Callable[[Value], NewValue]:
    """A function that writes values with short (`!Ref`) or long (`Ref:`) intrinsics."""

    def function(name: str, argument: NewValue) -> NewValue:
        # A YAML node can have only one tag, so `!ImportValue !Sub …` is not valid.
        if short and not isinstance(argument, Tagged):
            return Tagged(_SHORT.get(name, "!" + name.removeprefix("Fn::")), argument)
        return {name: argument}

    def write(member: Value) -> NewValue:
        if isinstance(member, Opaque):
            return written(member, function)
        if member.literal is not None:
            return member.source
        if len(member.parts) > 1:
            return _sub_call(member, function)
        (part,) = member.parts
        assert isinstance(part, Ref)
        if part.handle is not None:
            return written(Opaque(part.source, part.handle), function)
        target = part.source[2:-1]
        logical_id, dot, attribute = target.partition(".")
        if not dot:
            return function("Ref", target)
        return function("Fn::GetAtt", target if short else [logical_id, attribute])

    return write


def written(member: Opaque, function: Callable[[str, NewValue], NewValue]) -> NewValue:
    """A copy of an opaque expression for new text; `function` makes each call from its name and argument. Raises
    `CannotEdit` if the expression has too many parts."""
    return _rebuilt(_node(member.handle), function, _Budget())


def _node(handle: object) -> Node:
    """The node that an opaque value was read from."""
    assert isinstance(handle, Scalar | Mapping | Sequence | Alias | Expression), "only nodes of a source are opaque"
    return handle


def _rebuilt(node: Node, function: Callable[[str, NewValue], NewValue], budget: _Budget) -> NewValue:
    """A copy of a node, in which `function` makes every function call anew."""
    if budget.spent():
        raise CannotEdit("an expression of too many parts")
    called = call(node)
    found = resolve(node)
    if called is not None:
        name, argument = called
        inner = resolve(argument)
        return function(
            name, _rebuilt_plain(inner, function, budget) if inner is found else _rebuilt(argument, function, budget)
        )
    return _rebuilt_plain(found, function, budget)


def _rebuilt_plain(node: Node | None, function: Callable[[str, NewValue], NewValue], budget: _Budget) -> NewValue:
    match node:
        case Scalar():
            given = literal(replace(node, tag=None))
            return given if isinstance(given, bool | int) or given is None else node.text
        case Sequence():
            return [_rebuilt(item, function, budget) for item in node.items]
        case Mapping():
            return {e.key.text: _rebuilt(e.value, function, budget) for e in node.entries if isinstance(e.key, Scalar)}
        case _:
            return None


def _sub_call(member: Text, function: Callable[[str, NewValue], NewValue]) -> NewValue:
    """An `Fn::Sub` for a text of several parts; references that `${…}` cannot express become its variables."""
    template = ""
    variables: dict[str, NewValue] = {}
    for part in member.parts:
        if isinstance(part, str):
            template += part.replace("${", "${!")
        elif part.handle is None:
            template += part.source
        else:
            wanted = next((name for end, name in _VARIABLES.items() if template.endswith(end)), "Value")
            name = wanted if wanted not in variables else f"{wanted}{len(variables) + 1}"
            variables[name] = written(Opaque(part.source, part.handle), function)
            template += f"${{{name}}}"
    return function("Fn::Sub", [template, variables] if variables else template)


_VARIABLES = {":file-system/": "FileSystemId", ":access-point/": "AccessPointId"}
"""The names of `Fn::Sub` variables, by the text that stands before them."""
