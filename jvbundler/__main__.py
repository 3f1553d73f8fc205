"""`python -m jvbundler`, and the `jvbundler` script."""

from __future__ import annotations

from jvbundler.cli.run import main

if __name__ == "__main__":
    main()

__all__ = ["main"]
