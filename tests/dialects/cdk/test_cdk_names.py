"""CDK programs: one name for different things, one thing that several methods use, helpers that are no constructs."""

from __future__ import annotations

import pytest
from test_cdk import HEAD, levels, migrated, reasons

from migrate.files.language import PYTHON
from migrate.files.screen import screen
from rules.model import Level

DEFINITION = """
        task = ecs.FargateTaskDefinition({scope}, "Task")
        task.add_volume(name="data", efs_volume_configuration=ecs.EfsVolumeConfiguration(
            file_system_id={id}, transit_encryption="ENABLED"))
"""
IMPORTS = "from aws_cdk import Stack, aws_batch as batch, aws_ecs as ecs, aws_efs as efs, aws_iam as iam\n"


def test_a_parameter_is_not_the_construct_of_its_name_elsewhere() -> None:
    made = migrated(
        IMPORTS
        + """
class App(Stack):
    def storage(self, vpc):
        fs = efs.FileSystem(self, "Fs", vpc=vpc)
        fs.add_access_point("Point", path="/", create_acl=efs.Acl(owner_uid="0", owner_gid="0", permissions="0755"))
        return fs

    def task(self, fs: efs.IFileSystem):"""
        + DEFINITION.format(scope="self", id="fs.file_system_id")
    )
    assert levels(made) == {"data": Level.IAM}
    assert "data_access_point = efs.AccessPoint(" in made.text
    assert 'efs.AccessPoint(self, "DataAccessPoint", file_system=fs, path="/")' in made.text


def test_roles_of_two_stacks_whose_task_definitions_have_one_name() -> None:
    stack = """
class {name}(Stack):
    def __init__(self, scope, id, fs: efs.IFileSystem):
        super().__init__(scope, id)"""
    body = DEFINITION.format(scope="self", id="fs.file_system_id")
    made = migrated(IMPORTS + stack.format(name="One") + body + stack.format(name="Two") + body)
    assert [volume.after for volume in made.volumes] == [Level.IAM, Level.IAM]
    assert made.text.count("task.add_to_task_role_policy(") == 2
    assert made.text.count("efs.AccessPoint(") == 2


@pytest.mark.parametrize(
    ("helper", "stack"),
    [
        ("class Helper:\n    def __init__(self, scope, file_system_id):", "Stack.of(scope)"),
        ("class Helper:\n    def __init__(self, scope: Stack, file_system_id):", "scope"),
        ("class Helper(Unknown):\n    def __init__(self, scope, file_system_id):", "Stack.of(scope)"),
        ("if True:\n    def helper(scope: 'Stack', file_system_id):", "scope"),
    ],
)
def test_the_stack_is_that_of_the_scope_in_which_a_helper_makes_constructs(helper: str, stack: str) -> None:
    made = migrated(f"{IMPORTS}\n{helper}" + DEFINITION.format(scope="scope", id="file_system_id"))
    assert levels(made) == {"data": Level.IAM}
    assert f"                {stack}.format_arn(" in made.text or f"resources=[{stack}.format_arn(" in made.text


def test_the_stack_of_a_task_definition_where_nothing_else_is_made() -> None:
    made = migrated(
        IMPORTS
        + """
def mount(task: ecs.FargateTaskDefinition, file_system_id, access_point_id):
    task.add_volume(name="data", efs_volume_configuration=ecs.EfsVolumeConfiguration(
        file_system_id=file_system_id, transit_encryption="ENABLED",
        authorization_config=ecs.AuthorizationConfig(access_point_id=access_point_id)))
"""
    )
    assert levels(made) == {"data": Level.IAM}
    assert "task.stack.format_arn(" in made.text


@pytest.mark.parametrize(("base", "known"), [("Stack", True), ("Company", False), ("", True), ("Construct", False)])
def test_a_file_system_that_another_method_puts_on_self(base: str, known: bool) -> None:
    """A base that is not known may have put another one there first."""
    made = migrated(
        IMPORTS
        + f"""
class App({base}):
    def storage(self, vpc):
        self.fs = efs.FileSystem(self, "Fs", vpc=vpc)

    def task(self):"""
        + DEFINITION.format(scope="self", id="self.fs.file_system_id")
    )
    assert levels(made) == {"data": Level.IAM}
    assert ("= self.fs.add_access_point(" in made.text) == known
    assert ("= efs.CfnAccessPoint(" in made.text) == (not known)


def test_a_step_without_a_place_is_refused_and_the_others_are_taken() -> None:
    made = migrated(
        IMPORTS
        + """
class App(Stack):
    def task(self):
        return ecs.FargateTaskDefinition(self, "Task", volumes=[ecs.Volume(
            name="data", efs_volume_configuration=ecs.EfsVolumeConfiguration(file_system_id="fs-0123456789abcdef0"))])

    def other(self):"""
        + DEFINITION.format(scope="self", id='"fs-0123456789abcdef1"')
    )
    assert [volume.after for volume in made.volumes] == [Level.ACCESS_POINT, Level.IAM]
    (reason,) = reasons(made, "EFS203")
    assert reason.endswith("not possible here: the code has no name for its task definition")


