"""What a CDK program does with a task definition after it has made it: overrides, aspects, code of other modules."""

from __future__ import annotations

import pytest
from programs import ASPECT, aspect, cdk, said

from migrate.engine.decisions import Answer, Decisions
from migrate.engine.process import Opened, open_text
from migrate.files.language import PYTHON
from rules.choices import Choices
from rules.rule import Status, StepId

CFN = "td.node.default_child"
NAME = '"Volumes.0.Name", "x"'
UNHARMED = {
    "use": "ecs.FargateService(self, 'Svc', cluster=cluster, task_definition=td)\n"
    "CfnOutput(self, 'O', value=td.task_definition_arn)\nTags.of(td).add('a', 'b')\n"
    "s3.Bucket(self, 'B').grant_read(td.task_role)",
    "unrelated properties": f'{CFN}.add_property_override("Cpu", "512")\n{CFN}.add_override("Metadata.x", 1)\n'
    f"{CFN}.cpu = '1'\n"
    f'{CFN}.add_property_override("ContainerDefinitions.0.LinuxParameters.InitProcessEnabled", True)',
    "another construct": "bucket = s3.Bucket(self, 'B')\nfor path in kw['paths']:\n"
    "    bucket.node.default_child.add_property_override(path, 1)",
    "a local helper": "def tag(task):\n    Tags.of(task).add('x', 'y')\ntag(td)",
    "an attribute": "self.td = td",
}


@pytest.mark.parametrize("body", UNHARMED.values(), ids=UNHARMED)
def test_what_cannot_change_it_does_no_harm(body: str) -> None:
    assert said(cdk(body), "cdk")["EFS203"][0] == "fixable"


@pytest.mark.parametrize(
    "visit",
    [
        "if isinstance(node, s3.CfnBucket):\n    node.add_property_override(os.environ['P'], 1)",
        "if isinstance(node, ecs.CfnTaskDefinition):\n    node.add_property_override('Cpu', 1)",
        "if not isinstance(node, iam.CfnPolicy):\n    return\nnode.add_property_override(os.environ['P'], 1)",
    ],
    ids=["other resources", "other properties", "others by an early return"],
)
def test_an_aspect_that_changes_something_else_does_no_harm(visit: str) -> None:
    assert said(cdk(ASPECT, classes=aspect(visit)), "cdk")["EFS201"][0] == "fixable"


def test_an_aspect_that_only_checks_does_no_harm() -> None:
    checks = cdk("Aspects.of(self).add(AwsSolutionsChecks())", imports="from cdk_nag import AwsSolutionsChecks")
    assert said(checks, "cdk")["EFS201"][0] == "fixable"


CHANGED = {
    "path by f-string": f'for i in range(1):\n    {CFN}.add_property_override(f"Volumes.{{i}}.Name", "x")',
    "path by keyword": f'{CFN}.add_property_override(property_path="Volumes.0.Name", value="x")',
    "path of a loop": f'for p in ("Cpu", "Volumes.0.Name"):\n    {CFN}.add_property_override(p, "x")',
    "path of a dict": f'for p, v in {{"Volumes.0.Name": "x"}}.items():\n    {CFN}.add_property_override(p, v)',
    "path by join": f'{CFN}.add_property_override(".".join(["Volumes", "0", "Name"]), "x")',
    "path by sum": f'P = "Vol" + "umes"\n{CFN}.add_property_override(P + ".0.Name", "x")',
    "path of the environment": f'{CFN}.add_property_override(os.environ["P"], "x")',
    "starred": f"{CFN}.add_property_override(*[{NAME}])",
    "all properties": f'{CFN}.add_override("Properties", {{}})',
    "the type": f'{CFN}.add_override("Type", "AWS::X::Y")',
    "deleted": f'{CFN}.add_property_deletion_override("Volumes.0")',
    "deleted by its whole path": f'{CFN}.add_deletion_override("Properties.Volumes")',
    "assigned": f"{CFN}.volumes = []",
    "added to": f"low = {CFN}\nlow.volumes += [1]",
    "by setattr": f'for k in ("volumes",):\n    setattr({CFN}, k, [])',
    "cast": f"cast(ecs.CfnTaskDefinition, {CFN}).volumes = []",
    "find_child": f'td.node.find_child("Resource").add_property_override({NAME})',
    "find_child of the stack": f'self.node.find_child("Td").node.default_child.add_property_override({NAME})',
    "children": f"td.node.children[0].add_property_override({NAME})",
    "find_all": "for n in self.node.find_all():\n    if isinstance(n, ecs.CfnTaskDefinition):\n        n.volumes = []",
    "another name": "other = td\nagain = other\nagain.node.default_child.volumes = []",
    "either of two": "one = td if kw else None\none.node.default_child.volumes = []",
    "an item of a list": "for one in [td]:\n    one.node.default_child.volumes = []",
    "helper": f"def tweak(t, p): t.node.default_child.add_property_override(p, 'x')\ntweak(td, {NAME[:16]})",
    "lambda": f"tweak = lambda t: t.node.default_child.add_property_override({NAME})\ntweak(td)",
    "returned": f"def low(t): return t.node.default_child\nlow(td).add_property_override({NAME})",
    "executed code": 'exec("td.node.default_child.volumes = []")',
    "a method of the library": "ecs.TaskDefinition.add_volume = print",
    "bound method": f"change = {CFN}.add_property_override\nchange({NAME})",
}


