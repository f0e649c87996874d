"""What holds the rules together with their pages, README and samples. Each rule has its own test beside this one."""

from __future__ import annotations

import importlib
import re

import pytest
from support import ROOT, cases

from migrate.report.rules import page, table
from rules import RULES
from rules.rule import Example, Rule


def test_an_example_stands_at_the_left() -> None:
    example = Example("\n    a:\n      b\n", "\n    X: c\n")
    assert (example.before, example.after, example.config) == ("a:\n  b\n", "X: c\n", "")


def test_rules_that_change_something_have_an_example() -> None:
    assert [r.id for r in RULES if not r.examples and r.default not in ("advice", "refused")] == []


def test_readme_has_the_table_of_rules() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- rules -->\n(.*?)<!-- /rules -->", readme, re.DOTALL)
    assert found, "README.md has no <!-- rules --> … <!-- /rules -->"
    assert found[1] == table()


def test_readme_names_no_other_rules() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"EFS\d{3}", readme)) <= {rule.id for rule in RULES}


def test_every_rule_file_is_registered_once() -> None:
    files = sorted(path.stem for path in (ROOT / "rules").glob("efs*.py"))
    names = sorted(f"{rule.id.lower()}_{rule.name.replace('-', '_')}" for rule in RULES)
    assert files == names
    assert len(set(RULES)) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_documentation(rule: Rule) -> None:
    module = importlib.import_module(f"rules.{rule.id.lower()}_{rule.name.replace('-', '_')}")
    assert module.RULE is rule
    assert rule.page == module.__doc__
    assert "\nSource: " in rule.page
    title, blank, *_ = rule.page.splitlines()
    assert title, "the docstring starts with a title"
    assert not blank
    assert page(rule.id).startswith(f"# {rule.id} {rule.name}: ")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_a_sample(rule: Rule) -> None:
    assert [case.name for case in cases() if case.name.startswith(f"{rule.id.lower()}-")]


def test_samples_are_named_after_rules_that_exist() -> None:
    named = {match[0].upper() for case in cases() if (match := re.match(r"efs\d{3}(?=-)", case.name))}
    assert named == {rule.id for rule in RULES}
