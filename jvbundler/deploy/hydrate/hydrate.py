"""`hydrate`: the flat manifest of an environment on a branch, as Argo CD's source hydrator leaves it.

Neither the work tree nor the index is touched, and of the branch only the path of the app.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.command import Command
from jvbundler.deploy.commit import Commit, read_commit
from jvbundler.deploy.execution import execute_all
from jvbundler.deploy.hydrate import branch, files, place, stream
from jvbundler.deploy.operation import Operation, Session, carry_out, run_confirmed
from jvbundler.git import OPTIONS, environ_for_git, git
from jvbundler.render.gitops import pulled_path
from jvbundler.values.problem import InputError, ToolFailed

if TYPE_CHECKING:
    from jvbundler.deploy.hydrate.branch import Hydrated, Tip
    from jvbundler.deploy.operation import Ran
    from jvbundler.deploy.release import Release

# How often a push is tried again after somebody else was faster; the Promoter's example tries 8 times.
ATTEMPTS = 5
PUSH_SECONDS = 600.0
# What git says of a lease that does not hold, or of a ref that somebody else is writing.
_OUTRUN = ("stale info", "fetch first", "non-fast-forward", "cannot lock ref", "failed to update ref")


class Options(NamedTuple):
    """`path` is the app's folder on the branch, empty for the one that the GitOps objects name.

    `only_path` leaves the root of the branch alone. `remote` is pushed to if `pushes`.
    """

    branch: str
    path: str = ""
    remote: str = "origin"
    pushes: bool = False
    only_path: bool = False


class Facts(NamedTuple):
    """The commit that is rendered, the branch, and who makes the new commit, without a date."""

    commit: Commit
    hydrated: Hydrated
    ident: str


class Done(NamedTuple):
    """`commit` is the newest of the branch; `changed` if this run made it. `noted` if it has a new note."""

    commit: str
    dry_sha: str
    changed: bool
    noted: bool
    pushed: bool


class Outrun(ToolFailed):
    """Somebody else pushed to the same ref between our look and our push."""


def hydrate(release: Release, options: Options, session: Session) -> Done:
    """Look, commit where something has changed, and push if that was asked for."""
    execution = session.execution._replace(environ=environ_for_git(session.execution.environ))
    session = session._replace(execution=execution)

    def work() -> Done:
        asking = session
        for _ in range(ATTEMPTS - 1):
            facts = look(release, options, execution.environ)
            try:
                return carried_out(release, options, facts, asking)
            except Outrun:
                session.note(f"somebody else has pushed to '{options.remote}': once more, on top of that")
                execute_all(taken_back(release, facts), execution)
                asking = session._replace(confirm=lambda operation: None)
        return carried_out(release, options, look(release, options, execution.environ), asking)

    return carry_out(f"branch '{options.branch}' of '{release.shown_as}'", session, tuple, work)


def look(release: Release, options: Options, environ: Mapping[str, str], *, offline: bool = False) -> Facts:
    """Raises InputError for a branch or a path that cannot be written, and for changes without a commit."""
    path = path_of(release, options)
    commit = read_commit(release, options.remote, environ)
    if not commit.url:
        raise InputError(
            f"where is this repository? '{options.remote}' is no remote with a URL for others: "
            "set gitops.repo_url, or choose one with --remote"
        )
    only = options.only_path
    question = branch.Question(
        options.branch,
        options.remote,
        tuple(dict.fromkeys([*place.above(path), *place.ours(path, only_path=only)])),
        f"{path}/{files.MANIFEST}",
        _manifest(release),
        options.pushes and not offline,
    )
    hydrated = branch.look(commit.root, question, environ)
    place.refuse_foreign(path, options.branch, only_path=only, hydrated=hydrated)
    return Facts(commit, hydrated, _ident(commit, environ))


def path_of(release: Release, options: Options) -> str:
    return place.checked_path(options.path or pulled_path(release.project, release.environment))


def _ident(commit: Commit, environ: Mapping[str, str]) -> str:
    """The user of git's configuration."""
    done = git(commit.root, "var", "GIT_COMMITTER_IDENT", environ=environ, expected=(0, 128))
    if done.code:
        raise InputError(
            "git does not know who commits: set user.name and user.email, "
            "as in git config user.name 'CI' && git config user.email ci@example.com"
        )
    return done.text.strip().rpartition(">")[0] + ">"


