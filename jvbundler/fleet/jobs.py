"""One job for each app, spread over the cores if that is faster. One app is a list of one.

A job is a function of an app and a request; it must be importable by name, as it may run in another process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from jvbundler.pipeline.request import AppFolder, Outcome, Request
from jvbundler.values.problem import InputError, JvbundlerError

Job = Callable[[AppFolder, Request], Outcome]

# Fewer are done before the other processes have started: 0.05 s, as long as writing three new apps.
ENOUGH_FOR_WORKERS = 16
# With fewer for each, more workers would not finish earlier.
_APPS_FOR_A_WORKER = 4
# The number of parts in which a worker gets its share: few workers wait, and none waits long at the end.
_PARTS = 8


def run(apps: Sequence[AppFolder], job: Job, request: Request) -> Iterator[Outcome]:
    """The outcome of `job` for each app, in order, as they come. A bug ends the whole run."""
    attempt = partial(_attempt, job=job, request=request)
    workers = min(cores(), len(apps) // _APPS_FOR_A_WORKER)
    if workers < 2 or len(apps) < ENOUGH_FOR_WORKERS:
        yield from map(attempt, apps)
        return
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(workers, initializer=become_worker) as pool:
        yield from pool.map(attempt, apps, chunksize=max(1, len(apps) // (workers * _PARTS)))


def become_worker() -> None:
    """Runs once, as the process starts: it leaves Ctrl-C to its parent, and does not outlive it."""
    import signal
    import threading

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker waits for its next app, and a killed parent can no longer tell it to stop."""
    import signal
    import time
    from multiprocessing import parent_process

    from jvbundler.runner import GRACE_SECONDS

    parent = parent_process()
    if parent is None:
        return
    parent.join()
    # Nobody is left to read the pool's messages.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    # It ends us, after a running tool (runner.py); whatever else happens, we end.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(2 * GRACE_SECONDS)
    os._exit(1)


def _attempt(app: AppFolder, *, job: Job, request: Request) -> Outcome:
    """An expected error is an outcome like any other, and stops no other app."""
    try:
        return job(app, request)
    except JvbundlerError as failure:
        problems = failure.problems if isinstance(failure, InputError) else ()
        return Outcome(app, problems, failure)


def cores() -> int:
    """The cores that this process may use: fewer in a container than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """That of the gravest outcome: wrong input, refused output, a failed tool, a difference, nothing."""
    codes = {outcome.exit_code for outcome in outcomes}
    return min(codes - {0, 1}, default=max(codes, default=0))
