"""Writes `report.html`: a campaign on one page without network access, usable by keyboard, with light and dark colours.

Everything from repositories is escaped as text, and the page's content security policy forbids all but its own code.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from migrate.terminal.printable import printable

_STATES = ("migrated", "clean", "needs-input", "skipped", "failed")
_LEVELS = ("host", "efs", "tls", "access-point", "iam", "other")
_CODE = re.compile(r"`([^`]+)`")
_LONGEST_DIFF = 200_000
"""The number of characters of one diff that the page shows; the patch has all of it."""

_STYLE = """\
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --faint: #57606a; --link: #0550ae;
  --added: #dafbe1; --removed: #ffebe9; --migrated: #1a7f37; --clean: #57606a; --needs-input: #8250df;
  --skipped: #9a6700; --failed: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --soft: #151b23; --faint: #9198a1; --link: #58a6ff;
  --added: #12361f; --removed: #40191d; --migrated: #3fb950; --clean: #9198a1; --needs-input: #ab7df8;
  --skipped: #d29922; --failed: #f85149; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem 1.5rem 4rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
a { color: var(--link); } code, pre { font: 13px/1.45 ui-monospace, monospace; }
.totals { display: flex; flex-wrap: wrap; gap: .75rem; list-style: none; padding: 0; }
.totals li { border: 1px solid var(--line); border-radius: .5rem; padding: .4rem .9rem; }
.totals b { display: block; font-size: 1.4rem; }
form { display: flex; flex-wrap: wrap; gap: .75rem 1.25rem; align-items: end; background: var(--soft);
  border: 1px solid var(--line); border-radius: .5rem; padding: .75rem 1rem; position: sticky; top: 0; z-index: 1; }
label { display: grid; font-size: .85rem; color: var(--faint); }
input, select, button { font: inherit; padding: .25rem .5rem; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; margin-top: 1rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: break-word; }
pre { max-width: 76rem; }
#campaign tbody { border-bottom: 1px solid var(--line); } #campaign tbody tr > * { border: 0; } .volume { padding-left: 2rem; }
#campaign tr > :nth-child(n + 3):not([colspan]) { white-space: nowrap; width: 7rem; }
tbody th { color: inherit; } tbody th .faint, tbody th details, tbody th a { font-weight: 400; }
thead th { color: var(--faint); font-weight: 600; font-size: .85rem; }
.status { font-weight: 600; white-space: nowrap; } .faint { color: var(--faint); }
.migrated { color: var(--migrated); } .clean { color: var(--clean); } .needs-input { color: var(--needs-input); }
.skipped { color: var(--skipped); } .failed { color: var(--failed); }
details { margin: .3rem 0; } summary { cursor: pointer; }
pre { overflow-x: auto; background: var(--soft); border: 1px solid var(--line); border-radius: .5rem; padding: .6rem; }
pre ins, pre del { display: block; text-decoration: none; } ins { background: var(--added); } del { background: var(--removed); }
[hidden] { display: none !important; }
"""

_SCRIPT = """\
const form = document.querySelector("form");
const rows = [...document.querySelectorAll("tr[data-status]")];
const groups = [...document.querySelectorAll("tbody[data-repository]")];
const shown = document.querySelector("#shown");
function filter() {
  const text = form.text.value.toLowerCase(), status = form.status.value;
  const level = form.level.value, after = form.after.value;
  let count = 0;
  for (const row of rows) {
    const data = row.dataset;
    row.hidden = !(data.text.includes(text) && (!status || data.status === status)
      && (!level || data.level === level) && (!after || data.after === after));
  }
  for (const group of groups) {
    const visible = [...group.querySelectorAll("tr[data-status]")].some(row => !row.hidden);
    group.hidden = !visible;
    count += visible;
  }
  shown.textContent = count + " of " + groups.length + " repositories shown";
}
form.addEventListener("input", filter);
form.addEventListener("reset", () => setTimeout(filter));
form.addEventListener("submit", event => event.preventDefault());
document.addEventListener("keydown", event => {
  if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
    event.preventDefault();
    form.text.focus();
  }
});
filter();
"""


def render(summary: Mapping[str, Any], diffs: Mapping[str, str]) -> str:
    """The page for a campaign's summary; `diffs` has the diff of each repository by its name."""
    digest = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    parts = [
        "<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n",
        f'<meta http-equiv=Content-Security-Policy content="{policy}">\n',
        "<meta name=viewport content='width=device-width'>\n<meta name=referrer content=no-referrer>\n",
        f"<title>efs-migrate: campaign</title>\n<style>\n{_STYLE}</style>\n<h1>From legacy EFS mounts to access points</h1>\n",
        *_totals(summary),
        *_form(),
        *_table(summary["repositories"], diffs),
        *_needs(summary["repositories"]),
        *_systems(summary["file_systems"]),
        *_failures(summary["failures"]),
        f"<script>{_SCRIPT}</script>\n</html>\n",
    ]
    return "".join(parts)