def plan(release: Release, options: Options, facts: Facts) -> Operation:
    """A commit if the manifest has changed, a note if none names the rendered commit yet, and a push."""
    path, manifest = path_of(release, options), _manifest(release)
    commit, hydrated = facts.commit, facts.hydrated
    changed = not facts.hydrated.has_manifest
    noted = changed or files.noted_sha(hydrated.note) != commit.sha
    ident = f"{facts.ident} {commit.committer.seconds} {commit.committer.zone}"
    text = ""
    if changed:
        made = stream.Made(hydrated.branch.ref, hydrated.branch.newest, ident, files.message(commit))
        text += stream.branch_commit(made, _files(release, options, facts, path, manifest))
    if noted:
        made = stream.Made(branch.NOTES, hydrated.notes.newest, ident, "Note what was hydrated\n")
        text += stream.note_commit(made, "" if changed else hydrated.branch.newest, files.note(commit))
    commands = []
    if text:
        reason = f"commit {path} to {options.branch}" if changed else f"note that {options.branch} is current"
        argv = _git(release, "fast-import", "--quiet", "--done")
        given = text + stream.end(tells=changed)
        commands.append(Command(argv, reason, stdin_text=given, role="hydrate"))
    moved = [
        tip for tip, moves in ((hydrated.branch, changed), (hydrated.notes, noted)) if moves or _ahead(tip)
    ]
    if options.pushes and moved:
        commands.append(_push(release, options, moved))
    notes = () if changed else (f"the manifest on {options.branch} is that of {commit.sha[:7]} already",)
    return Operation(tuple(commands), notes=notes)


def _manifest(release: Release) -> str:
    return release.artifact(f"kubernetes/rendered/{release.environment.name}/{files.MANIFEST}").text


def _files(release: Release, options: Options, facts: Facts, path: str, manifest: str) -> dict[str, str]:
    own = files.in_path(release, facts.commit, manifest)
    found = {f"{path}/{name}": text for name, text in own.items()}
    if not options.only_path:
        found |= files.at_top(facts.commit)
        if files.ATTRIBUTES in facts.hydrated.entries:
            # It may be somebody else's.
            del found[files.ATTRIBUTES]
    return found


def _ahead(tip: Tip) -> bool:
    return bool(tip.local) and tip.remote is not None and tip.newest != tip.remote


def _push(release: Release, options: Options, tips: list[Tip]) -> Command:
    """Both or none, and only if the remote still has what we have looked at."""
    leases = (f"--force-with-lease={tip.ref}:{tip.remote or ''}" for tip in tips)
    refs = (f"{tip.ref}:{tip.ref}" for tip in tips)
    argv = _git(release, "push", "--quiet", "--no-verify", "--atomic", *leases, "--", options.remote, *refs)
    return Command(argv, f"push {options.branch} to {options.remote}", timeout_seconds=PUSH_SECONDS)


def carried_out(release: Release, options: Options, facts: Facts, session: Session) -> Done:
    """Raises Outrun if the push came too late."""
    operation = plan(release, options, facts)

    def explain(command: Command, failure: ToolFailed) -> ToolFailed:
        late = "push" in command.argv and any(words in str(failure) for words in _OUTRUN)
        return Outrun(str(failure)) if late else failure

    ran = run_confirmed(operation, release, session, explain=explain)
    return _done(operation, facts, ran, changed=not facts.hydrated.has_manifest)


def _done(operation: Operation, facts: Facts, ran: Ran, *, changed: bool) -> Done:
    written = ran.results.get("hydrate")
    commit = written.text.strip() if written and changed else facts.hydrated.branch.newest
    pushed = any("push" in command.argv for command in operation.commands)
    return Done(commit, facts.commit.sha, changed, written is not None, pushed)


def taken_back(release: Release, facts: Facts) -> tuple[Command, ...]:
    """What makes the refs here as they were before: the next look builds on those of the remote."""
    commands = []
    for tip in (facts.hydrated.branch, facts.hydrated.notes):
        words = ("update-ref", tip.ref, tip.local) if tip.local else ("update-ref", "-d", tip.ref)
        commands.append(Command(_git(release, *words), f"take back {tip.ref.removeprefix('refs/heads/')}"))
    return tuple(commands)


def _git(release: Release, *words: str) -> tuple[str, ...]:
    folder = () if release.app_root.as_posix() == "." else ("-C", release.app_root.as_posix())
    return ("git", *folder, *OPTIONS, *words)