@pytest.mark.parametrize("body", CHANGED.values(), ids=CHANGED)
def test_a_volume_that_may_be_changed_later_is_left_alone(body: str) -> None:
    status, message = said(cdk(body), "cdk")["EFS201"]
    assert status == "refused"
    assert "line 2" in message or "line 3" in message


VISITS = {
    "class": f"if isinstance(node, ecs.CfnTaskDefinition):\n    node.add_property_override({NAME})",
    "type": "if isinstance(node, cdk.CfnResource) and node.cfn_resource_type == 'AWS::ECS::TaskDefinition':\n"
    f"    node.add_property_override({NAME})",
    "early return": "if not isinstance(node, ecs.CfnTaskDefinition):\n    return\nnode.volumes = []",
    "L2": f"if isinstance(node, ecs.TaskDefinition):\n    node.node.default_child.add_property_override({NAME})",
    "a volume more": "if isinstance(node, ecs.TaskDefinition):\n    node.add_volume(name='x')",
    "no test": "node.add_property_override(os.environ['P'], 1)",
}


@pytest.mark.parametrize("visit", VISITS.values(), ids=VISITS)
def test_an_aspect_may_change_every_task_definition(visit: str) -> None:
    assert said(cdk(ASPECT, classes=aspect(visit)), "cdk")["EFS201"][0] == "refused"


HANDED = {
    "function": "harden(td)",
    "L1": f"harden({CFN})",
    "keyword": "harden(task=td)",
    "list": "harden([td])",
    "dict": 'harden({"task": td})',
    "callback": "for hook in kw['hooks']:\n    hook(td)",
    "attribute of something": "kw['props'].task = td",
    "aspect": "Aspects.of(self).add(Harden())",
}


@pytest.mark.parametrize("body", HANDED.values(), ids=HANDED)
def test_code_of_another_module_may_change_what_it_is_handed(body: str) -> None:
    status, message = said(cdk(body, imports="from lib import Harden, harden"), "cdk")["EFS201"]
    assert status == "refused"
    assert "may change it there" in message


@pytest.mark.parametrize(
    "body", ["Hardened(self, 'H', task=td)", "harden(self)", "td.add_extension(Hardened())"], ids=str
)
def test_a_construct_of_another_module_is_for_a_person_to_look_at(body: str) -> None:
    found = said(cdk(body, imports="from lib import Hardened, harden"), "cdk")
    assert found["EFS201"][0] == "unsafe"
    assert "check that it changes neither the volumes nor the task role" in found["EFS201"][1]


