"""EFS302 misspelt-property: its examples, its golden cases."""

from __future__ import annotations

from rule_tests import one_by_one

test_efs302 = one_by_one("EFS302")
