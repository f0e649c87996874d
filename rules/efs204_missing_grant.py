"""A volume with IAM authorization whose task role is not allowed to mount it

`iam: ENABLED` makes ECS mount as the task role. Without a role the definition is not registered (`EFS IAM authorization
requires a task role`); with a role that is not allowed `ClientMount` the mount is denied as soon as the file system has a
policy (`mount.nfs4: access denied by server`), and until then everybody may mount.

The usual mistakes: the statement is on the execution role, which ECS itself uses and no mount does; its resource is an id
or the access point's ARN, where it has to be the file system's ARN; its condition names another access point, or an id in
the place of an ARN; `ClientWrite` is missing though a container writes. The statement that the mount needs is added. What
is there stays.

Nothing is said of a role that is not in the source, or that may have policies which cannot be read there. Nor is anything
said where the file-system policy allows the mount.

Source: EFS user guide, "Using IAM to control file system data access"; Amazon ECS developer guide, `authorizationConfig`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rules.context import Context
from rules.facts.values import shown
from rules.model import EfsVolume, Engine, Level, Permission, Role, Task, Volume
from rules.rule import Example, Finding, Rule, Stage
from rules.shared.authorization import NEEDS_ROLE, Authorization, lacking
from rules.shared.grants import misplaced

_ID = "EFS204"


def check(volume: Volume, task: Task, context: Context) -> Finding | None:
    storage = volume.storage
    if (
        not isinstance(storage, EfsVolume)
        or storage.level is not Level.IAM
        or storage.file_system is None
        or task.engine is Engine.UNKNOWN
    ):
        return None
    step = Authorization(_ID, volume, storage, task=task, context=context, reason=NEEDS_ROLE)
    if task.task_role is None:
        return step.step()
    if task.may_lack_role:
        return None
    found = lacking(volume, storage, task, context=context)
    if not found:
        return None
    said = [
        f"iam is ENABLED, but role {role.key.last} is not seen to be allowed {' and '.join(map(_short, actions))} on "
        f"{_place(storage)}{''.join(_mistakes(role, actions[0], storage, context=context))}"
        for role, actions in found
    ]
    return replace(step, reason=" and ".join(said)).step()


def _mistakes(role: Role, action: str, storage: EfsVolume, context: Context) -> Iterator[str]:
    """Phrases on what is there in the place of the missing statement."""
    others, own = misplaced(role, action, storage, context=context)
    if others:
        one = len(others) == 1
        yield f" ({' and '.join(other.key.last for other in others)} {'is' if one else 'are'}, but the task role mounts)"
    for permission in own[:1]:
        yield f" (its statement is about {_about(permission)})"


def _about(permission: Permission) -> str:
    through = f" through {shown(permission.access_point)}" if permission.access_point is not None else ""
    return f"{shown(permission.resource)}{through}"


def _short(action: str) -> str:
    return action.partition(":")[2]


def _place(storage: EfsVolume) -> str:
    """The file system, and the access point if there is one, for messages."""
    through = f" through access point {shown(storage.access_point)}" if storage.access_point is not None else ""
    return f"{shown(storage.file_system)}{through}"


RULE = Rule(
    _ID,
    "missing-grant",
    "iam",
    default="fixable where the source has a place for the statement; a plain definition without a role needs input",
    page=__doc__,
    check_volume=check,
    stage=Stage.GRANTS,
    climbs_to=Level.IAM,
    examples=(
        Example(
            """
            Resources:
              FileSystem: {Type: AWS::EFS::FileSystem}
              UploadsAccessPoint:
                Type: AWS::EFS::AccessPoint
                Properties:
                  FileSystemId: !Ref FileSystem
                  RootDirectory: {Path: /uploads}
              BlogRole:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Statement:
                      - {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}
              Blog:
                Type: AWS::ECS::TaskDefinition
                Properties:
                  TaskRoleArn: !GetAtt BlogRole.Arn
                  ContainerDefinitions:
                    - Name: blog
                      Image: wordpress
                      MountPoints: [{SourceVolume: uploads, ContainerPath: /uploads}]
                  Volumes:
                    - Name: uploads
                      EFSVolumeConfiguration:
                        FilesystemId: !Ref FileSystem
                        TransitEncryption: ENABLED
                        AuthorizationConfig: {AccessPointId: !Ref UploadsAccessPoint, IAM: ENABLED}
            """,
            """
            Resources:
              FileSystem: {Type: AWS::EFS::FileSystem}
              UploadsAccessPoint:
                Type: AWS::EFS::AccessPoint
                Properties:
                  FileSystemId: !Ref FileSystem
                  RootDirectory: {Path: /uploads}
              BlogRole:
                Type: AWS::IAM::Role
                Properties:
                  AssumeRolePolicyDocument:
                    Statement:
                      - {Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: sts:AssumeRole}
                  Policies:
                    - PolicyName: efs-access
                      PolicyDocument:
                        Version: "2012-10-17"
                        Statement:
                          - Effect: Allow
                            Action:
                              - elasticfilesystem:ClientMount
                              - elasticfilesystem:ClientWrite
                            Resource: !GetAtt FileSystem.Arn
                            Condition:
                              StringEquals:
                                elasticfilesystem:AccessPointArn: !GetAtt UploadsAccessPoint.Arn
              Blog:
                Type: AWS::ECS::TaskDefinition
                Properties:
                  TaskRoleArn: !GetAtt BlogRole.Arn
                  ContainerDefinitions:
                    - Name: blog
                      Image: wordpress
                      MountPoints: [{SourceVolume: uploads, ContainerPath: /uploads}]
                  Volumes:
                    - Name: uploads
                      EFSVolumeConfiguration:
                        FilesystemId: !Ref FileSystem
                        TransitEncryption: ENABLED
                        AuthorizationConfig: {AccessPointId: !Ref UploadsAccessPoint, IAM: ENABLED}
            """,
        ),
    ),
)
