"""Puts together the user data that a CDK program gives its instances: commands in the order in which they are added.

User data comes from the object that a construct is given (`user_data=`) and from later calls on the construct
(`asg.add_user_data`, `asg.user_data.add_commands`) or on the object. Commands are lines of one shell script.

Source: API references of `aws_ec2.UserData` and `MultipartUserData`, and their `render` in aws-cdk-lib.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from migrate.dialects.cdk.api import EC2, PARTS, USER_DATA
from migrate.dialects.cdk.program import Program, joined
from migrate.dialects.common.python.execution import Step
from migrate.dialects.common.python.values import called
from migrate.dialects.common.user_data import Variant, alone
from migrate.syntax.node import Inner
from migrate.syntax.python.evaluate import Bound, Evaluator, Parts
from migrate.syntax.python.names import Place
from rules.model import Ref, Text

_SHEBANG = "#!/bin/bash"
"""The first line of the script of `UserData.for_linux`."""
_BOUNDARY = "+AWS+CDK+User+Data+Separator+"
_SCRIPT_TYPE = 'text/x-shellscript; charset="utf-8"'
_TYPES = {
    f"{EC2}.MultipartBody.SHELL_SCRIPT": _SCRIPT_TYPE,
    f"{EC2}.MultipartBody.CLOUD_BOOTHOOK": "text/cloud-boothook",
}
_UNREAD = "# what is added here is not read\n"
_BASE64 = ("aws_cdk.Fn.base64", "aws_cdk.Fn.base_64")
_LONGEST = 60_000
"""The largest size of user data that is read. EC2 takes 16 KB."""
_MOST_VARIANTS = 12
"""The largest number of doubtful commands that are tried out one by one."""
ADDING = frozenset(
    {
        "add_user_data",
        "add_commands",
        "add_on_exit_commands",
        "add_signal_on_exit_command",
        "add_execute_file_command",
        "add_s3_download_command",
        "add_user_data_part",
        "add_part",
    }
)
"""The methods that add to user data, of constructs and of user data itself."""


@dataclass(eq=False)
class UserDataPart:
    """A part of user data that a call adds: commands, or a part of a multipart archive."""

    step: Step
    lines: list[tuple[ast.expr, Place]] = field(default_factory=list)
    text: tuple[str | Ref, ...] = ()
    """Commands that the CDK adds, in place of `lines`."""
    unread: str | None = None
    """The reason, in words, why not everything that the call adds is read."""
    content_type: str = ""
    """The content type of a part of a multipart archive; empty for commands."""
    inner: Data | None = None
    """The user data that is this part of a multipart archive; later calls may add to it."""
    at_exit: bool = False
    """Whether the commands are run when the script ends (`trap … EXIT`)."""


@dataclass(eq=False)
class Data:
    """User data, put together from the parts that calls add; `call` is the call that makes it, None for that of a
    construct that makes its own."""

    call: ast.Call | None = None
    pieces: list[UserDataPart] = field(default_factory=list)
    shebang: str = _SHEBANG + "\n"
    main: Data | None = None
    """The part of a multipart archive that takes commands."""
    is_archive: bool = False
    rendered: tuple[Data, int] | None = None
    """The user data that it is the text of, and the moment at which that was rendered: later commands do not count."""

    @property
    def parts(self) -> list[UserDataPart]:
        """The parts that count."""
        if self.rendered is None:
            return self.pieces
        data, until = self.rendered
        return [piece for piece in data.pieces if piece.step.time < until]


class UserDataReader:
    """Reads the user data of one program from the steps of its execution. `owner` tells the user data of the construct
    that an expression stands for."""

    def __init__(self, program: Program, owner: Callable[[ast.expr, Place], Data]) -> None:
        self.program = program
        self.evaluator: Evaluator = program.evaluator
        self.evaluator.named = self._named
        self.evaluator.texts = self._library_text
        self.owner = owner
        self.data: dict[ast.Call, Data] = {}
        """The user data that each call makes."""
        self.steps: dict[ast.Call, list[Step]] = {}
        """The steps of the program in which each call is executed."""
        self.read: dict[ast.Call, Data] = {}
        """The calls that add to user data, with that to which they do."""

    # -- texts --------------------------------------------------------------------------------------------------------

    def _named(self, expression: ast.expr, place: Place) -> Parts | None:
        """The parts by which the program's values name an expression."""
        known = self.program.of(expression, place)
        if known is None:
            return None
        return tuple(Inner(part.source) if isinstance(part, Ref) else part for part in known.parts)

    def _library_text(self, call: ast.Call, place: Place) -> Parts | None:
        """The parts of the string that an intrinsic function of CloudFormation or a token makes."""
        name = self.program.dotted(call.func, place)
        if name == "aws_cdk.Fn.join" and len(call.args) == 2:
            separator = self.evaluator.string(call.args[0], place)
            items = self.evaluator.listed(call.args[1], place)
            if separator is None or items is None:
                return None
            made: list[str | Inner] = []
            for number, item in enumerate(items):
                parts = self._item(item)
                if parts is None:
                    return None
                made += [*separator, *parts] if number else parts
            return tuple(made)
        if name == "aws_cdk.Fn.sub" and call.args:
            return self._substituted(call, place)
        if name in (*_BASE64, "aws_cdk.Token.as_string", "aws_cdk.Lazy.string") and len(call.args) == 1:
            return self.evaluator.string(call.args[0], place) or self._named(call.args[0], place)
        return None

    def _item(self, item: Bound) -> Parts | None:
        """The parts of an item of a list of strings."""
        known = self.evaluator.string_of(item)
        if known is None and item.reason is None and item.parts is None:
            with self.evaluator.at(item.time):
                return self._named(item.expression, item.place)
        return known

    def _substituted(self, call: ast.Call, place: Place) -> Parts | None:
        """The parts of `Fn.sub("… ${Name} …", {"Name": …})`."""
        body = self.evaluator.string(call.args[0], place)
        given = call.args[1] if len(call.args) > 1 else None
        if given is not None:
            given, _ = self.evaluator.definition(given, place)
        if body is None or not (given is None or isinstance(given, ast.Dict)):
            return None
        values: dict[str, Parts] = {}
        for key, value in zip(given.keys, given.values, strict=True) if given is not None else ():
            parts = self.evaluator.string(value, place) or self._named(value, place)
            if not isinstance(key, ast.Constant) or parts is None:
                return None
            values[str(key.value)] = parts
        made: list[str | Inner] = []
        for part in body:
            if isinstance(part, Inner):
                made.append(part)
                continue
            for number, piece in enumerate(re.split(r"\$\{([^}]*)\}", part)):
                if number % 2 == 0:
                    made.append(piece)
                elif piece.startswith("!"):
                    made.append("${" + piece[1:] + "}")
                else:
                    made += values.get(piece, (Inner("${" + piece + "}"),))
        return tuple(made)

    # -- what adds to it ----------------------------------------------------------------------------------------------

    def add(self, step: Step) -> None:
        """Reads a call that may add to user data, at the moment when it is executed."""
        call, place, function = step.call, step.place, step.call.func
        if not isinstance(function, ast.Attribute) or function.attr not in ADDING:
            return
        data = (
            self.owner(function.value, place) if function.attr == "add_user_data" else self._to(function.value, place)
        )
        if data is None:
            return
        self.read[call] = data
        data.pieces += self._added(step, function.attr, data)

    def _added(self, step: Step, method: str, data: Data) -> Iterator[UserDataPart]:
        """The parts that a call of a method adds."""
        call, place = step.call, step.place
        written = [(argument, place) for argument in call.args]
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        first = next(iter([*call.args, *(keywords[name] for name in ("user_data", "part") if name in keywords)]), None)
        match method:
            case "add_user_data" | "add_commands":
                yield UserDataPart(step, written)
            case "add_on_exit_commands":
                yield UserDataPart(step, written, at_exit=True)
            case "add_signal_on_exit_command":
                yield UserDataPart(step, text=("/opt/aws/bin/cfn-signal -e $exitCode || echo failed\n",), at_exit=True)
            case "add_execute_file_command":
                reason = f"line {call.lineno} runs a file on the instances that is not read"
                yield UserDataPart(step, unread=reason)
            case "add_s3_download_command":
                local = keywords.get("local_file")
                known = self.evaluator.string(local, place) if local is not None else None
                to = "".join(part for part in known or ("/tmp/",) if isinstance(part, str))
                yield UserDataPart(step, text=(f"mkdir -p $(dirname '{to}')\naws s3 cp 's3://bucket/key' '{to}'\n",))
            case "add_user_data_part" if first is not None:
                kind = self._type(call.args[1] if len(call.args) > 1 else keywords.get("content_type"), place)
                part = self._part(first, place, step)
                part.content_type = kind or _SCRIPT_TYPE
                data.is_archive = True
                default = call.args[2] if len(call.args) > 2 else keywords.get("make_default")
                if isinstance(default, ast.Constant) and default.value is True:
                    data.main = part.inner
                yield part
            case "add_part" if first is not None:
                data.is_archive = True
                yield self._body(first, place, step)
            case _:
                yield UserDataPart(step, unread=f"line {call.lineno} adds user data that is not read")

    def _to(self, expression: ast.expr, place: Place) -> Data | None:
        """The user data that takes the commands for what an expression stands for, or None."""
        data = self.data_of(expression, place)
        return data.main if data is not None and data.main is not None else data

    def data_of(self, expression: ast.expr, place: Place) -> Data | None:
        """The user data that an expression stands for, as an object or as the text of an L1 construct; None if it is
        not known."""
        origin, at = self.evaluator.definition(expression, place)
        if isinstance(origin, ast.Attribute) and origin.attr == "user_data":
            return self.owner(origin.value, at)
        if not isinstance(origin, ast.Call):
            return None
        if origin in self.data:
            return self.data[origin]
        kind = self.program.kind(origin) or self.program.dotted(origin.func, at) or ""
        data = Data(origin)
        if called(origin) == "render" and isinstance(origin.func, ast.Attribute):
            return self._rendered_at(origin, at)
        if kind == USER_DATA[0]:
            data.shebang = self._first_line(origin, at)
        elif kind == USER_DATA[1]:
            data.shebang = "<powershell>\n"
        elif kind == USER_DATA[2] or kind in _BASE64:
            argument = next(iter([*origin.args, *(keyword.value for keyword in origin.keywords)]), None)
            if kind in _BASE64 and argument is not None and (inner := self.data_of(argument, at)) is not None:
                return inner
            data.shebang = ""
            step = next(iter(self.steps.get(origin, ())), None) or Step(origin, at, self.evaluator.time or 0)
            data.pieces.append(UserDataPart(step, [(argument, at)] if argument is not None else []))
        elif kind == PARTS:
            data.is_archive = True
        else:
            return None
        self.data[origin] = data
        return data

    def _rendered_at(self, call: ast.Call, place: Place) -> Data | None:
        """The text that `render` returns, as user data."""
        assert isinstance(call.func, ast.Attribute)
        data = self.data_of(call.func.value, place)
        if data is None or call not in self.steps:
            return data
        self.data[call] = replace(data, rendered=(data, self.steps[call][0].time))
        return self.data[call]

    def unread(self, expression: ast.expr, step: Step) -> Data:
        """User data that is not read, as a construct is given it."""
        reason = f"line {expression.lineno} gives user data that is not read"
        return Data(None, [UserDataPart(step, unread=reason)])

    def _first_line(self, call: ast.Call, place: Place) -> str:
        """The first line of the script that `UserData.for_linux` makes, with its line break."""
        written = next((k.value for k in call.keywords if k.arg == "shebang"), None)
        known = self.evaluator.string(written, place) if written is not None else None
        first = "".join(part for part in known or () if isinstance(part, str)).rstrip()
        return f"{first or _SHEBANG}\n"

    def _type(self, expression: ast.expr | None, place: Place) -> str | None:
        """The content type that an expression stands for."""
        if expression is None:
            return None
        origin, at = self.evaluator.definition(expression, place)
        if (known := _TYPES.get(self.program.dotted(origin, at) or "")) is not None:
            return known
        parts = self.evaluator.string(origin, at)
        return parts[0] if parts is not None and len(parts) == 1 and isinstance(parts[0], str) else None

    def _part(self, expression: ast.expr, place: Place, step: Step) -> UserDataPart:
        """User data as a part of a multipart archive."""
        data = self.data_of(expression, place)
        if data is not None:
            return UserDataPart(step, inner=data)
        return UserDataPart(step, unread=f"line {expression.lineno} adds user data that is not read")

    def _body(self, expression: ast.expr, place: Place, step: Step) -> UserDataPart:
        """The part of a multipart archive that a method of `MultipartBody` makes."""
        origin, at = self.evaluator.definition(expression, place)
        unread = UserDataPart(step, unread=f"line {expression.lineno} adds user data that is not read")
        if not isinstance(origin, ast.Call):
            return unread
        given = {keyword.arg: keyword.value for keyword in origin.keywords}
        kind = self._type(given.get("content_type"), at)
        if called(origin) == "from_user_data":
            data = next(iter(origin.args), None) or given.get("user_data")
            kind = kind or self._type(origin.args[1] if len(origin.args) > 1 else None, at)
            part = self._part(data, at, step) if data is not None else unread
            part.content_type = kind or _SCRIPT_TYPE
            return part
        body = given.get("body")
        if called(origin) == "from_raw_body" and body is not None and kind is not None:
            return UserDataPart(step, [(body, at)], content_type=kind)
        return unread

    # -- the script ---------------------------------------------------------------------------------------------------

    def flat(self, data: Data, depth: int = 0) -> Iterator[UserDataPart]:
        """The parts of user data, with those of nested user data in their place."""
        for piece in data.parts:
            if piece.inner is None:
                yield piece
            elif depth < 5:
                yield from self.flat(piece.inner, depth + 1)

    def script(self, data: Data, made: list[Step]) -> Rendered:
        """The script that instances run, where their construct is `made` in these steps."""
        unbound = frozenset(bound for step in made for bound in step.bound)
        certain = {condition for step in made for condition in step.conditions}
        pieces = list(self.flat(data))
        doubtful = [piece for piece in pieces if set(piece.step.conditions) - certain]
        others = self._others(data, made, pieces)
        whole = self._rendered(data, unbound, others[0])
        variants: list[Variant] = []
        for skipped in others[1:]:
            reason = f"line {made[0].call.lineno} makes several, which do not all have the same user data"
            text = self._rendered(data, unbound, skipped).text
            if text != whole.text:
                variants.append(Variant(text, reason))
        if whole.unread:
            later = Text(tuple(joined(whole.after))) if not whole.is_archive else Text.of("")
            variants.append(Variant(later, whole.unread[0], apart=True))
        left_out = [frozenset(doubtful), *(frozenset({piece}) for piece in doubtful)] if doubtful else []
        if len(doubtful) == 1:
            left_out = left_out[:1]
        for skipped in left_out[:_MOST_VARIANTS]:
            piece = next(piece for piece in doubtful if piece in skipped)
            condition = next(c for c in piece.step.conditions if c not in certain)
            reason = f"line {piece.step.call.lineno} adds user data, but {condition.reason}"
            variants.append(Variant(self._rendered(data, unbound, skipped | others[0]).text, reason))
        whole.variants = tuple(variants)
        if len(left_out) > _MOST_VARIANTS:
            whole.doubt = f"{variants[-1].reason}, as do other lines"
        return whole

    def _others(self, data: Data, made: list[Step], pieces: list[UserDataPart]) -> list[frozenset[UserDataPart]]:
        """For each time that the user data is made, the parts that are added to one that is made at another time."""
        times = [step.time for step in (self.steps.get(data.call, []) if data.call is not None else made)]
        if len(times) < 2:
            return [frozenset()]
        until = [*times[1:], max(times[-1], *(piece.step.time for piece in pieces)) + 1 if pieces else times[-1]]
        return [
            frozenset(piece for piece in pieces if not start <= piece.step.time < end)
            for start, end in zip(times, until, strict=True)
        ]

    def _rendered(self, data: Data, unbound: frozenset[Bound], skipped: frozenset[UserDataPart]) -> Rendered:
        made = Rendered(unbound, skipped, is_archive=data.is_archive)
        self._write(data, made, 0)
        return made

    def _write(self, data: Data, made: Rendered, depth: int) -> None:
        """Writes user data as EC2 gets it."""
        pieces = [piece for piece in data.parts if piece not in made.skipped]
        if data.is_archive:
            made.add(f'Content-Type: multipart/mixed; boundary="{_BOUNDARY}"\nMIME-Version: 1.0\n\n')
        else:
            made.add(data.shebang)
        if any(piece.at_exit for piece in pieces):
            made.add("function exitTrap(){\nexitCode=$?\n")
            for piece in pieces:
                if piece.at_exit:
                    self._write_piece(piece, made, depth)
            made.add("}\ntrap exitTrap EXIT\n")
        for piece in pieces:
            if piece.at_exit:
                continue
            if data.is_archive:
                made.add(f"--{_BOUNDARY}\nContent-Type: {piece.content_type or _SCRIPT_TYPE}\n\n")
            self._write_piece(piece, made, depth)
        if data.is_archive:
            made.add(f"--{_BOUNDARY}--\n")

    def _write_piece(self, piece: UserDataPart, made: Rendered, depth: int) -> None:
        made.add(*piece.text)
        if piece.inner is not None and depth < 5:
            self._write(piece.inner, made, depth + 1)
        if piece.unread is not None:
            made.skip(piece.unread)
        with self.evaluator.at(piece.step.time, unbound=made.unbound):
            for expression, place in piece.lines:
                items = [Bound(expression, place, piece.step.time)]
                if isinstance(expression, ast.Starred):
                    listed = self.evaluator.listed(expression.value, place)
                    items = items if listed is None else listed
                for item in items:
                    self._write_item(item, made)

    def _write_item(self, item: Bound, made: Rendered) -> None:
        parts = self.evaluator.string_of(item) if made.size < _LONGEST else None
        line = item.expression.lineno if hasattr(item.expression, "lineno") else 0
        if parts is None:
            made.skip(f"line {line} adds user data that is not read")
            return
        text = Text(tuple(Ref(part.source) if isinstance(part, Inner) else part for part in parts))
        unknown = dict(alone(Text.decode(f"{_SHEBANG}\n{text.coded}")))
        for number, written in enumerate(text.coded.split("\n"), 2):
            if number in unknown:
                made.skip(f"line {line} adds user data that is not read ({unknown[number]})")
            else:
                made.add(*Text.decode(f"{written}\n").parts)


@dataclass
class Rendered:
    """User data as one text, with what is known of its limits."""

    unbound: frozenset[Bound]
    skipped: frozenset[UserDataPart]
    is_archive: bool
    parts: list[str | Ref] = field(default_factory=list)
    after: list[str | Ref] = field(default_factory=list)
    """The text after the last part that is not read, behind a first line."""
    unread: list[str] = field(default_factory=list)
    """The reasons why parts are not read."""
    variants: tuple[Variant, ...] = ()
    doubt: str | None = None
    size: int = 0

    @property
    def text(self) -> Text:
        return Text(tuple(joined(self.parts)))

    def add(self, *parts: str | Ref) -> None:
        """Adds to the text."""
        self.size += sum(len(part) if isinstance(part, str) else 1 for part in parts)
        self.parts += parts
        self.after += parts

    def skip(self, reason: str) -> None:
        """Leaves a part out that is not read."""
        self.unread.append(reason)
        self.parts.append(_UNREAD)
        self.after = [f"{_SHEBANG}\n"]
