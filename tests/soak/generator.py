"""Synthetic files of every dialect, in the styles in which people write them, each with its known right answer.

The answer follows from how a case was put together, not from the tool: which level each volume reaches, and lines that have to
stay as they are. `case(dialect, seed)` gives the same one on every machine.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

CONFIG = """\
file-systems:
  - id: fs-0123456789abcdef0
    mounts: {/mnt/efs: /}
    access-points: {/app: fsap-0123456789abcdef0, /wiki: fsap-0123456789abcdef1}
  - id: fs-00000000000000001
    access-points: {/: fsap-0123456789abcdef2}
"""
"""Governs all of them."""
SYSTEM = "fs-0123456789abcdef0"
ROLE = "arn:aws:iam::123456789012:role/service"
DIRECTORIES = ("/app", "/wiki", "/data/uploads", "/logs")
WITH_POINT = ("/app", "/wiki")


@dataclass(frozen=True)
class Volume:
    """`kind` is how it is mounted today; `directory` where it lies on the file system (None: it is no EFS)."""

    name: str
    kind: str
    directory: str | None

    def after(self, role: bool, resources: bool) -> str:
        """The level that it reaches: with a role IAM authorization; without one, what an access point allows. Sources that
        can hold `resources` get the access point themselves."""
        if self.directory is None:
            return "other"
        point = resources or self.kind in ("point", "iam") or self.directory in WITH_POINT
        if self.kind == "iam" or role:
            return "iam"
        return "access-point" if point else "tls"

    @property
    def before(self) -> str:
        levels = {"host": "host", "nfs": "host", "preview": "efs", "tls": "tls", "point": "access-point", "iam": "iam"}
        return "other" if self.directory is None else levels[self.kind]


@dataclass
class Case:
    """One file: its name, its bytes, the levels of its volumes before and after, and lines that must be there afterwards."""

    name: str
    content: bytes
    levels: dict[str, tuple[str, str]]
    kept: list[str] = field(default_factory=list)
    closed: bool = True
    """Whether nothing is expected to be left for a person."""


KINDS = ("preview", "preview", "tls", "point", "iam", "host", "nfs")
OTHERS = ("socket", "proc", "scratch", "named", "windows")


def volumes(chance: random.Random, kinds: tuple[str, ...] = KINDS, others: tuple[str, ...] = OTHERS) -> list[Volume]:
    found = []
    for number in range(chance.randint(1, 4)):
        kind = chance.choice(kinds)
        directory = chance.choice(WITH_POINT if kind in ("point", "iam") else DIRECTORIES)
        found.append(Volume(f"volume{number}", kind, directory))
    found += [Volume(f"other{number}", chance.choice(others), None) for number in range(chance.randint(0, 3))]
    chance.shuffle(found)
    return found


def storage(volume: Volume) -> dict[str, object]:
    """A volume as the API has it."""
    made: dict[str, object] = {"name": volume.name}
    point = {"/app": "fsap-0123456789abcdef0", "/wiki": "fsap-0123456789abcdef1"}.get(volume.directory or "")
    match volume.kind:
        case "preview":
            made["efsVolumeConfiguration"] = {"fileSystemId": SYSTEM, "rootDirectory": volume.directory}
        case "tls":
            made["efsVolumeConfiguration"] = {
                "fileSystemId": SYSTEM,
                "rootDirectory": volume.directory,
                "transitEncryption": "ENABLED",
            }
        case "point" | "iam":
            authorization = {"accessPointId": point} | ({"iam": "ENABLED"} if volume.kind == "iam" else {})
            made["efsVolumeConfiguration"] = {
                "fileSystemId": SYSTEM,
                "transitEncryption": "ENABLED",
                "authorizationConfig": authorization,
            }
        case "host":
            made["host"] = {"sourcePath": f"/mnt/efs{volume.directory}"}
        case "nfs":
            made["dockerVolumeConfiguration"] = {
                "scope": "task",
                "driver": "local",
                "driverOpts": {
                    "type": "nfs",
                    "device": f"{SYSTEM}.efs.eu-west-1.amazonaws.com:{volume.directory}",
                    "o": f"addr={SYSTEM}.efs.eu-west-1.amazonaws.com,nfsvers=4.1",
                },
            }
        case "socket":
            made["host"] = {"sourcePath": "/var/run/docker.sock"}
        case "proc":
            made["host"] = {"sourcePath": "/proc"}
        case "scratch":
            made["host"] = {}
        case "named":
            made["dockerVolumeConfiguration"] = {"scope": "shared", "autoprovision": True, "driver": "local"}
        case "windows":
            made["fsxWindowsFileServerVolumeConfiguration"] = {
                "fileSystemId": "fs-0fedcba9876543210",
                "rootDirectory": "share",
                "authorizationConfig": {"credentialsParameter": "arn:x", "domain": "example.com"},
            }
    return made


def definition(chance: random.Random, listed: list[Volume], role: bool) -> dict[str, object]:
    made: dict[str, object] = {
        "family": "service",
        "containerDefinitions": [
            {
                "name": "web",
                "image": f"example/web:{chance.randint(1, 99)}",
                "memory": 128,
                "mountPoints": [{"sourceVolume": v.name, "containerPath": f"/mnt/{v.name}"} for v in listed],
            }
        ],
        "volumes": [storage(volume) for volume in listed],
    }
    if role:
        made["taskRoleArn"] = ROLE
    keys = list(made)
    if chance.random() < 0.3:
        chance.shuffle(keys)
    return {key: made[key] for key in keys}


def levels(listed: list[Volume], role: bool, *, resources: bool = False) -> dict[str, tuple[str, str]]:
    return {v.name: (v.before, v.after(role, resources)) for v in listed}


def closed(listed: list[Volume], role: bool) -> bool:
    return all(v.directory is None or v.kind in ("point", "iam") or v.directory in WITH_POINT for v in listed) and role


def encoded(text: str, chance: random.Random) -> bytes:
    """A text with one of the kinds of newlines, with or without a mark at its beginning and a newline at its end."""
    if chance.random() < 0.15:
        text = text.replace("\n", "\r\n")
    if chance.random() < 0.1:
        text = text.rstrip("\r\n")
    return (b"\xef\xbb\xbf" if chance.random() < 0.05 else b"") + text.encode()


# -- plain definitions ------------------------------------------------------------------------------------------------


def as_json(value: object, chance: random.Random) -> str:
    indent = chance.choice([2, 2, 2, 3, 4, "\t", None])
    if indent is None:
        separators = chance.choice([(",", ":"), (", ", ": ")])
        return json.dumps(value, separators=separators) + "\n"
    return json.dumps(value, indent=indent) + "\n"


def task_definition(chance: random.Random) -> Case:
    listed, role = volumes(chance), chance.random() < 0.7
    text = as_json(definition(chance, listed, role), chance)
    kept = [f'"name": "{v.name}"' for v in listed if v.directory is None] if '"name": ' in text else []
    return Case("td.json", encoded(text, chance), levels(listed, role), kept, closed(listed, role))


def scalar(value: object, chance: random.Random) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return chance.choice([f"'{value}'", f'"{value}"', str(value)]) if ": " not in str(value) else f'"{value}"'


def as_yaml(value: object, chance: random.Random, indent: str = "", step: int = 2, dashes: bool = True) -> str:
    """Block style with flow style here and there, comments and blank lines."""
    lines = ""
    pad = " " * step
    if isinstance(value, dict):
        for key, item in value.items():
            if chance.random() < 0.05:
                lines += f"{indent}# about {key}\n"
            if isinstance(item, dict | list) and item and chance.random() > 0.12:
                deeper = indent if isinstance(item, list) and not dashes else indent + pad
                lines += f"{indent}{key}:\n{as_yaml(item, chance, deeper, step, dashes)}"
            else:
                shown = flow(item, chance) if isinstance(item, dict | list) else scalar(item, chance)
                comment = f"  # {key}" if chance.random() < 0.04 else ""
                lines += f"{indent}{key}: {shown}{comment}\n"
        return lines
    assert isinstance(value, list)
    for item in value:
        if isinstance(item, dict) and item and chance.random() > 0.1:
            block = as_yaml(item, chance, indent + "  ", step, dashes)
            first, _, rest = block.partition("\n")
            if first.lstrip().startswith("#"):
                lines += f"{indent}-\n{block}"
            else:
                lines += f"{indent}- {first[len(indent) + 2 :]}\n{rest}"
        else:
            lines += f"{indent}- {flow(item, chance) if isinstance(item, dict | list) else scalar(item, chance)}\n"
    return lines


def flow(value: object, chance: random.Random) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(item, chance)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item, chance) for item in value) + "]"
    return scalar(value, chance) if isinstance(value, bool | int) else f"'{value}'"


def task_definition_yaml(chance: random.Random) -> Case:
    listed, role = volumes(chance), chance.random() < 0.7
    text = as_yaml(definition(chance, listed, role), chance, "", chance.choice([2, 2, 4]), chance.random() < 0.5)
    if chance.random() < 0.3:
        text = f"---\n{text}"
    text = f"# Owned by team {chance.randint(1, 9)}\n{text}"
    return Case("td.yaml", encoded(text, chance), levels(listed, role), ["# Owned by team"], closed(listed, role))


def ansible(chance: random.Random) -> Case:
    listed, role = volumes(chance, ("preview", "tls", "host", "point")), chance.random() < 0.7
    made = definition(chance, listed, False)
    task = {
        "family": made["family"],
        "containers": made["containerDefinitions"],
        "volumes": made["volumes"],
        "state": "present",
    }
    if role:
        task["task_role_arn"] = ROLE
    name = chance.choice(["ecs_taskdefinition", "community.aws.ecs_taskdefinition"])
    book = [{"name": "Deploy", "hosts": "localhost", "tasks": [{"name": "Define", name: task, "register": "made"}]}]
    return Case(
        "play.yml", encoded(as_yaml(book, chance), chance), levels(listed, role), ["register: "], closed(listed, role)
    )


def aws_batch(chance: random.Random) -> Case:
    listed, role = volumes(chance, ("preview", "tls", "host", "point"), ("socket", "proc")), chance.random() < 0.7
    container: dict[str, object] = {
        "image": "example/job",
        "command": ["run"],
        "volumes": [storage(volume) for volume in listed],
        "mountPoints": [{"sourceVolume": v.name, "containerPath": f"/mnt/{v.name}"} for v in listed],
    }
    if role:
        container["jobRoleArn"] = ROLE
    job = {"jobDefinitionName": "service", "type": "container", "containerProperties": container}
    return Case("job.json", encoded(as_json(job, chance), chance), levels(listed, role), [], closed(listed, role))


def ecs_params(chance: random.Random) -> Case:
    listed, role = volumes(chance, ("preview", "tls", "point"), ("named",)), chance.random() < 0.7
    systems = []
    for volume in listed:
        if volume.directory is not None:
            made = storage(volume)["efsVolumeConfiguration"]
            assert isinstance(made, dict)
            system = {"name": volume.name, "filesystem_id": SYSTEM}
            if volume.kind == "preview" or volume.kind == "tls":
                system["root_directory"] = volume.directory
            if volume.kind != "preview":
                system["transit_encryption"] = "ENABLED"
            if volume.kind == "point":
                system["access_point"] = made["authorizationConfig"]["accessPointId"]
            systems.append(system)
    docker = [{"name": v.name, "scope": "shared", "driver": "local"} for v in listed if v.directory is None]
    task: dict[str, object] = {"ecs_network_mode": "awsvpc", "efs_volumes": systems}
    if docker:
        task["docker_volumes"] = docker
    if role:
        task["task_role_arn"] = ROLE
    made_file = {"version": 1, "task_definition": task, "run_params": {"network_configuration": {}}}
    return Case(
        "ecs-params.yml", encoded(as_yaml(made_file, chance), chance), levels(listed, role), [], closed(listed, role)
    )


# -- templates --------------------------------------------------------------------------------------------------------


def cloudformation(chance: random.Random) -> Case:
    listed = volumes(chance, ("preview", "preview", "tls"), ("socket", "proc", "scratch"))
    lines = []
    for volume in listed:
        lines.append(f"        - Name: {volume.name}")
        made = storage(volume)
        if volume.directory is None:
            host = made.get("host") or {}
            assert isinstance(host, dict)
            lines.append(f"          Host: {{SourcePath: {host['sourcePath']}}}" if host else "          Host: {}")
            continue
        reference = chance.choice(["!Ref FileSystem", "{Ref: FileSystem}"])
        tls = ["TransitEncryption: ENABLED"] if volume.kind == "tls" else []
        members = [f"FilesystemId: {reference}", f"RootDirectory: {volume.directory}", *tls]
        if chance.random() < 0.25:
            lines.append(f"          EFSVolumeConfiguration: {{{', '.join(members)}}}")
        else:
            lines += ["          EFSVolumeConfiguration:", *(f"            {member}" for member in members)]
    fargate = chance.random() < 0.6
    role = chance.random() < 0.7
    text = f"""\
