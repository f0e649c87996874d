"""Synthetic files of every dialect, in the styles in which people write them, each with its known right answer.

The answer follows from how a case was put together, not from the tool: which level each volume reaches, what is left for a
person to decide, what the file's data are afterwards, and lines that have to stay as they are. `case(dialect, seed)` gives the
same one on every machine.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

CONFIG = """\
file-systems:
  - id: fs-0123456789abcdef0
    mounts: {/mnt/efs: /}
    access-points: {/app: fsap-0123456789abcdef0, /wiki: fsap-0123456789abcdef1}
  - id: fs-00000000000000001
    access-points: {/: fsap-0123456789abcdef2}
docker-volumes:
  plugin: {file-system: fs-0123456789abcdef0, directory: /app}
"""
"""Governs all of them."""
SYSTEM = "fs-0123456789abcdef0"
ROLE = "arn:aws:iam::123456789012:role/service"
DIRECTORIES = ("/app", "/wiki", "/data/uploads", "/logs")
WITH_POINT = ("/app", "/wiki")


Left = tuple[str, str, str]
"""A volume's name, a rule and a status that asks for a person."""
KEPT = {
    "unmapped": ("EFS101", "needs-input"),
    "inexpressible": ("EFS102", "refused"),
    "unknown": ("EFS102", "refused"),
    "suppressed": ("", ""),
}
"""Kinds of EFS volumes that are left as they are, and what is said of them."""


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
        if self.kind in KEPT:
            return self.before
        point = resources or self.kind in ("point", "iam") or self.directory in WITH_POINT
        if self.kind == "iam" or role:
            return "iam"
        return "access-point" if point else "tls"

    @property
    def before(self) -> str:
        levels = {"preview": "efs", "tls": "tls", "point": "access-point", "iam": "iam", "suppressed": "efs"}
        return "other" if self.directory is None else levels.get(self.kind, "host")

    def left(self, role: bool) -> set[Left]:
        """What a person has to decide about the volume of a definition that can hold no resources."""
        if self.directory is None or self.kind == "suppressed":
            return set()
        if self.kind in KEPT:
            return {(self.name, *KEPT[self.kind])}
        asked = set()
        if self.directory not in WITH_POINT:
            asked.add((self.name, "EFS202", "needs-input"))
        if not role:
            asked.add((self.name, "EFS204" if self.kind == "iam" else "EFS203", "needs-input"))
        return asked


@dataclass
class Case:
    """One file: its name, its bytes, the levels of its volumes before and after, and lines that must be there afterwards."""

    name: str
    content: bytes
    levels: dict[str, tuple[str, str]]
    kept: list[str] = field(default_factory=list)
    left: set[Left] | None = None
    """What is left for a person; None where the answer is not known."""
    data: object = None
    """What the file holds afterwards, as plain data; None where that is not known."""


KINDS = ("preview", "preview", "preview", "tls", "point", "iam", "host", "host", "nfs", "plugin", *KEPT)
HOSTS = ("preview", "preview", "tls", "point", "host", "host", "unmapped", "suppressed")
OTHERS = ("socket", "proc", "scratch", "named", "windows")


def volumes(chance: random.Random, kinds: tuple[str, ...] = KINDS, others: tuple[str, ...] = OTHERS) -> list[Volume]:
    found: list[Volume] = []
    for number in range(chance.randint(1, 4)):
        kind = chance.choice(kinds)
        directory = chance.choice(WITH_POINT if kind in ("point", "iam") else DIRECTORIES)
        if kind == "plugin":  # which the configuration knows by its name
            found += [] if any(v.kind == kind for v in found) else [Volume("plugin", kind, "/app")]
            continue
        found.append(Volume(f"volume{number}", kind, directory))
    found += [Volume(f"other{number}", chance.choice(others), None) for number in range(chance.randint(0, 3))]
    chance.shuffle(found)
    return found