def test_a_doubt_is_said_at_the_first_step_of_a_volume_only() -> None:
    unit = open_text(cdk("Hardened(self, 'H', task=td)", imports="from lib import Hardened"), "app", PYTHON)
    assert isinstance(unit, Opened)
    caveats: list[dict[str, str]] = []
    answers: dict[StepId, Answer] = {}
    for _ in range(2):
        found = [f.finding for f in unit.outcome(Choices(), Decisions(answers, taken=frozenset())).findings]
        assert {f.status for f in found if f.changes} == {Status.UNSAFE}
        caveats.append({f.rule: f.caveat or "" for f in found if f.changes})
        answers |= {f.id: Answer(True, f.digest) for f in found if f.changes}
    assert "Line 20 gives it to `Hardened()`" in caveats[0]["EFS201"]
    assert caveats[1]["EFS201"] == caveats[0]["EFS201"]
    assert caveats[1]["EFS202"].startswith("The doubt that EFS201 names holds here, too.")
    applied = unit.outcome(Choices(unsafe=True), Decisions()).findings
    assert [f.finding.rule for f in applied if "check that it changes" in (f.finding.caveat or "")] == ["EFS201"]
    assert not any("The doubt" in (f.finding.caveat or "") for f in applied)


@pytest.mark.parametrize(
    "body",
    [
        "def sidecar(task):\n    task.add_container('s', image=kw['image'])\nsidecar(td)",
        "for site in kw['sites']:\n    site.task.add_container('s', image=kw['image'])",
    ],
    ids=["a helper", "another object"],
)
def test_a_container_that_is_added_elsewhere_may_write(body: str) -> None:
    from migrate.engine.process import process
    from migrate.files.language import PYTHON
    from rules.choices import Choices

    assert "ClientWrite" in process(cdk(body), "app", Choices(), PYTHON).text
    assert "ClientWrite" not in process(cdk("pass"), "app", Choices(), PYTHON).text


def test_other_compatibilities_count() -> None:
    assert said(cdk(f'{CFN}.requires_compatibilities = ["EXTERNAL"]'), "cdk")["EFS403"][0] == "refused"
    assert (
        said(cdk(f'{CFN}.add_property_override("RequiresCompatibilities", ["EXTERNAL"])'), "cdk")["EFS403"][0]
        == "refused"
    )


@pytest.mark.parametrize(
    "body",
    [
        f'{CFN}.add_property_override("RuntimePlatform.OperatingSystemFamily", "WINDOWS_SERVER_2019_CORE")',
        f'{CFN}.add_property_override("RuntimePlatform", {{"OperatingSystemFamily": "WINDOWS_SERVER_2019_CORE"}})',
        f"{CFN}.runtime_platform = ecs.CfnTaskDefinition.RuntimePlatformProperty(\n"
        '    operating_system_family="WINDOWS_SERVER_2019_CORE")',
        f'if kw:\n    {CFN}.add_property_override("RuntimePlatform.OperatingSystemFamily", "WINDOWS_SERVER_2019_CORE")',
    ],
    ids=["path", "whole", "struct", "branch"],
)
def test_another_operating_system_counts(body: str) -> None:
    assert said(cdk(body), "cdk")["EFS403"][0] == "refused"


# -- the task role ----------------------------------------------------------------------------------------------------

ARN = '"arn:aws:iam::123456789012:role/other"'


@pytest.mark.parametrize("body", [f'{CFN}.add_property_override("TaskRoleArn", {ARN})', f"{CFN}.task_role_arn = {ARN}"])
def test_a_role_that_replaces_the_own_one_is_outside(body: str) -> None:
    status, message = said(cdk(body), "cdk")["EFS203"]
    assert status == "fixable"
    assert "attach to role other this statement" in message


@pytest.mark.parametrize("is_before", [False, True])
def test_a_role_of_the_program_that_replaces_the_own_one_is_not_allowed_by_the_task(is_before: bool) -> None:
    """`td.add_to_task_role_policy` would allow the wrong one."""
    role = 'role = iam.Role(self, "R", assumed_by=iam.ServicePrincipal("ecs-tasks.amazonaws.com"))'
    use = f"{CFN}.task_role_arn = role.role_arn"
    source = cdk(use, before=role) if is_before else cdk(f"{role}\n{use}")
    assert "attach to role {role.role_arn} this statement" in said(source, "cdk")["EFS203"][1]


GONE = {
    "deletion": f'{CFN}.add_deletion_override("Properties.TaskRoleArn")',
    "property deletion": f'{CFN}.add_property_deletion_override("TaskRoleArn")',
    "empty": f'{CFN}.task_role_arn = ""',
    "None": f"{CFN}.task_role_arn = None",
    "NO_VALUE": f'{CFN}.add_property_override("TaskRoleArn", cdk.Aws.NO_VALUE)',
    "a reference to NoValue": f'{CFN}.add_property_override("TaskRoleArn", {{"Ref": "AWS::NoValue"}})',
    "perhaps empty": f'{CFN}.task_role_arn = kw["arn"] or ""',
    "in a branch": f'if kw:\n    {CFN}.add_property_override("TaskRoleArn", {ARN})',
    "in a loop": f'for p in ["TaskRoleArn"]:\n    {CFN}.add_property_override(p, {ARN})',
}


