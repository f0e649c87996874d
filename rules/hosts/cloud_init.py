"""Runs user data in the order in which cloud-init does: each part in its turn, cloud-config module by module.

Sources: cloud-init documentation, module reference (bootcmd, runcmd, mounts, write_files); the order of the modules in
its `cloud.cfg`: boothooks, bootcmd, write_files, mounts, scripts, runcmd.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from rules.hosts.archive import Section
from rules.hosts.interpreter.shell import Shell
from rules.hosts.mounts import written_files
from rules.hosts.mounts.host import MountRequest, looks_like_efs, split_options
from rules.hosts.mounts.mount_files import FSTAB

ParseYaml: TypeAlias = Callable[[str], object]

_PLAIN_WORD = re.compile(r"[A-Za-z0-9_./:=,@%+\ue000-\ue001?-]+")


def run(shell: Shell, parts: list[Section], parse_yaml: ParseYaml) -> None:
    """Run the parts of the user data, in cloud-init's order."""
    configs: list[tuple[Section, dict[object, object]]] = []
    for part in parts:
        if part.form == "config":
            configs.append((part, _loaded(shell, part, parse_yaml)))
        elif part.form == "boothook":
            _script(shell, part)
        elif part.form == "other" and looks_like_efs(part.text) and "mount" in part.text:
            shell.host.unclear(part.line, "user data in a form that is not followed may mount EFS")
    for step in (_boot_commands, _write_files, _mounts):
        _each(shell, configs, step)
    for part in parts:
        if part.form == "script":
            _script(shell, part)
    _each(shell, configs, _run_commands)


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


class CloudConfig:
    """A parsed cloud-config. It finds the lines of its texts in the source, searching once from top to bottom."""

    def __init__(self, part: Section, values: dict[object, object]) -> None:
        self.values = values
        self._text = part.text
        self._line = part.line
        self._step = part.step
        self._at = 0
        self._failures = 0

    def list(self, key: str) -> list[object]:
        """The members of the list under a key. The search for their lines begins there."""
        value = self.values.get(key)
        start = re.search(rf"^[\"']?{key}[\"']?\s*:", self._text, re.MULTILINE)
        if start and start.start() > self._at:
            self._move(start.start())
        return value if isinstance(value, list) else []

    def line(self, text: str) -> int:
        """The next line of the source with the first line of this text; the last line that was found if there is none."""
        first = next((entry.strip() for entry in text.split("\n", 20) if entry.strip()), "")[:200]
        if first and self._failures < 50:
            place = self._text.find(first, self._at)
            if place < 0:
                self._failures += 1
            else:
                self._move(place)
        return self._line

    def _move(self, place: int) -> None:
        self._line += self._step * self._text.count("\n", self._at, place)
        self._at = place


def _each(
    shell: Shell, configs: list[tuple[Section, dict[object, object]]], step: Callable[[Shell, CloudConfig], str]
) -> None:
    """Run one step for all cloud-configs. If several have its key, one of them counts, as cloud-init merges them."""
    loaded = [CloudConfig(part, values) for part, values in configs]
    key = _KEYS[step]
    having = [config for config in loaded if config.values.get(key)]
    if len(having) > 1:
        shell.alternatives([partial(step, shell, config) for config in having], exhaustive=True)
    elif having:
        step(shell, having[0])


def _boot_commands(shell: Shell, config: CloudConfig) -> str:
    return _commands(shell, config, "bootcmd")


def _run_commands(shell: Shell, config: CloudConfig) -> str:
    return _commands(shell, config, "runcmd")


def _commands(shell: Shell, config: CloudConfig, key: str) -> str:
    """Run all members as one script, because an `if` may be spread over several. A list is a command that is not expanded."""
    script: list[str] = []
    lines: list[int] = []
    for item in config.list(key):
        if isinstance(item, list):
            words = [_scalar(word) for word in item if word is not None]
            text = " ".join(w if _PLAIN_WORD.fullmatch(w) else "'" + w.replace("'", "'\\''") + "'" for w in words)
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
    return key


def _scalar(value: object) -> str:
    """A YAML scalar as text; "" for a collection, whose aliases could nest without end."""
    if isinstance(value, int) and value.bit_length() > 64:
        return ""
    return str(value) if isinstance(value, (str, int, float)) else ""


def _write_files(shell: Shell, config: CloudConfig) -> str:
    for item in config.list("write_files"):
        if not isinstance(item, dict) or not isinstance(path := item.get("path"), str):
            continue
        line = config.line(path)
        place = shell.host.path(path)
        content = item.get("content")
        if not isinstance(content, str) or place is None:
            continue
        if not shell.spend(len(content), line):
            break
        if item.get("encoding") not in (None, "text/plain"):
            if place == FSTAB or written_files.is_map(place) or place.endswith((".sh", ".mount")):
                shell.host.unclear(line, f"{place} is encoded")
            continue
        if item.get("append") is not True:
            written_files.empty(shell.host, place, line, certain=not shell.branches)
        written_files.write(shell.host, place, content, line=config.line(content), step=1, certain=not shell.branches)
    return "write_files"


def _mounts(shell: Shell, config: CloudConfig) -> str:
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
    shell.host.table.wake()
    return "mounts"


_KEYS: dict[Callable[[Shell, CloudConfig], str], str] = {
    _boot_commands: "bootcmd",
    _write_files: "write_files",
    _mounts: "mounts",
    _run_commands: "runcmd",
}
