"""A pipeline of CI for an app: checks, differences, build, push, commit, and a proposal for the next step.

The commands are the same for each system; its template says when they run, and with which credentials.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from jvbundler import __version__
from jvbundler.render.text.escaping import Verbatim
from jvbundler.render.text.templating import render as render_template
from jvbundler.values.problem import InputError
from jvbundler.values.reference import ecr_region, registry_of
from jvbundler.values.safe_text import shell_line

if TYPE_CHECKING:
    from jvbundler.project.model import Environment, Project


class System(NamedTuple):
    """`template` is that of the file, `file` where the system looks for it in the repository."""

    template: str
    file: str


SYSTEMS = {
    "github": System("ci/github.yaml.j2", ".github/workflows/deployment.yml"),
    "gitlab": System("ci/gitlab.yaml.j2", ".gitlab-ci.yml"),
    "jenkins": System("ci/Jenkinsfile.j2", "Jenkinsfile"),
}
# What stands for itself in YAML, Groovy, a shell and GitHub's expressions.
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*\Z|\.\Z")


def pipeline(project: Project, system: str, app: str, branch: str, overrides: Path | None = None) -> str:
    """The file of the system; `app` is the app's folder in the repository, `branch` what is merged into.

    Raises InputError for a name that such a file cannot hold.
    """
    for what, text in (("the folder", app), ("the branch", branch)):
        if not _PLAIN.match(text):
            raise InputError(f"{what} '{text}' cannot be named in a pipeline: use letters, digits and '._/-'")
    return render_template(SYSTEMS[system].template, context(project, app, branch), overrides)


def context(project: Project, app: str, branch: str) -> dict[str, Any]:
    first, following = ways(project)
    kubernetes = first.settings["kubernetes"]["enabled"]
    hosts = [registry_of(first.kubernetes_repository)] if kubernetes else []
    needs_login = any(not ecr_region(host) for host in hosts)
    here = () if app == "." else (app,)
    login = ("--registry-user-env", "REGISTRY_USER", "--registry-password-env", "REGISTRY_PASSWORD")
    target = f"promote-to-{following.name}" if following else ""
    return {
        "name": project.base.app_name,
        "first": first.name,
        "next": following.name if following else "",
        "branch": branch,
        "promotion_branch": target,
        "python_version": "3.12",
        "region": first.settings["lambda"]["region"],
        "needs_login": needs_login,
        "needs_aws": first.settings["lambda"]["enabled"] or len(hosts) > int(needs_login),
        "install": _line("pip", "install", f"jvbundler[validate]=={__version__}"),
        "check": _line("jvbundler", "render", *here, "--check"),
        "validate": _line("jvbundler", "validate", *here),
        # 1 is a difference, and no failure.
        "diff": Verbatim(
            f'{shell_line(("jvbundler", "diff", *here))} --against "origin/$BASE" --format markdown > diff.md'
            " || [ $? -eq 1 ]"
        ),
        "push": _line("jvbundler", "push", *here, "-e", first.name, *(login if needs_login else ())),
        "commit": _commit(app, f"Deploy $(git rev-parse --short HEAD) to {first.name}", branch),
        "promote": _promotion(here, app, first, following, target) if following else [],
    }


def ways(project: Project) -> tuple[Environment, Environment | None]:
    """The environment that gets what is merged, the first that is not protected; and the one after it."""
    protected = project.base.settings["protected"]
    found = [n for n, one in enumerate(project.environments) if one.name not in protected]
    if not found:
        raise InputError("every environment is protected: a pipeline needs one that it may deploy to")
    rest = project.environments[found[0] + 1 :]
    return project.environments[found[0]], rest[0] if rest else None


def _line(*words: str) -> Verbatim:
    return Verbatim(shell_line(words))


def _commit(folder: str, message: str, branch: str) -> list[str]:
    return [
        shell_line(("git", "add", "--all", "--", folder)),
        # A rebuild may give the same image.
        f'git diff --cached --quiet || git commit --message "{message}"',
        shell_line(("git", "push", "origin", f"HEAD:{branch}")),
    ]


def _promotion(
    here: tuple[str, ...], folder: str, source: Environment, target: Environment, branch: str
) -> list[str]:
    promote = ("jvbundler", "image", "promote", *here, "--from", source.name, "--to", target.name, "--yes")
    return [
        shell_line(("git", "switch", "--force-create", branch)),
        shell_line(promote),
        shell_line(("git", "add", "--all", "--", folder)),
        "if git diff --cached --quiet; then exit 0; fi",
        f'git commit --message "Deploy what {source.name} runs to {target.name}"',
        shell_line(("git", "push", "--force", "origin", branch)),
    ]
