"""Runs user data in the order in which cloud-init does: each part in its turn, cloud-config module by module.

Sources: cloud-init documentation, module reference (bootcmd, runcmd, mounts, write_files); the order of the modules in
its `cloud.cfg`: boothooks, bootcmd, write_files, mounts, scripts, runcmd.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from rules.hosts.archive import Section, decoded, typed
from rules.hosts.grammar.syntax import quoted
from rules.hosts.interpreter.shell import Shell
from rules.hosts.likelihood import Likelihood
from rules.hosts.merging import CloudConfig, Merging
from rules.hosts.mounts import written_files
from rules.hosts.mounts.host import MountRequest, looks_like_efs, split_options
from rules.hosts.mounts.states import because

ParseYaml: TypeAlias = Callable[[str], object]
Step: TypeAlias = Callable[[Shell, list[CloudConfig]], None]

_EARLY, _CONFIG, _FINAL = ("cloud_init_modules",), "cloud_config_modules", "cloud_final_modules"
"""The keys that replace cloud-init's lists of modules."""
_MOST_PARTS = 200
_BASE64 = ("b64", "base64", "gz+b64", "gz+base64", "gzip+b64", "gzip+base64")
_EXPRESSION = re.compile(r"\{\{([^{}\n]*)\}\}")
_LITERAL = re.compile(r"\"([^\"\\]*)\"|'([^'\\]*)'")


def run(shell: Shell, parts: list[Section], parse_yaml: ParseYaml) -> None:
    """Run the parts of the user data, in cloud-init's order."""
    _CloudInit(shell, parts, parse_yaml).run()


class _CloudInit:
    """One run of cloud-init on an instance."""

    def __init__(self, shell: Shell, parts: list[Section], parse_yaml: ParseYaml) -> None:
        self.shell = shell
        self.parts: list[Section] = []
        self.configs: list[tuple[Section, dict[object, object]]] = []
        self.unsure: set[int] = set()
        """The parts whose Jinja may leave out or change anything, by their place in `parts`."""
        for part in parts:
            opened = _opened(shell, part, parse_yaml) if part.form == "archive" else (part,)
            for inner in opened:
                if inner.jinja and "{%" in inner.text:
                    self.unsure.add(len(self.parts))
                self.parts.append(_filled_in(shell, inner) if inner.jinja else inner)
        for number, part in enumerate(self.parts):
            if part.form == "config" and number not in self.unsure:
                self.configs.append((part, _loaded(shell, part, parse_yaml)))
        self.merged = Merging(self.configs)

    def run(self) -> None:
        """Run everything, up to a restart that the user data asks for and what runs again after it."""
        shell, host = self.shell, self.shell.host
        for number, part in enumerate(self.parts):
            if part.form == "include":
                host.hides_calls = True
                host.unclear(part.line, "the user data includes parts that are not in the source")
            elif part.form == "other" and looks_like_efs(part.text) and "mount" in part.text:
                host.unclear(part.line, "user data in a form that is not followed may mount EFS")
            elif part.form == "config" and number in self.unsure and "mount" in part.text:
                host.unclear(part.line, "what the cloud-config says depends on its Jinja template")
        self._early()
        for key, step, module, lists in (
            ("write_files", _write_files, "write-files", _EARLY),
            ("mounts", _mounts, "mounts", (*_EARLY, _CONFIG)),
            ("write_files", _write_deferred, "write-files-deferred", (_FINAL,)),
        ):
            self._step(key, step, self.merged.runs(module, lists))
        self._scripts(again=False)
        for part in self.parts:
            if part.form == "upstart":
                with host.because("a job of upstart runs it"):
                    shell.alternatives([partial(_script, shell, replace(part, text=_job(part.text)))], exhaustive=False)
        if any(part.form == "include" for part in self.parts):
            host.table.doubt_all(because("its user data includes parts that are not in the source"))
        if self.unsure:
            host.table.doubt_all(because("a Jinja template in its user data may leave out parts of it"))
        if (restarts := self.merged.restarts()) is not None:
            host.restarts = host.restarts or because(restarts)
        if host.restarts:
            host.restart()
            self._early()
            self._scripts(again=True)
            host.restart()

    def _early(self) -> None:
        """Run what every boot begins with: boothooks, then `bootcmd`."""
        for part in self.parts:
            if part.form == "boothook":
                _script(self.shell, part)
        self._step("bootcmd", _boot_commands, self.merged.runs("bootcmd", _EARLY))

    def _scripts(self, *, again: bool) -> None:
        """Run the scripts, in the order of their file names; `runcmd` is one of them. After a restart (`again`), those
        of every boot are run."""
        for form, module in (("per-boot", "scripts-per-boot"), ("per-instance", "scripts-per-instance")):
            for part in self.parts:
                if part.form == form and not (again and form == "per-instance"):
                    self._choose(partial(_script, self.shell, part), self.merged.runs(module, (_FINAL,)))
        user = self.merged.runs("scripts-user", (_FINAL,))
        if again and not self.merged.is_always("scripts-user"):
            return
        named: list[tuple[str, Callable[[], object]]] = [
            (part.name or f"part-{number:03}", partial(_script, self.shell, part))
            for number, part in enumerate(self.parts, 1)
            if part.form == "script"
        ]
        writes = min(user, self.merged.runs("runcmd", (_CONFIG,)))
        named.append(("runcmd", partial(self._step, "runcmd", _run_commands, writes)))
        for name, run_script in sorted(named, key=lambda entry: entry[0]):
            if name == "runcmd":
                run_script()
            else:
                self._choose(run_script, user)

    def _step(self, key: str, step: Step, runs: Likelihood) -> None:
        """Run one step for the cloud-configs that give its key, as they are merged. If that cannot be told, one of them
        counts."""
        having = self.merged.giving(key)
        if having is not None:
            if having:
                self._choose(partial(step, self.shell, [CloudConfig(*config) for config in having]), runs)
            return
        one = [
            partial(step, self.shell, [CloudConfig(part, values)]) for part, values in self.configs if values.get(key)
        ]
        self._choose(partial(self.shell.alternatives, one, exhaustive=True), runs)

    def _choose(self, run_it: Callable[[], object], runs: Likelihood) -> None:
        """Run something if the lists of cloud-init's modules let it run."""
        if runs is Likelihood.ALWAYS:
            run_it()
            return
        with self.shell.host.because("the user data changes which modules of cloud-init run"):
            if runs is Likelihood.NEVER:
                self.shell.suspect(run_it)
            else:
                self.shell.alternatives([run_it], exhaustive=False)


