"""Reads `CloudFormationInit`, with which a CDK program gives instances what cfn-init runs on them.

Source: API reference of `aws_ec2.CloudFormationInit`, `InitConfig`, `InitCommand`, `InitFile` and `InitService` in
aws-cdk-lib (a command without a key has its index, of three digits, as its name).
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrate.dialects.cdk.api import EC2
from migrate.dialects.cdk.program import Program
from migrate.dialects.common.user_data import Passages
from migrate.syntax.node import Scalar
from migrate.syntax.python.names import Place
from rules.model import Text

if TYPE_CHECKING:
    from rules.hosts import Init, InitCommand, InitConfig, InitFile, InitService, Passage

CHANGES = ("add_config", "add_config_set", "add")
"""The methods that add to an init or a config."""
_INIT = f"{EC2}.CloudFormationInit"
_HARMLESS = ("InitPackage", "InitGroup", "InitUser", "InitSource", "InitServiceRestartHandle")
_NODE = Scalar(0, 0, "", style="")
"""A placeholder: the lines of a program's scripts have no nodes."""


@dataclass(frozen=True)
class InitChange:
    """A call that adds to the init or config that `receiver` stands for."""

    receiver: ast.expr
    call: ast.Call
    place: Place


class ProgramInits:
    """Reads the inits of one program. `text` gives expressions as the lines of a text."""

    def __init__(self, program: Program, text: Callable[[Sequence[tuple[ast.expr, Place]]], Text]) -> None:
        self.program = program
        self.text = text
        self.passages = Passages()
        self.changes: list[InitChange] = []

    def read(self, written: ast.expr, place: Place, name: str) -> Init:
        """The init that an expression stands for where `place` gives it to instances."""
        from rules.hosts import WITHOUT_SETS, Init

        origin, at = self.program.evaluator.definition(written, place)
        made = self._kind(origin, at).removeprefix(f"{_INIT}.")
        configs: dict[str, InitConfig] | None = None
        sets: dict[str, tuple[str | None, ...]] | None = {**WITHOUT_SETS}
        if isinstance(origin, ast.Call) and not any(k.arg is None for k in origin.keywords):
            if made == "from_elements":
                configs = {"config": self._elements(origin.args, at)}
            elif made == "from_config" and (config := argument_of(origin, 0, "config")) is not None:
                configs = {"config": self._config(config, at, place)}
            elif made == "from_config_sets":
                sets = self._sets(argument_of(origin, None, "config_sets"), at)
                named = self._dict(argument_of(origin, None, "configs"), at)
                configs = {k: self._config(v, p, place) for k, (v, p) in named.items()} if named is not None else None
        added = self._added_to(origin, at, place)
        for call, where in added or ():
            configs, sets = self._changed(configs, sets, call, where, place)
        return Init(name, configs or {}, sets or {}, hidden=configs is None or sets is None or added is None)

    # -- configs ------------------------------------------------------------------------------------------------------

    def _changed(
        self,
        configs: dict[str, InitConfig] | None,
        sets: dict[str, tuple[str | None, ...]] | None,
        call: ast.Call,
        where: Place,
        place: Place,
    ) -> tuple[dict[str, InitConfig] | None, dict[str, tuple[str | None, ...]] | None]:
        """Configs and sets with those that a call adds; None for what is then not known."""
        name, second = (
            argument_of(call, 0, "config_name", "config_set_name"),
            argument_of(call, 1, "config", "config_names"),
        )
        key = self._word(name, where) if name is not None else None
        if key is None or not isinstance(call.func, ast.Attribute):
            return None, None
        if call.func.attr == "add_config" and second is not None and configs is not None:
            return {**configs, key: self._config(second, where, place)}, sets
        if call.func.attr == "add_config_set" and sets is not None:
            return configs, {**sets, key: self._words(second, where)}
        return None, None

    def _config(self, expression: ast.expr, place: Place, used: Place) -> InitConfig:
        from rules.hosts import InitConfig

        origin, at = self.program.evaluator.definition(expression, place)
        if not isinstance(origin, ast.Call) or self._kind(origin, at) != f"{EC2}.InitConfig":
            return InitConfig(hidden=True)
        listed = argument_of(origin, 0, "elements")
        elements, where = self.program.evaluator.definition(listed, at) if listed is not None else (None, at)
        if not isinstance(elements, ast.List | ast.Tuple):
            return InitConfig(hidden=True)
        added = self._added_to(origin, at, used)
        if added is None or any(call.keywords for call, _ in added):
            return InitConfig(hidden=True)
        return self._elements([*elements.elts, *(argument for call, _ in added for argument in call.args)], where)

    def _elements(self, elements: Sequence[ast.expr], place: Place) -> InitConfig:
        """The config that elements make up. Their order counts within each kind."""
        from rules.hosts import InitConfig

        files: list[InitFile] = []
        commands: list[InitCommand] = []
        services: list[InitService] = []
        hidden = False
        for element, at in self._each(elements, place):
            kind = self._kind(element, at).removeprefix(f"{EC2}.") if isinstance(element, ast.Call) else ""
            made, _, how = kind.partition(".")
            if not isinstance(element, ast.Call) or any(k.arg is None for k in element.keywords):
                hidden = True
            elif made == "InitCommand" and (command := self._command(element, at, how, len(commands))) is not None:
                commands.append(command)
            elif (made == "InitFile" or how == "systemd_config_file") and (
                file := self._file(element, at, how)
            ) is not None:
                files.append(file)
            elif made == "InitService" and (service := self._service(element, at, how)) is not None:
                services.append(service)
            else:
                hidden = hidden or made not in _HARMLESS
        return InitConfig(tuple(files), tuple(commands), tuple(services), hidden=hidden)

    def _each(self, elements: Sequence[ast.expr], place: Place) -> Iterator[tuple[ast.expr, Place]]:
        """The elements, those of starred lists included, where they are made."""
        for element in elements:
            if not isinstance(element, ast.Starred):
                yield self.program.evaluator.definition(element, place)
                continue
            listed, at = self.program.evaluator.definition(element.value, place)
            if isinstance(listed, ast.List | ast.Tuple):
                yield from (self.program.evaluator.definition(inner, at) for inner in listed.elts)
            else:
                yield listed, at

    # -- elements -----------------------------------------------------------------------------------------------------

    def _command(self, call: ast.Call, place: Place, how: str, index: int) -> InitCommand | None:
        from rules.hosts import InitCommand

        written, key, env = (
            argument_of(call, 0, "shell_command", "argv"),
            argument_of(call, None, "key"),
            argument_of(call, None, "env"),
        )
        name = f"{index:03}" if key is None else self._word(key, place)
        environment = self._dict(env, place) if env is not None else {}
        if written is None or name is None or environment is None:
            return None
        words: list[tuple[ast.expr, Place]] = [(written, place)]
        if how == "argv_command":
            listed, at = self.program.evaluator.definition(written, place)
            if not isinstance(listed, ast.List | ast.Tuple):
                return None
            words = [(word, at) for word in listed.elts]
        test, cwd = argument_of(call, None, "test_cmd"), argument_of(call, None, "cwd")
        origin = f"command {name} of its init"
        ignoring = argument_of(call, None, "ignore_errors")
        return InitCommand(
            name,
            tuple(self._passage(word, at, origin) for word, at in words),
            shell=how != "argv_command",
            test=self._passage(test, place, f"the test of {origin}") if test is not None else None,
            cwd=self._line(cwd, place) if cwd is not None else None,
            environment={k: self._line(*value) for k, value in environment.items()},
            ignores_errors=isinstance(ignoring, ast.Constant) and ignoring.value is True,
        )

    def _file(self, call: ast.Call, place: Place, how: str) -> InitFile | None:
        from rules.hosts import InitFile

        named = argument_of(call, 0, "file_name", "target_file_name", "service_name")
        if named is None:
            return None
        path = self._line(named, place)
        origin = f"line {{line}} of {path.source}, which its init writes"
        content: Passage | None = None
        mode = argument_of(call, None, "mode")
        if how in ("from_string", "symlink"):
            written = argument_of(call, 1, "content", "target")
            content = self._passage(written, place, origin) if written is not None else None
        elif how == "systemd_config_file":
            command = argument_of(call, None, "command")
            path = Text(("/etc/systemd/system/", *path.parts, ".service"))
            if command is not None:
                unit = Text(("[Service]\nExecStart=", *self._line(command, place).parts))
                content = self.passages.add(unit, _NODE, f"service {path.source} of its init")
        encoded = argument_of(call, None, "base64_encoded")
        return InitFile(
            path,
            content,
            self.passages.reserve(_NODE, origin),
            mode="120644" if how == "symlink" else (self._word(mode, place) or "") if mode is not None else "",
            encoded=isinstance(encoded, ast.Constant) and encoded.value is True,
        )

    def _service(self, call: ast.Call, place: Place, how: str) -> InitService | None:
        from rules.hosts import InitService

        name = argument_of(call, 0, "service_name")
        known = self._word(name, place) if name is not None else None
        if known is None:
            return None
        line = self.passages.reserve(_NODE, f"service {known} of its init")
        return InitService(known, wanted=how == "enable", line=line)

    # -- values -------------------------------------------------------------------------------------------------------

    def _added_to(self, origin: ast.expr, at: Place, used: Place) -> list[tuple[ast.Call, Place]] | None:
        """The calls that add to what `origin` makes at `at`, up to where it is used; None if one of them may not be
        made."""
        found: list[tuple[ast.Call, Place]] = []
        for change in self.changes:
            if self.program.evaluator.definition(change.receiver, change.place)[0] is not origin:
                continue
            if change.place.block is not at.block:
                return None
            if used.scope is not at.scope or change.call.lineno <= used.statement.lineno:
                found.append((change.call, change.place))
        return found

    def _kind(self, expression: ast.expr, place: Place) -> str:
        if not isinstance(expression, ast.Call):
            return ""
        return self.program.kind(expression) or self.program.dotted(expression.func, place) or ""

    def _passage(self, expression: ast.expr, place: Place, origin: str) -> Passage:
        return self.passages.add(self._line(expression, place), _NODE, origin)

    def _line(self, expression: ast.expr, place: Place) -> Text:
        """The text of one expression, without the line break that follows a command."""
        parts = self.text([(expression, place)]).parts
        last = parts[-1] if parts else ""
        return Text((*parts[:-1], last.removesuffix("\n"))) if isinstance(last, str) else Text(parts)

    def _word(self, expression: ast.expr, place: Place) -> str | None:
        return self._line(expression, place).literal

    def _words(self, expression: ast.expr | None, place: Place) -> tuple[str | None, ...]:
        """The literal strings of a list; None for those that are not literal, and for a whole list that is not."""
        listed, at = self.program.evaluator.definition(expression, place) if expression is not None else (None, place)
        if not isinstance(listed, ast.List | ast.Tuple):
            return (None,)
        return tuple(None if isinstance(item, ast.Starred) else self._word(item, at) for item in listed.elts)

    def _dict(self, expression: ast.expr | None, place: Place) -> dict[str, tuple[ast.expr, Place]] | None:
        """The values of a dict by its keys; None if it is not one with literal keys."""
        found, at = self.program.evaluator.definition(expression, place) if expression is not None else (None, place)
        if not isinstance(found, ast.Dict):
            return None
        keys = [key.value if isinstance(key, ast.Constant) else None for key in found.keys]
        values = [(value, at) for value in found.values]
        named = {key: value for key, value in zip(keys, values, strict=True) if isinstance(key, str)}
        return named if len(named) == len(keys) else None

    def _sets(self, expression: ast.expr | None, place: Place) -> dict[str, tuple[str | None, ...]] | None:
        found = self._dict(expression, place)
        return {name: self._words(*listed) for name, listed in found.items()} if found is not None else None

    def chosen(self, options: ast.expr | None, place: Place) -> str | None:
        """The config sets that the options of an init choose, separated by commas; None if they are not known."""
        from rules.hosts import DEFAULT

        if options is None:
            return DEFAULT
        origin, at = self.program.evaluator.definition(options, place)
        if isinstance(origin, ast.Dict):
            found = self._dict(origin, at)
            written = found.get("config_sets", (None, at))[0] if found is not None else origin
        elif isinstance(origin, ast.Call) and not any(k.arg is None for k in origin.keywords):
            written = argument_of(origin, None, "config_sets")
        else:
            return None
        if written is None:
            return DEFAULT
        names = self._words(written, at)
        return ",".join(name for name in names if name is not None) if None not in names else None


def argument_of(call: ast.Call, index: int | None, *names: str) -> ast.expr | None:
    """The argument of a call at a position, or under the first of some names; None if it has neither."""
    if index is not None and index < len(call.args):
        return call.args[index]
    return next((k.value for name in names for k in call.keywords if k.arg == name), None)
