"""Python that registers definitions: what is read of it, and what it registers afterwards.

The byte-for-byte cases are in `samples/boto3-*`, run by `golden/test_samples.py`. Here they are executed, with a client that writes
down what it is given.
"""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from api_models import problems
from support import SOAKING, cases, efs_migrate

from migrate.config import config
from migrate.engine.outcome import Outcome
from migrate.engine.process import process
from migrate.files.language import PYTHON
from rules.choices import Choices

CASES = [case for case in cases() if case.name.startswith("boto3-")]
RUNS = {
    "boto3-call": "",
    "boto3-constants": "register('42')",
    "boto3-definition-in-a-method": "TaskManager('prod', 'fs-0123456789abcdef0').deploy()",
    "boto3-batch": "create_job_definition('app', 'image', 'role', 'fs-0123456789abcdef0'); create_scratch_job('image')",
    "boto3-volumes-in-a-loop": "register_tenants(['a', 'b'])",
}
"""What to call after the module of a case, so that it registers all it can."""


class Client:
    """Answers everything, and remembers what was registered."""

    registered: list[dict[str, Any]]

    def __init__(self, registered: list[dict[str, Any]]) -> None:
        self.registered = registered

    def __getattr__(self, operation: str) -> Any:
        def call(**arguments: Any) -> Any:
            if operation.startswith("register_"):
                self.registered.append(arguments)
            return defaultdict(lambda: defaultdict(str))

        return call