def _opened(shell: Shell, part: Section, parse_yaml: ParseYaml) -> list[Section]:
    """The parts of a `#cloud-config-archive`: a list of texts, or of mappings with a content and its type."""
    try:
        loaded = parse_yaml(part.text)
    except (ValueError, RecursionError):
        loaded = None
    if not isinstance(loaded, list):
        shell.host.hides_calls = True
        return []
    found: list[Section] = []
    places = CloudConfig(part, {})
    for item in loaded[:_MOST_PARTS]:
        given = item if isinstance(item, dict) else {"content": item}
        content, kind, name = (given.get(key) for key in ("content", "type", "filename"))
        if isinstance(content, str):
            line = places.line(content)
            sections = typed(kind if isinstance(kind, str) else "", content, line)
            found += (replace(s, name=name if isinstance(name, str) else "") for s in sections)
    return [section for section in found if section.form != "archive"]


def _filled_in(shell: Shell, part: Section) -> Section:
    """A template of Jinja with its expressions replaced: literals by their text, others by an unknown value."""

    def value(expression: re.Match[str]) -> str:
        literal = _LITERAL.fullmatch(expression[1].strip("- \t"))
        return literal[1] or literal[2] if literal else shell.host.tokens.unknown(expression[0])

    shell.spend(len(part.text), part.line)
    return replace(part, text=_EXPRESSION.sub(value, _without_comments(part.text)))


def _without_comments(text: str) -> str:
    """A template of Jinja without its comments, in which every line has the number that it had."""
    kept: list[str] = []
    at = 0
    while (start := text.find("{#", at)) >= 0 and (end := text.find("#}", start + 2)) >= 0:
        kept += (text[at:start], "\n" * text.count("\n", start, end))
        at = end + 2
    return "".join((*kept, text[at:]))


def _job(text: str) -> str:
    """The commands of a job of upstart, on their lines."""
    inside = False
    lines: list[str] = []
    for line in text.split("\n"):
        word, _, rest = line.strip().partition(" ")
        if line.strip() in ("script", "end script"):
            inside = word == "script"
            lines.append("")
        else:
            lines.append(line if inside else rest if word == "exec" else "")
    return "\n".join(lines)


def _script(shell: Shell, part: Section) -> None:
    shell.script(part.text, lambda n: part.line + part.step * (n - 1))


def _loaded(shell: Shell, part: Section, parse_yaml: ParseYaml) -> dict[object, object]:
    try:
        loaded = parse_yaml(part.text)
    except (ValueError, RecursionError):
        loaded = None
        if looks_like_efs(part.text) or "mount" in part.text:
            shell.host.unclear(part.line, "the cloud-config cannot be read as YAML")
    return loaded if isinstance(loaded, dict) else {}


