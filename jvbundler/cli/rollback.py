"""The group `rollback`."""

from __future__ import annotations

from jvbundler.cli.platforms import PlatformGroup

EPILOG = """\b
Examples:
  jvbundler rollback k8s -e prod
  jvbundler rollback lambda -e prod
"""

command = PlatformGroup("rollback", "Go back to the former version.", EPILOG)
