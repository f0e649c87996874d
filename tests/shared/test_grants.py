"""Grants: the least that the containers of a task need, as statements of policies."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tasks import FS, POINT, ROLE, container, task

from rules.choices import Choices
from rules.context import Context
from rules.facts.iam import Grant
from rules.model import (
    ENABLED,
    UNSEEN,
    Container,
    EfsVolume,
    Possible,
    Ref,
    Stack,
    Task,
    Text,
    Value,
)
from rules.shared.grants import grant, merge, role_name

MOUNT, WRITE, ROOT_ACCESS = (f"elasticfilesystem:Client{action}" for action in ("Mount", "Write", "RootAccess"))


def granted(given: Task, storage: EfsVolume | None = None, policy: Choices | None = None) -> Grant:
    volume = given.volumes[0]
    assert isinstance(volume.storage, EfsVolume)
    return grant(volume, storage or volume.storage, given, Context(Stack((given,)), policy or Choices()))


SIDECAR = Container(Text.of("sidecar"), None, (), volumes_from=((Text.of("web"), UNSEEN),))


@pytest.mark.parametrize(
    ("given_task", "expected"),
    [
        pytest.param(task(container("web", False)), [MOUNT, WRITE], id="writable"),
        pytest.param(task(container("web", True)), [MOUNT], id="read-only"),
        pytest.param(task(container("web", True), container("cron", False)), [MOUNT, WRITE], id="one of two writes"),
        pytest.param(task(container("web", True), container("cron", False, "other")), [MOUNT], id="another volume"),
        pytest.param(task(container("web", None)), [MOUNT, WRITE], id="readOnly is an expression"),
        pytest.param(task(), [MOUNT, WRITE], id="nobody mounts it here"),
        pytest.param(task(container("web", True), opaque_containers=True), [MOUNT, WRITE], id="containers not known"),
        pytest.param(
            task(container("web", True), container("x", True, opaque=True)), [MOUNT, WRITE], id="mounts not known"
        ),
        pytest.param(task(container("web", True), SIDECAR), [MOUNT, WRITE], id="volumesFrom writes"),
        pytest.param(
            task(container("web", True), replace(SIDECAR, volumes_from=((Text.of("web"), Possible.of(True)),))),
            [MOUNT],
            id="volumesFrom reads",
        ),
        pytest.param(
            task(container("web", True), replace(SIDECAR, volumes_from=((Text.of("db"), Possible.of(False)),))),
            [MOUNT],
            id="volumesFrom of another container",
        ),
        pytest.param(
            task(container("web", True), replace(SIDECAR, volumes_from=((Text((Ref("${X}"),)), Possible.of(False)),))),
            [MOUNT, WRITE],
            id="volumesFrom of an unknown container",
        ),
    ],
)
def test_actions_are_the_least(given_task: Task, expected: list[str]) -> None:
    assert list(granted(given_task).actions) == expected


def test_root_access_is_asked_for() -> None:
    asked = granted(task(container("web", True)), policy=Choices(root_access=True))
    assert asked.actions == (MOUNT, ROOT_ACCESS)


def test_statement_for_an_access_point() -> None:
    given_task = task(container("web", True), region="eu-west-1")
    assert granted(given_task, EfsVolume(FS, transit_encryption=ENABLED, access_point=POINT)).statement() == {
        "Effect": "Allow",
        "Action": [MOUNT],
        "Resource": "arn:aws:elasticfilesystem:eu-west-1:123456789012:file-system/fs-0123456789abcdef0",
        "Condition": {
            "StringEquals": {
                "elasticfilesystem:AccessPointArn": "arn:aws:elasticfilesystem:eu-west-1:123456789012:access-point/fsap-0123456789abcdef0"
            }
        },
    }


@pytest.mark.parametrize(
    "role", [None, Text((Ref("${ROLE}"),)), Text.of("blog"), Text.of("arn:aws-cn:iam::123456789012:role/x")]
)
@pytest.mark.parametrize(
    "storage", [EfsVolume(FS), EfsVolume(FS, access_point=POINT), EfsVolume(Text((Ref("${FS}"),)))]
)
def test_no_statement_covers_everything(role: Value | None, storage: EfsVolume) -> None:
    found = granted(task(task_role=role), storage).statement()
    assert "*" not in json.dumps(found)
    assert found["Condition"]
    assert str(found["Resource"]).endswith(f":file-system/{storage.file_system.source if storage.file_system else ''}")


def test_statement_in_another_partition() -> None:
    found = granted(task(task_role=Text.of("arn:aws-cn:iam::123456789012:role/x")), EfsVolume(FS)).statement()
    assert str(found["Resource"]).startswith("arn:aws-cn:elasticfilesystem:<region>:123456789012:")


def one_grant(*points: str, role: str = "blog", actions: tuple[str, ...] = (MOUNT,)) -> Grant:
    return Grant(role, "arn:aws:elasticfilesystem:eu-west-1:123456789012", "fs-12345678", points, actions)


def test_grants_of_one_role_are_one_statement_per_file_system_and_actions() -> None:
    readers = [one_grant("fsap-1"), one_grant("fsap-2"), one_grant("fsap-1")]
    others = [one_grant("fsap-3", actions=(MOUNT, WRITE)), one_grant("fsap-1", role="wiki")]
    merged = merge((grant, number) for number, grant in enumerate([*readers, *others]))
    assert [grant for grant, _ in merged] == [one_grant("fsap-1", "fsap-2"), *others], "no access point gains an action"
    assert [served for _, served in merged] == [[0, 1, 2], [3], [4]]


def test_grants_of_a_whole_file_system_have_all_of_its_actions() -> None:
    ((merged, served),) = merge([(one_grant(), "reader"), (one_grant(actions=(MOUNT, WRITE)), "writer")])
    assert merged == one_grant(actions=(MOUNT, WRITE))
    assert served == ["reader", "writer"]


@pytest.mark.parametrize(
    ("role", "name"),
    [(ROLE, "blog"), (Text.of("blog"), "blog"), (Text((Ref("{{ roles/blog }}"),)), "{{ roles/blog }}"), (None, "?")],
)
def test_role_name(role: Value | None, name: str) -> None:
    assert role_name(role) == name
