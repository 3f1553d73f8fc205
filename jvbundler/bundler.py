"""The predecessor's Python interface: `Bundler(app_root=…).generate_dockerfile()`."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from jvbundler.pipeline.bundle import bundle_files, replace_dockerfile
from jvbundler.pipeline.request import Options
from jvbundler.values.problem import JvbundlerError

logger = logging.getLogger(__name__)


class Bundler:
    """Writes the Dockerfile of the jvagent app in `app_root`."""

    def __init__(self, app_root: str | Path) -> None:
        self.app_root = Path(app_root).resolve()

    def generate_dockerfile(self) -> bool:
        """Write `Dockerfile`, over one that is there, and `.dockerignore` unless the app has its own.

        True if the Dockerfile could be written; problems are logged.
        """
        options = Options(environ=dict(os.environ))
        try:
            files, problems = bundle_files(self.app_root, str(self.app_root), options)
            for refusal in replace_dockerfile(self.app_root, files):
                logger.warning("%s", refusal)
        except JvbundlerError as failure:
            for problem in getattr(failure, "problems", ()):
                logger.error("%s: %s %s", problem.place, problem.rule, problem.message)
            if str(failure):
                logger.error("%s", failure)
            return False
        for problem in problems:
            logger.warning("%s: %s %s", problem.place, problem.rule, problem.message)
        return True
