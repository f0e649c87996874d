"""EFS303 fixed-transit-encryption-port: its examples, its golden cases."""

from __future__ import annotations

from rule_tests import one_by_one

test_efs303 = one_by_one("EFS303")
