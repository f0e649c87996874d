"""Constraints on the placement of tasks, in the cluster query language, as evidence for the operating system.

Source: Amazon ECS developer guide, "Cluster query language", and the built-in attributes `ecs.os-type` and `ecs.os-family`.
"""

from __future__ import annotations

import re

from rules.model import NOT_GIVEN, Possible

_SYSTEM = re.compile(
    r"(?P<no>!|\bnot\s*)?\(?\s*attribute:ecs\.os-(?:type|family)\s*(?P<how>==|equals|!=|not_equals|=~|matches|!~|in|!in|not_in)\s*"
    r"(?P<what>\[[^\]]*\]|[\w.*-]+)",
    re.IGNORECASE,
)


def demanded_systems(expressions: Possible[str]) -> Possible[str]:
    """The operating systems that the expressions of placement constraints demand, in upper case."""
    found: Possible[str] = NOT_GIVEN
    for expression in expressions.known:
        for match in _SYSTEM.finditer(expression):
            excluded = bool(match["no"]) != match["how"].lower().startswith(("!", "not"))
            named = {word.upper() for word in re.findall(r"\w[\w.-]*", match["what"])}
            windows = any(name.startswith("WINDOWS") for name in named)
            if windows != excluded:
                found = Possible.of("WINDOWS")
            elif named:
                found = Possible.of("LINUX") if not found.known else found
    return found