def _text(value: object) -> str:
    """A value from a repository as text: escaped for HTML, and without control characters."""
    return escape(printable(str(value)))


def _prose(value: str) -> str:
    return _CODE.sub(r"<code>\1</code>", _text(value))


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _totals(summary: Mapping[str, Any]) -> Iterator[str]:
    volumes = [volume for row in summary["repositories"] for volume in row["volumes"]]
    climbed = sum(volume["level"] != volume["after"] for volume in volumes)
    words = _count(len(summary["repositories"]), "repository", "repositories")
    yield f"<p>{words}, {_count(len(volumes), 'volume', 'volumes')}, of which {climbed} climb."
    if summary["pending"]:
        yield f" <strong>{len(summary['pending'])} not looked at yet.</strong>"
    yield "</p>\n<ul class=totals>\n"
    for state in _STATES:
        yield f"<li class={state}><b>{summary['totals'][state]}</b>{state}</li>\n"
    yield "</ul>\n"


def _form() -> Iterator[str]:
    yield "<h2 id=repositories>Repositories and volumes</h2>\n<form aria-label=Filters>\n"
    yield "<label>Name, file or volume ( / )<input name=text type=search autocomplete=off></label>\n"
    for name, label, values in (
        ("status", "Status", _STATES),
        ("level", "Level before", _LEVELS),
        ("after", "Level after", _LEVELS),
    ):
        options = "".join(f"<option>{value}</option>" for value in values)
        yield f"<label>{label}<select name={name}><option value=''>all</option>{options}</select></label>\n"
    yield "<button type=reset>Show all</button>\n<output id=shown aria-live=polite></output>\n</form>\n"


def _table(rows: Iterable[Mapping[str, Any]], diffs: Mapping[str, str]) -> Iterator[str]:
    yield "<table id=campaign>\n<thead><tr><th scope=col>Repository and volumes</th><th scope=col>Status</th>"
    yield "<th scope=col>Before</th><th scope=col>After</th></tr></thead>\n"
    for row in rows:
        yield f"<tbody data-repository>\n{''.join(_repository(row, diffs.get(row['repository'], '')))}</tbody>\n"
    yield "</table>\n"


def _repository(row: Mapping[str, Any], diff: str) -> Iterator[str]:
    """The row of a repository, shown as long as one of its volumes is, and a row for each of these."""
    status = _text(row["status"])
    # The filters look at volumes; without any, at the row of the repository itself.
    data = "" if row["volumes"] else _data(row, {"level": "", "after": ""}, "")
    yield f"<tr{data}><th scope=rowgroup>{''.join(_about(row))}</th>"
    yield f'<td class="status {status}">{status}</td><td></td><td></td></tr>\n'
    for volume in row["volumes"]:
        name = f"{volume['task']}/{volume['name']}"
        where = f"{volume['file']} {name}"
        yield f"<tr{_data(row, volume, where)}><td class=volume>{_text(name)} "
        yield f"<span class=faint>{_text(volume['file'])}</span></td><td></td>"
        yield f"<td>{_text(volume['level'])}</td><td>{_text(volume['after'])}</td></tr>\n"
    if diff:
        yield "<tr><td colspan=4><details><summary>"
        yield f"Diff of {_count(len(row['files']), 'file', 'files')}</summary>"
        yield f"<pre tabindex=0>{''.join(_lines(diff))}</pre></details></td></tr>\n"


