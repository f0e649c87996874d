"""Writes the rules as Markdown: a table of all, a page for one, a book of all pages."""

from __future__ import annotations

from rules import RULES
from rules.rule import Rule

_PAGES = "https://github.com/efs-migrate/efs-migrate/blob/main/rules/README.md"


def address(rule: Rule) -> str:
    """The URL of a rule's page."""
    return f"{_PAGES}#{_anchor(rule)}"


def _anchor(rule: Rule) -> str:
    return f"{rule.id.lower()}-{rule.name}"


def table(linked: bool = False) -> str:
    """A table of all rules by id; with `linked`, ids link to the rules' pages in the same document."""
    ids = {r.id: f"[{r.id}](#{_anchor(r)})" if linked else r.id for r in RULES}
    rows = [f"| {ids[r.id]} | {r.name} | {r.level} | {r.default} |" for r in sorted(RULES, key=lambda r: r.id)]
    return "\n".join(("| id | name | level | default |", "|---|---|---|---|", *rows)) + "\n"


def book() -> str:
    """The pages of all rules in one document. Its headings have the anchors that `address` points to."""
    head = (
        "# Rules\n\nWritten by `make docs` from the rules' own docstrings and examples; `efs-migrate rules ID` prints one page. "
        "Why each kind of edit is safe, in one screen: [for reviewers](REVIEWERS.md)."
    )
    rules = sorted(RULES, key=lambda rule: rule.id)
    pages = [_page(rule, f"## {rule.id} {rule.name}\n\n**{rule.title}**") for rule in rules]
    return "\n\n".join([head, table(linked=True).rstrip(), *pages]) + "\n"


def page(rule_id: str) -> str:
    """One rule: title, why, caveat and source from its docstring, then its examples."""
    rule = next(r for r in RULES if r.id == rule_id)
    title = rule.title
    return _page(rule, f"# {rule.id} {rule.name}: {title[0].lower()}{title[1:]}") + "\n"


def _page(rule: Rule, heading: str) -> str:
    _, _, body = rule.page.strip().partition("\n")
    return "\n\n".join([heading, f"Level: {rule.level}. Default: {rule.default}.", body.strip(), *_examples(rule)])


def _examples(rule: Rule) -> list[str]:
    parts = []
    for example in rule.examples:
        language = "json" if example.before.startswith(("{", "[")) else "yaml"
        if example.config:
            parts.append(f"With `.efs-migrate.yaml`:\n\n```yaml\n{example.config}```")
        parts.append(f"Before:\n\n```{language}\n{example.before}```")
        parts.append(f"After:\n\n```{language}\n{example.after}```")
    return parts
