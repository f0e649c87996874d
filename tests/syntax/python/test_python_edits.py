"""Before and after, as a reviewer would see them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from textwrap import dedent

import pytest

from migrate.edit import apply
from migrate.syntax import CannotEdit, get, resolve
from migrate.syntax.node import (
    Added,
    AddImport,
    AddStatement,
    AnyEdit,
    Call,
    EditMapping,
    EditSequence,
    FString,
    Inner,
    Kept,
    Mapping,
    New,
    NewExpression,
    NewValue,
    Renamed,
    Scalar,
    Sequence,
    SetCallee,
    SetScalar,
)
from migrate.syntax.python import PythonDocument

Change = Callable[[PythonDocument], list[AnyEdit]]
LONG: NewValue = {
    "fileSystemId": "fs-0123456789abcdef0",
    "authorizationConfig": {"accessPointId": "fsap-012345678", "iam": "ENABLED"},
}


def first(document: PythonDocument) -> Mapping | Sequence:
    """The argument of the first call `see(…)`, or the arguments of the first `call(…)`."""
    for call, place in document.calls(bool):
        name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
        if name in ("see", "call"):
            node = resolve(document.node(call.args[0], place) if name == "see" else document.arguments(call, place))
            assert isinstance(node, Mapping | Sequence)
            return node
    raise AssertionError(document.text)


def edited(before: str, change: Change, *, newline: str = "\n") -> str:
    text = dedent(before).removeprefix("\n").replace("\n", newline)
    document = PythonDocument(text)
    changes = change(document)
    after = apply(text, document.edits(changes))
    assert PythonDocument(after).data() == document.data(changes)
    return after


def shows(before: str, change: Change, after: str) -> None:
    assert edited(before, change) == dedent(after).removeprefix("\n")


def adding(key: str, value: NewValue, after: str | None = None) -> Change:
    """A new entry, behind the one with the key `after` or at the end."""

    def change(document: PythonDocument) -> list[AnyEdit]:
        node = first(document)
        assert isinstance(node, Mapping)
        entries: list[Kept | Renamed | Added] = [Kept(entry) for entry in node.entries]
        anchor = get(node, after) if after else None
        at = next((i + 1 for i, e in enumerate(node.entries) if e is anchor), len(entries))
        entries.insert(at, Added(key, value))
        return [EditMapping(node, tuple(entries))]

    return change


def without(*keys: str) -> Change:
    def change(document: PythonDocument) -> list[AnyEdit]:
        node = first(document)
        assert isinstance(node, Mapping)
        gone = [get(node, key) for key in keys]
        return [EditMapping(node, tuple(Kept(entry) for entry in node.entries if entry not in gone))]

    return change


def items(*values: NewValue | int) -> Change:
    """A sequence of old items, by index, and new ones."""

    def change(document: PythonDocument) -> list[AnyEdit]:
        node = first(document)
        assert isinstance(node, Sequence)
        return [EditSequence(node, tuple(node.items[v] if isinstance(v, int) else New(v) for v in values))]

    return change


def test_one_line() -> None:
    shows('see({"a": 1})\n', adding("b", 2), 'see({"a": 1, "b": 2})\n')
    shows("see({'a': 1, })\n", adding("b", "x"), "see({'a': 1, 'b': 'x', })\n")
    shows("call(a = 1)\n", adding("b", "x"), "call(a = 1, b = 'x')\n".replace("'", '"'))
    shows("see({})\n", adding("b", True), 'see({"b": True})\n')
    shows("call()\n", adding("b", None), "call(b=None)\n")
    shows("call(x, *y)\n", adding("b", 2), "call(x, *y, b=2)\n")
    shows("see([1, 2])\n", items(0, "x", 1), 'see([1, "x", 2])\n')
    shows("see([1, 2, 3])\n", items(1), "see([2])\n")
    shows("see([1, 2])\n", items(), "see([])\n")


def test_lines_keep_their_commas() -> None:
    shows(
        """
        see({
            'a': 1,
            'b': 2
        })
        """,
        adding("c", "x"),
        """
        see({
            'a': 1,
            'b': 2,
            'c': 'x'
        })
        """,
    )
    shows(
        """
        call(
            a=1,  # why
        )
        """,
        adding("b", {"c": ["x"]}),
        """
        call(
            a=1,  # why
            b={"c": ["x"]},
        )
        """,
    )


def test_aligned_lines() -> None:
    shows(
        """
        x = call(a=1,
                 b=2)
        """,
        adding("c", 3, after="a"),
        """
        x = call(a=1,
                 c=3,
                 b=2)
        """,
    )
    shows(
        """
        x = call(a=1,
                 b=2)
        """,
        adding("c", 3),
        """
        x = call(a=1,
                 b=2,
                 c=3)
        """,
    )


def test_backslashes() -> None:
    shows('see({"a": 1, \\\n     "b": 2})\n', adding("c", 3), 'see({"a": 1, \\\n     "b": 2,\n     "c": 3})\n')


def test_lines_that_become_too_long_are_opened_from_the_outside() -> None:
    shows(
        """
        def f():
            call(family="x", volumes=[{"name": "data", "efs": {"fileSystemId": "fs-0123456789abcdef0"}}])
        """,
        adding("taskRoleArn", "arn:aws:iam::123456789012:role/some-role", after="family"),
        """
        def f():
            call(
                family="x",
                taskRoleArn="arn:aws:iam::123456789012:role/some-role",
                volumes=[{"name": "data", "efs": {"fileSystemId": "fs-0123456789abcdef0"}}],
            )
        """,
    )


def test_new_values_take_lines_as_others_do() -> None:
    shows(
        """
        see({
            "a": {
                "x": 1,
            },
        })
        """,
        adding("b", {"y": 1}),
        """
        see({
            "a": {
                "x": 1,
            },
            "b": {
                "y": 1,
            },
        })
        """,
    )
    shows(
        """
        see({
            "a": {"x": 1},
            "b": [
                1,
            ],
        })
        """,
        adding("c", LONG),
        """
        see({
            "a": {"x": 1},
            "b": [
                1,
            ],
            "c": {
                "fileSystemId": "fs-0123456789abcdef0",
                "authorizationConfig": {"accessPointId": "fsap-012345678", "iam": "ENABLED"},
            },
        })
        """,
    )


def test_two_spaces_and_tabs() -> None:
    for unit in ("  ", "\t"):
        before = f"def f():\n{unit}see({{\n{unit}{unit}'a': 1\n{unit}}})\n"
        after = edited(before, adding("b", {"c": "x" * 90}))
        assert f"{unit}{unit}'b': {{\n{unit}{unit}{unit}'c': '{'x' * 90}'\n{unit}{unit}}}\n" in after


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_newlines(newline: str) -> None:
    after = edited("see({\n    'a': 1,\n})\n", adding("b", LONG), newline=newline)
    assert set(after.replace(newline, "")) & {"\r", "\n"} == set()
    assert after.count(newline) > 4


def test_a_tuple_without_parentheses_is_not_opened() -> None:
    shows(
        f"x = (1), see({{'a': '{'x' * 60}'}})\n",
        adding("b", "y" * 40),
        f"x = (1), see(\n    {{\n        'a': '{'x' * 60}',\n        'b': '{'y' * 40}',\n    }}\n)\n",
    )


def test_removals() -> None:
    shows(
        """
        see({
            "a": 1,  # one
            # two
            "b": 2,
            "c": 3
        })
        """,
        without("c"),
        """
        see({
            "a": 1,  # one
            # two
            "b": 2
        })
        """,
    )
    shows("see({'a': 1, 'b': 2, 'c': 3})\n", without("a", "c"), "see({'b': 2})\n")
    shows("call(a=1, b=2)\n", without("b"), "call(a=1)\n")
    with pytest.raises(CannotEdit):
        edited("see({'a': 1,  # one\n  'b': 2, 'c': 3})\n", without("a"))
    shows("see({'a': 1,  # one\n  'b': 2, 'c': 3})\n", without("b"), "see({'a': 1,  # one\n  'c': 3})\n")


def test_last_line_goes_and_another_comes() -> None:
    shows("see([\n    1,\n    2\n])\n", items(0, "x"), 'see([\n    1,\n    "x"\n])\n')


def test_names_are_not_changed_with_what_they_stand_for() -> None:
    shows("V = {'a': 1}\nsee(V)\n", adding("b", 2), "V = {'a': 1, 'b': 2}\nsee(V)\n")


def test_scalars() -> None:
    def change(value: str | bool | int) -> Change:
        def made(document: PythonDocument) -> list[AnyEdit]:
            node = first(document)
            assert isinstance(node, Sequence)
            return [SetScalar(item, value) for item in node.items if isinstance(item, Scalar)]

        return made

    shows("see(['a', \"b\", r'c', '''d''', 1, None])\n", change("x"), "see(['x', \"x\", 'x', 'x', 'x', 'x'])\n")
    shows("see([False])\n", change(True), "see([True])\n")
    shows("see(['a'])\n", change("it's"), 'see(["it\'s"])\n')
    shows("see(['a'])\n", change("\\ \n é \x07"), "see(['\\\\ \\n é \\x07'])\n")
    shows("see(['a'\n     'b'])\n", change("x"), "see(['x'])\n")


def test_f_strings() -> None:
    shows("see(['a'])\n", items(0, FString(("/", Inner("{x['k']}"), "{}"))), "see(['a', f\"/{x['k']}{{}}\"])\n")
    shows("see(['a'])\n", items(0, FString((Inner("{a.b}"),))), "see(['a', a.b])\n")
    shows("see(['a'])\n", items(0, FString(("x", "y"))), "see(['a', 'xy'])\n")
    with pytest.raises(CannotEdit):
        edited("see(['a'])\n", items(0, FString(("/", Inner("{x['k'][\"l\"]}")))))


def test_calls() -> None:
    shows(
        "call(\n    a=1,\n)\n",
        adding("b", Call("ecs.Thing", {"c": "x", "d": NewExpression("y")}, ("z",))),
        'call(\n    a=1,\n    b=ecs.Thing("z", c="x", d=y),\n)\n',
    )

    def other(document: PythonDocument) -> list[AnyEdit]:
        node = first(document)
        assert isinstance(node, Mapping)
        (entry,) = node.entries
        return [SetCallee(node, "ecs.Other"), EditMapping(node, (Renamed(entry, "b"),))]

    shows("x = ecs.call(a = 1)\n", other, "x = ecs.Other(b = 1)\n")


# -- imports and statements -------------------------------------------------------------------------------------------


def importing(module: str, name: str | None = None, alias: str | None = None) -> Change:
    return lambda document: [AddImport(document.import_place(module), module, name, alias)]


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ("import boto3\n", importing("os"), "import boto3\nimport os\n"),
        ("x = 1\n", importing("boto3"), "import boto3\n\nx = 1\n"),
        ('"""Doc."""\nx = 1\n', importing("boto3"), '"""Doc."""\n\nimport boto3\n\nx = 1\n'),
        (
            "from aws_cdk import aws_ecs as ecs\n",
            importing("aws_cdk", "aws_efs", "efs"),
            "from aws_cdk import aws_ecs as ecs\nfrom aws_cdk import aws_efs as efs\n",
        ),
        (
            "from aws_cdk import aws_ec2 as ec2, aws_iam as iam\n",
            importing("aws_cdk", "aws_efs", "efs"),
            "from aws_cdk import aws_ec2 as ec2, aws_efs as efs, aws_iam as iam\n",
        ),
        (
            "from aws_cdk import (\n    aws_ec2 as ec2,\n    aws_iam as iam,\n)\n",
            importing("aws_cdk", "aws_efs", "efs"),
            "from aws_cdk import (\n    aws_ec2 as ec2,\n    aws_efs as efs,\n    aws_iam as iam,\n)\n",
        ),
        (
            "from aws_cdk import (\n    Stack,\n    aws_ecs as ecs\n)\n",
            importing("aws_cdk", "aws_efs", "efs"),
            "from aws_cdk import (\n    Stack,\n    aws_ecs as ecs,\n    aws_efs as efs\n)\n",
        ),
        (
            "import aws_cdk as cdk\nimport aws_cdk.aws_ecs as ecs\nimport aws_cdk.aws_iam as iam\n",
            importing("aws_cdk.aws_efs", None, "efs"),
            "import aws_cdk as cdk\nimport aws_cdk.aws_ecs as ecs\nimport aws_cdk.aws_efs as efs\nimport aws_cdk.aws_iam as iam\n",
        ),
        (
            "from aws_cdk import aws_ec2 as ec2, \\\n    aws_ecs as ecs\n",
            importing("aws_cdk", "aws_efs", "efs"),
            "from aws_cdk import aws_ec2 as ec2, \\\n    aws_ecs as ecs, aws_efs as efs\n",
        ),
        (
            "from aws_cdk import aws_efs as efs, aws_ecs as ecs\n",
            importing("aws_cdk", "aws_efs", "efs"),
            "from aws_cdk import aws_efs as efs, aws_ecs as ecs\n",
        ),
        (
            "from troposphere.ecs import Volume  # noqa\n\nx = 1\n",
            importing("troposphere", "efs"),
            "from troposphere import efs\nfrom troposphere.ecs import Volume  # noqa\n\nx = 1\n",
        ),
    ],
)
def test_imports(before: str, change: Change, after: str) -> None:
    shows(before, change, after)


def beside(name: str | None, value: NewValue, *, before: bool = False) -> Change:
    def change(document: PythonDocument) -> list[AnyEdit]:
        ((_, place),) = document.calls(lambda call: isinstance(call.func, ast.Name) and call.func.id == "see")
        return [AddStatement(document.statement(place), value, name, before)]

    return change


def test_statements() -> None:
    shows(
        """
        class A:
            def f(self):
                x = see(
                    1,
                )  # why
                return x
        """,
        beside("point", Call("fs.add", {"path": "/x"}, ("Id",))),
        """
        class A:
            def f(self):
                x = see(
                    1,
                )  # why
                point = fs.add("Id", path="/x")
                return x
        """,
    )
    shows("if a:\n\tsee(1)\n", beside(None, Call("f", {}), before=True), "if a:\n\tf()\n\tsee(1)\n")
    shows("see(1)", beside("x", 1), "see(1)\nx = 1")
    with pytest.raises(CannotEdit):
        edited("a = 1; see(1)\n", beside("x", 1))


def test_two_changes_of_one_node() -> None:
    document = PythonDocument("see({'a': 1})\n")
    changes = [*adding("b", 1)(document), *adding("c", 1)(document)]
    for function in (document.edits, document.data):
        with pytest.raises(ValueError, match="two changes concern one node"):
            function(changes)


def test_a_change_inside_what_goes() -> None:
    document = PythonDocument("see({'a': {'b': 1}})\n")
    outer = first(document)
    assert isinstance(outer, Mapping)
    inner = outer.entries[0].value
    assert isinstance(inner, Mapping)
    with pytest.raises(ValueError, match="inside a part"):
        document.edits([EditMapping(outer, ()), EditMapping(inner, ())])
