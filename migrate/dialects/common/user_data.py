"""Scripts that container instances run at start: the file systems that they mount and the cluster that they join."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from collections.abc import Sequence as Items
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from migrate.dialects.common.nodes import key_text
from migrate.files.language import YAML
from migrate.syntax import SyntaxProblem, literal, parse, resolve
from migrate.syntax.node import Mapping, Node, Scalar, Sequence
from rules.model import CODED_REF, HostMount, Instance, Owner, Ref, System, Text, Value

if TYPE_CHECKING:
    from rules.hosts import Boot, FoundMount, HostScript, Passage


MOST_PARTS = 20_000
"""The largest number of nodes that `parse_yaml` converts; aliases can multiply them."""

_FIRST_PASSAGE = 1 << 24
"""The number of the first line that is not in user data, which is at most 16 KB long."""

_COMMENT = re.compile(r"^[ \t]*#(?![!c]).*$", re.MULTILINE)
"""A line that is a comment in shells, YAML and TOML alike, but not `#!/bin/sh` or `#cloud-config`."""
_CLUSTER = re.compile(r"\bECS_CLUSTER=(.*)")
_OTHER_CLUSTER = re.compile(  # PowerShell, and Bottlerocket's settings
    r"Initialize-ECSAgent\s[^\n]{0,200}-Cluster\s+(?P<powershell>\S+)|^\s*cluster\s*=\s*(?P<bottlerocket>\S+)",
    re.MULTILINE,
)
_ALONE = re.compile(rf"\s*{CODED_REF}\s*;?\s*")
_HERE_DOCUMENT = re.compile(r"<<-?\s*[\"'\\]?(\w+)")
_KNOWS_EFS = re.compile(r"\b(?:aws_)?efs\b|\bfs-[0-9a-f]{8}|elasticfilesystem", re.IGNORECASE)
_WORD = re.compile(rf"""\\?["']?((?:{CODED_REF}|[^\s"'\\;|&<>])+)""")
_ATTRIBUTES = re.compile(r"\bECS_INSTANCE_ATTRIBUTES=(.*)")
_AGENT = re.compile(
    r"ECS_CLUSTER|/etc/ecs\b|ecs-init|ecs-agent|amazon-linux-extras .{0,80}\becs\b|\b(?:re)?start ecs\b|\becs start\b|"
    r"systemctl .{0,80}\becs\b|Initialize-ECSAgent|\[settings\.ecs\]"
)
_AGENT_VERSION = re.compile(r"(?:amazon-ecs-agent:v?|\becs-init-)([0-9]+\.[0-9]+\.[0-9]+)")
_HELPER, _PLUGIN = "amazon-efs-utils", re.compile(r"amazon-ecs-volume-plugin|\breboot\b|shutdown -r")


@dataclass(frozen=True, slots=True)
class WrittenAt:
    """The place of a line of a script: the node that holds it, the line within the node (from 1), and words for it."""

    node: Node
    line: int
    words: str


class Passages:
    """The texts that instances run beside their user data, with the place of each. Their lines are numbered on, so that
    one number tells a line of everything that an instance runs."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._places: list[tuple[Node, str]] = []
        self._next = _FIRST_PASSAGE

    def add(self, text: Text, node: Node, origin: str) -> Passage:
        """A passage for a text that `node` holds; `origin` is told to people, with the line for `{line}`."""
        from rules.hosts import Passage

        start = self.reserve(node, origin, lines=sum(p.count("\n") for p in text.parts if isinstance(p, str)) + 1)
        return Passage(text, start)

    @property
    def count(self) -> int:
        """The number of passages."""
        return len(self._starts)

    def reserve(self, node: Node, origin: str, lines: int = 1) -> int:
        """The number of the first line of something that takes `lines` lines."""
        start = self._next
        self._starts.append(start)
        self._places.append((node, origin))
        self._next += lines
        return start

    def at(self, line: int) -> WrittenAt | None:
        """The place of a line; None for a line of user data."""
        if line < _FIRST_PASSAGE or not self._starts:
            return None
        index = bisect_right(self._starts, line) - 1
        node, origin = self._places[index]
        within = line - self._starts[index] + 1
        return WrittenAt(node, within, origin.replace("{line}", str(within)))


@dataclass(frozen=True)
class Variant:
    """Another text that a script may have: a mount is certain only if it is there, too. `reason` says in words why the
    script may be that one."""

    text: Text
    reason: str
    apart: bool = False
    """Whether it is only the end of the script, behind commands that are not read and may have done anything."""
    boot: Boot | None = None
    """The things beside it that instances run."""

    @cached_property
    def result(self) -> HostScript:
        """The variant's effects on a host."""
        from rules.hosts import read_file, read_user_data

        if self.apart:  # variables that it does not set are not known
            return read_file("/script.sh", self.text, parse_yaml)
        return read_user_data(self.text, parse_yaml, self.boot)

    @cached_property
    def mounts(self) -> frozenset[tuple[object, ...]]:
        """The certain mounts."""
        return frozenset(_identity(mount) for mount in self.result.mounts if mount.certain)


@dataclass(frozen=True)
class Script:
    """The user data of instances, with what else they run (`boot`). `certain` says whether they have it under all
    conditions, `origin` tells people where it is written, and `node` is the node that holds it."""

    text: Text
    node: Node
    certain: bool
    origin: str
    boot: Boot | None = None
    passages: Passages = field(default_factory=Passages)
    """The places of what is not in the user data."""
    variants: tuple[Variant, ...] = ()
    """The other texts that it may have."""
    doubt: str | None = None
    """The reason why nothing of it is certain, or None."""
    unread: str | None = None
    """The reason why it may mount EFS at a place that is not read, or None."""

    @cached_property
    def result(self) -> HostScript:
        """The effects on a host."""
        # Most templates define no instance, and reading scripts takes 40 ms to import.
        from rules.hosts import read_user_data

        return read_user_data(self.text, parse_yaml, self.boot)

    def doubt_of(self, mount: FoundMount) -> str | None:
        """The reason why a mount that the script makes may be missing if it has another text, or None."""
        identity = _identity(mount)
        return self.doubt or next((v.reason for v in self.others if identity not in v.mounts), None)

    @property
    def unknown(self) -> str | None:
        """The reason why the script, or a line of it, is not known, or None if it is."""
        lines = alone(self.text)
        if lines:
            return f"{self.at(lines[-1][0]).words} runs {_shortened(lines[-1][1])}, which is not known"
        whole = self.text.parts[0] if len(self.text.parts) == 1 else None
        return f"its user data is {_shortened(whole.source)}, which is not known" if isinstance(whole, Ref) else None

    @cached_property
    def others(self) -> tuple[Variant, ...]:
        """The other texts that it may have, with the end behind the last line that is nothing but an expression."""
        lines = alone(self.text)
        variants = tuple(replace(variant, boot=self.boot) for variant in self.variants)
        if not lines:
            return variants
        later = "\n".join(self.text.coded.split("\n")[lines[-1][0] :])
        return (*variants, Variant(Text.decode(f"#!/bin/sh\n{later}"), self.unknown or "", apart=True))

    def at(self, line: int) -> WrittenAt:
        """The place of a line that the result names."""
        found = self.passages.at(line)
        return found or WrittenAt(self.node, line, self.origin.replace("{line}", str(line)))

    @cached_property
    def _body(self) -> str:
        """All texts without comments, in their coded form (`Text.coded`)."""
        others = [passage.text.coded for passage in self.boot.passages] if self.boot is not None else []
        return _COMMENT.sub("", "\n".join((self.text.coded, *others)))

    @property
    def _config(self) -> str:
        """The agent's configuration: the file as the script leaves it, if that sets a cluster, else the script's
        text."""
        written = self.result.agent_config
        return written if _CLUSTER.search(written) else self._body

    @property
    def clusters(self) -> list[Text | None]:
        """The clusters that instances are to join; None for one that only the host can compute."""
        found = [match[1] for match in _CLUSTER.finditer(self._config)]
        if self.system is not None:
            found += [match["powershell"] or match["bottlerocket"] for match in _OTHER_CLUSTER.finditer(self._body)]
        return [_known(value.strip()) for value in found]

    @property
    def attributes(self) -> str | None:
        """The value of `ECS_INSTANCE_ATTRIBUTES`, cut to 200 characters; None if it is not set."""
        written = _ATTRIBUTES.search(self.result.agent_config) or _ATTRIBUTES.search(self._body)
        return Text.decode(written[1].strip()).source[:200] if written else None

    @property
    def runs_agent(self) -> bool:
        """Whether the script configures, installs or starts the container agent."""
        return _AGENT.search(self._body) is not None

    @property
    def agent_versions(self) -> list[str]:
        """The versions of the container agent that the script asks for."""
        return _AGENT_VERSION.findall(self._body)

    @property
    def installs_plugin(self) -> bool:
        """Whether the script installs the mount helper, and starts the volume plugin or reboots the machine
        afterwards."""
        return _HELPER in self._body and _PLUGIN.search(self._body) is not None

    @property
    def system(self) -> System | None:
        """The operating system that the script is written for, if only one system accepts its form; else None."""
        start = self._body.lstrip()[:200]
        if start.startswith("[settings"):
            return System.BOTTLEROCKET
        return System.WINDOWS if start.lower().startswith(("<powershell", "<script")) else None


def _known(value: str) -> Text | None:
    """The first word of a coded value; None if the shell would expand it on the host."""
    word = _WORD.match(value)
    return None if word is None or re.search(r"[$`%]", re.sub(CODED_REF, "", word[1])) else Text.decode(word[1])


def with_scripts(instance: Instance, listed: Items[Script]) -> Instance:
    """The instance with the facts about the container agent that its scripts show, beside those that are known
    already."""
    versions = sorted((v for s in listed for v in s.agent_versions), key=lambda v: [int(n[:6]) for n in v.split(".")])
    return replace(
        instance,
        hosts_containers=instance.hosts_containers or any(s.runs_agent for s in listed),
        scripted=bool(listed),
        system=next((s.system for s in listed if s.system), instance.system),
        agent=versions[0] if versions else None,
        installs_plugin=any(s.installs_plugin for s in listed),
        attributes=next((s.attributes for s in listed if s.attributes), None),
    )


def host_mounts(script: Script, instance: Instance, nameable: Callable[[Value], bool]) -> Iterator[HostMount]:
    """The mounts that a script makes on its instance. `nameable` tells whether a volume can name a file system in
    the form that the script uses: the mount helper accepts a DNS name where ECS needs an id."""
    found = [(mount, script.doubt_of(mount)) for mount in script.result.mounts]
    there = {_identity(mount) for mount in script.result.mounts}
    for variant in script.others:
        found += [(m, script.doubt or variant.reason) for m in variant.result.mounts if _identity(m) not in there]
        there |= {_identity(mount) for mount in variant.result.mounts}
    for mount, reason in found:
        origin = script.at(mount.line).words
        doubt = None
        at = Text.decode(mount.host_path).source
        if mount.doubt is not None:
            doubt = f"what lies at {at} is not known: {_place(script, mount.doubt.line, instance)} {mount.doubt.reason}"
        elif reason is not None:
            doubt = f"what lies at {at} is not known: {_owned(reason, instance)}"
        elif mount.reason:
            doubt = f"whether {instance.name} mounts it is not known, because {mount.reason} ({origin}), at {at}"
        elif not (script.certain and mount.certain):
            doubt = f"whether {instance.name} mounts it depends on a condition ({origin}), at {at}"
        file_system = mount.file_system
        if file_system is not None and not nameable(file_system):
            file_system = None
        yield HostMount(
            mount.host_path,
            file_system,
            mount.directory,
            options=mount.options,
            server=mount.server,
            region=mount.region,
            doubt=doubt,
            instance=instance.key,
            origin=origin,
            is_link=mount.link,
        )
    for unplaced in script.result.unclear:
        origin, verb = script.at(unplaced.line).words, "mounts" if unplaced.sure else "may mount"
        seen = f"{_owned(origin, instance)} {verb} EFS somewhere that is not known ({unplaced.reason})"
        yield HostMount(unplaced.head, None, "/", doubt=seen, instance=instance.key, origin=origin, placed=False)
    if script.unread is not None:
        unread = _owned(script.unread, instance)
        yield HostMount("", None, "/", doubt=unread, instance=instance.key, origin=script.origin, placed=False)
    for other in script.result.others:
        doubt = None
        if not (script.certain and other.certain):
            at = Text.decode(other.host_path).source
            doubt = (
                f"whether {instance.name} mounts something else at {at} is not known ({script.at(other.line).words})"
            )
        yield HostMount(other.host_path, None, "/", is_nfs=False, doubt=doubt, instance=instance.key)


def _place(script: Script, line: int, instance: Instance) -> str:
    """The place of a line in words, at the beginning of a sentence."""
    return _owned(script.at(line).words, instance)


def _owned(words: str, instance: Instance) -> str:
    """Words about an instance with its name in place of "its"."""
    return re.sub(r"\bits (?=user data|AWS::)", f"{instance.name}'s ", words, count=1)


def _shortened(source: str) -> str:
    """An expression for messages."""
    flat = " ".join(source.split())
    return flat if len(flat) <= 60 else f"{flat[:57]}…"


def knows_efs(source: str) -> bool:
    """Whether a source has anything to do with EFS, so that user data that is not read may mount it."""
    return _KNOWS_EFS.search(source) is not None


def alone(text: Text) -> list[tuple[int, str]]:
    """The lines of a shell script, from 1, that are nothing but an expression, each with that: it stands for any number
    of commands. Lines of here-documents are none."""
    coded = text.coded
    if "\ue000" not in coded or not coded.lstrip().startswith("#!"):
        return []
    found: list[tuple[int, str]] = []
    end = ""
    for number, line in enumerate(coded.split("\n"), 1):
        if end:
            end = "" if line.strip() == end else end
        elif _ALONE.fullmatch(line):
            found.append((number, Text.decode(line.strip()).source))
        elif (document := _HERE_DOCUMENT.search(line)) is not None:
            end = document[1]
    return found


def _identity(mount: FoundMount) -> tuple[object, ...]:
    """The properties by which the mounts of different scripts are told apart."""
    return mount.host_path, mount.file_system, mount.directory, mount.server, mount.options


def directory_owners(script: Script) -> Iterator[Owner]:
    """The directories of file systems whose owner or mode a script sets."""
    for made in script.result.directories:
        if made.file_system is not None and (made.uid is not None or made.mode is not None):
            uid, gid = (str(n) if n is not None else "0" for n in (made.uid, made.gid))
            yield Owner(made.file_system, made.directory, uid, gid=gid, mode=made.mode or "0755")


def parse_yaml(body: str) -> object:
    """The value of a YAML text, as plain lists, dicts and scalars. Raises ValueError if it cannot be read."""
    try:
        document = parse(body, YAML)
    except SyntaxProblem as problem:
        raise ValueError(problem.cause) from None
    left = [MOST_PARTS]
    return _plain(document.roots[0], left) if document.roots else None


def _plain(node: Node, left: list[int]) -> object:
    """The value of a node; `left` holds the number of nodes that may still be read. Raises ValueError."""
    left[0] -= 1
    if left[0] < 0:
        raise ValueError("too many parts")
    match resolve(node):
        case Scalar() as scalar:
            return literal(scalar)
        case Sequence() as sequence:
            return [_plain(item, left) for item in sequence.items]
        case Mapping() as found:
            return {key_text(entry): _plain(entry.value, left) for entry in found.entries}
        case _:
            raise ValueError("an alias that contains itself")
