"""The Compose file beside ecs-cli's `ecs-params.yml`: host paths of services become volumes of both files, or it is said why not."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
from support import efs_migrate

from migrate.config import config
from migrate.engine.decisions import UNDECIDED
from migrate.engine.outcome import Outcome
from migrate.engine.process import Opened, open_unit
from migrate.files import language, screen
from migrate.files.language import ECS_CLI, YAML
from migrate.syntax.unit import Member
from rules.choices import Choices

PARAMS = """\
version: 1
task_definition:
  ecs_network_mode: bridge
  task_role_arn: arn:aws:iam::123456789012:role/web
"""
CONFIG = "file-systems:\n  - id: fs-0123456789abcdef0\n    mounts: {/mnt/efs: /}\naccess-points: never\n"


@pytest.fixture
def choices(tmp_path: Path) -> Choices:
    path = tmp_path / config.NAME
    path.write_text(CONFIG)
    return config.load(str(path), config.NAME).choices


def outcome(choices: Choices, *texts: str, fixed: Collection[int] = ()) -> Outcome:
    names = ("ecs-params.yml", "docker-compose.yml", "docker-compose.override.yml")
    members = [Member(names[i], text, ECS_CLI, fixed=i in fixed) for i, text in enumerate(texts)]
    opened = open_unit(members, "ecs-params")
    return opened.outcome(choices, UNDECIDED) if isinstance(opened, Opened) else opened


def services(*mounts: str, more: str = "") -> str:
    lines = "".join(f"      - {mount}\n" for mount in mounts)
    return f"version: '3'\nservices:\n  web:\n    image: nginx\n    volumes:\n{lines}{more}"


EFS = """\
  efs_volumes:
    - name: app
      filesystem_id: fs-0123456789abcdef0
      root_directory: /app
      transit_encryption: ENABLED
      iam: ENABLED
