"""What expressions stand for: known where that is certain, an expression with its reason everywhere else."""

from __future__ import annotations

import ast
from textwrap import dedent
from typing import Any

import pytest

from migrate.syntax import SyntaxProblem, literal, resolve
from migrate.syntax.node import Expression, Inner, Mapping, Node, Scalar, Sequence
from migrate.syntax.python import PythonDocument


def plain(node: Node) -> Any:
    """A node as Python data; an expression is a tuple of its parts, or its reason, or None."""
    found = resolve(node)
    match found:
        case Scalar():
            return literal(found)
        case Mapping():
            keys = [key.text if isinstance(key := resolve(entry.key), Scalar) else "?" for entry in found.entries]
            return {key: plain(entry.value) for key, entry in zip(keys, found.entries, strict=True)}
        case Sequence():
            return [plain(item) for item in found.items]
        case Expression(parts=parts) if parts is not None:
            return tuple(part.source if isinstance(part, Inner) else part for part in parts)
        case Expression(reason=reason):
            return reason
        case _:
            raise AssertionError(node)


def seen(source: str) -> Any:
    """What the argument of the call `see(…)` is."""
    document = PythonDocument(dedent(source))
    ((call, place),) = document.calls(lambda call: isinstance(call.func, ast.Name) and call.func.id == "see")
    return plain(document.node(call.args[0], place))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("see('a' \"b\")", "ab"),
        ("see({'a': [1, -2, 1.5, True, None, 'null'], 'b': ()})", {"a": [1, -2, 1.5, True, None, "null"], "b": []}),
        ("A = 'x'\nsee(A)", "x"),
        ("A: str = 'x'\nsee({A: A})", {"x": "x"}),
        ("A = 'x'\nB = A\nsee(f'/{B}/{A!s}')", ("/x/", "{A!s}")),
        ("see('/mnt/' + name)", ("/mnt/", "{name}")),
        ("see(name)", ("{name}",)),
        ("see(f'{name!r:>8}')", ("{name!r:>8}",)),
        ("see(a.b['c'])", ("{a.b['c']}",)),
        ("N = 3\nsee(f'v{N}')", "v3"),
        ("see('%s/%s' % ('a', 'b'))", "a/b"),
        ("see('{}/{x}'.format('a', x='b'))", "a/b"),
        ("import os\nsee(os.path.join('/mnt', 'efs', 'x'))", "/mnt/efs/x"),
        ("import os.path\nsee(os.path.join('/mnt', '/efs'))", "/efs"),
        ("from os.path import join as j\nsee(j('/mnt', 'x'))", "/mnt/x"),
        ("from pathlib import Path\nsee(str(Path('/mnt') / 'efs' / 'x'))", "/mnt/efs/x"),
        ("from pathlib import Path\nROOT = Path('/mnt')\nsee(str(ROOT / 'x'))", "/mnt/x"),
        ("D = {'a': {'b': 'x'}}\nsee(D['a']['b'])", "x"),
        ("L = ['x', 'y']\nsee(L[1])", "y"),
        ("A, B = 'x', 'y'\nsee(B)", "y"),
        ("see(dict(a=1, b='x'))", {"a": 1, "b": "x"}),
        ("def f():\n    x = 'a'\n    see(x)", "a"),
        ("def f():\n    see(X)\nX = 'a'", "a"),
        ("class A:\n    X = 'a'\n    def f(self):\n        see(self.X)", "a"),
        ("class A:\n    X = 'a'\ndef f():\n    see(A.X)", "a"),
        ("class A:\n    def __init__(self):\n        self.x = 'a'\n    def f(self):\n        see(self.x)", "a"),
        ("D = {'a': 1}\nD['b'] = 2\nsee(D)", {"a": 1, "b": 2}),
        ("x = 'a'\nsee(x)\nx = 'b'", "a"),
        ("if y:\n    x = 'a'\n    see(x)", "a"),
        ("D = {'a': 1}\nprint(D)\nsee({**D, 'b': 2})", {"<<": {"a": 1}, "b": 2}),
        ("see((y := 'a'))", "a"),
    ],
)
def test_known(source: str, expected: Any) -> None:
    assert seen(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "if y:\n    x = 'a'\nsee(x)",
        "x = 'a'\nif y:\n    x = 'b'\nsee(x)",
        "for x in ('a', 'b'):\n    see(x)",
        "x = 'a'\nfor y in z:\n    see(x)\n    x = 'b'",
        "while y:\n    see(x)\n    x = 'b'",
        "x = 'a'\nx += 'b'\nsee(x)",
        "x = 'a'\ndef f(x):\n    see(x)",
        "x = 'a'\ndef f():\n    see(x)\n    x = 'b'",
        "x = 'a'\ndef g():\n    global x\n    x = 'b'\ndef f():\n    see(x)",
        "x = 'a'\nfrom y import *\nsee(x)",
        "x = 'a'\nx = 'b'\ndef f():\n    see(x)",
        "see(x)\nx = 'a'",
        "x = 'a'\ndel x\nsee(x)",
        "with y as x:\n    see(x)",
        "try:\n    x = 'a'\nexcept E as x:\n    see(x)",
        "import x\nsee(x)",
        "x = 'a'\nmatch y:\n    case {'k': x}:\n        see(x)",
        "def f():\n    x = 'a'\n    def g():\n        nonlocal x\n        x = 'b'\n    g()\n    see(x)",
        "x = 'a'\n[see(x) for x in y]",
        "x = 'a'\nf = lambda x: see(x)",
        "class A:\n    x = 'a'\n    def f(self):\n        see(x)",
        "x = x\nsee(x)",
    ],
)
def test_unknown_names(source: str) -> None:
    assert seen(source) == ("{x}",)


