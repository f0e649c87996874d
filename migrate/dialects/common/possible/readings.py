"""Readings of properties that are lists or flags, from what each of their nodes may be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from math import prod
from typing import NamedTuple, TypeAlias, TypeVar

from migrate.dialects.common.values import child, items, mapping, truth
from migrate.dialects.common.volumes.spelling import Spelling
from migrate.syntax.node import Mapping, Node
from rules.facts.images import demanded_systems
from rules.model import ANYTHING, NOT_GIVEN, UNSEEN, Possible, Value

T = TypeVar("T")

_MOST_MEMBERS = 12
_MOST_LISTS = 64
"""The largest number of lists that conditions may make of one; more count as unknown."""
_FLAGS = {"true": True, "false": False, "yes": True, "no": False}


def word_of(node: Node | None, spelling: Spelling) -> Possible[str]:
    """The possible values of a word, in upper case."""
    return spelling.options(node).mapped(str.upper)


def words_of(node: Node | None, spelling: Spelling) -> Possible[frozenset[str]]:
    """The possible values of a list of words (or a single one in its place), in upper case; an empty list counts as
    absent."""
    found: Possible[frozenset[str]] = Possible() if node is not None else NOT_GIVEN
    for arm in spelling.arms(node):
        listed = None if arm.absent else items(arm.node)
        if arm.absent:
            found |= NOT_GIVEN
        elif listed is None:
            found |= word_of(arm.node, spelling).mapped(
                lambda text: frozenset(part.strip() for part in text.split(","))
            )
        else:
            found |= _together([word_of(item, spelling) for item in listed])
    return found


def _together(members: list[Possible[str]]) -> Possible[frozenset[str]]:
    """The lists that these members may make together."""
    if len(members) > _MOST_MEMBERS:
        return UNSEEN
    choices = [(*one.known, *([""] if one.absent or not one.known else [])) for one in members]
    if prod(map(len, choices)) > _MOST_LISTS:
        return UNSEEN
    lists = [frozenset(text for text in chosen if text) for chosen in product(*choices)]
    others = any(one.others for one in members)
    return Possible(
        tuple(dict.fromkeys(one for one in lists if one)), others, absent=not others and any(not one for one in lists)
    )


def flag(node: Node | None, spelling: Spelling) -> Possible[bool]:
    """The possible values of a flag that is false where it is missing."""
    if (told := truth(node, default=False)) is not None:
        return Possible.of(told)
    found = spelling.options(node).mapped(lambda text: _FLAGS.get(text.lower()))
    # Another value cannot be written in the place of an expression, so that one is never surely false.
    return Possible.of(True) if found.is_surely(True) else UNSEEN


def api(member: str) -> str:
    """The name of a member in the API: `member` itself."""
    return member


def capitalised(member: str) -> str:
    """The name of a member in CloudFormation: capitalised."""
    return member[0].upper() + member[1:]


def snake(member: str) -> str:
    """The name of a member in Ansible: in snake_case."""
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in member)


WrittenRole: TypeAlias = tuple[Value | None, Possible[Value]]
"""A task role as it is written, and what it may be, if that is more."""


def role(node: Node | None, spelling: Spelling) -> WrittenRole:
    """The role that a node gives. An empty one is none."""
    found = spelling.read(node)
    return chosen_role(found if found is not None and found.source else None, (), spelling.options(node))


def chosen_role(written: Value | None, arms: tuple[Value, ...], options: Possible[str]) -> WrittenRole:
    """A role among whose values (`arms`) conditions choose, and which may be left out as `options` say."""
    return written, Possible(arms, absent=options.absent) if written is not None else Possible()


def launch_types_of(node: Mapping, spelling: Spelling, cased: Callable[[str], str] = capitalised) -> Possible[str]:
    """The launch types of what a service or another runner starts: by its launch type, else by its strategy of capacity
    providers, all of which but Fargate's may have any instances."""
    found = word_of(child(node, cased("launchType")), spelling)
    if not found.absent:
        return found
    strategy = child(node, cased("capacityProviderStrategy"))
    if strategy is None:
        return found
    listed = spelling.each(strategy)
    names = [word_of(child(mapping(item), cased("capacityProvider")), spelling) for item in listed or ()]
    by_strategy: Possible[str] = Possible(others=not names)
    for name in names:
        fargate = [known for known in name.known if known in ("FARGATE", "FARGATE_SPOT")]
        by_strategy |= Possible(("FARGATE",) if fargate else (), others=len(fargate) < len(name.known) or name.others)
    return by_strategy | replace(found, absent=False)


def demanded(node: Mapping | None, spelling: Spelling, cased: Callable[[str], str] = capitalised) -> Possible[str]:
    """The operating systems that the placement constraints of a definition or a runner demand."""
    found: Possible[str] = Possible()
    for item in spelling.each(child(node, cased("placementConstraints"))) or ():
        found |= spelling.options(child(mapping(item), cased("expression")))
    return demanded_systems(found)


def systems(
    node: Mapping, spelling: Spelling, cased: Callable[[str], str] = api, family: str = "operatingSystemFamily"
) -> Possible[str]:
    """The operating systems of a definition, by its platform and its placement constraints. `family` is the name of the
    platform's member."""
    found: Possible[str] = Possible(absent=child(node, cased("runtimePlatform")) is None)
    for arm in spelling.arms(child(node, cased("runtimePlatform"))):
        platform = mapping(arm.node)
        if arm.absent or platform is not None:
            found |= NOT_GIVEN if arm.absent else word_of(child(platform, family), spelling)
        else:
            found |= ANYTHING
    return evidence(found, demanded(node, spelling, cased))


def perhaps_more(found: Possible[T], more: bool) -> Possible[T]:
    """The values of a member of a mapping to which something that is not read may add more: `**options`, a macro."""
    return found | ANYTHING if found.absent and more else found


def evidence(one: Possible[str], other: Possible[str]) -> Possible[str]:
    """The values of a property that two places tell something about, each of which may say nothing."""
    return one if other == NOT_GIVEN else other if one == NOT_GIVEN else one | other


class Started(NamedTuple):
    """The ways in which a runner may start its tasks: evidence for what these leave open."""

    launch_types: Possible[str]
    systems: Possible[str]
    own_interfaces: Possible[bool]


def started(node: Mapping, spelling: Spelling, cased: Callable[[str], str] = api) -> Started:
    """The ways in which a service, or a call that runs a task, may start it."""
    written = child(node, cased("networkConfiguration"))
    network = mapping(written)
    own: Possible[bool] = Possible.of(False) if written is None else UNSEEN
    if network is not None:
        # Ansible lists the members of the configuration without a mapping around them.
        own = Possible.of(child(network, "awsvpcConfiguration") is not None or child(network, "subnets") is not None)
    return Started(launch_types_of(node, spelling, cased), demanded(node, spelling, cased), own)
