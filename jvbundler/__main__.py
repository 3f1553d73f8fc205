"""`python -m jvbundler`, and the `jvbundler` script. Imports little: Ctrl-C may come at any moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its code. An interruption before or after it shows no traceback."""
    former = signal.getsignal(signal.SIGINT)
    if former is signal.default_int_handler:
        # Some of the code that runs during imports swallows exceptions.
        signal.signal(signal.SIGINT, _leave)
    from jvbundler.cli.main import main as run

    signal.signal(signal.SIGINT, former)
    try:
        run(arguments)
    except KeyboardInterrupt:
        _leave()
    finally:
        if former is signal.default_int_handler:
            signal.signal(signal.SIGINT, _leave)


def _leave(*_: object) -> None:
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    main()

__all__ = ["main"]