def executed(source: str, call: str, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What a module registers."""
    client = Client([])
    fake = ModuleType("boto3")
    fake.client = lambda *_, **__: client  # type: ignore[attr-defined]  # a stand-in
    fake.session = ModuleType("session")  # type: ignore[attr-defined]  # a stand-in
    fake.session.Session = lambda: fake
    monkeypatch.setitem(sys.modules, "boto3", fake)
    exec(compile(f"{source}\n{call}", "sample", "exec"), {"__name__": "sample"})
    return client.registered


@pytest.mark.parametrize("name", RUNS)
def test_what_is_registered(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    case = next(case for case in CASES if case.name == name)
    before = executed(case.before.read_text(encoding="utf-8"), RUNS[name], monkeypatch)
    after = executed(case.after.decode(), RUNS[name], monkeypatch)
    assert len(before) == len(after) > 0
    for old, new in zip(before, after, strict=True):
        assert problems(old) is None
        assert problems(new) is None
        assert old.keys() <= new.keys()
        inside = "containerProperties" if "containerProperties" in old else "volumes"
        assert {k: v for k, v in old.items() if k != inside} == {k: v for k, v in new.items() if k != inside}
        assert old[inside] != new[inside]


# -- what is read -----------------------------------------------------------------------------------------------------

CONFIG = """\
file-systems:
  - id: fs-12345678
    mounts: {/mnt/efs: /}
    access-points: {/app: fsap-0123456789abcdef0}
task-roles: {api: "arn:aws:iam::123456789012:role/api"}
"""
VOLUME = '{"name": "data", "efsVolumeConfiguration": {"fileSystemId": "fs-12345678", "rootDirectory": "/app"}}'
TLS_ONLY = "tls"


@pytest.fixture(scope="module")
def choices(tmp_path_factory: pytest.TempPathFactory) -> Choices:
    path = tmp_path_factory.mktemp("config") / "config.yaml"
    path.write_text(CONFIG)
    return config.load(str(path), "config.yaml").choices


def read(source: str, choices: Choices, stem: str = "deploy") -> Outcome:
    outcome = process(source, stem, choices, PYTHON)
    assert outcome.error is None
    ast.parse(outcome.text)
    return outcome


def levels(outcome: Outcome) -> list[tuple[str, str, str, str]]:
    return [(v.task, v.name, v.level.value, v.after.value) for v in outcome.volumes]


TO_IAM = [("api", "data", "efs", "iam")]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        pytest.param(f"ecs.register_task_definition(family='api', volumes=[{VOLUME}])", TO_IAM, id="call"),
        pytest.param(f"register_task_definition(ecs, family='api', volumes=[{VOLUME}])", TO_IAM, id="function"),
        pytest.param(
            f"async def f(s):\n    async with s.client('ecs') as c:\n"
            f"        await c.register_task_definition(family='api', volumes=[{VOLUME}])",
            TO_IAM,
            id="aioboto3",
        ),
        pytest.param(f"V = [{VOLUME}]\necs.register_task_definition(family='api', volumes=V)", TO_IAM, id="name"),
        pytest.param(
            f"class A:\n    def __init__(self):\n        self.v = [{VOLUME}]\n    def go(self):\n"
            "        ecs.register_task_definition(family='api', volumes=self.v)",
            TO_IAM,
            id="attribute",
        ),
        pytest.param(
            f"d = {{'family': 'api', 'volumes': [{VOLUME}]}}\necs.register_task_definition(**d)", TO_IAM, id="dict"
        ),
        pytest.param(f"ecs.register_task_definition(**dict(family='api', volumes=[{VOLUME}]))", TO_IAM, id="dict()"),
        pytest.param(
            f"B = {{'family': 'api'}}\necs.register_task_definition(**B, volumes=[{VOLUME}])", TO_IAM, id="two dicts"
        ),
        pytest.param(
            f"d = {{'family': 'api'}}\nd['volumes'] = [{VOLUME}]\necs.register_task_definition(**d)",
            TO_IAM,
            id="key set",
        ),
        pytest.param(
            f"d = {{'family': 'api', 'containerDefinitions': [], 'volumes': [{VOLUME}]}}\ndeploy(d)",
            TO_IAM,
            id="handed on",
        ),
        pytest.param(
            f"dispatch({{'family': 'api', 'containerDefinitions': [], 'volumes': [{VOLUME}]}})", TO_IAM, id="dispatched"
        ),
        pytest.param(
            f"d = {{'family': 'api', 'containerDefinitions': [{{}}], 'volumes': [{VOLUME}]}}\n"
            "d['containerDefinitions'][0]['image'] = tag\nd['volumes'].append(more)\necs.register_task_definition(**d)",
            TO_IAM,
            id="changed elsewhere",
        ),
        pytest.param(
            "v = {'name': 'data'}\nv['efsVolumeConfiguration'] = {'fileSystemId': 'fs-12345678', 'rootDirectory': '/app'}\n"
            "ecs.register_task_definition(family='api', volumes=[v])\n"
            "ecs.register_task_definition(family='api', volumes=[v])",
            TO_IAM * 2,
            id="storage set",
        ),
        pytest.param(
            f"def volumes():\n    return [{VOLUME}]\n", [("volumes", "data", "efs", "access-point")], id="returned"
        ),
        pytest.param(
            "def f(shares):\n    volumes = []\n    for s in shares:\n"
            "        volumes.append({'name': s, 'efsVolumeConfiguration': {'fileSystemId': s}})\n",
            [("f", "{s}", "efs", TLS_ONLY)],
            id="loop",
        ),
        pytest.param(
            "def f(shares):\n    v = {'name': 'x', 'efsVolumeConfiguration': {'fileSystemId': shares}}\n"
            "    volumes.append(v)\n",
            [("f", "x", "efs", TLS_ONLY)],
            id="by name",
        ),
        pytest.param(
            f"op = EcsRegisterTaskDefinitionOperator(register_task_kwargs={{'volumes': [{VOLUME}]}})",
            [("deploy", "data", "efs", "access-point")],
            id="airflow",
        ),
        pytest.param(
            f"ecs.register_task_definition(family='api', volumes=[{VOLUME}] if production else [])",
            [("deploy", "data", "efs", "access-point")],
            id="conditional",
        ),
        pytest.param(
            "ecs.register_task_definition(family='api', volumes=[{'name': n, 'efsVolumeConfiguration': {'fileSystemId': n}}"
            " for n in ids])",
            [("deploy", "{n}", "efs", TLS_ONLY)],
            id="comprehension",
        ),
    ],
)
def test_forms(source: str, expected: list[tuple[str, str, str, str]], choices: Choices) -> None:
    outcome = read(source + "\n", choices)
    assert levels(outcome) == expected
    assert outcome.edits
    assert process(outcome.text, "deploy", choices, PYTHON).edits == ()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("d = {**V}\nd['volumes'][0]['efsVolumeConfiguration']['rootDirectory'] = x\necs.f(**d)", "line 2 changes it"),
        ("d = {**V}\nd.update(other)\necs.f(**d)", "line 2 changes it"),
        ("d = {**V}\nd['volumes'].pop()\necs.f(**d)", "line 2 changes it"),
        ("d = {**V}\nfor v in d['volumes']:\n    v['name'] += 'x'\necs.f(**d)", "line 3 changes it"),
        ("d = {**V}\nfor i, v in enumerate(d['volumes']):\n    v.clear()\necs.f(**d)", "line 3 changes it"),
        ("d = {**V}\nfirst = d['volumes'][0]\nfirst['name'] = 'x'\necs.f(**d)", "line 3 changes it"),
        ("d = {**V}\nif role:\n    d['taskRoleArn'] = role\necs.f(**d)", "taskRoleArn is set apart in line 3"),
        (
            "v = {'name': 'a'}\nv['host'] = {'sourcePath': '/mnt/efs/x'}\necs.f(family='api', volumes=[v])",
            "a part of it is set apart in line 2",
        ),
        (
            "e = {'fileSystemId': 'fs-12345678'}\ne['rootDirectory'] = '/app'\n"
            "ecs.f(family='api', volumes=[{'name': 'a', 'efsVolumeConfiguration': e}])",
            "a part of it is set apart in line 2",
        ),
        ("ecs.f(**base(), **{**V})", "what ** puts in may be a task role"),
    ],
)
def test_what_is_changed_at_run_time(source: str, reason: str, choices: Choices) -> None:
    literal = f"{{'family': 'api', 'containerDefinitions': [], 'volumes': [{VOLUME}]}}"
    source = source.replace("{**V}", literal).replace(".f(", ".register_task_definition(")
    refused = [f.finding.message for f in read(source + "\n", choices).findings if f.finding.status == "refused"]
    assert refused
    assert all(reason in message for message in refused), refused


@pytest.mark.parametrize(
    "source",
    [
        "assert answer == {'containerDefinitions': [], 'volumes': [VOLUME]}",
        "client.describe.return_value = {'taskDefinition': {'containerDefinitions': [], 'volumes': [VOLUME]}}",
        "self.assertEqual(volumes, [VOLUME])",
        "def test_it():\n    volumes = [VOLUME]\n    check(volumes)",
        "things = [VOLUME]",
        "pod = {'spec': {'volumes': [{'name': 'x', 'hostPath': {'path': '/mnt/efs'}, 'sourcePath': 'host'}]}}",
        "'''volumes = [{'name': 'x', 'efsVolumeConfiguration': {'fileSystemId': 'fs-12345678'}}]'''",
        "# volumes = [VOLUME]",
    ],
)
def test_untouched(source: str, choices: Choices) -> None:
    outcome = read(source.replace("VOLUME", VOLUME) + "\n", choices)
    assert (outcome.edits, outcome.findings) == ((), ())


def test_tests_own_dicts_stay(choices: Choices) -> None:
    source = f"definition = {{'containerDefinitions': [], 'volumes': [{VOLUME}]}}\n"
    assert read(source, choices).edits
    assert not read(source, choices, stem="test_definitions").edits


def test_twins_climb_together(choices: Choices) -> None:
    """What two definitions share takes the more careful answer."""
    source = f"V = [{VOLUME}]\n" + "".join(
        f"ecs.register_task_definition(family={family!r}, volumes=V)\n" for family in ("api", "web")
    )
    assert levels(read(source, choices)) == [(f, "data", "efs", "access-point") for f in ("api", "web")]


def test_platform_versions(choices: Choices) -> None:
    source = (
        f"answer = ecs.register_task_definition(family='api', volumes=[{VOLUME}])\n"
        "ecs.run_task(taskDefinition=answer['taskDefinition']['taskDefinitionArn'], platformVersion='1.3.0')\n"
        "ecs.create_service(taskDefinition='api:3', platformVersion='1.2.0')\n"
        "ecs.create_service(taskDefinition='other', platformVersion='1.3.0')\n"
    )
    after = read(source, choices).text
    assert after.count("platformVersion='1.4.0'") == 2
    assert "taskDefinition='other', platformVersion='1.3.0'" in after


# -- files that are no good ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"print 'efsVolumeConfiguration'\n", "not valid Python"),
        (b"def f(:\n  'efsVolumeConfiguration'\n", "not valid Python"),
        (b"x = " + b"[" * 3000 + b"]" * 3000 + b"\n'efsVolumeConfiguration'\n", "not valid Python"),
        (b"x = " + b"-" * 100000 + b"1\n'efsVolumeConfiguration'\n", ""),
        (b"# -*- coding: latin-1 -*-\nx = 'efsVolumeConfiguration \xe9'\n", "is not UTF-8"),
        ("# coding: koi8-r\nx = 'efsVolumeConfiguration é'\n".encode(), "declared as koi8-r, not UTF-8"),
        (b"%matplotlib inline\nefsVolumeConfiguration\n", "not valid Python"),
        ("x = 'efsVolumeConfiguration'\n".encode("utf-16"), "UTF-16"),
    ],
)
def test_a_clear_result(content: bytes, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "x.py"
    path.write_bytes(content)
    for command in ("check", "diff", "apply"):
        ran = efs_migrate(command, ".")
        assert ran.status == 2
        assert cause in ran.stderr
        assert len(ran.stderr.splitlines()) == 1
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", ["x.ipynb", "x.pyi", "x.pyc", "x.txt"])
def test_other_files_are_left_alone(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(f"ecs.register_task_definition(family='api', volumes=[{VOLUME}])\n")
    ran = efs_migrate("check", ".")
    assert (ran.status, ran.stderr) == (0, "")


def test_python_on_standard_input() -> None:
    source = f"ecs.register_task_definition(family='api', volumes=[{VOLUME}])\n"
    ran = efs_migrate("apply", "-", "--stdin-filename", "deploy.py", "--target", "tls", stdin=source.encode())
    assert b'"transitEncryption": "ENABLED"' in ran.stdout


def test_a_generated_file_of_many_lines(choices: Choices) -> None:
    """20,000 lines in `make soak`."""
    one = "def f{0}(x):\n    y = {{'a': {0}, 'name': x}}\n    for z in y:\n        print(f'{{z}} {0}')\n    return y['a']\n\n\n"
    body = "".join(
        one.replace("{0}", str(n)).replace("{{", "{").replace("}}", "}") for n in range(2900 if SOAKING else 700)
    )
    outcome = read(f"{body}ecs.register_task_definition(family='api', volumes=[{VOLUME}])\n", choices)
    assert levels(outcome) == TO_IAM
    assert outcome.text.startswith(body)


def test_a_configured_expression_needs_its_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / ".efs-migrate.yaml"
    config.write_text("file-systems: [{id: '{settings.EFS_ID}', mounts: {/mnt/efs: /}}]\n")
    call = (
        "client.register_task_definition(family='web', containerDefinitions=[], volumes=["
        "{'name': 'data', 'host': {'sourcePath': '/mnt/efs/data'}}])\n"
    )
    (tmp_path / "bound.py").write_text("import settings\n" + call)
    (tmp_path / "unbound.py").write_text(call)
    ran = efs_migrate("check", "--format=json", "--target=tls", ".")
    found = {file["path"]: [f["status"] for f in file["findings"]] for file in ran.report["files"]}
    assert found == {"bound.py": ["fixable", "fixable"], "unbound.py": ["refused"]}
    assert "the code has no name settings there" in str(ran.stdout)