def test_denied_anonymous_access_is_a_policy() -> None:
    program = (
        HEAD.format(parameters="vpc, ")
        + """\
        fs = efs.FileSystem(self, "Fs", vpc=vpc{0})
        task = ecs.FargateTaskDefinition(self, "Task")
        task.add_volume(name="data", efs_volume_configuration=ecs.EfsVolumeConfiguration(file_system_id=fs.file_system_id))
"""
    )
    said = {
        given: [f.finding.message for f in migrated(program.format(given)).findings if f.finding.rule == "EFS408"]
        for given in ("", ", allow_anonymous_access=False", ", allow_anonymous_access=True")
    }
    assert said[", allow_anonymous_access=False"] == []
    assert "{fs.file_system_id} may have no policy" in said[""][0]
    assert "{fs.file_system_id} has no policy" in said[", allow_anonymous_access=True"][0]


def test_a_container_has_its_id_for_a_name() -> None:
    program = (
        HEAD.format(parameters="")
        + """\
        task = ecs.FargateTaskDefinition(self, "Task")
        task.add_volume(name="data", efs_volume_configuration=ecs.EfsVolumeConfiguration(file_system_id="fs-0123456789abcdef0"))
        web = ecs.ContainerDefinition(self, "Web", task_definition=task, image=image)
        web.add_mount_points(ecs.MountPoint(container_path="/data", source_volume="data", read_only=False))
"""
    )
    (message,) = [f.finding.message for f in migrated(program).findings if f.finding.rule == "EFS407"]
    assert "container Web " in message


@pytest.mark.parametrize(
    "volume",
    [
        'batch.EcsVolume.efs(name="data", file_system=fs, container_path="/data")',
        'batch.EfsVolume(name="data", file_system=fs, container_path="/data")',
        'batch.EcsVolume.host(name="data", host_path="/mnt/efs", container_path="/data")',
        'batch.HostVolume(name="data", host_path="/mnt/efs", container_path="/data")',
    ],
)
def test_volumes_of_batch_are_reason_enough_to_look_into_a_file(volume: str) -> None:
    assert screen(f"{IMPORTS}\nx = {volume}\n".encode(), PYTHON)


def test_a_placeholder_is_no_file_system() -> None:
    made = migrated(IMPORTS + "class App(Stack):\n    def __init__(self):" + DEFINITION.format(scope="self", id='"id"'))
    assert levels(made) == {"data": Level.TLS}
    assert reasons(made, "EFS203") == ["id is no file-system id, so no role can be allowed to mount it"]


@pytest.mark.parametrize(
    ("volume", "task", "variable", "construct"),
    [
        ("EFS_MOUNT_ID", '"Task"', "data_access_point", "DataAccessPoint"),
        ('os.environ["MEDIA_NAME"]', '"Task"', "media_access_point", "MediaAccessPoint"),
        ('"n8n-uploads"', '"Task"', "n8n_uploads_access_point", "N8nUploadsAccessPoint"),
        ('"uploads"', '"task-definition"', "uploads_access_point", "uploads-access-point"),
        ('"uploads"', '"taskDefinition"', "uploads_access_point", "uploadsAccessPoint"),
    ],
)
def test_names_are_made_of_words_and_look_like_their_neighbours(
    volume: str, task: str, variable: str, construct: str
) -> None:
    body = DEFINITION.format(scope="self", id='"fs-0123456789abcdef0"')
    body = body.replace('"data"', volume).replace('"Task"', task)
    made = migrated(f"import os\n{IMPORTS}class App(Stack):\n    def __init__(self):{body}")
    assert f'        {variable} = efs.CfnAccessPoint(\n            self,\n            "{construct}",' in made.text


def test_an_id_is_written_as_the_volume_has_it() -> None:
    body = DEFINITION.format(scope="self", id='SETTINGS["id"]')
    made = migrated(
        f'{IMPORTS}SETTINGS = {{"id": "fs-0123456789abcdef0"}}\n\n\nclass App(Stack):\n    def __init__(self):{body}'
    )
    assert made.text.count('file_system_id=SETTINGS["id"],') == 2
    assert 'resource_name=SETTINGS["id"]' in made.text
    assert made.text.count("fs-0123456789abcdef0") == 1


@pytest.mark.parametrize(
    ("names", "directory", "variable"),
    [
        (("redis", "qdrant"), "", "clone_mind_files_access_point"),
        (("redis", "qdrant"), 'root_directory="/shared/plugins"', "shared_plugins_access_point"),
        (("redis", "redis"), "", "redis_access_point"),
    ],
)
def test_what_several_tasks_share_is_named_after_what_they_share(
    names: tuple[str, str], directory: str, variable: str
) -> None:
    source = IMPORTS + (
        "class App(Stack):\n"
        "    def __init__(self, scope, id, vpc):\n"
        "        super().__init__(scope, id)\n"
        '        fs = efs.FileSystem(self, "CloneMindFiles", vpc=vpc)\n'
    )
    for number, name in enumerate(names):
        source += (
            f'        task{number} = ecs.FargateTaskDefinition(self, "Task{number}")\n'
            f'        task{number}.add_volume(name="{name}", efs_volume_configuration=ecs.EfsVolumeConfiguration(\n'
            f"            file_system_id=fs.file_system_id, {directory}))\n"
        )
    made = migrated(source)
    assert [volume.after for volume in made.volumes] == [Level.IAM, Level.IAM]
    assert made.text.count(" = fs.add_access_point(") == 1
    assert made.text.count(f"access_point_id={variable}.access_point_id") == 2
