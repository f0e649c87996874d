"""Container instances and clusters, and what is mounted on hosts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rules.model.tasks import Engine
from rules.model.values import Key, Value


@dataclass(frozen=True, slots=True)
class HostMount:
    """Something mounted on the container instances: `directory` of `file_system` at `host_path` (paths coded and
    normalised). `file_system` is None if the source does not show that it is EFS; `doubt` says why the mount may not be
    there on every instance that can run the task."""

    host_path: str
    file_system: Value | None
    directory: str
    options: tuple[str, ...] = ()
    server: str = ""
    region: str | None = None
    doubt: str | None = None
    role: Key | None = None
    """The instances' role, if the source creates it: whom they mount as with the option `iam`."""
    is_nfs: bool = True
    """False for disks, S3 and the like, which matter only where they lie."""
    instance: Key | None = None
    """The instance whose user data says so; None: whichever instance it is."""
    origin: str = ""
    """Where it says so, for messages: `line 7 of its user data`."""


# -- capacity ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster as the source names it, by one expression wherever the same one is meant."""

    name: Value
    created: bool = False
    """Whether the source creates it."""
    generated: bool = False
    """Whether the source leaves its name to be generated, so that no literal name can be its own."""


class System(StrEnum):
    """What a container instance runs, as far as EFS volumes are concerned."""

    LINUX = "Linux"
    BOTTLEROCKET = "Bottlerocket"
    WINDOWS = "Windows"


@dataclass(frozen=True, slots=True)
class Image:
    """A machine image that instances start from, as far as the source shows which. `source` as it is written."""

    key: Key
    source: str
    name: str | None = None
    """The SSM parameter's path or the name that says what it is; None for a bare id and for what is not known."""
    parameter: Key | None = None
    """The parameter that gives it, by whose default it is known: existing stacks may have another value."""
    writable: bool = False
    """Whether the name stands in the source as it is, so that another one can be put in its place."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What container instances are started from: a launch configuration, a launch template or an instance."""

    key: Key
    name: str
    engine: Engine = Engine.UNKNOWN
    """Who is known to run tasks on it."""
    clusters: tuple[Cluster, ...] = ()
    """The clusters it may join; empty: not known."""
    providers: frozenset[str] = frozenset()
    """The capacity providers or compute environments of the source that start it."""
    hosts_containers: bool = False
    """Whether something shows that the container agent runs on it."""
    scripted: bool = False
    """Whether it has user data (or `AWS::CloudFormation::Init`), which anything that is not in the image takes."""
    images: tuple[Key, ...] = ()
    system: System | None = None
    """What its user data is written for, where it could be for nothing else."""
    agent: str | None = None
    """The version of the container agent (or of ecs-init) that its user data pins."""
    installs_plugin: bool = False
    """Whether its user data installs the mount helper and starts the volume plugin."""
    attributes: str | None = None
    """What its user data sets `ECS_INSTANCE_ATTRIBUTES` to."""

    @property
    def image_key(self) -> Key:
        """Names the place where its image stands."""
        return self.key.below("image")

    @property
    def script_key(self) -> Key:
        """Names the place where its user data stands."""
        return self.key.below("user data")


@dataclass(frozen=True, slots=True)
class Owner:
    """Who owns a directory of a file system, as the source makes it: numbers as strings, mode octal."""

    file_system: Value
    directory: str
    uid: str
    gid: str
    mode: str