def _boot_commands(shell: Shell, configs: list[CloudConfig]) -> None:
    _commands(shell, configs, "bootcmd")


def _run_commands(shell: Shell, configs: list[CloudConfig]) -> None:
    _commands(shell, configs, "runcmd")


def _commands(shell: Shell, configs: list[CloudConfig], key: str) -> None:
    """Run all members as one script, because an `if` may be spread over several. A list is a command that is not expanded."""
    script: list[str] = []
    lines: list[int] = []
    members = [(config, item) for config in configs for item in config.list(key)]
    for config, item in members:
        if isinstance(item, list):
            words = [_scalar(word) for word in item if word is not None]
            text = quoted(words)
            line = config.line(next((w for w in words if len(w) > 4), ""))
        elif isinstance(item, str):
            text, line = item, config.line(item)
        else:
            continue
        if not shell.spend(len(text), line):
            break
        count = text.count("\n") + 1
        script.append(text)
        spread = "\n" in text.strip()
        lines += [line + number if spread else line for number in range(count)]
    if script:
        shell.script("\n".join(script), lambda n: lines[min(n, len(lines)) - 1])


def _scalar(value: object) -> str:
    """A YAML scalar as text; "" for a collection, whose aliases could nest without end."""
    if isinstance(value, int) and value.bit_length() > 64:
        return ""
    return str(value) if isinstance(value, (str, int, float)) else ""


def _write_files(shell: Shell, configs: list[CloudConfig]) -> None:
    for config in configs:
        _write(shell, config, deferred=False)


def _write_deferred(shell: Shell, configs: list[CloudConfig]) -> None:
    for config in configs:
        _write(shell, config, deferred=True)


def _write(shell: Shell, config: CloudConfig, *, deferred: bool) -> None:
    """Write the files that are, or are not, `deferred` until just before the scripts."""
    for item in config.list("write_files"):
        if not isinstance(item, dict) or not isinstance(path := item.get("path"), str):
            continue
        line = config.line(path)
        if (item.get("defer") in (True, "true", "yes")) is not deferred:
            continue
        place = shell.host.path(path)
        content, encoding = item.get("content"), item.get("encoding")
        content = _scalar(content) if isinstance(content, (int, float)) else content
        if place is None:
            continue
        if not isinstance(content, str) or item.get("source") is not None:
            if written_files.matters(place):
                shell.host.unclear(line, f"the content of {place} is not in the user data")
            if item.get("source") is not None:
                written_files.empty(shell.host, place, line, certain=not shell.branches)
            continue
        if not shell.spend(len(content), line):
            break
        step = 1
        if encoding not in (None, "", "text/plain"):
            unpacked = decoded(content, "base64") if encoding in _BASE64 else content
            if unpacked == content or not shell.spend(len(unpacked), line):
                if written_files.matters(place):
                    shell.host.unclear(line, f"{place} is encoded")
                continue
            content, step = unpacked, 0
        if item.get("append") is not True:
            written_files.empty(shell.host, place, line, certain=not shell.branches)
        at = config.line(content) if step else line
        written_files.write(shell.host, place, content, line=at, step=step, certain=not shell.branches)


def _mounts(shell: Shell, configs: list[CloudConfig]) -> None:
    for config in configs:
        _mount(shell, config)
    shell.host.table.wake()


def _mount(shell: Shell, config: CloudConfig) -> None:
    """Mount each `[source, mount point, type, options, …]`. Missing members come from `mount_default_fields`."""
    defaults = config.values.get("mount_default_fields")
    fallback = [v if isinstance(v, str) else "" for v in defaults] if isinstance(defaults, list) else []
    fallback += [""] * (4 - len(fallback))
    for item in config.list("mounts"):
        if not isinstance(item, list) or not item or not isinstance(item[0], str):
            continue
        line = config.line(item[0])
        if len(item) > 1 and item[1] is None:
            continue  # this removes one of cloud-init's default mounts
        values = [item[i] if i < len(item) and item[i] is not None else fallback[i] for i in range(4)]
        source, target, kind, options = (_scalar(value) for value in values)
        if not shell.spend(len(source + target + options), line):
            break
        if not target.startswith(("/", "\ue000")):
            if looks_like_efs(source) and target != "none":
                shell.host.unclear(line, f"the mount point of {source} is not known")
            continue
        shell.host.mount(
            MountRequest(source, target, kind, options=split_options(options), line=line, persistent=True), None
        )
