"""The report of a campaign as one page."""

from typing import Any


def render(summary: dict[str, Any], diffs: dict[str, str]) -> str:
    return ""
