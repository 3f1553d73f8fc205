"""The group `status`."""

from __future__ import annotations

from jvbundler.cli.platforms import PlatformGroup

EPILOG = """\b
Examples:
  jvbundler status k8s -e prod
  jvbundler status lambda -e prod --json
"""

command = PlatformGroup("status", "Show how the deployed app is; exit 1 if it is not healthy.", EPILOG)