AWSTemplateFormatVersion: '2010-09-09'
Description: Service {chance.randint(1, 99)}  # kept as it is
Resources:
  FileSystem:
    Type: AWS::EFS::FileSystem
    Properties:
      Encrypted: true
  TaskRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {{Effect: Allow, Principal: {{Service: ecs-tasks.amazonaws.com}}, Action: 'sts:AssumeRole'}}
  TaskDefinition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: service
{"      RequiresCompatibilities: [FARGATE]" if fargate else "      RequiresCompatibilities: [EC2]"}
{"      NetworkMode: awsvpc" if fargate else "      NetworkMode: bridge"}
      Cpu: '256'
      Memory: '512'
{"      TaskRoleArn: !GetAtt TaskRole.Arn" if role else "      # It has no role of its own."}
      ContainerDefinitions:
        - Name: web
          Image: nginx
          User: '101'
      Volumes:
""" + "".join(f"{line}\n" for line in lines)
    reached = levels(listed, role or fargate, resources=True)
    kept = ["# kept as it is", "      Cpu: '256'"]
    return Case("stack.yaml", encoded(text, chance), reached, kept, False)


# -- Python -----------------------------------------------------------------------------------------------------------


def boto3(chance: random.Random) -> Case:
    listed, role = volumes(chance, ("preview", "tls", "host", "point")), chance.random() < 0.7
    made = definition(chance, listed, role)
    width = chance.choice([60, 100, 160])
    import pprint

    body = pprint.pformat(made, indent=chance.choice([1, 4]), width=width, sort_dicts=False)
    style = chance.randrange(3)
    if style == 0:
        arguments = ",\n".join(
            f"    {key}={pprint.pformat(value, width=width, sort_dicts=False)}" for key, value in made.items()
        )
        text = f"import boto3\n\necs = boto3.client('ecs')\necs.register_task_definition(\n{arguments},\n)\nprint('done')\n"
    elif style == 1:
        text = f"import boto3\n\nDEFINITION = {body}\n\nboto3.client('ecs').register_task_definition(**DEFINITION)\nprint('done')\n"
    else:
        inner = body.replace("\n", "\n    ")
        text = f"import boto3\n\n\ndef deploy(ecs):\n    definition = {inner}\n    return ecs.register_task_definition(**definition)\n\n\nprint('done')\n"
    return Case("deploy.py", encoded(text, chance), levels(listed, role), ["print('done')"], closed(listed, role))


def cdk(chance: random.Random) -> Case:
    listed = volumes(chance, ("preview", "preview", "tls"), ("socket", "proc"))
    kind = chance.choice(["Fargate", "Ec2"])
    quote = chance.choice(["'", '"'])
    statements = []
    for volume in listed:
        if volume.directory is None:
            host = storage(volume)["host"]
            assert isinstance(host, dict)
            statements.append(
                f"task.add_volume(name=@{volume.name}@, host=ecs.Host(source_path=@{host['sourcePath']}@))"
            )
            continue
        tls = ", transit_encryption=@ENABLED@" if volume.kind == "tls" else ""
        inside = f"file_system_id=fs.file_system_id, root_directory=@{volume.directory}@{tls}"
        if chance.random() < 0.5:
            statements.append(
                f"task.add_volume(\n            name=@{volume.name}@,\n            efs_volume_configuration="
                f"ecs.EfsVolumeConfiguration(\n                {inside}\n            ),\n        )"
            )
        else:
            statements.append(
                f"task.add_volume(name=@{volume.name}@, efs_volume_configuration=ecs.EfsVolumeConfiguration({inside}))"
            )
    imports = chance.choice(
        [
            "from aws_cdk import Stack, aws_ecs as ecs, aws_efs as efs",
            "from aws_cdk import (\n    Stack,\n    aws_ecs as ecs,\n    aws_efs as efs,\n)",
            "from aws_cdk import Stack\nfrom aws_cdk import aws_ecs as ecs\nfrom aws_cdk import aws_efs as efs",
            "import aws_cdk.aws_ecs as ecs\nimport aws_cdk.aws_efs as efs\nfrom aws_cdk import Stack",
        ]
    )
    body = "\n        ".join(statements)
    text = f"""\
{imports}


