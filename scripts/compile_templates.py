"""Build hook of hatchling: the wheel gets the templates compiled to modules beside their text.

Compiling them takes longer than all the rest of a render. A checkout has only the text, so that an edit
counts at once.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileTemplates(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `jvbundler/compiled/` to a wheel, but not to an editable one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from jvbundler.render.templating import compile_templates

        self._folder = tempfile.TemporaryDirectory()
        compile_templates(Path(self._folder.name))
        build_data["force_include"][self._folder.name] = "jvbundler/compiled"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            self._folder.cleanup()
