"""Lays out a step on the terminal for the user to decide about."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from migrate.engine.outcome import Located
from migrate.report.result import subject
from migrate.review.hunks import Hunk, shown
from migrate.terminal.printable import painted, printable, printable_lines
from rules.rule import Finding, Status

_STATUS = {Status.UNSAFE: painted("UNSAFE", "yellow"), Status.NEEDS_INPUT: "needs input"}

KEYS = {
    "y": "apply this step",
    "n": "leave it; what rests on it is planned again",
    "a": "apply it and all that follow, but ask about those that are unsafe",
    "d": "leave it and all that follow in this file",
    "s": "leave it, and whatever {rule} says anywhere",
    "e": "edit its hunk in $EDITOR (which nothing proves, then)",
    "q": "quit: write what was accepted, leave the rest",
    "?": "show this",
}
"""The keys of the prompt with their help texts."""


def step(name: str, located: Located, change: Sequence[Hunk], brings: Iterable[Finding], width: int) -> Iterator[str]:
    """The lines that show a step: place, reason, change and caveats. `brings` are findings that only arise because of
    it."""
    finding = located.finding
    yield from head(name, located)
    yield from wrapped("", finding.message, width)
    for hunk in change:
        yield from shown(hunk)
    if finding.caveat:
        yield from wrapped("Caveat: ", finding.caveat, width)
    if finding.grant:
        yield from wrapped("", f"{finding.grant.when()}, {finding.grant.demand()}:", width)
        statement = json.dumps(finding.grant.statement(), indent=2, ensure_ascii=False)
        yield from (f"    {line}" for line in printable_lines(statement).split("\n"))
    for other in brings:
        yield from wrapped("Then: ", f"{other.rule}, {other.message}", width)


def head(name: str, located: Located) -> Iterator[str]:
    """The lines with the place and the subject of a finding."""
    rule, status = located.rule, _STATUS.get(located.finding.status)
    mark = f", {status}" if status else ""
    yield ""
    yield painted(f"{printable(name)}:{located.line}: {printable(subject(located))}", "bold")
    yield f"{painted(f'{rule.id} {rule.name}', 'bold')} ({_lower(rule.title)}{mark})"


def ways(choices: Sequence[tuple[str, Status | None]], selected: int, otherwise: str) -> Iterator[str]:
    """The lines with the ways to take a step; `otherwise` is the text for leaving it."""
    if len(choices) > 1 or choices[0][0]:
        for number, (label, status) in enumerate(choices, 1):
            unsafe = f" ({_STATUS[Status.UNSAFE]})" if status is Status.UNSAFE else ""
            mark = "*" if len(choices) > 1 and number - 1 == selected else " "
            yield f" {mark}{number if len(choices) > 1 else 'y'}  {printable(label)}{unsafe}"
        if otherwise:
            yield f"  n  {printable(otherwise)}"


def help_text(keys: Sequence[str], rule: str, choices: int) -> Iterator[str]:
    """The help for these keys, one line each."""
    if choices > 1:
        yield f"1-{choices}  show another way to take it"
    yield from (f"{key}    {KEYS[key].format(rule=rule)}" for key in keys)


def wrapped(label: str, text: str, width: int) -> Iterator[str]:
    """A text wrapped to lines that are indented below the label. Words are not broken, so that they can be copied."""
    yield from textwrap.wrap(
        printable(text),
        width,
        initial_indent=label,
        subsequent_indent="  " if label else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _lower(title: str) -> str:
    """A title in lower case for the middle of a sentence, unless it begins with a name."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]