def _data(row: Mapping[str, Any], volume: Mapping[str, Any], where: str) -> str:
    """The `data-` attributes by which the filters select a row."""
    text = f"{row['repository']} {where}".lower()
    return (
        f' data-status="{_text(row["status"])}" data-level="{_text(volume["level"])}" '
        f'data-after="{_text(volume["after"])}" data-text="{_text(text)}"'
    )


def _about(row: Mapping[str, Any]) -> Iterator[str]:
    yield _text(row["repository"])
    if row["branch"] and row["commit"]:
        yield f"<br><span class=faint>{_text(row['branch'])} at {_text(row['commit'][:12])}</span>"
    if row["pull_request"]:
        url = str(row["pull_request"])
        yield f'<br><a rel=noreferrer href="{_text(url)}">pull request</a>' if url.startswith("https://") else ""
    if row["reason"]:
        yield f"<br><span class=faint>{_prose(row['reason'])}</span>"


def _lines(diff: str) -> Iterator[str]:
    for line in diff[:_LONGEST_DIFF].split("\n"):
        tag = {"+": "ins", "-": "del"}.get(line[:1]) if not line.startswith(("+++", "---")) else None
        # Marked lines are blocks, which need no newline.
        yield f"<{tag}>{_text(line)}</{tag}>" if tag else f"{_text(line)}\n"
    if len(diff) > _LONGEST_DIFF:
        yield "\N{HORIZONTAL ELLIPSIS}"


def _needs(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    found = [(row["repository"], need) for row in rows for need in row["needs"]]
    if not found:
        return
    yield "<h2 id=needs-input>What needs input</h2>\n<p>The configuration that settles each, in the repository's own "
    yield "<code>.efs-migrate.yaml</code> or, for all of them, in the file of <code>--config</code>.</p>\n<table>\n<thead><tr>"
    yield "<th scope=col>Repository</th><th scope=col>Where</th><th scope=col>Reason and configuration</th></tr></thead>\n<tbody>\n"
    for repository, need in found:
        yield f"<tr><td>{_text(repository)}</td><td>{_text(need['file'])}<br>{_text(need['subject'])}</td>"
        yield f"<td>{_text(need['rule'])}: {_prose(need['message'])}</td></tr>\n"
    yield "</tbody></table>\n"


def _systems(systems: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    found = list(systems)
    if not found:
        return
    yield "<h2 id=file-systems>File systems</h2>\n<p>Anonymous access to a file system can be closed (EFS408) when everything "
    yield "that mounts it uses IAM authorization; what is not seen here may mount it, too.</p>\n<table>\n<thead><tr>"
    yield "<th scope=col>File system</th><th scope=col>Mounted by</th><th scope=col>Lowest level after</th>"
    yield "<th scope=col>To be done before it is closed</th></tr></thead>\n<tbody>\n"
    for system in found:
        users = "".join(
            f"<li>{_text(v['repository'])}: {_text(v['task'])}/{_text(v['name'])} "
            f"<span class=faint>{_text(v['level'])} \N{RIGHTWARDS ARROW} {_text(v['after'])}</span></li>"
            for v in system["volumes"]
        )
        blocking = "".join(
            f"<li>{_text(v['repository'])}: {_text(v['task'])}/{_text(v['name'])} ({_text(v['after'])})</li>"
            for v in system["blocking"]
        )
        words = _count(len(system["volumes"]), "volume", "volumes")
        many = _count(len(system["repositories"]), "repository", "repositories")
        yield f"<tr><th scope=row>{_text(system['id'])}</th><td><details><summary>{words} of {many}</summary><ul>{users}</ul>"
        yield f"</details></td><td>{_text(system['lowest'])}</td><td>{f'<ul>{blocking}</ul>' if blocking else 'nothing seen here'}</td></tr>\n"
    yield "</tbody></table>\n"


def _failures(groups: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    found = list(groups)
    if not found:
        return
    yield "<h2 id=failures>What stood in the way</h2>\n<ul>\n"
    for group in found:
        names = ", ".join(map(_text, group["repositories"]))
        yield f"<li><span class={_text(group['status'])}>{_text(group['status'])}</span> {_prose(group['cause'])}: {names}</li>\n"
    yield "</ul>\n"
