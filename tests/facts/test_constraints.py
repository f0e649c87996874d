"""Which combinations the API refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tasks import FS, POINT, task

from rules.facts.constraints import violations
from rules.model import (
    ENABLED,
    EfsVolume,
    Engine,
    HostPath,
    Key,
    Ref,
    Stack,
    Task,
    Text,
    Volume,
)

SOUND = EfsVolume(FS, transit_encryption=ENABLED, access_point=POINT, iam=ENABLED)


@pytest.mark.parametrize(
    ("storage", "more", "problems"),
    [
        pytest.param(SOUND, {}, [], id="sound"),
        pytest.param(EfsVolume(FS), {}, [], id="preview"),
        pytest.param(replace(SOUND, root_directory=Text.of("/")), {}, [], id="slash beside an access point"),
        pytest.param(replace(SOUND, root_directory=Text.of("")), {}, [], id="nothing beside an access point"),
        pytest.param(
            replace(SOUND, root_directory=Text.of("/a")),
            {},
            ["an access point and a root directory other than /"],
            id="root directory",
        ),
        pytest.param(
            EfsVolume(FS, access_point=POINT),
            {},
            ["an access point without transit encryption"],
            id="access point in the clear",
        ),
        pytest.param(
            EfsVolume(FS, iam=ENABLED), {}, ["IAM authorization without transit encryption"], id="IAM in the clear"
        ),
        pytest.param(SOUND, {"task_role": None}, ["IAM authorization without a task role"], id="no role"),
        pytest.param(SOUND, {"task_role": None, "engine": Engine.UNKNOWN}, [], id="role elsewhere"),
        pytest.param(EfsVolume(None), {}, ["no file system"], id="no file system"),
        pytest.param(
            replace(SOUND, root_directory=Text.of("/a"), transit_encryption=None),
            {"task_role": None},
            [
                "an access point and a root directory other than /",
                "an access point without transit encryption",
                "IAM authorization without transit encryption",
                "IAM authorization without a task role",
            ],
            id="all at once",
        ),
        pytest.param(
            replace(SOUND, transit_encryption=Text.of("DISABLED")),
            {},
            ["an access point without transit encryption", "IAM authorization without transit encryption"],
            id="TLS disabled",
        ),
        pytest.param(replace(SOUND, transit_encryption=Text((Ref("TLS"),))), {}, [], id="TLS by an expression"),
    ],
)
def test_violations(storage: EfsVolume, more: dict[str, object], problems: list[str]) -> None:
    found = [reason for _, reason in violations(Stack((task(storage=storage, **more),)))]
    assert found == problems


def test_other_storage_breaks_no_constraint() -> None:
    other = Task(Key.of("t"), "t", (Volume(Key.of("v"), "data", HostPath(Text.of("/data"))),))
    assert list(violations(Stack((other,)))) == []
