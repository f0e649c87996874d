"""The things beside its user data that an instance runs: `AWS::CloudFormation::Init`, and associations of Systems
Manager.

Sources: CloudFormation user guide, "AWS::CloudFormation::Init" and "cfn-init"; Systems Manager user guide, "State
Manager associations".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rules.model import Text

DEFAULT = "default"
"""The config set that cfn-init runs if it is called without one."""
WITHOUT_SETS: Mapping[str, tuple[str | None, ...]] = {DEFAULT: ("config",)}
"""The config sets of an init that defines none: cfn-init runs its config `config` then."""
_MOST_CONFIGS = 500
"""The largest number of configs that one call runs; sets that name each other could double it without end."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of the source that an instance runs or is given as a file. `line` is the number of its first line, in a
    numbering in which every line of everything that the instance runs has a number of its own."""

    text: Text
    line: int


@dataclass(frozen=True, slots=True)
class InitFile:
    """A file that cfn-init writes. `content` is None if the source does not hold it."""

    path: Text
    content: Passage | None
    line: int
    mode: str = ""
    encoded: bool = False
    """Whether the content is base64."""
    context: Mapping[str, Text] | None = None
    """The values of the content's Mustache tags; None if cfn-init does not replace any."""
    sure: bool = True
    """Whether it is in the config under all conditions of the template."""


@dataclass(frozen=True, slots=True)
class InitCommand:
    """A command that cfn-init runs: a line for the shell, or (not `shell`) the words of a program's call."""

    name: str
    words: tuple[Passage, ...]
    shell: bool = True
    test: Passage | None = None
    """The command is run only if this one succeeds."""
    cwd: Text | None = None
    environment: Mapping[str, Text] = field(default_factory=dict)
    ignores_errors: bool = False
    sure: bool = True
    """Whether it is in the config under all conditions of the template."""


@dataclass(frozen=True, slots=True)
class InitService:
    """A service that cfn-init starts or enables (`wanted`), or stops or disables."""

    name: str
    wanted: bool
    line: int


@dataclass(frozen=True, slots=True)
class InitConfig:
    """One config. cfn-init writes its files, runs its commands, and then sees to its services."""

    files: tuple[InitFile, ...] = ()
    commands: tuple[InitCommand, ...] = ()
    services: tuple[InitService, ...] = ()
    hidden: bool = False
    """Whether it holds something that is not read."""

    @property
    def passages(self) -> Iterator[Passage]:
        """All texts of the config."""
        for file in self.files:
            if file.content is not None:
                yield file.content
        for command in self.commands:
            yield from command.words
            if command.test is not None:
                yield command.test


@dataclass(frozen=True, slots=True)
class Init:
    """The `AWS::CloudFormation::Init` metadata of the resource that cfn-init is called for."""

    resource: str
    configs: Mapping[str, InitConfig]
    sets: Mapping[str, tuple[str | None, ...]]
    """The config sets. A member is the name of a config, the name of another set after a `:`, or None if it cannot be
    read."""
    hidden: bool = False
    """Whether there may be other configs and sets than these."""

    @property
    def passages(self) -> Iterator[Passage]:
        """All texts of its configs."""
        for config in self.configs.values():
            yield from config.passages

    def chosen(self, sets: list[str]) -> list[str] | None:
        """The configs of these sets, in the order in which cfn-init runs them; none if a set or config is missing,
        because then cfn-init fails before it runs anything. None if a member cannot be read."""
        if self.hidden:
            return None
        found: list[str] = []
        waiting: list[str | None] = [f":{name}" for name in reversed(sets)]
        for _ in range(_MOST_CONFIGS):
            if not waiting:
                return found
            member = waiting.pop()
            if member is None:
                return None
            if member.startswith(":"):
                if member[1:] not in self.sets:
                    return []
                waiting += reversed(self.sets[member[1:]])
            elif member not in self.configs:
                return []
            else:
                found.append(member)
        return None


@dataclass(frozen=True, slots=True)
class Association:
    """An association of Systems Manager, whose scripts run on its targets after the boot, and again on a schedule."""

    scripts: tuple[Passage, ...]
    directory: Text | None = None
    doubt: str = ""
    """The reason why it may not run on the instance; empty if it surely does."""
    hidden: bool = False
    """Whether what it runs is not in the source, so that nothing is known of any mount afterwards."""


@dataclass(frozen=True)
class Boot:
    """Everything that an instance may run beside its user data."""

    inits: Mapping[str, Init] = field(default_factory=dict)
    """By the logical ID for which cfn-init is called."""
    own: tuple[str, ...] = ()
    """The names of those that belong to the instance. They are looked at even if no call of cfn-init is seen."""
    associations: tuple[Association, ...] = ()
    hidden: bool = False
    """Whether the user data is not, or not wholly, in the source."""

    @property
    def passages(self) -> Iterator[Passage]:
        """The texts that belong to the instance."""
        for name in self.own:
            yield from self.inits[name].passages
        for association in self.associations:
            yield from association.scripts

    @property
    def size(self) -> int:
        """The length of these texts."""
        return sum(len(passage.text.coded) for passage in self.passages)