def storage(volume: Volume) -> dict[str, object]:
    """A volume as the API has it."""
    made: dict[str, object] = {"name": volume.name}
    point = POINTS.get(volume.directory or "")
    match volume.kind:
        case "preview" | "suppressed":
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
        case "unmapped":
            made["host"] = {"sourcePath": f"/efs{volume.directory}"}
        case "inexpressible":
            made["dockerVolumeConfiguration"] = {
                "driver": "amazon-ecs-volume-plugin",
                "driverOpts": {
                    "type": "efs",
                    "device": f"{SYSTEM}:{volume.directory}",
                    "o": "tls,mounttargetip=10.0.3.17",
                },
            }
        case "unknown":
            made["dockerVolumeConfiguration"] = {
                "driver": "local",
                "driverOpts": {
                    "type": "nfs4",
                    "device": f":{volume.directory}",
                    "o": f"addr={SYSTEM}.efs.eu-west-1.amazonaws.com,rw",
                },
                "size": "5G",
            }
        case "plugin":
            made["dockerVolumeConfiguration"] = {"scope": "shared", "autoprovision": True, "driver": "rexray/efs"}
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


POINTS = {"/app": "fsap-0123456789abcdef0", "/wiki": "fsap-0123456789abcdef1"}


def migrated(volume: Volume, role: bool) -> dict[str, object]:
    """A volume as the API is to have it in the end: the directory that was mounted, as safely as can be known."""
    if volume.directory is None or volume.kind in KEPT:
        return storage(volume)
    point = POINTS.get(volume.directory)
    authorization = {"accessPointId": point} if point else {}
    if role or volume.kind == "iam":
        authorization["iam"] = "ENABLED"
    made: dict[str, object] = {"fileSystemId": SYSTEM, "transitEncryption": "ENABLED"}
    if point is None:  # which fixes the directory otherwise
        made["rootDirectory"] = volume.directory
    if authorization:
        made["authorizationConfig"] = authorization
    return {"name": volume.name, "efsVolumeConfiguration": made}


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


def left(listed: list[Volume], role: bool) -> set[Left]:
    return set().union(*(volume.left(role) for volume in listed))


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


COMMENTLESS = tuple(kind for kind in KINDS if kind != "suppressed")


def task_definition(chance: random.Random) -> Case:
    listed, role = volumes(chance, COMMENTLESS), chance.random() < 0.7
    made = definition(chance, listed, role)
    text = as_json(made, chance)
    kept = [f'"name": "{v.name}"' for v in listed if v.directory is None] if '"name": ' in text else []
    answer = made | {"volumes": [migrated(volume, role) for volume in listed]}
    return Case("td.json", encoded(text, chance), levels(listed, role), kept, left(listed, role), answer)


def task_definitions(chance: random.Random) -> Case:
    """What `describe-task-definition` prints, several of them in one file, or the volumes alone."""
    listed, role = volumes(chance, COMMENTLESS), chance.random() < 0.7
    made = definition(chance, listed, role)
    answer = made | {"volumes": [migrated(volume, role) for volume in listed]}
    match chance.randrange(3):
        case 0:
            described = {
                "taskDefinitionArn": "arn:aws:ecs:eu-west-1:123456789012:task-definition/service:7",
                "revision": 7,
            }
            before: object = {"taskDefinition": described | made, "tags": []}
            after: object = {"taskDefinition": described | answer, "tags": []}
        case 1:
            other = {"family": "other", "containerDefinitions": [{"name": "x", "image": "x"}]}
            before, after = [made, other], [answer, other]
        case _:
            role = False
            before = made["volumes"]
            after = [migrated(volume, role) for volume in listed]
    text = as_json(before, chance)
    asked = left(listed, role)
    if before is made["volumes"]:  # no role can stand there, and what has IAM authorization has one elsewhere
        has_role = {volume.name for volume in listed if volume.kind == "iam"}
        asked = {
            (n, r, "refused" if r == "EFS203" else status)
            for n, r, status in asked
            if not (n in has_role and r == "EFS204")
        }
    return Case("tds.json", encoded(text, chance), levels(listed, role), [], asked, after)


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


