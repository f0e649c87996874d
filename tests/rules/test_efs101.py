"""EFS101 host-path-volume: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import MAPPED, SYSTEM, Snippet, instance, plain, stack

SNIPPETS = [
    Snippet("host-path-that-is-imported", stack("Host: {SourcePath: !ImportValue path}")),
    Snippet("host-path-on-a-path-that-may-be-a-file", plain("host: {sourcePath: /mnt/efs/app/app.conf}"), MAPPED),
    Snippet(
        "host-path-mounted-with-iam-and-options",
        stack(
            "Host: {SourcePath: /mnt/efs/app}",
            resources=instance("One", "-o tls,iam,noresvport,soft,timeo=9 fs-0123456789abcdef0:/ /mnt/efs"),
        ),
    ),
    Snippet(
        "host-path-mounted-read-only",
        stack("Host: {SourcePath: /mnt/efs}", resources=instance("One", "-o ro fs-0123456789abcdef0:/ /mnt/efs")),
    ),
    Snippet(
        "host-path-mounted-through-an-access-point",
        stack(
            "Host: {SourcePath: /mnt/efs}",
            resources=instance("One", "-o tls,accesspoint=fsap-0123456789abcdef0 fs-0123456789abcdef0:/ /mnt/efs"),
        ),
    ),
    Snippet(
        "host-path-below-an-access-point",
        stack(
            "Host: {SourcePath: /mnt/efs/app}",
            resources=instance("One", "-o tls,accesspoint=fsap-0123456789abcdef0 fs-0123456789abcdef0:/ /mnt/efs"),
        ),
    ),
    Snippet(
        "host-path-with-another-mount-below",
        stack(
            "Host: {SourcePath: /mnt/efs}",
            resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs", "fs-0fedcba9876543210:/ /mnt/efs/other"),
        ),
    ),
    Snippet(
        "host-path-above-a-mount",
        stack("Host: {SourcePath: /mnt}", resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs")),
    ),
    Snippet(
        "host-path-on-instances-that-differ",
        stack(
            "Host: {SourcePath: /mnt/efs/app}",
            resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs")
            + instance("Two", "fs-0123456789abcdef0:/ /mnt/efs")
            + instance("Three", "-o ro fs-0fedcba9876543210:/x /mnt/efs")
            + instance("Four", "-o tls,accesspoint=fsap-0123456789abcdef0 fs-0123456789abcdef0:/ /mnt/efs"),
        ),
    ),
    Snippet(
        "host-path-that-one-instance-mounts",
        stack(
            "Host: {SourcePath: /mnt/efs/app}",
            resources=instance("One", "fs-0123456789abcdef0:/ /mnt/efs") + instance("Two"),
        ),
    ),
    Snippet("host-path-that-climbs", plain("host: {sourcePath: /mnt/efs/../app}"), MAPPED),
    Snippet("host-path-that-looks-like-efs", plain("host: {sourcePath: /srv/efs data/app}")),
    Snippet(
        "host-path-of-an-expression",
        stack("Host: {SourcePath: !Sub '${Root}/efs/app'}", parameters="Root: {Type: String}"),
    ),
    Snippet(
        "host-path-of-efs-itself", stack("Host: {SourcePath: !Sub '/mnt/${System}/app'}", resources=SYSTEM % "'*'")
    ),
    Snippet(
        "host-path-mounted-with-an-unsupported-option",
        stack(
            "Host: {SourcePath: /mnt/efs}",
            resources=instance("One", "-o tls,az=eu-west-1a,mounttargetip=10.0.0.1 fs-0123456789abcdef0:/ /mnt/efs"),
        ),
    ),
]

test_efs101 = one_by_one("EFS101", SNIPPETS)
