"""jvbundler: compiles a jvagent app and its deploy.yaml into deployment files."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jvbundler.bundler import Bundler

__version__ = "0.1.0"
__all__ = ["Bundler", "__version__"]


def __getattr__(name: str) -> object:
    # Imported when it is asked for: `jvbundler --version` does not pay for it.
    if name == "Bundler":
        from jvbundler.bundler import Bundler

        return Bundler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