@pytest.mark.parametrize("body", GONE.values(), ids=GONE)
def test_iam_needs_a_role_that_is_there(body: str) -> None:
    found = said(cdk(body), "cdk")
    assert found["EFS202"][0] == "fixable"
    assert found["EFS203"][0] == "refused"
    assert "the task role" in found["EFS203"][1]


# -- what a change would take away ------------------------------------------------------------------------------------

HOST = 'ecs.Host(source_path="/mnt/efs/app")'


def on_a_host(body: str) -> str:
    mount = 'asg = cluster.add_capacity("C", instance_type=ec2.InstanceType("t3.small"))\n'
    mount += 'asg.add_user_data(f"mount -t efs {fs.file_system_id}:/ /mnt/efs")'
    volume = f"data = ecs.Volume(name='data', host={HOST})"
    return cdk(f"{volume}\nother = ecs.Ec2TaskDefinition(self, 'O', volumes=[data])\n{body}", before=mount)


def test_a_host_path_that_the_code_reads_stays() -> None:
    status, message = said(on_a_host("print(data.host.source_path)"), "cdk")["EFS101"]
    assert status == "refused"
    assert "reads the host path of volumes" in message


def test_the_path_of_something_else_is_not_a_host_path() -> None:
    assert said(on_a_host("print(kw['asset'].source_path, kw['db'].host)"), "cdk")["EFS101"][0] == "fixable"


# -- subclasses and parts ---------------------------------------------------------------------------------------------


def with_class(name: str, **parts: str) -> str:
    return cdk("", **parts).replace("td = ecs.FargateTaskDefinition", f"td = {name}")


def test_a_subclass_of_the_program_may_change_itself() -> None:
    own = "class Own(ecs.FargateTaskDefinition):\n    def __init__(self, scope, id):\n        super().__init__(scope, id)\n"
    own += f"        self.node.default_child.add_property_override({NAME})\n"
    assert said(with_class("Own", classes=own), "cdk")["EFS201"][0] == "refused"


def test_a_subclass_of_another_module_is_for_a_person_to_look_at() -> None:
    status, message = said(with_class("Other", imports="from lib import Other"), "cdk")["EFS201"]
    assert (status, "`Other` makes it" in message) == ("unsafe", True)


def test_an_object_that_keeps_it_may_change_it() -> None:
    keeper = "class Keeper:\n    def __init__(self, task):\n        self.task = task\n    def run(self):\n"
    keeper += f"        self.task.{CFN[3:]}.add_property_override({NAME})\n"
    assert said(cdk("Keeper(td).run()", classes=keeper), "cdk")["EFS201"][0] == "refused"


def test_a_part_that_is_removed() -> None:
    assert said(cdk('td.node.try_remove_child("TaskRole")'), "cdk")["EFS201"][0] == "refused"


@pytest.mark.parametrize(
    ("path", "status"),
    [("ContainerProperties.Volumes.0.Host.SourcePath", "refused"), ("ContainerProperties.Command", "fixable")],
)
def test_a_job_definition_that_is_changed(path: str, status: str) -> None:
    volume = "batch.EcsVolume.efs(name='data', container_path='/d', file_system=fs, root_directory='/app')"
    source = cdk(
        f"c = batch.EcsFargateContainerDefinition(self, 'C', image=kw['image'], cpu=1, memory=kw['m'], volumes=[{volume}])\n"
        f"job = batch.EcsJobDefinition(self, 'J', container=c)\n"
        f'job.node.default_child.add_property_override("{path}", "/x")',
        imports="from aws_cdk import aws_batch as batch",
    )
    from migrate.engine.process import process
    from migrate.files.language import PYTHON
    from rules.choices import Choices

    found = [f.finding for f in process(source, "app", Choices(), PYTHON).findings]
    assert [str(f.status) for f in found if f.rule == "EFS201" and "C" in f.subject.parts] == [status]
