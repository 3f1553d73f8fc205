"""The group `destroy`."""

from __future__ import annotations

from jvbundler.cli.platforms import PlatformGroup

EPILOG = """\b
Examples:
  jvbundler destroy k8s -e dev
  jvbundler destroy lambda -e dev --dry-run
"""

command = PlatformGroup("destroy", "Remove what was deployed; data stays unless you say otherwise.", EPILOG)
