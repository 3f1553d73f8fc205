#!/usr/bin/env python3
"""Times whole processes of jvbundler and its peers, and writes bench/RESULTS.md: bars as ratios in one run.

jvbundler is measured as its users have it: the wheel with what it depends on, in a fresh environment, byte-
compiled. No test waits for this; a busy machine changes times, and the ratios much less.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent))

from memory import peak_of
from report import Bar, results

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = "out"
MIB, KIB = 1024 * 1024, 1024
# Left without tidying up, which takes Python some milliseconds.
IMPORTS = "import os, {}; os._exit(0)"
CHECK_NEEDS = "click, pathlib, hashlib, json"


@dataclass(frozen=True)
class Work:
    """A command that is timed; `before` makes the folder what the command shall find."""

    argv: tuple[str, ...]
    before: Callable[[], None] = lambda: None
    expected: int = 0


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory(dir=memory()) as name, tempfile.TemporaryDirectory() as disk:
        bench = Bench(Path(name), Path(disk), options.rounds)
        bars = [*bench.one_app(), *bench.hundred_apps(), *bench.thousand_apps()]
        bars += bench.ten_thousand_apps() if options.ten_thousand else []
    text = results(bars, bench.times, machine())
    (ROOT / "bench" / "RESULTS.md").write_text(text, encoding="utf-8")
    print(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="runs of each command on one app")
    parser.add_argument("--ten-thousand", action="store_true", help="render 10,000 apps as well: minutes")
    return parser.parse_args()


def machine() -> str:
    files = "files in memory" if memory() else "files on disk"
    return f"Python {platform.python_version()}, {platform.system()}, {os.cpu_count()} cores, {files}"


def memory() -> str | None:
    """A file system in memory, where there is one: how long a disk takes for new files, and how much longer
    while it is busy, says nothing about a program. "on disk" are the same renders with that time."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def tool(name: str) -> str | None:
    """A peer: from `make tools`, else from PATH; None leaves its bars open."""
    path = os.pathsep.join((str(ROOT / ".tools" / "bin"), os.environ.get("PATH", os.defpath)))
    return shutil.which(name, path=path)


