"""EFS103 docker-plugin-volume: its examples, its golden cases, and what is said of small definitions."""

from __future__ import annotations

from rule_tests import one_by_one
from snippets import Snippet, docker, plain

SNIPPETS = [
    Snippet("plugin-volume", plain(docker("x: y", driver="'rexray/efs:latest'"))),
    Snippet("plugin-volume-of-cloudstor", plain(docker("backing: shared", driver="'cloudstor:aws'"))),
    Snippet("plugin-volume-on-ebs", plain(docker("backing: relocatable", driver="'cloudstor:aws'"))),
    Snippet("plugin-volume-with-a-type-of-ebs", plain(docker("ebstype: gp2", driver="'cloudstor:aws'"))),
    Snippet("plugin-volume-without-backing", plain(docker("size: 1", driver="'cloudstor:aws'"))),
]

test_efs103 = one_by_one("EFS103", SNIPPETS)