class Service(Stack):
    def __init__(self, scope, construct_id, vpc, **kwargs):
        super().__init__(scope, construct_id, **kwargs)
        fs = efs.FileSystem(self, @Files@, vpc=vpc)  # kept as it is
        task = ecs.{kind}TaskDefinition(self, @Task@)
        {body}
        task.add_container(@Web@, image=ecs.ContainerImage.from_registry(@nginx@), user=@101@)
""".replace("@", quote)
    return Case("app.py", encoded(text, chance), levels(listed, True, resources=True), ["# kept as it is"], False)


def troposphere(chance: random.Random) -> Case:
    listed = volumes(chance, ("preview", "preview", "tls"), ("socket", "proc"))
    written = []
    for volume in listed:
        if volume.directory is None:
            host = storage(volume)["host"]
            assert isinstance(host, dict)
            written.append(f"ecs.Volume(Name='{volume.name}', Host=ecs.Host(SourcePath='{host['sourcePath']}'))")
            continue
        tls = ", TransitEncryption='ENABLED'" if volume.kind == "tls" else ""
        written.append(
            f"ecs.Volume(Name='{volume.name}', EFSVolumeConfiguration=ecs.EFSVolumeConfiguration(\n"
            f"            FilesystemId=Ref(system), RootDirectory='{volume.directory}'{tls}))"
        )
    inner = ",\n        ".join(written)
    text = f"""\
