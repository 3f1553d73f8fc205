"""The predecessor's Python interface: `Bundler(app_root=…).generate_dockerfile()`."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from jvbundler.pipeline.bundle import bundle_files, write_bundle
from jvbundler.pipeline.request import Options
from jvbundler.values.artifact import Artifact
from jvbundler.values.problem import JvbundlerError, OutputRefused

logger = logging.getLogger(__name__)


class Bundler:
    """Writes the Dockerfile of the jvagent app in `app_root`."""

    def __init__(self, app_root: str | Path) -> None:
        self.app_root = Path(app_root).resolve()

    def generate_dockerfile(self) -> bool:
        """Write `Dockerfile`, and `.dockerignore` unless the app has its own.

        True if the Dockerfile could be written; problems are logged.
        """
        options = Options(environ=dict(os.environ))
        try:
            files, problems = bundle_files(self.app_root, str(self.app_root), options)
            for file in files:
                self._write(file)
        except JvbundlerError as failure:
            for problem in getattr(failure, "problems", ()):
                logger.error("%s: %s %s", problem.place, problem.rule, problem.message)
            if str(failure):
                logger.error("%s", failure)
            return False
        for problem in problems:
            logger.warning("%s: %s %s", problem.place, problem.rule, problem.message)
        return True

    def _write(self, file: Artifact) -> None:
        """A Dockerfile is replaced, as the predecessor did; the app's own ignore file is kept."""
        try:
            write_bundle(self.app_root, [file], force=file.path == "Dockerfile")
        except OutputRefused as refused:
            if file.path == "Dockerfile":
                raise
            logger.warning("%s", refused)
