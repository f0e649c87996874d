"""EFS405 leftover-host-mount: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import POINT, TLS, Snippet, efs, instance, stack

SNIPPETS = [
    Snippet(
        "instances-that-mount-what-no-volume-uses",
        stack(
            efs(POINT),
            resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs", "fs-0123456789abcdef0:/app /mnt/app"),
        ),
    ),
    Snippet(
        "instances-that-mount-a-directory-above-that-of-a-volume",
        stack(
            efs(f"{TLS}, RootDirectory: /app/data"),
            resources=instance("One", "fs-0123456789abcdef0:/app /mnt/app", "fs-0123456789abcdef0:/other /mnt/other"),
        ),
        "access-points: never",
    ),
    Snippet(
        "instances-that-mount-what-an-imported-path-may-need",
        stack(efs(POINT), resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs"))
        + "        - {Name: old, Host: {SourcePath: !ImportValue path}}\n",
    ),
]

test_efs405 = one_by_one("EFS405", SNIPPETS)
