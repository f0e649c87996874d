"""A small task with a volume on EFS, in the rules' own model, for tests of what rules are made of."""

from __future__ import annotations

from dataclasses import replace

from rules.model import ENABLED, UNSEEN, Container, EfsVolume, Key, MountPoint, Possible, Task, Text, Volume

FS = Text.of("fs-0123456789abcdef0")
OTHER = Text.of("fs-0fedcba9876543210")
POINT = Text.of("fsap-0123456789abcdef0")
ROLE = Text.of("arn:aws:iam::123456789012:role/team/blog")


def container(name: str, read_only: bool | None, source: str = "data", **more: object) -> Container:
    point = MountPoint(Text.of(source), UNSEEN if read_only is None else Possible.of(read_only))
    return replace(Container(Text.of(name), None, (point,)), **more)  # type: ignore[arg-type]  # fields of the test's choice


def volume(storage: EfsVolume) -> Volume:
    return Volume(Key.of("v"), "data", storage)


def task(*containers: Container, storage: EfsVolume | None = None, **more: object) -> Task:
    made = Task(Key.of("t"), "blog", (volume(storage or EfsVolume(FS, transit_encryption=ENABLED)),), task_role=ROLE)
    return replace(made, containers=containers, **more)  # type: ignore[arg-type]  # fields of the test's choice
