"""A campaign over 300 generated repositories: with one process, two, and a Dask cluster of two worker processes.

Prints throughput, speed-up and peak memory, and for each repository the time beyond what git alone takes for the same commands
(worktree, commit, patch). Judges nothing.
"""

from __future__ import annotations

import contextlib
import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from migrate.batch import git as git_module
from migrate.batch.address import parse
from migrate.batch.executors import dask, here, processes
from migrate.batch.repository import RepositoryTask, Row, Wish

NUMBER = int(os.environ.get("REPOSITORIES", "300"))
SAMPLES = Path(__file__).parents[2] / "samples"
KINDS = (
    ("cloudformation-fargate-stack", 0.25),
    ("cdk-fargate-app", 0.15),
    ("efs201-preview-form", 0.2),
    ("efs101-name-suggests-efs-needs-input", 0.1),
    ("untouched-compose", 0.2),
    ("boto3-call", 0.1),
)
"""Samples, and in which share of the repositories."""
OTHERS = 40
"""Files of each repository that hold nothing for us."""


def generate(folder: Path) -> list[Path]:
    """Repositories of mixed kinds, the same on every machine."""
    made = []
    kinds = [name for name, share in KINDS for _ in range(round(share * 100))]
    for number in range(NUMBER):
        one = folder / f"repository-{number:03}"
        (one / "src").mkdir(parents=True)
        case = SAMPLES / kinds[number * 37 % len(kinds)]
        for source in case.iterdir():
            if source.stem == "before" or source.name == "config.yaml":
                name = ".efs-migrate.yaml" if source.name == "config.yaml" else f"infra{source.suffix}"
                (one / name).write_bytes(source.read_bytes())
        for other in range(OTHERS):
            (one / "src" / f"module_{other}.py").write_text(f"VALUE = {number * other}\n" * 40)
        for command in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "First")):
            subprocess.run(["git", "-C", str(one), "-c", "gc.auto=0", *command], check=True)
        made.append(one)
    return made


@contextlib.contextmanager
def timed_git(spent: list[float]) -> Iterator[None]:
    """Count the seconds that git takes."""
    right = git_module.Git.run

    def run(self: git_module.Git, *arguments: str, **options: object) -> bytes:
        begun = time.perf_counter()
        try:
            return right(self, *arguments, **options)  # type: ignore[arg-type]  # handed on as they came
        finally:
            spent.append(time.perf_counter() - begun)

    git_module.Git.run = run  # type: ignore[method-assign]  # for this measurement
    try:
        yield
    finally:
        git_module.Git.run = right  # type: ignore[method-assign]


def measure(
    name: str,
    run: Callable[[Sequence[RepositoryTask]], Iterator[tuple[RepositoryTask, Row]]],
    tasks: Sequence[RepositoryTask],
) -> float:
    begun = time.perf_counter()
    states: dict[str, int] = {}
    for _, row in run(tasks):
        states[row.status] = states.get(row.status, 0) + 1
    seconds = time.perf_counter() - begun
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    told = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    print(
        f"{name:<22} {seconds:6.1f} s  {len(tasks) / seconds:6.1f} a second  largest process so far {peak:4.0f} MB  ({told})"
    )
    return seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        config = place / "gitconfig"
        config.write_text("[user]\n\tname = Ann\n\temail = ann@example.com\n[init]\n\tdefaultBranch = main\n")
        os.environ["GIT_CONFIG_GLOBAL"] = str(config)
        repositories = generate(place / "repositories")
        addresses = [parse(str(path)) for path in repositories]

        def tasks(name: str) -> list[RepositoryTask]:
            # A branch of its own for each, so that none finds the work done.
            wish = Wish(branch=f"efs/{name}", commit=True, patches=True)
            return [RepositoryTask(address, wish, str(place / "cache" / name)) for address in addresses]

        print(f"{NUMBER} repositories, {OTHERS + 1} files each; branch, commit and patch")
        spent: list[float] = []
        with timed_git(spent):
            one = measure("in this process", here, tasks("here"))
        beyond = (one - sum(spent)) / NUMBER * 1000
        print(f"  git itself: {sum(spent):.1f} s in {len(spent)} commands; beyond it {beyond:.1f} ms a repository")
        seconds = [measure("1 process", processes(1), tasks(f"one-{n}")) for n in range(2)]
        two = [measure("2 processes", processes(2), tasks(f"two-{n}")) for n in range(2)]
        print(f"  speed-up with 2 processes: {statistics.median(seconds) / statistics.median(two):.2f}")
        with cluster() as address:
            if address is not None:
                three = measure("dask, 2 workers", dask(address), tasks("dask"))
                print(f"  speed-up with 2 workers: {statistics.median(seconds) / three:.2f}")


@contextlib.contextmanager
def cluster() -> Iterator[str | None]:
    try:
        from distributed import LocalCluster
    except ModuleNotFoundError:
        print("dask is not installed: pip install 'ecs-efs-migrate[dask]'")
        yield None
        return
    quiet = io.StringIO()
    with (
        contextlib.redirect_stderr(quiet),
        LocalCluster(  # type: ignore[no-untyped-call]  # it has no types
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as made,
    ):
        yield made.scheduler_address


if __name__ == "__main__":
    main()
