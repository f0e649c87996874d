"""Container instances whose image or agent is too old for EFS volumes

`efsVolumeConfiguration` came to container instances in two steps: with the ECS-optimized AMI 20191212 (container agent
1.35.0) as a preview that mounts by plain NFS, and with AMI 20200319 (agent 1.38.0, ecs-init 1.38.0-1) with TLS, access
points, IAM and `awsvpc`. On an older instance the volume does not mount, or ECS places no task with it there.

Instances of a template that can run a task with EFS volumes are judged by the names of their images: SSM parameters and
AMI names carry a date. A `recommended` parameter is current. A bare AMI id, or an image of your own, shows nothing: it is
reported while volumes still have to climb to TLS there, with what it has to hold. The steps that need more than an image
has are `unsafe` until it is replaced.

**Caveat.** An SSM parameter that is pinned to an old version becomes the `recommended` one of the same family, which is an
`unsafe` step: a later deployment may bring a newer image with it. Instances that run keep their image: replace them (an
agent that is updated in place may not find the volume plugin).

Source: Amazon ECS developer guide, "Amazon EFS volumes" and "Amazon ECS-optimized AMI versions"; amazon-ecs-init#327.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rules.context import Context
from rules.facts.images import Ability, Support, ability, recommended, support_of
from rules.facts.mounts import Unplaced
from rules.model import Change, Image, Instance, Key, Level, SetImage, SetParameterDefault, Stack, Task
from rules.rule import Example, Finding, Rule, Stage, Status
from rules.shared.levels import level
from rules.shared.placement import placement
from rules.shared.platforms import INSTANCE_PREREQUISITES

_ID = "EFS402"
_ABLE = {
    Support.NONE: "is older than EFS volumes: they came with AMI 20191212, their TLS, access points and IAM with AMI 20200319",
    Support.PREVIEW: "mounts EFS volumes by plain NFS only: TLS, access points and IAM came with AMI 20200319",
}


def check(planned: Stack, context: Context) -> Iterable[Finding]:
    del planned  # the steps that need a newer image may not be part of the plan
    images = {image.key: image for image in context.stack.images}
    lowest = _lowest_levels(context)
    for instance in context.stack.instances:
        standing = lowest.get(instance.key)
        able = ability(instance, images)
        if standing is None or able.support is Support.GENERAL:
            continue
        if able.support is not Support.UNKNOWN:
            yield _replace(instance, able, [images[key] for key in instance.images], context=context)
        elif standing.rank < Level.TLS.rank:
            yield _finding(
                instance,
                f"{able.shown_by} does not show whether it can mount EFS volumes with TLS: it takes {INSTANCE_PREREQUISITES}",
            )


def _lowest_levels(context: Context) -> dict[Key, Level]:
    """The lowest level of EFS volume that each instance may have to mount, by the instance's key."""
    by_hosts: dict[tuple[Key, ...], Level] = {}
    for task in context.stack.tasks:
        keys = context.hosts(task).keys
        for reached in _levels(task, context) if keys else ():
            by_hosts[keys] = min(by_hosts.get(keys, reached), reached, key=lambda known: known.rank)
    lowest: dict[Key, Level] = {}
    for keys, reached in by_hosts.items():
        for key in keys:
            lowest[key] = min(lowest.get(key, reached), reached, key=lambda known: known.rank)
    return lowest


def _levels(task: Task, context: Context) -> Iterator[Level]:
    """The levels of the task's volumes that are known to be EFS."""
    for volume in task.volumes:
        reached = level(volume, task, context)
        if reached is not Level.OTHER and not isinstance(placement(volume, task, context), Unplaced):
            yield reached


def _replace(instance: Instance, able: Ability, images: list[Image], context: Context) -> Finding:
    """The finding to start from a newer image: a step if the source pins an old one by its SSM parameter, otherwise
    advice."""
    message = f"{able.shown_by} {_ABLE[able.support]}"
    old = [image for image in images if image.writable and support_of(image.name) < Support.UNKNOWN]
    current = {image: name for image in old if image.name and (name := recommended(image.name))}
    if not current:
        return _finding(instance, f"{message}; start from {INSTANCE_PREREQUISITES}")
    names = ", ".join(dict.fromkeys(current.values()))
    caveat = (
        "A changed image replaces an instance or a launch configuration; an Auto Scaling group starts only new instances from "
        "it: replace those that run."
    )
    for image, name in current.items():
        if image.parameter is not None:
            caveat += f" An existing stack keeps its value of {image.parameter.last}: pass {name} when you update it."
    return Finding(
        _ID,
        instance.image_key,
        Status.UNSAFE,
        message=f"{message}; start from {names}",
        caveat=caveat,
        changes=tuple(change for image, name in current.items() for change in _changes(image, name, context)),
        detail=names,
    )


def _changes(image: Image, name: str, context: Context) -> Iterator[Change]:
    """The changes that replace an image by the one of another name, also in the default of the parameter that gives
    it."""
    yield SetImage(image.key, name)
    if image.parameter is not None:
        parameter = context.parameter_at(image.parameter)
        default = (parameter.default or "").replace(image.name or "", name)
        yield SetParameterDefault(parameter.key, default, parameter.allowed)


def _finding(instance: Instance, message: str) -> Finding:
    return Finding(_ID, instance.image_key, Status.ADVICE, message=message)


RULE = Rule(
    _ID,
    "container-agent",
    "any",
    default="advice; replacing an old SSM parameter takes --unsafe",
    page=__doc__,
    check_stack=check,
    stage=Stage.PLATFORM,
    examples=(
        Example(
            """
            Parameters:
              EcsAmi:
                Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>
                Default: /aws/service/ecs/optimized-ami/amazon-linux-2/amzn2-ami-ecs-hvm-2.0.20190603-x86_64-ebs/image_id
            Resources:
              LaunchTemplate:
                Type: AWS::EC2::LaunchTemplate
                Properties:
                  LaunchTemplateData:
                    ImageId: !Ref EcsAmi
                    InstanceType: t3.large
              TaskDefinition:
                Type: AWS::ECS::TaskDefinition
                Properties:
                  ContainerDefinitions:
                    - Name: wiki
                      Image: mediawiki:1.41
                      Memory: 512
                  Volumes:
                    - Name: images
                      EFSVolumeConfiguration:
                        FilesystemId: fs-0123456789abcdef0
            """,
            """
            Parameters:
              EcsAmi:
                Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>
                Default: /aws/service/ecs/optimized-ami/amazon-linux-2/recommended/image_id
            Resources:
              LaunchTemplate:
                Type: AWS::EC2::LaunchTemplate
                Properties:
                  LaunchTemplateData:
                    ImageId: !Ref EcsAmi
                    InstanceType: t3.large
              TaskDefinition:
                Type: AWS::ECS::TaskDefinition
                Properties:
                  ContainerDefinitions:
                    - Name: wiki
                      Image: mediawiki:1.41
                      Memory: 512
                  Volumes:
                    - Name: images
                      EFSVolumeConfiguration:
                        FilesystemId: fs-0123456789abcdef0
            """,
        ),
    ),
)
