"""EFS201 transit-encryption: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import Snippet, efs, plain, stack

SNIPPETS = [
    Snippet("managed-instances", stack(efs(), "RequiresCompatibilities: [MANAGED_INSTANCES]")),
    *(
        Snippet(
            f"transit-encryption-{name}",
            plain(f"efsVolumeConfiguration: {{fileSystemId: {system}, transitEncryption: {written}}}"),
            "target: tls",
        )
        for name, system, written in (
            ("of-another-word", "fs-0123456789abcdef0", "'on'"),
            ("in-small-letters", "fs-0123456789abcdef0", "enabled"),
            ("disabled", "fs-0123456789abcdef0", "DISABLED"),
            ("empty", "fs-0123456789abcdef0", "''"),
            ("by-an-expression", "fs-0123456789abcdef0", "'${TLS}'"),
            ("of-no-file-system", "''", "DISABLED"),
        )
    ),
]

test_efs201 = one_by_one("EFS201", SNIPPETS)