"""


@pytest.mark.parametrize(
    ("params", "compose", "params_after", "compose_after"),
    [
        pytest.param(
            PARAMS,
            'services:\n  web:\n    volumes: ["/mnt/efs/app:/data:ro"]\n',
            PARAMS + EFS,
            'services:\n  web:\n    volumes: ["app:/data:ro"]\nvolumes:\n  app: null\n',
            id="short",
        ),
        pytest.param(
            PARAMS,
            services(
                "type: bind\n        source: /mnt/efs/app # the pages\n        target: /data",
                more="volumes:\n  cache:\n",
            ),
            PARAMS + EFS,
            services(
                "type: volume\n        source: app # the pages\n        target: /data", more="volumes:\n  cache:\n  app:\n"
            ),
            id="long",
        ),
        pytest.param(
            PARAMS,
            services("/mnt/efs/app:/data", more="  worker:\n    volumes: ['/mnt/efs/app:/in:ro', cache:/c]\nvolumes: {cache: {}}\n"),
            PARAMS + EFS,
            services("app:/data", more="  worker:\n    volumes: ['app:/in:ro', cache:/c]\nvolumes: {cache: {}, app: null}\n"),
            id="one path of two services",
        ),
        pytest.param(
            PARAMS + "  efs_volumes:\n    - name: app\n      filesystem_id: fs-1\n      transit_encryption: ENABLED\n      iam: ENABLED\n",
            services("app:/old", "/mnt/efs/app:/data", "/var/run/docker.sock:/var/run/docker.sock", more="volumes:\n  app:\n"),
            PARAMS + "  efs_volumes:\n    - name: app\n      filesystem_id: fs-1\n      transit_encryption: ENABLED\n      iam: ENABLED\n"
            + EFS.partition("\n")[2].replace("name: app", "name: app-2"),
            services("app:/old", "app-2:/data", "/var/run/docker.sock:/var/run/docker.sock", more="volumes:\n  app:\n  app-2:\n"),
            id="a name that is taken",
        ),
        pytest.param(
            PARAMS,
            services("/mnt/efs/app:/data", more="volumes:  # none yet\n"),
            PARAMS + EFS,
            services("app:/data", more="volumes:  # none yet\n  app: null\n"),
            id="an empty list",
        ),
    ],
)  # fmt: skip
def test_a_host_path_becomes_a_volume_of_both_files(
    choices: Choices, params: str, compose: str, params_after: str, compose_after: str
) -> None:
    found = outcome(choices, params, compose)
    assert found.error is None
    assert [file.text for file in found.files] == [params_after, compose_after]
    again = outcome(choices, params_after, compose_after)
    assert (again.error, again.edits) == (None, ())


def test_docker_volumes_and_host_paths_join_one_list(choices: Choices) -> None:
    docker = "  docker_volumes:\n    - name: shared\n      driver_opts: {type: nfs, device: ':/s', o: addr=fs-0123456789abcdef0.efs.eu-west-1.amazonaws.com}\n"
    found = outcome(choices, PARAMS + docker, services("shared:/s", "/mnt/efs/app:/data", more="volumes:\n  shared:\n"))
    assert found.error is None
    params, compose = (file.text for file in found.files)
    assert "docker_volumes" not in params
    assert params.index("name: shared") < params.index("name: app")
    assert compose.endswith("volumes:\n  shared:\n  app:\n")


@pytest.mark.parametrize(
    ("texts", "rule", "status", "line", "said"),
    [
        ((PARAMS, services("/mnt/nfs/app:/data")), "EFS101", "needs-input", 6, "may be EFS"),
        ((PARAMS, services('"${EFS:-/mnt/efs}/app:/data"')), "EFS101", "needs-input", 6, "${EFS:-/mnt/efs}"),
        (("version: 1\nrun_params: {}\n", services("/mnt/efs/app:/data")), "EFS101", "refused", 6, "no task_definition"),
        ((PARAMS, services("/mnt/efs/app:/data"), "services: {web: {image: x}}\n"), "EFS101", "refused", 6, "docker-compose.override.yml may change"),
        ((PARAMS, "x: &v ['/mnt/efs/app:/data']\nservices:\n  web: {volumes: *v}\n  b: {volumes: *v}\n"), "EFS101", "refused", 1, "aliases"),
        ((PARAMS, services("/mnt/efs/app:/data:rw,z")), "EFS304", "refused", 6, "the mount /mnt/efs/app:/data:rw,z is not understood"),
        ((PARAMS, services("{type: bind, source: /mnt/efs/app, target: /d, bind: {propagation: shared}}")), "EFS304", "refused", 6, "is not understood"),
        ((PARAMS, services("data:/d", more="volumes:\n  data:\n    driver_opts: {type: nfs, o: 'addr=fs-1.efs.eu-west-1.amazonaws.com'}\n")), "EFS304", "refused", 8, "where ecs-cli refuses them"),
        ((PARAMS, services("/mnt/efs/app:/data", more="volumes: ${VOLUMES}\n")), "EFS101", "refused", 6, "is an expression"),
    ],
)  # fmt: skip
def test_what_stays_is_said_with_its_reason(
    choices: Choices, texts: tuple[str, ...], rule: str, status: str, line: int, said: str
) -> None:
    found = outcome(choices, *texts)
    assert found.error is None
    assert not found.edits
    (finding,) = (f for f in found.files[1].findings if f.finding.status != "advice")
    assert (finding.rule.id, finding.finding.status, finding.line) == (rule, status, line)
    assert said in finding.finding.message


def test_the_mounts_of_an_override_are_said(choices: Choices) -> None:
    found = outcome(choices, PARAMS, services("x:/x"), services("/mnt/efs/app:/data"))
    (finding,) = found.files[2].findings
    assert (finding.rule.id, finding.line) == ("EFS304", 6)
    assert "stands in an override" in finding.finding.message


@pytest.mark.parametrize("fixed", [0, 1])
def test_both_files_change_or_none(choices: Choices, fixed: int) -> None:
    found = outcome(choices, PARAMS, services("/mnt/efs/app:/data"), fixed=[fixed])
    assert not found.edits
    assert "would have to change with it" in found.files[1].findings[0].finding.message


def test_containers_that_mount_nothing_else_are_no_news(choices: Choices) -> None:
    found = outcome(choices, PARAMS, services("/var/run/docker.sock:/var/run/docker.sock", "./src:/src", "cache:/c"))
    assert (found.error, found.edits, found.findings) == (None, (), ())


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("ecs-params.yml").write_text(PARAMS)
    Path("docker-compose.yml").write_text(services("/mnt/efs/app:/data"))
    Path(config.NAME).write_text(CONFIG)
    config.forget()
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_apply_writes_both_files() -> None:
    assert efs_migrate("check", "docker-compose.yml", "--format", "json").findings[0]["status"] == "refused"
    assert efs_migrate("apply").status == 0
    assert Path("ecs-params.yml").read_text() == PARAMS + EFS
    assert Path("docker-compose.yml").read_text() == services("app:/data", more="volumes:\n  app: null\n")
    assert efs_migrate("check").status == 0


def test_a_compose_file_of_another_tool_is_no_file_of_ours(folder: Path) -> None:
    compose = folder / "docker-compose.yml"
    assert language.of(str(compose)) is ECS_CLI
    assert language.of(str(folder / "x-docker-compose.yml")) is YAML
    (folder / "ecs-params.yml").unlink()
    assert language.of(str(compose)) is YAML
    assert not screen.screen(compose.read_bytes(), YAML)
