"""`templates`: which templates there are, and a copy of one to change."""

from __future__ import annotations

from pathlib import Path

from jvbundler.files import reason
from jvbundler.output.paths import refuse_links
from jvbundler.output.single import write_file
from jvbundler.values.packaged import packaged_path
from jvbundler.values.problem import InputError, OutputRefused

FOLDER = "templates"


def template_names() -> list[str]:
    root = packaged_path(FOLDER)
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*.j2"))


def template_text(name: str) -> str:
    """The text of one template; InputError for an unknown name."""
    if name not in template_names():
        raise InputError(f"there is no template '{name}'{_meant(name)}")
    return (packaged_path(FOLDER) / name).read_text(encoding="utf-8")


def eject(name: str, folder: Path, *, force: bool) -> Path:
    """Copy a template into the folder for `--templates`."""
    text = template_text(name)
    path = folder / name
    refuse_links(path.parent)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise OutputRefused(f"cannot make the folder '{path.parent}': {reason(failure)}") from failure
    write_file(path, text, force=force)
    return path


def _meant(name: str) -> str:
    from difflib import get_close_matches

    by_file = {known.rsplit("/", 1)[-1]: known for known in template_names()}
    near = get_close_matches(name, template_names(), n=1, cutoff=0.5)
    near = near or [by_file[file] for file in get_close_matches(name, by_file, n=1, cutoff=0.5)]
    return f" (did you mean '{near[0]}'?)" if near else "; 'jvbundler templates list' shows all"
