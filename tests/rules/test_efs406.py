"""EFS406 whole-file-system: its examples, its golden cases."""

from __future__ import annotations

from rule_tests import one_by_one

test_efs406 = one_by_one("EFS406")
