"""One trial: an app of golden/, spoiled by a seed, goes through a command; and what must hold after it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from jvbundler.cli.main import main
from tests.fuzz.mutations import spoil
from tests.golden.cases import CASES, app_of, environ

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # type: ignore[import-not-found]

# Of the processor's time: a busy machine is no failure. The alarm is for what waits for ever.
SECONDS = 2.0
ALARM_SECONDS = 30
COMMANDS = (
    *(("render",),) * 6,
    ("render", "--check"),
    ("render", "--format", "json", "--strict"),
    ("render", "--format", "github"),
    ("render", "--format", "sarif"),
    ("render", "--format", "junit"),
    ("render", "--stdout"),
    ("init", "--force"),
    ("bundle",),
    ("secrets",),
    ("env", "list", "k8s"),
    ("show", "--all"),
    ("show", "--graph"),
    ("diff",),
    ("diff", "--format", "markdown"),
)
CANARY = "canary-5f3c1d-value"
SECRETS = {"GITHUB_TOKEN": CANARY, "DB_PASS": CANARY, "SLACK_WEBHOOK_URL": CANARY, "OPENAI_API_KEY": CANARY}
INSTRUCTIONS = re.compile(
    r"ARG FROM FROM (ARG )*ENV (ENV )?(RUN )?RUN (COPY )?RUN FROM RUN LABEL (RUN )?"
    r"COPY COPY ENV WORKDIR COPY USER EXPOSE HEALTHCHECK CMD"
)
# What moves a cursor, hides text or begins a command of a CI system.
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
CI_COMMAND = re.compile(r"^(::|##\[|##vso\[)", re.MULTILINE)


class Late(BaseException):
    """The alarm rang: no OSError, which a reader might take for a file that cannot be read."""


class Trial(NamedTuple):
    """`did` is what was done to the app; `faults` what did not hold, empty if all is well."""

    seed: int
    case: str
    command: tuple[str, ...]
    did: tuple[str, ...]
    code: int
    faults: tuple[str, ...]


def run_trial(seed: int, folder: Path) -> Trial:
    chance = random.Random(seed)
    case, command = chance.choice(CASES), chance.choice(COMMANDS)
    app = app_of(case, folder)
    victim = folder / "victim"
    victim.write_text("untouched", encoding="utf-8")
    did = spoil(app, chance)
    before = state(folder)
    code, out, err, seconds = run(
        [*command, str(app)], {**environ(case), **SECRETS, "XDG_CACHE_HOME": str(folder / "cache")}
    )
    writes = command[0] == "render" and not {"--stdout", "--check"} & set(command)
    faults = [
        *process_faults(code, out, err, seconds, command),
        *folder_faults(before, state(folder), command),
        *(output_faults(app / "deploy", folder) if code == 0 and writes else ()),
    ]
    return Trial(seed, case, command, tuple(did), code, tuple(faults))


def run(arguments: list[str], environment: dict[str, str]) -> tuple[int, str, str, float]:
    """The exit code, both streams, and the processor's seconds of one command."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    kept = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    started, code = time.process_time(), 0
    try:
        with alarm(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(arguments)
    except SystemExit as left:
        code = int(left.code or 0)
    except Late:
        code = -1
    finally:
        os.environ.clear()
        os.environ.update(kept)
    said = [stream.buffer.getvalue().decode("utf-8") for stream in (out, err)]
    return code, said[0], said[1], time.process_time() - started


@contextlib.contextmanager
def alarm() -> Iterator[None]:
    def ring(number: int, frame: object) -> None:
        raise Late

    former = signal.signal(signal.SIGALRM, ring)
    signal.alarm(ALARM_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, former)


def process_faults(code: int, out: str, err: str, seconds: float, command: tuple[str, ...]) -> Iterator[str]:
    if code < 0:
        yield f"still ran after {ALARM_SECONDS} s"
        return
    if code not in (0, 1, 2, 3, 4):
        yield f"exit code {code}: {err[-300:]}"
    if code == 1 and not {"--check", "diff"} & set(command):
        yield f"exit code 1 means a difference: {err[-300:]}"
    if "Traceback" in err or "a bug of ours" in err:
        yield f"traceback: {err[-300:]}"
    if code == 2 and "github" not in command and not (out + err).strip():
        yield "an error without a word"
    if seconds > SECONDS:
        yield f"took {seconds:.1f} s"
    if CANARY in out + err:
        yield "the value of a secret is shown"
    told = err if command[-1:] == ("github",) or "--stdout" in command else out + err
    if found := CONTROLS.search(told):
        yield f"prints a control character: {told[max(0, found.start() - 40) : found.end() + 40]!r}"
    if found := CI_COMMAND.search(told):
        yield f"prints a command of a CI system: {told[found.start() : found.end() + 60]!r}"
    if "json" in command or "sarif" in command:
        with contextlib.suppress(ValueError):
            json.loads(out)
            return
        yield f"prints no JSON: {out[:200]!r}"


def state(folder: Path) -> dict[str, str]:
    """Every entry below the folder, but the cache: what it is and holds."""
    found = {}
    for parent, folders, names in os.walk(os.fsencode(folder)):
        folders[:] = [name for name in folders if name != b"cache"]
        for name in (*names, *folders):
            path = os.path.join(parent, name)
            if os.path.islink(path):
                what = f"link {os.readlink(path)!r}"
            elif os.path.isfile(path) and os.access(path, os.R_OK):
                with open(path, "rb") as stream:
                    what = repr(hash(stream.read(4_000_000)))
            else:
                what = "folder" if os.path.isdir(path) else "other"
            found[os.fsdecode(os.path.relpath(path, os.fsencode(folder)))] = what
    return found


def folder_faults(before: dict[str, str], after: dict[str, str], command: tuple[str, ...]) -> Iterator[str]:
    """Nothing outside of the output changes, but the files that the command is there to write."""
    writes = {
        "init": ("deploy.yaml", ".jvbundler", "deploy.schema.json"),
        "bundle": ("Dockerfile", ".dockerignore"),
    }
    allowed = writes.get(command[0], ())
    for path in {*before, *after}:
        inside = "/" in path and path.split("/")[1] == "deploy"
        named = any(path.split("/")[-1].startswith(name) for name in allowed)
        if before.get(path) != after.get(path) and not inside and not named:
            yield f"changed {path!r}: {before.get(path)} -> {after.get(path)}"


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags."""


def _tag(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else None


Loader.add_multi_constructor("!", _tag)


def output_faults(output: Path, folder: Path) -> Iterator[str]:
    for path in sorted(p for p in output.rglob("*") if p.is_file()):
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(output).as_posix()
        if CANARY in text:
            yield f"{name} holds the value of a secret"
        if str(folder) in text:
            yield f"{name} holds a path of this machine"
        try:
            if path.suffix == ".yaml":
                list(yaml.load_all(text, Loader))
            elif path.suffix == ".toml":
                tomllib.loads(text)
            elif path.suffix == ".json":
                json.loads(text)
        except (ValueError, yaml.YAMLError) as failure:
            yield f"{name} cannot be read: {failure}"
        if path.name == "Dockerfile" and not INSTRUCTIONS.fullmatch(found := " ".join(instructions(text))):
            yield f"{name} has other instructions: {found}"


def instructions(dockerfile: str) -> Iterator[str]:
    """The instructions as BuildKit finds them: a comment inside a continued line does not end it."""
    continued = False
    for line in dockerfile.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not continued:
            yield line.split()[0].upper()
        continued = line.rstrip().endswith("\\")
