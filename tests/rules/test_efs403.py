"""EFS403 unsupported-platform: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import PLAIN_TLS, Snippet, instance, plain, stack

SNIPPETS = [
    *(
        Snippet(
            f"unsupported-platform-of-{name}",
            plain(volume, "runtimePlatform: {operatingSystemFamily: WINDOWS_SERVER_2022_CORE}", "[]"),
            f"target: {target}",
        )
        for name, volume, target in (
            ("a-volume-at-the-target", f"efsVolumeConfiguration: {{fileSystemId: fs-1{PLAIN_TLS}}}", "tls"),
            ("a-volume-below-the-target", "efsVolumeConfiguration: {fileSystemId: fs-1}", "tls"),
            (
                "a-volume-with-tls-below-the-target",
                f"efsVolumeConfiguration: {{fileSystemId: fs-1{PLAIN_TLS}}}",
                "access-point",
            ),
            ("a-volume-that-is-not-efs", "host: {sourcePath: 'C:/data'}", "iam"),
        )
    ),
    *(
        Snippet(
            f"docker-volume-on-bottlerocket-with-{option}",
            stack(
                "DockerVolumeConfiguration: {Driver: amazon-ecs-volume-plugin, DriverOpts: "
                f"{{type: efs, device: 'fs-0123456789abcdef0:/', o: {option}}}}}",
                resources=instance("One").replace(
                    "ecs/optimized-ami/amazon-linux-2/recommended", "bottlerocket/aws-ecs-1/x86_64/latest"
                ),
            ),
            "target: tls",
        )
        for option in ("iam", "tls", "ro")
    ),
]

test_efs403 = one_by_one("EFS403", SNIPPETS)