from troposphere import GetAtt, Ref, Template, ecs, efs, iam

template = Template()  # kept as it is
system = template.add_resource(efs.FileSystem('FileSystem', Encrypted=True))
role = template.add_resource(iam.Role('TaskRole', AssumeRolePolicyDocument={{
    'Statement': [{{'Effect': 'Allow', 'Principal': {{'Service': 'ecs-tasks.amazonaws.com'}}, 'Action': 'sts:AssumeRole'}}],
}}))
task = template.add_resource(ecs.TaskDefinition(
    'Task',
    Family='service',
    TaskRoleArn=GetAtt(role, 'Arn'),
    ContainerDefinitions=[ecs.ContainerDefinition(Name='web', Image='nginx', Memory=64, User='101')],
    Volumes=[
        {inner},
    ],
))
print(template.to_yaml())
"""
    return Case("template.py", encoded(text, chance), levels(listed, True, resources=True), ["# kept as it is"], False)


DIALECTS: dict[str, Callable[[random.Random], Case]] = {
    "task-definition": task_definition,
    "task-definition-yaml": task_definition_yaml,
    "ansible": ansible,
    "aws-batch": aws_batch,
    "ecs-params": ecs_params,
    "cloudformation": cloudformation,
    "boto3": boto3,
    "cdk": cdk,
    "troposphere": troposphere,
}


def case(dialect: str, seed: int) -> Case:
    return DIALECTS[dialect](random.Random(f"{dialect} {seed}"))
