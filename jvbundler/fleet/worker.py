"""What makes a process a worker of many apps: it leaves Ctrl-C to its parent, and does not outlive it."""

from __future__ import annotations

import os
import signal
import threading
import time
from multiprocessing import parent_process

from jvbundler.runner import GRACE_SECONDS


def become_worker() -> None:
    """Run once, as the process starts."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker waits for its next app, and a killed parent can no longer say that there is none."""
    parent = parent_process()
    if parent is None:
        return
    parent.join()
    # Nobody is left to read what the pool would say about it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    # It ends us, and first a tool that runs (runner.py); whatever else happens, we end.
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(2 * GRACE_SECONDS)
    os._exit(1)
