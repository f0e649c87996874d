"""How long a tree takes in which nothing is to be done, against `git grep -lE` over the same tree in the same run.

    .venv/bin/python tests/benchmarks/screen.py [FILES] [ROUNDS]

Prints medians in milliseconds and their ratio: start-up included, disk cache warm, runs interleaved.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PATTERN = "[eE][fF][sS][_-]?[vV]olume|[dD]ocker[_-]?[vV]olume|[sS]ource_?[pP]ath"

# Of ten files three hold the word `volumes`, as in a repository of manifests; none holds anything for the tool.
CONTENTS = [
    "apiVersion: apps/v1\nkind: Deployment\nspec:\n  volumes:\n    - name: data\n      hostPath: {path: /mnt/data}\n",
    "services:\n  web:\n    image: nginx\n    volumes: ['/mnt/data:/data']\n",
    '{"family": "web", "volumes": [], "containerDefinitions": [{"name": "web", "image": "nginx"}]}\n',
    *['{"name": "package", "version": "1.0.0", "dependencies": {"left-pad": "^1.3.0"}}\n'] * 4,
    *["on: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: [{run: make test}]\n"] * 3,
]


def make(root: Path, files: int) -> None:
    """Write `files` files of about 3 KB, 50 to a directory, into a new repository and add them."""
    for number in range(files):
        directory = root / f"service-{number // 50:04}" / "deploy"
        if number % 50 == 0:
            directory.mkdir(parents=True)
        content = CONTENTS[number % len(CONTENTS)]
        padding = "" if content.startswith("{") else "# padding, as comments are\n" * 100
        suffix = "json" if content.startswith("{") else "yaml"
        (directory / f"{number}.{suffix}").write_text(padding + content + " " * (2700 - len(padding)))
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "."], cwd=root, check=True)


def timed(command: list[str], root: Path) -> float:
    """Return how many milliseconds `command` takes; it must find nothing."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    took = (time.perf_counter() - start) * 1000
    expected = 1 if command[0] == "git" else 0  # grep's way of saying that nothing matched
    if done.returncode != expected:
        raise SystemExit(f"{command} ended with status {done.returncode}: {done.stderr or done.stdout}")
    return took


def main(files: int = 15_000, rounds: int = 11) -> None:
    """Make the tree, take turns, print the medians."""
    commands = {
        "git grep -lE": ["git", "grep", "-lE", PATTERN, "--", "*.json", "*.yaml"],
        "bare python": [sys.executable, "-c", ""],
        # The command as installed, not `python -m`: in the tree there is no checkout to import from.
        "efs-migrate check": [str(Path(sys.executable).parent / "efs-migrate"), "check", "."],
    }
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        make(root, files)
        for command in commands.values():
            timed(command, root)  # warms the disk cache
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(timed(command, root))
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"{files} files, nothing to do, median of {rounds} runs:")
    for name, median in medians.items():
        print(f"  {name:18} {median:8.1f} ms")
    print(f"  efs-migrate check / git grep: {medians['efs-migrate check'] / medians['git grep -lE']:.2f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
