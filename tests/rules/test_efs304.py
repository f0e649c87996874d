"""EFS304 hidden-definition: its examples, its golden cases."""

from __future__ import annotations

from rule_tests import one_by_one

test_efs304 = one_by_one("EFS304")
