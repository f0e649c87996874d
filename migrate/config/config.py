"""Finds `.efs-migrate.yaml` from each file upward and reads it strictly: every error has its line and key."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from migrate.config.checked import ShapeProblem, Shapes
from migrate.dialects.cloudformation.language import intrinsics
from migrate.dialects.common.values import is_call, parse_text
from migrate.files import discover, screen
from migrate.files.language import YAML
from migrate.files.source import SourceProblem, decode
from migrate.syntax import Document, SyntaxProblem, literal, parse, resolve
from migrate.syntax.node import Entry, Node, Scalar
from rules import RULES
from rules.choices import AccessPoints, Choices, ConfiguredFileSystem, DockerStorage
from rules.facts.paths import FILE_SYSTEM_NAME, access_point_problem, normalise
from rules.model import Level, Opaque, Ref, Text, Value

NAME = discover.CONFIGURATION
TARGETS = {"tls": Level.TLS, "access-point": Level.ACCESS_POINT, "iam": Level.IAM}
RULE_IDS = frozenset(rule.id for rule in RULES)

# Words in capitals are placeholders of deployment scripts: EFS_ID, fs-YOUR_EFS_ID.
FILE_SYSTEM = re.compile(rf"fs-[0-9a-f]{{8,40}}|{FILE_SYSTEM_NAME.pattern}")
ACCESS_POINT = re.compile(r"fsap-[0-9a-f]{17}|(?:fsap-)?[A-Z][A-Z0-9_]+")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_TAGGED = re.compile(r"!(?:Ref|Sub|ImportValue|GetAtt|FindInMap|Join|Select|If)\b")
_FUNCTION = re.compile(r"!(?:Ref|ImportValue|FindInMap|Select|If)\b [^/]+")
_LONGEST_SHOWN = 100
_SWITCHES = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


ConfigProblem = ShapeProblem
"""Raised if a configuration cannot be used."""


@dataclass(frozen=True)
class Config:
    """The content of one configuration file: the choices, and the files that it excludes (globs relative to
    `folder`)."""

    choices: Choices = field(default_factory=Choices)
    exclude: tuple[str, ...] = ()
    folder: str = ""
    stated: frozenset[str] = frozenset()
    """The names of the fields of `choices` that the file states."""
    on: frozenset[str] = frozenset()
    """The ids of the rules that the file switches on."""

    def over(self, other: Config) -> Config:
        """This configuration, with `other` for everything that it does not state. Lists and mappings are merged; of
        entries for the same file system, mount, name or path this one's win. `exclude` is this one's alone."""
        mine, theirs = self.choices, other.choices
        known = {system.id for system in mine.file_systems}
        mounted = {path for system in mine.file_systems for path, _ in system.mounts}
        systems = (
            replace(system, mounts=tuple(mount for mount in system.mounts if mount[0] not in mounted))
            for system in theirs.file_systems
            if system.id not in known
        )
        choices = replace(
            theirs,
            **{name: getattr(mine, name) for name in self.stated},
            file_systems=(*mine.file_systems, *systems),
            docker_volumes={**theirs.docker_volumes, **mine.docker_volumes},
            task_roles={**theirs.task_roles, **mine.task_roles},
            posix_users={**theirs.posix_users, **mine.posix_users},
            off=mine.off | (theirs.off - self.on),
        )
        return replace(self, choices=choices, stated=self.stated | other.stated)


def find(path: str) -> str | None:
    """The path of the configuration that governs a file: the nearest one upward, up to the root of its repository; or
    None."""
    return _nearest(os.path.dirname(os.path.abspath(path)))


def upward(path: str) -> list[str]:
    """The folders that may hold the configuration of a file, the nearest first."""
    folders = [os.path.dirname(os.path.abspath(path))]
    while not os.path.lexists(os.path.join(folders[-1], ".git")) and os.path.dirname(folders[-1]) != folders[-1]:
        folders.append(os.path.dirname(folders[-1]))
    return folders


@lru_cache(maxsize=65536)
def _nearest(folder: str) -> str | None:
    candidate = os.path.join(folder, NAME)
    if os.path.lexists(candidate):
        return candidate
    parent = os.path.dirname(folder)
    if parent == folder or os.path.lexists(os.path.join(folder, ".git")):
        return None
    return _nearest(parent)


@lru_cache(maxsize=1024)
def load(path: str, name: str) -> Config:
    """Reads the configuration at `path`; `name` is its name in messages. Raises ConfigProblem."""
    try:
        raw = screen.load(path)
    except OSError as error:
        raise ConfigProblem(name, None, screen.reason(error)) from None
    return read(raw, name, os.path.dirname(os.path.abspath(path)))


def forget() -> None:
    """Clears the caches of `find` and `load`, after a configuration has changed."""
    _nearest.cache_clear()
    load.cache_clear()


def read(raw: bytes, name: str, folder: str) -> Config:
    """Reads a configuration from its bytes. Raises ConfigProblem."""
    try:
        text, _ = decode(raw)
        document = parse(text, YAML)
    except (SyntaxProblem, SourceProblem) as problem:
        raise ConfigProblem(name, problem.line, problem.cause) from None
    if len(document.roots) > 1:
        raise ConfigProblem(name, document.line_column(document.roots[1].start)[0], "more than one document")
    return _ConfigReader(name, document).config(document.roots[0], folder) if document.roots else Config(folder=folder)


def names_file_system(word: str) -> bool:
    """Whether a word is a valid `id` of a file system in the configuration."""
    return parse_text(word).literal is None or FILE_SYSTEM.fullmatch(word) is not None


class _ConfigReader(Shapes):
    """Turns nodes into choices. Each method takes a node and the key that it belongs to, for messages."""

    def __init__(self, name: str, document: Document) -> None:
        super().__init__(name, document)
        self.body = document.text
        self.on: set[str] = set()

    def config(self, root: Node, folder: str) -> Config:
        readers: dict[str, Callable[[Node, str], object]] = {
            "file-systems": self.file_systems,
            "docker-volumes": self.docker_volumes,
            "task-roles": self.task_roles,
            "target": lambda n, k: self.choice(n, k, TARGETS),
            "access-points": lambda n, k: self.choice(n, k, {m.value: m for m in AccessPoints}),
            "posix-users": self.posix_users,
            "root-access": self.truth,
            "rules": self.rules,
            "exclude": self.globs,
        }
        if isinstance(root, Scalar) and literal(root) is None:
            return Config(folder=folder)
        found = self.members(root, "the configuration", readers)
        exclude = found.pop("exclude", ())
        names = {key: key.replace("-", "_") for key in readers} | {"rules": "off"}
        values = {names[key]: value for key, value in found.items() if value is not None}
        joined = {"file_systems", "docker_volumes", "task_roles", "posix_users", "off"}
        return Config(
            replace(Choices(), **values),  # type: ignore[arg-type]  # each reader has its field's type
            exclude,  # type: ignore[arg-type]  # so has this one
            folder,
            stated=frozenset(values) - joined,
            on=frozenset(self.on),
        )

    # -- values -------------------------------------------------------------------------------------------------------

    def identifier(self, node: Node, key: str, pattern: re.Pattern[str], example: str) -> Value:
        """An id, a placeholder, or (for templates) an expression, which each dialect reads in its own way."""
        found = resolve(node)
        if found is not None and (_TAGGED.match(found.tag) if found.tag else is_call(found)):
            return self.expression(node, key, example)
        word = self.word(node, key)
        text = parse_text(word)
        if text.literal is not None and not pattern.fullmatch(word):
            self.fail(node, f"`{key}` must look like {example}, not {word}")
        return text

    def expression(self, node: Node, key: str, example: str) -> Opaque:
        name, argument = intrinsics.call(node) or ("", node)
        if intrinsics.is_no_value(node):
            self.fail(node, f"`{key}` must look like {example}, not AWS::NoValue")
        plain = argument is resolve(node) or not is_call(argument)
        if name != "Fn::Sub" and plain and isinstance(argument, Scalar) and "${" in argument.text:
            remedy = ": write {Fn::ImportValue: {Fn::Sub: …}}" if name == "Fn::ImportValue" else ""
            self.fail(node, f"`{key}`: only Fn::Sub replaces {argument.text}{remedy}")
        written = " ".join(self.body[node.start : node.end].split())
        return Opaque(written if len(written) <= _LONGEST_SHOWN else intrinsics.render(node), node)

    def file_system(self, node: Node, key: str) -> Value:
        return self.identifier(node, key, FILE_SYSTEM, example="fs-0123456789abcdef0")

    def access_point(self, node: Node, key: str) -> Value:
        return self.identifier(node, key, ACCESS_POINT, example="fsap-0123456789abcdef0")

    def role(self, node: Node, key: str) -> Value:
        return self.identifier(node, key, ROLE, example="arn:aws:iam::123456789012:role/name")

    def path(self, node: Node, key: str, word: str | None = None) -> str:
        """An absolute path, coded and normalised. It may contain placeholders as in task definitions, and begin with an
        expression as messages show it."""
        word = self.word(node, key) if word is None else word
        function = _FUNCTION.match(word)
        first = Text((Ref(function[0]),)).coded if function else ""
        coded = normalise(first + parse_text(word[function.end() if function else 0 :]).coded)
        if not coded.startswith(("/", "\ue000")) or ".." in coded.split("/"):
            self.fail(node, f"`{key}` needs an absolute path without `..`, not {word}")
        return coded

    def paths(self, node: Node, key: str) -> Iterator[tuple[str, str, Entry]]:
        """The entries of a mapping whose keys are paths: the coded path, the path as written, and the entry."""
        seen: set[str] = set()
        for name, entry in self.entries(node, key):
            path = self.path(entry.key, key, name)
            if path in seen:
                self.fail(entry.key, f"`{name}` is there twice in `{key}`")
            seen.add(path)
            yield path, name, entry

    def file_systems(self, node: Node, key: str) -> tuple[ConfiguredFileSystem, ...]:
        systems = []
        for item in self.items(node, key):
            readers: dict[str, Callable[[Node, str], object]] = {
                "id": self.file_system,
                "mounts": self.mounts,
                "access-points": self.access_points,
            }
            found = self.members(item, f"an entry of `{key}`", readers)
            if "id" not in found:
                self.fail(item, f"`{key}`: an entry has no `id`")
            systems.append(ConfiguredFileSystem(found["id"], found.get("mounts", ()), found.get("access-points", ())))  # type: ignore[arg-type]  # as read above
        return tuple(systems)

    def mounts(self, node: Node, key: str) -> tuple[tuple[str, str], ...]:
        return tuple((path, self.path(entry.value, key)) for path, _, entry in self.paths(node, key))

    def access_points(self, node: Node, key: str) -> tuple[tuple[str, Value], ...]:
        points = []
        for path, name, entry in self.paths(node, key):
            if problem := access_point_problem(path):
                self.fail(entry.key, f"`{key}`: {name} cannot be an access point's path: {problem}")
            points.append((path, self.access_point(entry.value, key)))
        return tuple(points)

    def docker_volumes(self, node: Node, key: str) -> dict[str, DockerStorage]:
        volumes = {}
        for name, entry in self.entries(node, key):
            readers: dict[str, Callable[[Node, str], object]] = {
                "file-system": self.file_system,
                "directory": self.path,
            }
            found = self.members(entry.value, f"`{name}` in `{key}`", readers)
            if missing := [k for k in ("file-system", "directory") if k not in found]:
                self.fail(entry.key, f"`{key}`: {name} has no `{missing[0]}`")
            volumes[name] = DockerStorage(found["file-system"], found["directory"])  # type: ignore[arg-type]  # as read above
        return volumes

    def task_roles(self, node: Node, key: str) -> dict[str, Value]:
        return {name: self.role(entry.value, key) for name, entry in self.entries(node, key)}

    def posix_users(self, node: Node, key: str) -> dict[str, tuple[int, int]]:
        users = {}
        for path, name, entry in self.paths(node, key):
            found = self.members(entry.value, f"`{name}` in `{key}`", {"uid": self.whole, "gid": self.whole})
            if missing := [k for k in ("uid", "gid") if k not in found]:
                self.fail(entry.key, f"`{key}`: {name} has no `{missing[0]}`")
            users[path] = (found["uid"], found["gid"])
        return users

    def rules(self, node: Node, key: str) -> frozenset[str]:
        off: set[str] = set()
        for name, entry in self.entries(node, key):
            if name not in RULE_IDS:
                self.fail(entry.key, f"`{key}`: unknown rule {name}")
            value = resolve(entry.value)
            # YAML 1.1 reads on and off as booleans, YAML 1.2 as words.
            if not isinstance(value, Scalar) or (switch := _SWITCHES.get(value.text.lower())) is None:
                self.fail(entry.value, f"`{name}` must be on or off")
            (self.on if switch else off).add(name)
        return frozenset(off)

    def globs(self, node: Node, key: str) -> tuple[str, ...]:
        return tuple(self.word(item, f"an entry of `{key}`") for item in self.items(node, key))
