"""EFS405 leftover-host-mount: its examples, its golden cases, what is said of small definitions, and which mounts are left over."""

from __future__ import annotations

from pathlib import Path

import pytest
from instance_templates import AGENT, MOUNT, OTHER_MOUNT, TASK, check, joins, launched, of_rule, service, template
from rule_tests import one_by_one
from snippets import POINT, TLS, Snippet, efs, instance, stack
from support import efs_migrate

SNIPPETS = [
    Snippet(
        "instances-that-mount-what-no-volume-uses",
        stack(
            efs(POINT),
            resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs", "fs-0123456789abcdef0:/app /mnt/app"),
        ),
    ),
    Snippet(
        "instances-that-mount-a-directory-above-that-of-a-volume",
        stack(
            efs(f"{TLS}, RootDirectory: /app/data"),
            resources=instance("One", "fs-0123456789abcdef0:/app /mnt/app", "fs-0123456789abcdef0:/other /mnt/other"),
        ),
        "access-points: never",
    ),
    Snippet(
        "instances-that-mount-what-an-imported-path-may-need",
        stack(efs(POINT), resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs"))
        + "        - {Name: old, Host: {SourcePath: !ImportValue path}}\n",
    ),
]

test_efs405 = one_by_one("EFS405", SNIPPETS)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def leftovers(text: str, *options: str) -> list[str]:
    return [message for _, message in of_rule(check(text, *options), "EFS405")]


def volume(path: str, name: str = "more") -> str:
    return TASK.replace("Task:", f"{name.title()}Task:").replace("/mnt/efs/data", path)


def test_leftover_mount() -> None:
    host = launched("A", joins("x"), 'echo ECS_INSTANCE_ATTRIBUTES=\'{"efs": "yes"}\' >> /etc/ecs/ecs.config', MOUNT)
    ran = check(template(TASK, host))
    (finding,) = [f for f in ran.findings if f["rule"] == "EFS405"]
    assert (finding["task"], finding["volume"], finding["status"]) == ("A", None, "advice")
    assert "fs-11111111:/ is mounted at /mnt/efs (line 4 of its user data)" in str(finding["message"])
    assert 'ECS_INSTANCE_ATTRIBUTES={"efs": "yes"} becomes obsolete' in str(finding["help"])
    assert Path("template.yaml").read_text().splitlines()[int(str(finding["line"])) - 1].strip() == "UserData:"
    # It stays when everything else is done.
    efs_migrate("apply", "--unsafe", "template.yaml")
    again = efs_migrate("check", "--format=json", "template.yaml")
    assert [f["rule"] for f in again.findings] == ["EFS408", "EFS405"]


@pytest.mark.parametrize(
    "path",
    [
        "/mnt/efs/docs.d/../x",
        "/mnt/efs/a/b/c/d/x.conf",
        "/mnt",
        "/mnt/efs",
        "${Dir}",
        "/mnt/${Dir}",
        "/mnt/efs/${Dir}x/../y",
    ],
)
def test_a_mount_that_a_volume_may_need_is_not_left_over(path: str) -> None:
    more = volume(path).replace(path, f"!Sub '{path}'")
    text = template(TASK, more, launched("A", AGENT, MOUNT), parameters="Dir: {Type: String}")
    ignored = text.replace(
        "      - Name: data\n          Host: {SourcePath: !Sub",
        "      - Name: data # efs-migrate: ignore[EFS101]\n          Host: {SourcePath: !Sub",
    )
    assert ignored != text
    assert leftovers(ignored) == []


def test_other_volumes_do_not_keep_a_mount() -> None:
    host = launched("A", joins("x"), MOUNT)
    for path in ("/var/run/docker.sock", "/mnt/efs2", "/mnt/ef", "/srv/${Dir}"):
        assert (
            len(
                leftovers(
                    template(TASK, volume(path).replace(path, f"!Sub '{path}'"), host, parameters="Dir: {Type: String}")
                )
            )
            == 1
        ), path
    # Nor does a task that cannot run there.
    away = volume("/mnt/efs") + service("y").replace("Ref Task", "Ref MoreTask")
    assert len(leftovers(template(TASK, away, host))) == 1


def test_no_volume_has_left_a_mount() -> None:
    assert leftovers(template(TASK, launched("A", AGENT, OTHER_MOUNT.replace("/mnt/efs", "/srv/x")))) == []
    assert leftovers(template(volume("/var/lib/x"), launched("A", AGENT, MOUNT))) == []
    elsewhere = TASK.replace(
        "Host: {SourcePath: /mnt/efs/data}", "EFSVolumeConfiguration: {FilesystemId: fs-11111111, RootDirectory: /x}"
    )
    mount = MOUNT.replace("fs-11111111:/", "fs-11111111:/y")
    assert leftovers(template(elsewhere, launched("A", AGENT, mount)), "--target=tls") == []
    assert len(leftovers(template(elsewhere, launched("A", AGENT, MOUNT)), "--target=tls")) == 1