class Bench:
    """The installed command, and a folder with apps to run it on."""

    def __init__(self, folder: Path, disk: Path, rounds: int) -> None:
        self.folder, self.disk, self.rounds = folder, disk, rounds
        self.times: dict[str, float] = {}
        self.jvbundler = installed(folder / "venv")
        self.env = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache"), "NO_COLOR": "1"}
        self.env.pop("PYTHONDONTWRITEBYTECODE", None)
        self.env.pop("PYTHONPATH", None)

    def one_app(self) -> list[Bar]:
        app = make_apps(self.folder / "one", 1)[0]
        render = (self.jvbundler, "render", str(app))
        peer = make_apps(self.folder / "peer", 1)[0]
        output, on_disk = app / "deploy", self.disk / OUTPUT

        def cold() -> None:
            move_away(output)
            move_away(on_disk)
            move_away(self.folder / "cache")

        python = str(Path(self.jvbundler).with_name("python"))
        works = {
            # What no code of ours can save: the interpreter, and the libraries that both commands need.
            "python": Work((python, "-c", "pass")),
            "python, imports of a check": Work((python, "-c", IMPORTS.format(CHECK_NEEDS))),
            "python, imports of a render": Work((python, "-c", IMPORTS.format(f"{CHECK_NEEDS}, yaml"))),
            "jvbundler --version": Work((self.jvbundler, "--version")),
            "jvbundler --help": Work((self.jvbundler, "--help")),
            "render, cold, on disk": Work((*render, "--output", str(on_disk)), before=cold),
            "render, cold": Work(render, before=cold),
            "render, unchanged": Work(render),
            "render --check": Work((*render, "--check")),
            # Without the other programs that it runs where they are there: their time is theirs.
            "validate": Work(("env", "PATH=/bin", self.jvbundler, "validate", str(app))),
        }
        overlay = str(output / "kubernetes" / "overlays" / "prod")
        jvdeploy, kubectl, kustomize = tool("jvdeploy"), tool("kubectl"), tool("kustomize")
        if jvdeploy:
            works["jvdeploy --help"] = Work((jvdeploy, "--help"))
            works["jvdeploy generate"] = Work((jvdeploy, "generate", str(peer)))
        if kubectl:
            works["kubectl kustomize"] = Work((kubectl, "kustomize", overlay))
        if kustomize:
            works["kustomize build"] = Work((kustomize, "build", overlay))
        self.times |= medians(works, self.rounds, self.env)
        return [
            self.at_most("`--version`", "jvbundler --version", 1.0, "jvdeploy --help"),
            self.at_most("`--help`", "jvbundler --help", 1.0, "jvdeploy --help"),
            self.at_most("render one app, 27 files", "render, cold", 1.0, "jvdeploy generate"),
            self.at_most("render one app, 27 files", "render, cold", 0.5, "kubectl kustomize"),
            self.at_most("`render --check`, unchanged", "render --check", 0.8, "jvdeploy generate"),
            self.at_most("`validate`, offline checks", "validate", 2.0, "render, cold"),
        ]

    def hundred_apps(self) -> list[Bar]:
        self.render_many("100 apps, cold", 100)
        self.render_many("100 apps, cold, on disk", 100, self.disk)
        self.scale("jvdeploy generate, 100 times", "jvdeploy generate", 100)
        self.scale("kubectl kustomize, 300 overlays", "kubectl kustomize", 300)
        return [
            self.at_most(
                "100 apps of 3 environments", "100 apps, cold", 1 / 15, "jvdeploy generate, 100 times"
            ),
            self.at_most(
                "100 apps of 3 environments", "100 apps, cold", 1 / 80, "kubectl kustomize, 300 overlays"
            ),
        ]

    def thousand_apps(self) -> list[Bar]:
        self.render_many("10 apps, cold", 10)
        many = self.render_many("1,000 apps, cold", 1000)
        self.times |= medians({"1,000 apps, unchanged": Work(many)}, 3, self.env)
        self.forget()
        peak = peak_of(many, self.env)
        allowed = 60 * MIB + 1000 * 20 * KIB
        self.scale("100 apps, cold, 10 times", "100 apps, cold", 10)
        return [
            Bar("1,000 apps: memory", "peak of all processes", peak / MIB, "MiB", allowed / MIB),
            self.at_most("1,000 apps: linear", "1,000 apps, cold", 1.1, "100 apps, cold, 10 times"),
            self.at_most("1,000 apps, unchanged", "1,000 apps, unchanged", 0.1, "1,000 apps, cold"),
        ]

    def ten_thousand_apps(self) -> list[Bar]:
        self.forget()
        self.render_many("10,000 apps, cold", 10_000)
        self.scale("1,000 apps, cold, 10 times", "1,000 apps, cold", 10)
        since = self.one_of_many_changed(10_000)
        return [
            self.at_most("10,000 apps: linear", "10,000 apps, cold", 1.1, "1,000 apps, cold, 10 times"),
            Bar("10,000 apps, one changed", "render --since", since, "s", 1.0),
        ]

    def one_of_many_changed(self, number: int) -> float:
        """The seconds of a render of what changed since the last commit, one app; all outputs are in it."""
        name, folder = f"{number:,} apps, one changed", self.folder / f"apps-{number}"
        output = folder / OUTPUT
        shutil.move(self.folder / OUTPUT, output)
        git = ("git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@example.com")
        for words in (("init", "-q"), ("add", "--all"), ("commit", "-q", "-m", "all")):
            subprocess.run([*git, *words], check=True)
        with (folder / "app-5" / "app.yaml").open("a", encoding="utf-8") as file:
            file.write("# edited\n")
        argv = (self.jvbundler, "render", str(folder / "app-*"), "-o", str(output), "--since", "HEAD")
        self.times |= medians({name: Work(argv)}, 5, self.env)
        return self.times[name]

    def render_many(self, name: str, number: int, into: Path | None = None) -> tuple[str, ...]:
        """Time a render of that many apps into an empty folder, without records; gives the argv."""
        apps = self.folder / f"apps-{number}"
        if not apps.exists():
            make_apps(apps, number)
        argv = (self.jvbundler, "render", str(apps / "*"), "-o", str((into or self.folder) / OUTPUT))
        rounds = 5 if number <= 100 else 3
        self.times |= medians({name: Work(argv, before=self.forget)}, rounds, self.env, warm_up=number <= 100)
        return argv

    def forget(self) -> None:
        """Empty the output folder and the records of what is current."""
        move_away(self.folder / OUTPUT)
        move_away(self.disk / OUTPUT)
        move_away(self.folder / "cache")

    def scale(self, name: str, of: str, factor: float) -> None:
        """The time of a loop, from that of one round of it."""
        if of in self.times:
            self.times[name] = self.times[of] * factor

    def at_most(self, work: str, measured: str, bar: float, peer: str) -> Bar:
        ratio = self.times[measured] / self.times[peer] if peer in self.times else None
        return Bar(work, f"{measured} ÷ {peer}", ratio, "times", bar)


def installed(venv: Path) -> str:
    """The command `jvbundler` from our wheel, in an environment of its own."""
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    binaries = venv / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run([str(binaries / "python"), "-m", "pip", "install", "--quiet", str(ROOT)], check=True)
    return str(binaries / "jvbundler")


def make_apps(folder: Path, number: int) -> list[Path]:
    """Copies of golden/app that differ in their names, with three environments and all targets."""
    text = (ROOT / "golden" / "three-environments" / "deploy.yaml").read_text(encoding="utf-8")
    apps = [folder / f"app-{index}" for index in range(number)]
    for app in apps:
        shutil.copytree(ROOT / "golden" / "app", app)
        (app / "deploy.yaml").write_text(text.replace("name: acme-support", f"name: {app.name}"))
    return apps


def move_away(folder: Path) -> None:
    """Not deleted: the file system would still be busy with that while the next command is timed."""
    if folder.exists():
        folder.rename(Path(tempfile.mkdtemp(dir=folder.parent, prefix=".old-")) / folder.name)


def medians(
    works: Mapping[str, Work], rounds: int, env: Mapping[str, str], *, warm_up: bool = True
) -> dict[str, float]:
    """The median seconds of each, measured in turn, so that a busy minute hits all of them."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values() if warm_up else ():
        seconds(work, env)
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(seconds(work, env))
    return {name: median(times) for name, times in found.items()}


def seconds(work: Work, env: Mapping[str, str]) -> float:
    work.before()
    start = time.perf_counter()
    done = subprocess.run(work.argv, env=dict(env), capture_output=True, check=False)
    elapsed = time.perf_counter() - start
    if done.returncode != work.expected:
        sys.exit(f"{' '.join(work.argv)}\n{done.stderr.decode()}")
    return elapsed


if __name__ == "__main__":
    main()
