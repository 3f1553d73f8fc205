"""Which files of the output a command is about: `-e` and `--target` choose by path."""

from __future__ import annotations

from typing import NamedTuple

# Where the name of an environment stands in a path: below these folders.
_PER_ENVIRONMENT = ("lambda", "kubernetes/overlays", "kubernetes/rendered", "gitops/argocd", "gitops/flux")


class Selection(NamedTuple):
    """Empty means all. Files that no target or no environment has to itself belong to every selection."""

    targets: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.targets or self.environments)

    def covers(self, path: str) -> bool:
        target, _, rest = path.partition("/")
        if rest and self.targets and target not in self.targets:
            return False
        return not self.environments or environment_of(path) in ("", *self.environments)

    def leaves_out(self, path: str) -> bool:
        return not self.covers(path)


def environment_of(path: str) -> str:
    """The environment that has the file to itself: prod for kubernetes/rendered/prod/manifest.yaml."""
    for folder in _PER_ENVIRONMENT:
        name, _, rest = path.removeprefix(f"{folder}/").partition("/")
        if path.startswith(f"{folder}/") and rest:
            return name
        if path.startswith(f"{folder}/") and folder.startswith("gitops/"):
            return name.partition(".")[0]
    return ""