def test_two_names_of_one_list() -> None:
    assert seen("x = y = []\nx.append(1)\nsee(x)") == ("{x}",)


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n    def __init__(self, x):\n        self.x = x\n    def f(self):\n        see(self.x)",
        "class A:\n    x = 'a'\n    def g(self):\n        self.x = 'b'\n    def f(self):\n        see(self.x)",
        "class A:\n    x = 'a'\n    def f(self):\n        see(self.x)\na.x = 'b'",
        "class A:\n    x = 'a'\n    def f(self):\n        see(self.x)\nclass B(A):\n    x = 'b'",
        "class A:\n    def g(self):\n        self.x = 'a'\n    def f(self):\n        see(self.x)",
        "class A:\n    def __init__(self):\n        if y:\n            self.x = 'a'\n    def f(self):\n        see(self.x)",
        "class A:\n    x = 'a'\n    @staticmethod\n    def f(self):\n        see(self.x)",
        "class A:\n    x = 'a'\n    def f(self):\n        self = other\n        see(self.x)",
    ],
)
def test_unknown_attributes(source: str) -> None:
    assert seen(source) == ("{self.x}",)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("D['a'].append(1)", 2),
        ("D.update(x)", 2),
        ("D['a'][0] = 2", 2),
        ("del D['a']", 2),
        ("D['a'] += [1]", 2),
        ("change(D)", 2),
        ("E = D", 2),
        ("for x in D:\n    pass", 2),
        ("D.clear()", 2),
        ("x.d = D", 2),
        ("D |= x", None),
    ],
)
def test_what_is_changed_is_not_known(change: str, line: int | None) -> None:
    found = seen(f"D = {{'a': []}}\n{change}\nsee(D)")
    assert isinstance(found, str | tuple)
    if line is not None:
        assert f"in line {line}, so what it holds is not known" in found


@pytest.mark.parametrize(
    "reading", ["print(D)", "json.dumps(D)", "D.get('a')", "D['a']", "len(D)", "log.info('%s', D)"]
)
def test_what_is_only_read_stays_known(reading: str) -> None:
    assert seen(f"D = {{'a': []}}\n{reading}\nsee(D)") == {"a": []}


def test_set_in_a_branch() -> None:
    assert seen("D = {'a': 1}\nif x:\n    D['a'] = 2\nsee(D)") == {"a": "`a` is set apart in line 3"}


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("see({**x, 'a': 1})", None),
        ("see({'a': 1, **x})", "what ** puts in, which may override it, is not known"),
        ("see({'a': 1, **{'a': 2}})", "what ** puts in overrides a part of it"),
        ("see({x: 1})", "its key x is an expression"),
        ("see([v for v in x])", "a comprehension builds it at run time"),
        ("see([1] + x)", "lists are joined at run time"),
        ("see(x if y else z)", "a condition decides at run time what it is"),
        ("see(json.loads('{}'))", "it is a definition inside a string"),
    ],
)
def test_reasons(source: str, reason: str | None) -> None:
    found = seen(source)
    assert found == reason if reason else isinstance(found, dict)


def test_dotted_names() -> None:
    source = (
        "import a.b\nimport c as d\nfrom e.f import g as h\nfrom .i import j\nsee(a.b.x, d.x, h.x, j.x, k.x)\nk = 1\n"
    )
    document = PythonDocument(source)
    ((call, place),) = document.calls(bool)
    assert [document.dotted(argument, place) for argument in call.args] == ["a.b.x", "c.x", "e.f.g.x", "i.j.x", None]


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "+".join(["'a'"] * 500),
        "x = " + "(" * 80 + "1" + ")" * 80,
        "x = " + "f(" * 80 + ")" * 80,
        "\n".join(["x0 = 'a'", *(f"x{n + 1} = f'{{x{n}}}{{x{n}}}'" for n in range(60)), "see(x60)"]),
        "\n".join(["x0 = []", *(f"x{n + 1} = [x{n}, x{n}]" for n in range(60)), "see(x60)"]),
        "\n".join(f"x{n} = {{**x{n + 1}, **x{n + 1}}}" for n in range(60)),
    ],
)
def test_long_and_deep(source: str) -> None:
    """An end in reasonable time, and no traceback."""
    document = PythonDocument(source)
    for call, place in document.calls(lambda call: bool(call.args)):
        document.node(call.args[0], place)
    for name, bindings in document.names.module.bindings.items():
        del name
        for binding in bindings:
            assert binding.value is not None
            document.node(binding.value, binding.place)


# -- texts and positions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "# coding: utf-8\nx = 'é'",
        "#!/usr/bin/python\n# -*- coding: UTF8 -*-\nx = 'é'",
        "'é'\n# coding: latin-1",
        "# coding: latin-1\nx = 'ascii'",
    ],
)
def test_declared_encodings_raise_nothing(text: str) -> None:
    PythonDocument(text)


@pytest.mark.parametrize("text", ["# coding: latin-1\nx = 'é'", "\n# vim: set fileencoding=cp1252 :\nx = 'é'"])
def test_other_encodings(text: str) -> None:
    with pytest.raises(SyntaxProblem, match="not UTF-8"):
        PythonDocument(text)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_positions(newline: str) -> None:
    lines = ["# ü", "", "名 = 'é\U0001f600'; see('x', 'ä')", "\x0c", "y = f'{名}ß'; see('z')"]
    document = PythonDocument(newline.join(lines))
    arguments = [a for call, _ in document.calls(bool) for a in call.args]
    assert [document.text[slice(*document.positions.span(a))] for a in arguments] == ["'x'", "'ä'", "'z'"]
    assert [text for _, text in document.comments()] == ["ü"]
