"""Mutation testing of the rules, the edit layer and the engine: `make mutants`.

mutmut makes small changes to the code (a mutant each), and the quick tests that reach the changed function should notice. What
survives is a gap in the tests, or changes nothing that anybody could see: then `survivors.txt` says why. An unexplained
survivor ends the run with status 1 and is printed as it would stand there.

`MUTANTS=8` tries so many of each module (the default), drawn by `SEED`; `MUTANTS=all` tries every one, for hours. What survived an
earlier run is tried again.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXPLAINED = Path(__file__).with_name("survivors.txt")
MUTMUT = [str(Path(sys.executable).with_name("mutmut"))]
NOT_KILLED = {0: "survived", 33: "no test reaches it"}
"""mutmut's exit codes; all others are those of a test that fails, or takes far longer than before."""
PORTION = 200
"""Mutants by one call of mutmut, so that an interrupted run has results."""

Survivor = tuple[str, ...]
"""A function, and the lines that its mutant takes out and puts in."""


def results() -> dict[str, int | None]:
    """mutmut's exit code of each mutant; None before it is tried."""
    found: dict[str, int | None] = {}
    for meta in sorted((ROOT / "mutants").rglob("*.py.meta")):
        found |= json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def run(names: list[str]) -> None:
    command = [*MUTMUT, "run", "--max-children", str(os.cpu_count() or 1), *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        sys.exit(f"mutmut ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")


def module(mutant: str) -> str:
    return re.split(r"\.(?:x_|xǁ)", mutant)[0]


def survivor(mutant: str) -> Survivor:
    shown = subprocess.run(
        [*MUTMUT, "show", mutant], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    ).stdout
    name = re.sub(r"__mutmut_\d+$", "", mutant).replace("xǁ", "").replace(".x_", ".").replace("ǁ", ".")
    changed = [f"{line[0]} {line[1:].strip()}" for line in shown.splitlines() if re.match(r"[+-](?!--|\+\+)", line)]
    return name, *changed


def explained() -> dict[Survivor, str]:
    """Survivors and why they may survive. A block for each: the reason behind `#`, the function, the lines of its diff."""
    found = {}
    for block in re.split(r"\n\n+", EXPLAINED.read_text(encoding="utf-8").strip()):
        lines = block.splitlines()
        reason = [line for line in lines if line.startswith("#")]
        found[tuple(line for line in lines if not line.startswith("#"))] = "\n".join(reason)
    return found


def main() -> int:
    wanted, seed = os.environ.get("MUTANTS", "8"), os.environ.get("SEED", "1")
    (ROOT / "mutants" / "mutmut-stats.json").unlink(missing_ok=True)  # which test reaches what: they may have changed
    run(["rules.facts.paths.*__mutmut_1"])  # which makes them all
    by_module: dict[str, list[str]] = defaultdict(list)
    for mutant in results():
        by_module[module(mutant)].append(mutant)
    tried = [
        mutant
        for name, mutants in by_module.items()
        for mutant in (mutants if wanted == "all" else _drawn(mutants, int(wanted), f"{seed} {name}"))
    ]
    codes = results()
    left = [mutant for mutant in tried if codes[mutant] is None or codes[mutant] in NOT_KILLED]
    for start in range(0, len(left), PORTION):
        run(left[start : start + PORTION])
        print(f"{min(start + PORTION, len(left)):,} of {len(left):,} tried", file=sys.stderr)
    codes = results()
    known, unexplained = explained(), []
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant in tried:
        code = codes[mutant]
        counts[module(mutant)]["survived" if code in NOT_KILLED else "killed"] += 1
        if code in NOT_KILLED:
            found = survivor(mutant)
            if found in known:
                counts[module(mutant)]["explained"] += 1
            else:
                unexplained.append(found)
    print("\n\n".join("\n".join(("# ?", *found)) for found in unexplained))
    print("\n| module | mutants | tried | killed | survived | explained |\n|---|---:|---:|---:|---:|---:|")
    total: Counter[str] = Counter()
    for name, count in sorted(counts.items()):
        total += count
        print(_row(name, len(by_module[name]), count))
    print(_row("all", sum(map(len, by_module.values())), total))
    print(
        f"\n{total['killed'] / len(tried):.1%} of {len(tried):,} mutants killed (SEED={seed}); {len(unexplained)} survivors unexplained"
    )
    return 1 if unexplained else 0


def _drawn(mutants: list[str], wanted: int, seed: str) -> list[str]:
    return random.Random(seed).sample(mutants, min(wanted, len(mutants)))


def _row(name: str, mutants: int, count: Counter[str]) -> str:
    numbers = (mutants, count["killed"] + count["survived"], count["killed"], count["survived"], count["explained"])
    return f"| {name} | {' | '.join(f'{number:,}' for number in numbers)} |"


if __name__ == "__main__":
    sys.exit(main())
