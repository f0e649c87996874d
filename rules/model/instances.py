"""Container instances and clusters, and the mounts and directories that user data makes on the instances."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from rules.model.tasks import Engine
from rules.model.values import Key, Value


@dataclass(frozen=True, slots=True)
class HostMount:
    """A mount on the container instances: `directory` of `file_system` at `host_path` (paths coded and normalised).
    `file_system` is None if the source does not show that it is EFS. `doubt` is the reason why the mount may be missing
    on some instance that can run the task, or None."""

    host_path: str
    file_system: Value | None
    directory: str
    options: tuple[str, ...] = ()
    server: str = ""
    region: str | None = None
    doubt: str | None = None
    role: Key | None = None
    """The instance role, if the source creates it. With the option `iam`, the instances mount as this role."""
    is_nfs: bool = True
    """Whether it is NFS or EFS. Other mounts (a disk, S3) matter only because they cover paths."""
    instance: Key | None = None
    """The instance whose user data makes the mount; None for a mount that holds for all instances."""
    origin: str = ""
    """The place that makes the mount, for messages: `line 7 of its user data`."""
    placed: bool = True
    """Whether its mount point is known. If it is not, `host_path` is the text that the mount point begins with, as far as
    that is known, and `doubt` says what was seen."""
    is_link: bool = False
    """Whether it is a symbolic link, which containers that see it from above follow for themselves."""


# -- capacity ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cluster:
    """An ECS cluster. The same cluster always has the same expression as its name."""

    name: Value
    created: bool = False
    """Whether the source creates it."""
    generated: bool = False
    """Whether its name is generated at deployment, so that no literal name in the source can be its name."""
    imported: bool = False
    """Whether another stack exports its name, so that it is no cluster that this source creates."""
    cases: tuple[Cluster, ...] = field(default=(), compare=False)
    """The clusters among which conditions choose; empty if it is not such a choice."""


class System(StrEnum):
    """The operating system of a container instance, as far as it makes a difference for EFS volumes."""

    LINUX = "Linux"
    BOTTLEROCKET = "Bottlerocket"
    WINDOWS = "Windows"


@dataclass(frozen=True, slots=True)
class Image:
    """A machine image (AMI) that instances start from. `source` is the expression for it as it is written."""

    key: Key
    source: str
    name: str | None = None
    """The path of its SSM parameter, or another name that tells its kind; None for a bare AMI id and if it is not
    known."""
    parameter: Key | None = None
    """The source's parameter whose default is `name`, if it comes from one. Existing stacks may have another value."""
    writable: bool = False
    """Whether `name` stands literally in the source, so that an edit can replace it."""


@dataclass(frozen=True, slots=True)
class Instance:
    """A launch template, a launch configuration or an EC2 instance: anything that container instances are started
    from."""

    key: Key
    name: str
    engine: Engine = Engine.UNKNOWN
    """The service that runs tasks on it, if the source shows it."""
    clusters: tuple[Cluster, ...] = ()
    """The clusters that it may join; empty if they are not known."""
    providers: frozenset[str] = frozenset()
    """The capacity providers or compute environments of the source that start it."""
    hosts_containers: bool = False
    """Whether something in the source shows that the container agent runs on it."""
    alone: bool = False
    """Whether it is a single machine (an EC2 instance), as bastions are."""
    scripted: bool = False
    """Whether it has user data (or `AWS::CloudFormation::Init`). Without, it runs nothing that is not in its image."""
    images: tuple[Key, ...] = ()
    """The images that it may start from."""
    system: System | None = None
    """The operating system that its user data is written for; None if the user data does not show it."""
    agent: str | None = None
    """The version of the container agent (or of ecs-init) that its user data pins."""
    installs_plugin: bool = False
    """Whether its user data installs the mount helper and starts the volume plugin."""
    attributes: str | None = None
    """The value that its user data gives `ECS_INSTANCE_ATTRIBUTES`; None if it sets none."""
    unseen: str | None = None
    """The reason why machines that count as this instance may run something else than the source shows, as a sentence
    without its full stop; None if they cannot."""

    @property
    def image_key(self) -> Key:
        """The key of its image in the source, for findings about it."""
        return self.key.below("image")

    @property
    def script_key(self) -> Key:
        """The key of its user data in the source, for findings about it."""
        return self.key.below("user data")


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner and mode of a directory of a file system, as a script of the source makes it. `uid` and `gid` are
    decimal numbers as strings, `mode` is octal."""

    file_system: Value
    directory: str
    uid: str
    gid: str
    mode: str
