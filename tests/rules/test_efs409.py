"""EFS409 lost-mount-options: its examples, its golden cases."""

from __future__ import annotations

from rule_tests import one_by_one

test_efs409 = one_by_one("EFS409")
