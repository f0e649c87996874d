"""Executors that do the work: this process, several processes, or a Dask cluster. Each yields rows as they are done."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from migrate.batch.repository import RepositoryState, RepositoryTask, Row, work

Executor = Callable[[Sequence[RepositoryTask]], Iterator[tuple[RepositoryTask, Row]]]


class ExecutorProblem(Exception):
    """Raised if an executor cannot start; the message is one line."""


def here(tasks: Sequence[RepositoryTask]) -> Iterator[tuple[RepositoryTask, Row]]:
    """Works on the tasks one after the other, in this process."""
    for task in tasks:
        yield task, work(task)


def processes(number: int) -> Executor:
    """An executor with this number of processes (0: one per processor)."""
    number = number or os.cpu_count() or 1

    def run(tasks: Sequence[RepositoryTask]) -> Iterator[tuple[RepositoryTask, Row]]:
        if number == 1 or len(tasks) < 2:
            yield from here(tasks)
            return
        waiting = list(reversed(tasks))
        suspects: list[RepositoryTask] = []
        while waiting or suspects:
            # After a process died, each task that was running then gets a process of its own, to find the cause.
            alone = not waiting
            batch = [suspects.pop()] if alone else waiting
            lost = yield from _pool(1 if alone else number, batch)
            if alone and lost:
                yield (
                    lost[0],
                    Row(
                        lost[0].address.name, RepositoryState.FAILED, reason="the process that worked on it was killed"
                    ),
                )
            else:
                suspects += lost

    return run


def _pool(
    number: int, waiting: list[RepositoryTask]
) -> Generator[tuple[RepositoryTask, Row], None, list[RepositoryTask]]:
    """Works through the waiting tasks, last one first. If a process dies, returns the tasks that were running."""
    running: dict[Future[Row], RepositoryTask] = {}
    # Ctrl-C reaches every process. The workers ignore it, or each would print a traceback; this one ends them.
    pool = ProcessPoolExecutor(number, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_IGN))
    try:
        while waiting or running:
            while waiting and len(running) < number:
                task = waiting.pop()
                running[pool.submit(work, task)] = task
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                row = future.result()
                yield running.pop(future), row
    except BrokenProcessPool:
        return list(running.values())
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return []


def dask(address: str) -> Executor:
    """An executor with the workers of a Dask cluster, which need this package installed. Raises ExecutorProblem."""

    def run(tasks: Sequence[RepositoryTask]) -> Iterator[tuple[RepositoryTask, Row]]:
        try:
            from distributed import Client, as_completed
        except ModuleNotFoundError:
            raise ExecutorProblem("--dask needs more packages: pip install 'ecs-efs-migrate[dask]'") from None
        try:
            client = Client(address, timeout=30)  # type: ignore[no-untyped-call]  # it has no types
        except (OSError, ValueError) as problem:
            raise ExecutorProblem(f"{address}: {problem}") from None
        with client:
            futures = client.map(work, tasks, pure=False, retries=1)
            by_key = {future.key: task for future, task in zip(futures, tasks, strict=True)}
            for future in as_completed(futures):  # type: ignore[no-untyped-call]  # it has no types
                task = by_key[future.key]
                if future.status == "finished":
                    yield task, future.result()
                else:
                    lost = str(future.exception()).partition("\n")[0]
                    yield task, Row(task.address.name, RepositoryState.FAILED, reason=f"the cluster lost it: {lost}")

    return run
