"""What a hydrated branch holds of a commit, as Argo CD's source hydrator writes it.

Sources: argoproj/argo-cd v3.6.1, commitserver/commit/hydratorhelper.go and GetReferences in
util/git/client.go; argoproj-labs/gitops-promoter, docs/advanced-usage/custom-hydrator.md. Pure: texts in,
texts out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parseaddr, quote
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jvbundler import __version__
from jvbundler.values.safe_text import shell_line

if TYPE_CHECKING:
    from jvbundler.deploy.commit import Commit
    from jvbundler.deploy.release import Release

MANIFEST = "manifest.yaml"
METADATA = "hydrator.metadata"
README = "README.md"
ATTRIBUTES = ".gitattributes"
# Reviewers fold what says only where the manifest comes from; the manifest itself they read.
_FOLDED = f"**/{README} linguist-generated=true\n**/{METADATA} linguist-generated=true\n"
TRAILER = "Argocd-reference-commit-"
# Where the commands of the README render: a folder that no app has.
OUTPUT = "hydrated"


def in_path(release: Release, commit: Commit, manifest: str) -> dict[str, str]:
    """The files in the path of an app, by name."""
    commands = reproduction(release, commit)
    return {
        MANIFEST: manifest,
        METADATA: _json({"commands": commands, **metadata(commit)}),
        README: readme(release, commit, commands),
    }


def at_top(commit: Commit) -> dict[str, str]:
    """The files at the root of the branch, which tell the GitOps Promoter what the branch comes from."""
    return {METADATA: _json(metadata(commit)), ATTRIBUTES: _FOLDED}


def note(commit: Commit) -> str:
    """What refs/notes/hydrator.metadata says of the newest commit of the branch."""
    return json.dumps({"drySha": commit.sha}, separators=(",", ":")) + "\n"


def noted_sha(text: str) -> str:
    """The commit that a note names, empty for a note that somebody else wrote."""
    try:
        found = json.loads(text)["drySha"]
    except (ValueError, KeyError, TypeError):
        return ""
    return found if isinstance(found, str) else ""


def metadata(commit: Commit) -> dict[str, Any]:
    references, body = references_in(commit.body)
    fields = {
        "repoURL": commit.url,
        "drySha": commit.sha,
        "author": str(commit.author),
        "date": commit.author.date,
        "subject": commit.subject,
        "body": body,
        "references": [{"commit": references}] if references else [],
    }
    return {name: value for name, value in fields.items() if value}


def _json(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def reproduction(release: Release, commit: Commit) -> list[str]:
    """The commands that make the manifest again, in the root of the work tree."""
    words = ["jvbundler", "render", commit.app, "-e", release.environment.name]
    usual = "deploy.yaml" if commit.app == "." else f"{commit.app}/deploy.yaml"
    words += ["-c", commit.config] if commit.config != usual else []
    words += [word for key, text in release.options.assignments for word in ("--set", f"{key}={text}")]
    words += ["--target", "k8s", "-o", OUTPUT]
    return [f"pip install jvbundler=={__version__}", shell_line(words)]


def readme(release: Release, commit: Commit, commands: list[str]) -> str:
    lines = [
        "# Manifest Hydration",
        "",
        f"`{MANIFEST}` is what environment {release.environment.name} runs. Do not edit it: it is made by",
        "these commands.",
        "",
        "```shell",
        shell_line(["git", "clone", commit.url]),
        "# cd into the cloned directory",
        f"git checkout {commit.sha}",
        *commands,
        "```",
        "",
        f"It is then `{OUTPUT}/kubernetes/rendered/{release.environment.name}/{MANIFEST}`.",
    ]
    return "\n".join(lines) + "\n"


def message(commit: Commit) -> str:
    """Of the hydrated commit: what it comes from, for people and, as trailers, for Argo CD."""
    _, body = references_in(commit.body)
    values = {
        "author": _address(commit.author.name, commit.author.email),
        "sha": commit.sha,
        "subject": commit.subject,
        # As JSON: a trailer is one line.
        "body": json.dumps(body, ensure_ascii=False) if body else "",
        "repourl": commit.url,
        "date": commit.author.date,
    }
    trailers = [f"{TRAILER}{name}: {value}\n" for name, value in values.items() if value]
    return f"{commit.sha[:7]}: {commit.subject}\n\n{''.join(trailers)}"


def _address(name: str, email: str) -> str:
    """In the form of RFC 5322, in which a name with a special character is quoted."""
    shown = f'"{quote(name)}"' if re.search(r'[()<>\[\]:;@\\,."]', name) else name
    return f"{shown} <{email}>"


def references_in(body: str) -> tuple[dict[str, str], str]:
    """The commit that trailers of the body refer to, and the body without them.

    What is not valid stays in the body, as with Argo CD.
    """
    found: dict[str, str] = {}
    rest = []
    for line in body.split("\n"):
        key, colon, value = line.partition(": ")
        name = key.removeprefix(TRAILER)
        read = _READ.get(name) if colon and key.startswith(TRAILER) else None
        text = read(value) if read else None
        if text is None:
            rest.append(line)
        else:
            found[_FIELDS.get(name, name)] = text
    return found, "\n".join(rest).strip("\n")


def _sha(text: str) -> str | None:
    return text if re.fullmatch(r"[0-9a-f]{5,40}", text) else None


def _author(text: str) -> str | None:
    return text if "@" in parseaddr(text)[1] else None


def _date(text: str) -> str | None:
    try:
        # Python 3.10 does not know the Z of RFC 3339.
        has_zone = datetime.fromisoformat(text.replace("Z", "+00:00")).tzinfo
    except ValueError:
        return None
    return text if has_zone else None


def _body(text: str) -> str | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, str) else None


def _repository(text: str) -> str | None:
    try:
        urlsplit(text)
    except ValueError:
        return None
    return text


_READ: dict[str, Callable[[str], str | None]] = {
    "author": _author,
    "sha": _sha,
    "subject": lambda text: text,
    "body": _body,
    "repourl": _repository,
    "date": _date,
}
_FIELDS = {"repourl": "repoURL"}
