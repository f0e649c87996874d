"""The partition, region and account that a definition belongs to, as its own text shows them.

Source: AWS general reference, "Amazon Resource Names (ARNs)" and the regions of each partition.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
    "eusc-": "aws-eusc",
}
"""The partitions beside `aws`, by the beginning of their regions' names."""
_SIGNS = ("aws-", *_PARTITIONS)
"""Parts of every text that shows another partition than `aws`."""
_ARN = re.compile(r"\barn:(aws(?:-[a-z]+)*):([a-z0-9-]*):([a-z0-9-]*):(?:(\d{12}):)?")
_REGION = re.compile(r"(?<![A-Za-z0-9-])(?:[a-z]{2}|eusc)(?:-[a-z]+){1,2}-\d(?![A-Za-z0-9-])")
UNSETTLED = "<partition>"
"""Stands for the partition of a text that names several."""


class Whereabouts(NamedTuple):
    """A partition, a region and an account; None for what is not known."""

    partition: str | None = None
    region: str | None = None
    account: str | None = None


def is_region(word: str) -> bool:
    """Whether a word is the name of a region."""
    return _REGION.fullmatch(word) is not None


def partition_of(region: str) -> str:
    """The partition of a region."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")


def partition_in(text: str) -> str | None:
    """The partition that a text names, in ARNs or else in regions (of logs, of image registries); `UNSETTLED` if it
    names several, None if it names none but perhaps `aws`."""
    if not any(sign in text for sign in _SIGNS):
        return None
    named = {arn[1] for arn in _ARN.finditer(text)} or set(map(partition_of, _REGION.findall(text)))
    return named.pop() if len(named) == 1 else UNSETTLED if named else None


def of_arns(own: str, execution_role: str) -> Whereabouts:
    """The whereabouts of a definition as its own ARN shows them or, without one, that of its execution role, which is of
    the same account."""
    if arn := _ARN.match(own):
        return Whereabouts(arn[1], arn[3] or None, arn[4])
    arn = _ARN.match(execution_role)
    return Whereabouts(arn[1], None, arn[4]) if arn else Whereabouts()