def commented(value: object, listed: list[Volume], chance: random.Random, step: int = 2, dashes: bool = True) -> str:
    """YAML with a comment at each volume that is to stay: on the first line of its own, or on one above that."""
    kept = [volume for volume in listed if volume.kind == "suppressed"]
    while True:
        text = as_yaml(value, chance, "", step, dashes)
        if not all(re.search(rf"^ *(- \{{?)?name: ['\"]?{v.name}\b", text, re.MULTILINE) for v in kept):
            continue  # several volumes share a line
        lines = text.split("\n")
        for volume in kept:
            (number,) = (n for n, line in enumerate(lines) if re.search(rf"\bname: ['\"]?{volume.name}\b", line))
            while not lines[number].lstrip().startswith("-"):
                number -= 1
            if lines[number].strip() == "-" or number % 2:
                indent = len(lines[number]) - len(lines[number].lstrip())
                lines.insert(number, f"{' ' * indent}# {SUPPRESSION}")
            else:
                lines[number] = f"{lines[number].partition('  #')[0]}  # {SUPPRESSION}"
        return "\n".join(lines)


SUPPRESSION = "efs-migrate: ignore[EFS201, EFS202, EFS203] until the next release"


def task_definition_yaml(chance: random.Random) -> Case:
    listed, role = volumes(chance), chance.random() < 0.7
    made = definition(chance, listed, role)
    text = commented(made, listed, chance, chance.choice([2, 2, 4]), chance.random() < 0.5)
    answer = made | {"volumes": [migrated(volume, role) for volume in listed]}
    if chance.random() < 0.3:
        text = f"---\n{text}"
    text = f"# Owned by team {chance.randint(1, 9)}\n{text}"
    kept = ["# Owned by team"]
    return Case("td.yaml", encoded(text, chance), levels(listed, role), kept, left(listed, role), answer)


def ansible(chance: random.Random) -> Case:
    listed, role = volumes(chance, HOSTS), chance.random() < 0.7
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
    text = commented(book, listed, chance)
    answer = copy.deepcopy(book)
    answer[0]["tasks"][0][name]["volumes"] = [migrated(volume, role) for volume in listed]  # type: ignore[index]  # plain data
    return Case("play.yml", encoded(text, chance), levels(listed, role), ["register: "], left(listed, role), answer)


def aws_batch(chance: random.Random) -> Case:
    kinds = tuple(kind for kind in HOSTS if kind != "suppressed")
    listed, role = volumes(chance, kinds, ("socket", "proc")), chance.random() < 0.7
    container: dict[str, object] = {
        "image": "example/job",
        "command": ["run"],
        "volumes": [storage(volume) for volume in listed],
        "mountPoints": [{"sourceVolume": v.name, "containerPath": f"/mnt/{v.name}"} for v in listed],
    }
    if role:
        container["jobRoleArn"] = ROLE
    job = {"jobDefinitionName": "service", "type": "container", "containerProperties": container}
    text = as_json(job, chance)
    answer = job | {"containerProperties": container | {"volumes": [migrated(volume, role) for volume in listed]}}
    return Case("job.json", encoded(text, chance), levels(listed, role), [], left(listed, role), answer)


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
    text = as_yaml(made_file, chance)
    return Case("ecs-params.yml", encoded(text, chance), levels(listed, role), [], left(listed, role))


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
    return Case("stack.yaml", encoded(text, chance), reached, kept)


def cloudformation_json(chance: random.Random) -> Case:
    """A template as tools print it, some of them with a capital letter in the wrong place, or SAM."""
    listed = volumes(chance, ("preview", "preview", "tls"), ("socket", "proc", "scratch"))
    written: list[dict[str, object]] = []
    for volume in listed:
        one: dict[str, object] = {"Name": volume.name}
        if volume.directory is None:
            host = storage(volume)["host"]
            assert isinstance(host, dict)
            one["Host"] = {"SourcePath": host["sourcePath"]} if host else {}
        else:
            system: object = chance.choice([{"Ref": "FileSystem"}, {"Fn::GetAtt": ["FileSystem", "FileSystemId"]}])
            tls = {"TransitEncryption": "ENABLED"} if volume.kind == "tls" else {}
            one["EFSVolumeConfiguration"] = {"FilesystemId": system, "RootDirectory": volume.directory} | tls
        written.append(one)
    fargate, role = chance.random() < 0.6, chance.random() < 0.7
    principal = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [principal]}
    mounts = [{"SourceVolume": v.name, "ContainerPath": f"/mnt/{v.name}"} for v in listed]
    task: dict[str, object] = {
        "Family": "service",
        "RequiresCompatibilities": ["FARGATE" if fargate else "EC2"],
        "NetworkMode": "awsvpc" if fargate else "bridge",
        "Cpu": "256",
        "Memory": "512",
        "ContainerDefinitions": [{"Name": "web", "Image": "nginx", "User": "101", "MountPoints": mounts}],
        "Volumes": written,
    }
    if role:
        task["TaskRoleArn"] = {"Fn::GetAtt": ["TaskRole", "Arn"]}
    template: dict[str, object] = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "kept as it is",
        "Resources": {
            "FileSystem": {"Type": "AWS::EFS::FileSystem", "Properties": {"Encrypted": True}},
            "TaskRole": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
            "TaskDefinition": {"Type": "AWS::ECS::TaskDefinition", "Properties": task},
        },
    }
    if chance.random() < 0.3:
        template = {"Transform": "AWS::Serverless-2016-10-31", **template, "Globals": {"Function": {"Timeout": 3}}}
    text = as_json(template, chance)
    reached = levels(listed, role or fargate, resources=True)
    return Case("stack.json", encoded(text, chance), reached, ["kept as it is"])


