"""The commit that an environment is rendered from: for what says of itself where it comes from.

Refuses a work tree of which that would not be true. Reads through git, changes nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from jvbundler.git import git
from jvbundler.pipeline.images import images_path
from jvbundler.pipeline.inputs import read_inputs
from jvbundler.pipeline.request import AppFolder, config_path
from jvbundler.values.problem import InputError
from jvbundler.values.safe_text import printable

if TYPE_CHECKING:
    from jvbundler.deploy.release import Release

# How many paths a message names.
_SHOWN = 10
_PERSON = re.compile(r"(?P<name>.*?) ?<(?P<email>[^<>]*)> (?P<seconds>\d+) (?P<zone>[+-]\d{4})\Z")
_SCHEMES = ("http", "https", "ssh", "git")


class Person(NamedTuple):
    """Who wrote a commit, and when: seconds since 1970 and the offset from UTC, as `+0200`."""

    name: str
    email: str
    seconds: int
    zone: str

    def __str__(self) -> str:
        """As git shows it."""
        return f"{self.name} <{self.email}>"

    @property
    def date(self) -> str:
        """In the form of RFC 3339."""
        minutes = int(self.zone[1:3]) * 60 + int(self.zone[3:])
        offset = timezone(timedelta(minutes=-minutes if self.zone[0] == "-" else minutes))
        return datetime.fromtimestamp(self.seconds, offset).isoformat()


class Commit(NamedTuple):
    """A commit that is checked out.

    `root` is the work tree, `app` the app's folder in it and `config` deploy.yaml, `.` for the root itself.
    `branch` is empty where none is checked out. `url` is where the repository is, without credentials, and
    empty if that is not known.
    """

    root: Path
    app: str
    config: str
    branch: str
    sha: str
    author: Person
    committer: Person
    subject: str
    body: str
    url: str


def read_commit(release: Release, remote: str, environ: Mapping[str, str]) -> Commit:
    """The commit of the app's work tree.

    Raises InputError if there is none, or if what is rendered is not what it holds.
    """
    ask = partial(git, release.app_root, environ=environ)
    top = ask("rev-parse", "--show-toplevel", expected=(0, 128))
    if top.code:
        reason = top.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise InputError(f"'{release.shown_as}' is not in a git work tree: {reason}")
    root = Path(top.text.rstrip("\n"))
    head = ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}", expected=(0, 1, 128))
    if head.code:
        raise InputError("the repository has no commit yet: commit the app and its deploy.yaml first")
    app = _inside(root, release.app_root, "the app")
    config = _inside(root, config_path(release.app_root, release.options), "deploy.yaml")
    _refuse_changes(release, root, environ)
    branch = ask("symbolic-ref", "--quiet", "--short", "HEAD", expected=(0, 1))
    sha = head.text.strip()
    author, committer, message = parse(ask("cat-file", "commit", sha).stdout)
    subject, _, body = message.strip("\n").partition("\n\n")
    return Commit(
        root,
        app,
        config,
        branch.text.strip(),
        sha,
        author,
        committer,
        printable(" ".join(subject.split())),
        body.strip("\n"),
        _url(release, remote, environ),
    )


def _inside(root: Path, path: Path, what: str) -> str:
    """The path in the work tree, as git names it; a link in it counts as where it leads."""
    relative = os.path.relpath(os.path.realpath(path), os.path.realpath(root)).replace(os.sep, "/")
    if relative.startswith("../"):
        raise InputError(f"{what} is not in the work tree '{root}', so no commit of it says what is rendered")
    return relative


def _refuse_changes(release: Release, root: Path, environ: Mapping[str, str]) -> None:
    """Raise InputError for changes that are not committed, and for files of the app that git does not know.

    The output does not count: the manifest is rendered anew.
    """
    output = os.path.relpath(os.path.realpath(release.output), os.path.realpath(root)).replace(os.sep, "/")
    holds_sources = os.path.realpath(release.app_root).startswith(os.path.realpath(release.output))
    but = () if output.startswith("..") or holds_sources else (f":(top,exclude,literal){output}",)
    changes = git(root, "status", "--porcelain=v1", "-z", "--", ":/", *but, environ=environ)
    paths = [entry[3:] for entry in changes.text.split("\0") if entry[2:3] == " "]
    if not paths:
        paths = _unknown(release, root, environ)
    if paths:
        more = [f"  and {len(paths) - _SHOWN} more"] if len(paths) > _SHOWN else []
        lines = ["commit these first, or what is written would name a commit that it does not come from:"]
        raise InputError("\n".join([*lines, *(f"  {path}" for path in paths[:_SHOWN]), *more]))


def _unknown(release: Release, root: Path, environ: Mapping[str, str]) -> list[str]:
    """What is read of the app, and is in no commit as git is told to ignore it."""
    app = AppFolder(release.app_root, release.shown_as, release.output)
    files = [release.app_root / name for name in read_inputs(app, None).app]
    files.append(config_path(release.app_root, release.options))
    images = release.rendered.compiled.source.images
    files += [images_path(release.app_root, release.options, images)] if images.exists else []
    names = {_inside(root, path, f"'{path}'") for path in files}
    listed = git(root, "--literal-pathspecs", "ls-files", "-z", "--", *sorted(names), environ=environ)
    return sorted(names - set(listed.text.split("\0")))


def parse(data: bytes) -> tuple[Person, Person, str]:
    """Author, committer and message of a commit as git stores it. Raises InputError for a malformed one."""
    head, _, message = data.decode("utf-8", "replace").partition("\n\n")
    fields = dict(line.split(" ", 1) for line in head.split("\n") if " " in line[1:])
    try:
        return _person(fields["author"]), _person(fields["committer"]), message
    except (KeyError, ValueError, OverflowError, OSError):
        raise InputError("the commit has no valid author and date: 'git fsck' says more") from None


def _person(text: str) -> Person:
    """Raises ValueError and OverflowError for what is no person and no date."""
    found = _PERSON.match(text)
    if not found:
        raise ValueError
    person = Person(found["name"], found["email"], int(found["seconds"]), found["zone"])
    _ = person.date
    return person


def _url(release: Release, remote: str, environ: Mapping[str, str]) -> str:
    # As it is written, not as `url.*.insteadOf` rewrites it: a token is often in there.
    done = git(release.app_root, "config", "--get", f"remote.{remote}.url", environ=environ, expected=(0, 1))
    return public_url(done.text.strip()) or public_url(release.environment.settings["gitops"]["repo_url"])


def public_url(url: str) -> str:
    """The URL of a repository for others: without password, token and query; empty for a folder."""
    if re.fullmatch(r"[\w.-]+@[\w.-]+:[^\s]+", url) and "://" not in url:
        return url
    try:
        parts = urlsplit(url)
        is_network = parts.scheme in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    if not is_network:
        return ""
    # The user of ssh is no secret, and belongs to the address.
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, f"{user}{host}", parts.path, "", ""))
