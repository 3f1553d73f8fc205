"""The group `deploy`."""

from __future__ import annotations

from jvbundler.cli.platforms import PlatformGroup

EPILOG = """\b
Examples:
  jvbundler deploy k8s -e dev --all
  jvbundler deploy k8s -e prod --diff
  jvbundler deploy lambda -e prod --dry-run
"""

command = PlatformGroup("deploy", "Deploy the rendered files of an app.", EPILOG)
