"""`publish`: the manifest of an environment and its GitOps objects, as an OCI artifact that Flux pulls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

from jvbundler.deploy.command import Command
from jvbundler.deploy.commit import Commit, read_commit
from jvbundler.deploy.doctor import Check
from jvbundler.deploy.operation import Operation, Session, carry_out, run_confirmed
from jvbundler.deploy.publish import reference, registry
from jvbundler.deploy.publish.artifact import Artifact, artifact
from jvbundler.project.gitops import SYSTEMS, revision_of
from jvbundler.render.gitops import folder
from jvbundler.runner import INSTALL, find_tool
from jvbundler.values.problem import InputError
from jvbundler.values.reference import require_tags

if TYPE_CHECKING:
    from jvbundler.deploy.publish.reference import Reference
    from jvbundler.deploy.publish.registry import Registry
    from jvbundler.deploy.release import Release

SIGN_SECONDS = 300.0
SHORT = 12


class Options(NamedTuple):
    """`url` and `tags` are empty for those that Flux pulls. `remote` is where the commits are.

    `signing` are further options of cosign. `plain_http` is for a registry without TLS; one on this machine
    is asked so anyhow.
    """

    url: str = ""
    tags: tuple[str, ...] = ()
    remote: str = "origin"
    signs: bool = True
    signing: tuple[str, ...] = ()
    plain_http: bool = False


class Publication(NamedTuple):
    """What is pushed, where and as what."""

    target: Reference
    tags: tuple[str, ...]
    artifact: Artifact
    paths: tuple[str, ...]
    revision: str


class Facts(NamedTuple):
    """What the registry has: the tags that are this artifact already, and whether it is signed."""

    present: tuple[str, ...] = ()
    signed: bool = False


class Done(NamedTuple):
    publication: Publication
    pushed: bool
    signed: bool


def publish(release: Release, options: Options, session: Session) -> Done:
    """Push what the registry does not have yet, and sign it if deploy.yaml says with what."""
    environ = session.execution.environ

    def work() -> Done:
        publication = publication_of(release, options, environ)
        connected = registry.connect(publication.target, environ, plain_http=options.plain_http)
        facts = look(connected, publication)
        operation = plan(release, options, publication, facts)
        missing = _missing(publication, facts)
        steps = {"publish": lambda: registry.push(connected, publication.artifact, missing)}
        run_confirmed(operation, release, session, own=steps)
        return Done(publication, bool(missing), any(c.argv[0] == "cosign" for c in operation.commands))

    place = f"the artifact of '{release.environment.qualified_name}'"
    return carry_out(place, session, lambda: checks(release, options), work)


def checks(release: Release, options: Options) -> tuple[Check, ...]:
    if _key(release, options) is None or find_tool("cosign"):
        return ()
    return (Check("cosign", False, "is not on PATH", INSTALL["cosign"]),)


def publication_of(release: Release, options: Options, environ: Mapping[str, str]) -> Publication:
    """Reads the commit; raises InputError if the work tree is not what it holds."""
    target = reference.parse(_url(release, options))
    commit = read_commit(release, options.remote, environ)
    if not commit.url:
        raise InputError(
            f"where is this repository? '{options.remote}' is no remote with a URL for others: "
            "choose another one with --remote"
        )
    tags = tuple(dict.fromkeys((*(options.tags or _pulled_tag(release)), commit.sha[:SHORT])))
    require_tags(tags)
    files = _files(release)
    revision = revision_name(commit)
    made = artifact(files, created=_created(commit), source=commit.url, revision=revision)
    return Publication(target, tags, made, tuple(sorted(files)), revision)


def _url(release: Release, options: Options) -> str:
    url = options.url or release.environment.settings["gitops"]["repo_url"]
    if not options.url and not url.startswith(reference.SCHEME):
        raise InputError("publish to where? name it, as in oci://ghcr.io/acme/deploy, or set gitops.repo_url")
    return url


def _pulled_tag(release: Release) -> tuple[str, ...]:
    """The tag that the rendered OCIRepository names, if it does."""
    flux = release.environment.settings["gitops"]["flux"]
    kind, name = revision_of(release.environment)
    return (name,) if flux["source"] == "OCIRepository" and kind == "tag" else ()


def _files(release: Release) -> dict[str, str]:
    """Below the folder that the Kustomization names, as in a repository."""
    name = release.environment.name
    wanted = {f"kubernetes/rendered/{name}/manifest.yaml"}
    wanted |= {f"gitops/{system}/{name}.yaml" for system in SYSTEMS}
    root = folder(release.project, release.environment)
    prefix = "" if root == "." else f"{root}/"
    return {f"{prefix}{a.path}": a.text for a in release.rendered.artifacts if a.path in wanted}


def revision_name(commit: Commit) -> str:
    """As Flux writes one: fluxcd/flux2, rfcs/0005-artifact-revision-and-digest."""
    algorithm = "sha1" if len(commit.sha) == 40 else "sha256"
    return f"{commit.branch}@{algorithm}:{commit.sha}" if commit.branch else f"{algorithm}:{commit.sha}"


def _created(commit: Commit) -> str:
    moment = datetime.fromtimestamp(commit.committer.seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def look(connected: Registry, publication: Publication) -> Facts:
    digest = publication.artifact.digest
    present = tuple(tag for tag in publication.tags if registry.digest_at(connected, tag) == digest)
    return Facts(present, bool(present) and registry.is_signed(connected, digest))


def plan(release: Release, options: Options, publication: Publication, facts: Facts) -> Operation:
    """Push the missing tags, then sign the digest."""
    target, digest = publication.target, publication.artifact.digest
    missing = _missing(publication, facts)
    commands = []
    if missing:
        words = ["jvbundler", "publish", release.shown_as, f"{reference.SCHEME}{target}"]
        words += ["-e", release.environment.name]
        words += [word for tag in publication.tags for word in ("--tag", tag)]
        reason = f"push {target}@{digest} as {', '.join(missing)}"
        commands.append(Command(tuple(words), reason, role="publish"))
    key = _key(release, options)
    if key is not None and not facts.signed:
        commands.append(_sign(target, digest, key, options))
    notes = [f"in it: {', '.join(publication.paths)}", f"revision: {publication.revision}"]
    if not missing:
        notes = [f"{target} has {digest} already as {', '.join(publication.tags)}"]
    if _is_verified(release) and key is None:
        notes.append("Flux verifies a signature (gitops.flux.verify), and none is made here")
    return Operation(tuple(commands), notes=tuple(notes))


def _missing(publication: Publication, facts: Facts) -> tuple[str, ...]:
    return tuple(tag for tag in publication.tags if tag not in facts.present)


def _is_verified(release: Release) -> bool:
    verify = release.environment.settings["gitops"]["flux"]["verify"]
    return bool(verify["secret_name"] or verify["identities"])


def _key(release: Release, options: Options) -> str | None:
    """cosign's name of the key; empty for the identity of the job that runs, None if nothing is signed."""
    verify = release.environment.settings["gitops"]["flux"]["verify"]
    signs = options.signs and (verify["key"] or verify["identities"])
    return verify["key"] if signs else None


def _sign(target: Reference, digest: str, key: str, options: Options) -> Command:
    """By digest: a tag may have moved. `--yes`: nobody is asked whether it may be noted in a public log."""
    http = ("--allow-http-registry",) if options.plain_http or target.is_loopback else ()
    how = ("--yes", *(("--key", key) if key else ()), *http, *options.signing)
    argv = ("cosign", "sign", *how, f"{target}@{digest}")
    reason = f"sign it with {key}" if key else "sign it with the identity of this job"
    return Command(argv, reason, timeout_seconds=SIGN_SECONDS)
