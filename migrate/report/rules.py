"""The rules as Markdown: a table of all, a page for one."""

from __future__ import annotations

from rules import RULES
from rules.rule import Rule

_PAGES = "https://github.com/efs-migrate/efs-migrate/blob/main/rules/README.md"


def address(rule: Rule) -> str:
    """Where a rule's page can be read."""
    return f"{_PAGES}#{rule.id.lower()}-{rule.name}"


def table() -> str:
    """All rules, by id."""
    rows = [f"| {r.id} | {r.name} | {r.level} | {r.default} |" for r in sorted(RULES, key=lambda r: r.id)]
    return "\n".join(("| id | name | level | default |", "|---|---|---|---|", *rows)) + "\n"


def page(rule_id: str) -> str:
    """One rule: title, why, caveat and source from its docstring, then its examples."""
    rule = next(r for r in RULES if r.id == rule_id)
    title, _, body = rule.page.strip().partition("\n")
    parts = [
        f"# {rule.id} {rule.name}: {title[0].lower()}{title[1:]}",
        f"Level: {rule.level}. Default: {rule.default}.",
    ]
    parts += [body.strip(), *_examples(rule)]
    return "\n\n".join(parts) + "\n"


def _examples(rule: Rule) -> list[str]:
    parts = []
    for example in rule.examples:
        language = "json" if example.before.startswith(("{", "[")) else "yaml"
        if example.config:
            parts.append(f"With `.efs-migrate.yaml`:\n\n```yaml\n{example.config}```")
        parts.append(f"Before:\n\n```{language}\n{example.before}```")
        parts.append(f"After:\n\n```{language}\n{example.after}```")
    return parts
