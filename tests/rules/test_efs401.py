"""EFS401 fargate-platform-version: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import POINT, SERVICE, Snippet, efs, stack

SNIPPETS = [
    Snippet(
        "platform-version-by-a-parameter",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            SERVICE,
            "Version: {Type: String, Default: 1.3.0, AllowedValues: [1.0.0, 1.2.0, 1.3.0]}",
        ),
    ),
    Snippet(
        "platform-version-by-a-parameter-from-the-highest",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            SERVICE,
            "Version: {Type: String, Default: 1.3.0, AllowedValues: [LATEST, 1.3.0, 1.2.0]}",
        ),
    ),
    Snippet(
        "platform-version-by-a-parameter-with-the-right-one",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            SERVICE,
            "Version: {Type: String, Default: 1.3.0, AllowedValues: [1.3.0, 1.4.0]}",
        ),
    ),
    Snippet(
        "platform-version-by-a-parameter-with-old-ones-beside-the-right-one",
        stack(
            efs(POINT),
            "RequiresCompatibilities: [FARGATE]",
            SERVICE,
            "Version: {Type: String, Default: 1.4.0, AllowedValues: [1.2.0, 1.3.0, 1.4.0]}",
        ),
    ),
    Snippet(
        "platform-version-by-a-parameter-without-a-default",
        stack(efs(POINT), "RequiresCompatibilities: [FARGATE]", SERVICE, "Version: {Type: String}"),
    ),
]

test_efs401 = one_by_one("EFS401", SNIPPETS)
