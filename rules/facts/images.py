"""The support of machine images for EFS volumes, told from the names that AWS gives its images, and the operating
systems that placement constraints demand.

Sources: Amazon ECS developer guide, "Amazon EFS volumes" (the preview came with AMI 20191212 and agent 1.35.0, general
availability with AMI 20200319 and agent 1.38.0), "Amazon ECS-optimized AMI versions" (until July 2019 the names of Amazon
Linux 1 ended in a letter instead of a date), "Retrieving Amazon ECS-optimized AMI metadata" (the SSM parameters);
Bottlerocket's README (its SSM parameters). Bottlerocket mounts EFS volumes without TLS and IAM only (bottlerocket#815,
bottlerocket#1080); "Cluster query language", with the built-in attributes `ecs.os-type` and `ecs.os-family`; Windows has no EFS capability (amazon-ecs-agent, `agent_capability_windows.go`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from rules.model import NOT_GIVEN, Image, Instance, Key, Possible, System

_PREVIEW, _GENERAL = "20191212", "20200319"
_PREVIEW_AGENT, _GENERAL_AGENT = (1, 35, 0), (1, 38, 0)

_PINNED = re.compile(
    r"(?:amzn2|al2023)-ami-ecs-[a-z0-9.-]*?hvm-[0-9.]+?\.(?P<date>20[0-9]{6})-|"
    r"amzn-ami-[0-9]{4}\.[0-9]{2}\.(?:(?P<old_date>20[0-9]{6})|[a-z])-amazon-ecs-optimized"
)
_CURRENT = re.compile(r"/aws/service/ecs/optimized-ami/[a-z0-9./-]+/recommended(?:/image_id)?")
_PINNED_PATH = re.compile(
    r"(?P<family>/aws/service/ecs/optimized-ami/amazon-linux(?:-2|-2023)?(?:/[a-z0-9.-]+){0,2}?)/"
    r"(?:amzn|al2023)[a-z0-9._-]+(?P<member>/image_id)?"
)
_BOTTLEROCKET = re.compile(r"/aws/service/bottlerocket/|bottlerocket-aws-")
_WINDOWS = re.compile(r"/aws/service/ami-windows|optimized-ami/windows|Windows_Server-")
_ECS_IMAGE = re.compile(
    r"/aws/service/ecs/optimized-ami/|ami-ecs-|amazon-ecs-optimized|ECS_Optimized|bottlerocket(?:/|-)aws-ecs-"
)
_BARE_IMAGE = re.compile(
    r"/aws/service/(?:ami-amazon-linux-latest|canonical|debian|suse)/|(?:amzn2|amzn|al2023)-ami-(?!ecs)"
)
"""Finds the public parameters and names of images of bare systems, which have no container agent."""
_OTHER_MACHINE = re.compile(r"(?i:bastion|jump|build|jenkins|vpn)|(?:NAT|Nat)(?![a-z])|(?<![A-Za-z])nat(?![A-Za-z])")
"""Finds the names of machines that serve something else."""
_DEMANDED = re.compile(
    r"attribute:ecs\.os-(?:type|family)\s{0,9}(?P<how>==|equals|!=|not_equals|=~|matches|!~|in|!in|not_in)\s{0,9}"
    r"(?P<what>\[[^\]]{0,200}\]|[\w.*-]{1,200})",
    re.IGNORECASE,
)
_CALLED_ECS = re.compile(r"(?:^|[^A-Za-z])ecs|ECS|Ecs")


class Support(IntEnum):
    """The support of a container instance for EFS volumes, from the least."""

    NONE = 0
    PREVIEW = 1
    """EFS volumes by plain NFS only, without TLS."""
    UNKNOWN = 2
    GENERAL = 3


@dataclass(frozen=True, slots=True)
class Ability:
    """The support of instances for EFS volumes, and the image or agent that shows it."""

    support: Support
    shown_by: str = ""


Images = Mapping[Key, Image]


def hosts_containers(instance: Instance, images: Images) -> bool:
    """Whether the instance or the name of its image shows that the container agent runs on it."""
    return instance.hosts_containers or any(_is_ecs_image(images[key]) for key in instance.images)


def is_another_machine(instance: Instance, images: Images) -> bool:
    """Whether an instance that nothing shows to run the container agent looks like something else: a machine that stands
    alone, one with the image of a bare system, or one with the name of a bastion or of a build machine."""
    return (
        instance.alone
        or _OTHER_MACHINE.search(instance.name) is not None
        or any(_BARE_IMAGE.search(images[key].name or "") for key in instance.images)
    )


def _is_ecs_image(image: Image) -> bool:
    return _ECS_IMAGE.search(image.name or "") is not None or _CALLED_ECS.search(image.source) is not None


def system(instances: Iterable[Instance], images: Images) -> System:
    """The operating system of these instances: Linux if one of them may run it, since Linux mounts every EFS volume."""
    found = {s for instance in instances for s in _systems(instance, images)} or {System.LINUX}
    return System.LINUX if System.LINUX in found else max(found, key=lambda s: s is System.BOTTLEROCKET)


def _systems(instance: Instance, images: Images) -> set[System]:
    if instance.system is not None:
        return {instance.system}
    return {_system_of(images[key].name or "") for key in instance.images} or {System.LINUX}


def _system_of(name: str) -> System:
    if _BOTTLEROCKET.search(name):
        return System.BOTTLEROCKET
    return System.WINDOWS if _WINDOWS.search(name) else System.LINUX


def ability(instance: Instance, images: Images) -> Ability:
    """The ability of the least able Linux instance that is started from this launch template or configuration."""
    found = []
    for key in instance.images if instance.system is None else ():
        image = images[key]
        if _system_of(image.name or "") is System.LINUX:
            support = support_of(image.name)
            if support is Support.UNKNOWN and instance.installs_plugin:
                support = Support.GENERAL
            found.append(Ability(support, _shown(image)))
    if instance.agent is not None:
        found.append(Ability(_support_of_agent(instance.agent), f"container agent {instance.agent}"))
    return min(found, key=lambda ability: ability.support, default=Ability(Support.GENERAL))


def _shown(image: Image) -> str:
    if image.parameter is None:
        return f"image {image.name or image.source}"
    given = f"parameter {image.parameter.last}"
    return f"image {image.name} (the default of {given})" if image.name else f"the image of {given}"


def support_of(name: str | None) -> Support:
    """The support for EFS volumes of the Linux image with this name or SSM parameter."""
    if name is None:
        return Support.UNKNOWN
    if pinned := _PINNED.search(name):
        date = pinned["date"] or pinned["old_date"] or ""
        return Support.GENERAL if date >= _GENERAL else Support.PREVIEW if date >= _PREVIEW else Support.NONE
    return Support.GENERAL if _CURRENT.fullmatch(name) else Support.UNKNOWN


def _support_of_agent(version: str) -> Support:
    numbers = tuple(int(number[:6]) for number in re.findall(r"[0-9]+", version)[:3])
    if numbers < _PREVIEW_AGENT:
        return Support.NONE
    return Support.GENERAL if numbers >= _GENERAL_AGENT else Support.PREVIEW


def recommended(name: str) -> str | None:
    """The SSM parameter for the current image of the same family as a version-pinned parameter; None for other names."""
    pinned = _PINNED_PATH.fullmatch(name)
    return f"{pinned['family']}/recommended{pinned['member'] or ''}" if pinned else None


def demanded_systems(expressions: Possible[str]) -> Possible[str]:
    """The operating systems that the expressions of placement constraints demand, in upper case."""
    found: Possible[str] = NOT_GIVEN
    for expression in expressions.known:
        for match in _DEMANDED.finditer(expression):
            before = expression[max(0, match.start() - 9) : match.start()].rstrip("( ")
            denied = before.endswith("!") or before.lower().endswith("not")
            excluded = denied != match["how"].lower().startswith(("!", "not"))
            named = {word.upper() for word in re.findall(r"\w[\w.-]*", match["what"])}
            windows = any(name.startswith("WINDOWS") for name in named)
            if windows != excluded:
                found = Possible.of("WINDOWS")
            elif named:
                found = Possible.of("LINUX") if not found.known else found
    return found