# -- Python -----------------------------------------------------------------------------------------------------------


def boto3(chance: random.Random) -> Case:
    kinds = tuple(kind for kind in HOSTS if kind != "suppressed")
    listed, role = volumes(chance, kinds), chance.random() < 0.7
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
    return Case("deploy.py", encoded(text, chance), levels(listed, role), ["print('done')"], left(listed, role))


def cdk_v1(chance: random.Random) -> Case:
    """The same program for version 1, whose stacks stand in `core`."""
    made = cdk(chance)
    imports = chance.choice(
        [
            b"from aws_cdk import aws_ecs as ecs, aws_efs as efs, core",
            b"from aws_cdk import (\n    core,\n    aws_ecs as ecs,\n    aws_efs as efs,\n)",
            b"import aws_cdk.aws_ecs as ecs\nimport aws_cdk.aws_efs as efs\nimport aws_cdk.core as core",
        ]
    )
    newline = b"\r\n" if b"\r\n" in made.content else b"\n"
    mark, _, rest = made.content.rpartition(b"class Service(Stack)")
    mark = b"\xef\xbb\xbf" if mark.startswith(b"\xef\xbb\xbf") else b""
    head = mark + imports.replace(b"\n", newline) + 3 * newline
    return replace(made, content=head + b"class Service(core.Stack)" + rest)


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
    return Case("app.py", encoded(text, chance), levels(listed, True, resources=True), ["# kept as it is"])


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
    imports = "from troposphere import GetAtt, Ref, Template, ecs, efs, iam"
    match chance.randrange(3):
        case 0:
            imports = "import troposphere.ecs as ecs\nfrom troposphere import GetAtt, Ref, Template, efs, iam"
        case 1:
            imports = "from troposphere import GetAtt, Ref, Template\nfrom troposphere import ecs, efs, iam"
    text = f"""\
{imports}

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
    if chance.random() < 0.3:  # names of their own instead of the module's
        names = ("ContainerDefinition", "EFSVolumeConfiguration", "Host", "TaskDefinition", "Volume")
        used = [name for name in names if f"ecs.{name}(" in text]
        text = text.replace(
            imports,
            f"from troposphere import GetAtt, Ref, Template, efs, iam\nfrom troposphere.ecs import {', '.join(used)}",
        )
        text = re.sub(r"\becs\.(\w+\()", r"\1", text)
    return Case("template.py", encoded(text, chance), levels(listed, True, resources=True), ["# kept as it is"])


DIALECTS: dict[str, Callable[[random.Random], Case]] = {
    "task-definition": task_definition,
    "task-definitions": task_definitions,
    "task-definition-yaml": task_definition_yaml,
    "ansible": ansible,
    "aws-batch": aws_batch,
    "ecs-params": ecs_params,
    "cloudformation": cloudformation,
    "cloudformation-json": cloudformation_json,
    "boto3": boto3,
    "cdk": cdk,
    "cdk-v1": cdk_v1,
    "troposphere": troposphere,
}


def case(dialect: str, seed: int) -> Case:
    return DIALECTS[dialect](random.Random(f"{dialect} {seed}"))
