"""The group `logs`."""

from __future__ import annotations

from jvbundler.cli.platforms import PlatformGroup

EPILOG = """\b
Examples:
  jvbundler logs k8s -e prod --follow
  jvbundler logs lambda -e prod --since 1h
"""

command = PlatformGroup("logs", "Show the logs of the deployed app.", EPILOG)
