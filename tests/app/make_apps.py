"""Run by the Python that has jvagent: an app of each profile that this release has, below the folder given.

Prints the names of the profiles. All in one process, as most of its time goes into imports.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from importlib import import_module
from pathlib import Path
from runpy import run_module

APP = ["--app-id", "acme_app", "--title", "Acme", "--description", "Made by a test"]
BY = ["--author", "me", "--email", "me@acme.example", "--agent", "acme/bot"]

folder = Path(sys.argv[1])
package = Path(str(import_module("jvagent.version").__file__)).parent
profiles = sorted(path.stem for path in (package / "scaffold/builtin_profiles").glob("*.yaml"))
for profile in profiles:
    target = str(folder / profile)
    sys.argv = ["jvagent", "app", "create", "--yes", "--no-git", "--dir", target, "--profile", profile]
    sys.argv += [*APP, *BY]
    with contextlib.redirect_stdout(io.StringIO()):
        try:
            run_module("jvagent", run_name="__main__")
        except SystemExit as ended:
            if ended.code:
                raise
print(json.dumps(profiles))
