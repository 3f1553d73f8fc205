"""Changes the rules and the diff in small ways, one by one, and lists what no test notices: `make mutants`.

Cosmic Ray says what can be changed. Its own runner would start all tests each time; this one starts those
that reach the changed lines, in a process that has imported the libraries already. (mutmut does so too, but
leaves every decorated function alone, and so every rule.) The checkout itself is never changed.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import importlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from cosmic_ray.ast import ast_nodes, get_ast_from_path
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names
from coverage import CoverageData

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / ".mutants"
# What is changed, and the tests that hold it.
TESTS = {
    "jvbundler/rules": ("tests/rules",),
    "jvbundler/diff": ("tests/diff", "tests/cli/test_diff_many.py"),
}

# The others change types in annotations, or make the same mistake in ten ways.
OPERATORS = (
    "AddNot",
    "NumberReplacer",
    "RemoveDecorator",
    "ReplaceAndWithOr",
    "ReplaceBinaryOperator_Add_Sub",
    "ReplaceBinaryOperator_Mul_Div",
    "ReplaceBinaryOperator_Sub_Add",
    "ReplaceBreakWithContinue",
    "ReplaceComparisonOperator_Eq_NotEq",
    "ReplaceComparisonOperator_GtE_Gt",
    "ReplaceComparisonOperator_Gt_GtE",
    "ReplaceComparisonOperator_LtE_Lt",
    "ReplaceComparisonOperator_Lt_LtE",
    "ReplaceComparisonOperator_NotEq_Eq",
    "ReplaceContinueWithBreak",
    "ReplaceFalseWithTrue",
    "ReplaceOrWithAnd",
    "ReplaceTrueWithFalse",
    "ReplaceUnaryOperator_Delete_Not",
    "ZeroIterationForLoop",
)
# Imported once, before the process is copied for a mutant; ours and the tests never are.
LIBRARIES = (
    "click",
    "hypothesis.strategies",
    "jinja2",
    "jsonschema",
    "packaging.requirements",
    "pytest",
    "yaml",
)
# Of the processor: all tests together take less than half of it. The clock is for what waits for ever.
SECONDS_OF_CPU = 60
SECONDS_OF_CLOCK = 900

Outcome = Literal["killed", "survived", "timeout", "no test"]


class Mutant(NamedTuple):
    """One change: the `occurrence`-th place in `path` (from the root) that the operator can change."""

    path: str
    operator: str
    occurrence: int
    line: int


class Tests(NamedTuple):
    """The tests that reach each line of a file, and how many lines of it each test reaches."""

    of_line: Mapping[int, frozenset[str]]
    reach: Mapping[str, int]


def main() -> int:
    arguments = parse()
    found = (path for folder in TESTS for path in sorted((ROOT / folder).rglob("*.py")))
    paths = [path for path in map(from_root, found) if path.startswith(arguments.only)]
    mutants = [mutant for path in paths for mutant in mutants_of(path)]
    if not mutants:
        print(f"nothing to change below '{arguments.only}'", file=sys.stderr)
        return 2
    random.Random(0).shuffle(mutants)
    mutants = mutants[: arguments.sample]
    shutil.rmtree(WORK, ignore_errors=True)
    tests = tests_of(paths, copy_checkout(WORK / "measured"))
    for name in LIBRARIES:
        importlib.import_module(name)
    print(f"{len(mutants)} mutants", flush=True)
    given = [tests[mutant.path] for mutant in mutants]
    with ProcessPoolExecutor(arguments.workers, get_context("fork"), initializer=use_own_copy) as pool:
        report(zip(mutants, pool.map(outcome_of, mutants, given), strict=True))
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sample", type=int, metavar="N", help="N of them, the same each time")
    parser.add_argument("--only", default="", metavar="PATH", help="those in files whose path begins so")
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), metavar="N")
    return parser.parse_args()


def from_root(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def mutants_of(path: str) -> Iterator[Mutant]:
    tree = get_ast_from_path(ROOT / path)
    for name in (name for name in operator_names() if name.removeprefix("core/") in OPERATORS):
        operator = get_operator(name)()
        places = (place for node in ast_nodes(tree) for place in operator.mutation_positions(node))
        for occurrence, (start, _) in enumerate(places):
            yield Mutant(path, name, occurrence, start[0])


def copy_checkout(folder: Path) -> Path:
    """All files that git knows of, and the tools."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    (folder / ".tools").symlink_to(ROOT / ".tools")
    return folder


# Which test a line is reached from, in its own process and in those that it starts (tests/conftest.py).
PLUGIN = """
import os, coverage

def pytest_runtest_protocol(item):
    measured = coverage.Coverage.current()
    measured.switch_context(item.nodeid)
    measured.config.context = item.nodeid
    os.environ["COVERAGE_PROCESS_CONFIG"] = measured.config.serialize()
"""


def tests_of(paths: Sequence[str], copy: Path) -> dict[str, Tests]:
    """What the tests reach, told by one run of those of the folders that are changed; they have to pass."""
    (WORK / "mutants_plugin.py").write_text(PLUGIN, encoding="utf-8")
    coverage = [sys.executable, "-m", "coverage"]
    environ = environment(copy, str(WORK))
    held = [test for folder in TESTS if any(p.startswith(folder) for p in paths) for test in TESTS[folder]]
    pytest = ["-m", "pytest", "-n", "0", "-q", "-p", "mutants_plugin", "-p", "no:cacheprovider", *held]
    subprocess.run([*coverage, "run", *pytest], cwd=copy, env=environ, check=True)
    subprocess.run([*coverage, "combine", "--quiet"], cwd=copy, env=environ, check=True)
    data = CoverageData(str(copy / ".coverage" / "data"))
    data.read()
    return {path: tests_in(data.contexts_by_lineno(str(copy / path))) for path in paths}


def tests_in(contexts: Mapping[int, Iterable[str]]) -> Tests:
    of_line = {line: frozenset(tests) for line, tests in contexts.items()}
    return Tests(of_line, Counter(test for tests in of_line.values() for test in tests if test))


def environment(copy: Path, *more: str) -> dict[str, str]:
    """Each run takes the same examples, and the copy before the checkout."""
    path = os.pathsep.join((str(copy), *more))
    return {**os.environ, "CI": "true", "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def selected(mutant: Mutant, source: str, tests: Tests) -> list[str]:
    """The tests that reach its statement, those first that reach most of its file.

    A statement that runs as its module is imported counts for every test that reaches the module."""
    lines = lines_in_function(ast.parse(source), mutant.line)
    found = {test for line in lines for test in tests.of_line.get(line, ())}
    if not lines or "" in found:
        found = set(tests.reach)
    return sorted(found, key=lambda test: (-tests.reach[test], test))


def lines_in_function(tree: ast.Module, line: int) -> range:
    """Those of the statement (of its head, if it has a body) at this line; none if it is in no function."""
    statements = (node for node in ast.walk(tree) if isinstance(node, ast.stmt))
    around = [node for node in statements if node.lineno <= line <= (node.end_lineno or 0)]
    around.sort(key=lambda node: node.lineno)
    if not any(isinstance(node, ast.FunctionDef) for node in around[:-1]):
        return range(0)
    inner = around[-1]
    body: list[ast.stmt] = getattr(inner, "body", [])
    return range(inner.lineno, max(body[0].lineno, line + 1) if body else (inner.end_lineno or 0) + 1)


def use_own_copy() -> None:
    """A worker changes, and works in, a copy of its own."""
    copy = copy_checkout(WORK / str(os.getpid()))
    os.chdir(copy)
    os.environ.update(environment(copy))
    sys.path.insert(0, str(copy))


def outcome_of(mutant: Mutant, tests: Tests) -> Outcome:
    file = Path(mutant.path)
    source = file.read_text(encoding="utf-8")
    names = selected(mutant, source, tests)
    if not names:
        return "no test"
    file.write_text(mutated(mutant, source), encoding="utf-8")
    try:
        return wait_for(start_tests(names))
    finally:
        file.write_text(source, encoding="utf-8")


def mutated(mutant: Mutant, source: str) -> str:
    changed = mutate_code(source, get_operator(mutant.operator)(), mutant.occurrence)
    assert isinstance(changed, str), mutant
    return changed


def start_tests(names: Sequence[str]) -> int:
    """The process that runs them."""
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        signal.alarm(SECONDS_OF_CLOCK)
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS_OF_CPU, SECONDS_OF_CPU))
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(silence, stream)
        import pytest

        # The libraries are here before pytest could rewrite their assertions, and need not be.
        quiet = ("-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
        os._exit(pytest.main(["-x", "-q", "-n", "0", *quiet, *names]))
    finally:
        os._exit(70)


def wait_for(child: int) -> Outcome:
    _, status = os.waitpid(child, 0)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    if os.WIFSIGNALED(status):
        return "timeout"
    code = os.waitstatus_to_exitcode(status)
    # 2: it could not be imported; 1, 3: a test, or pytest with it, failed.
    if code not in (0, 1, 2, 3):
        raise RuntimeError(f"pytest left with {code}")
    return "killed" if code else "survived"


def report(outcomes: Iterable[tuple[Mutant, Outcome]]) -> None:
    """What was not killed, as it comes, and a table in Markdown."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant, outcome in outcomes:
        counts[mutant.path.removeprefix("jvbundler/")][outcome] += 1
        if outcome != "killed":
            print(f"\n{outcome}: {mutant.path}:{mutant.line} {mutant.operator.removeprefix('core/')}")
            print("\n".join(difference(mutant)), flush=True)
    print("\n| module | killed | survived | timeout | no test |\n|---|--:|--:|--:|--:|")
    for path, count in (*sorted(counts.items()), ("all", sum(counts.values(), Counter()))):
        print("|", " | ".join((path, *(str(count[name]) for name in get_args(Outcome)))), "|")


def difference(mutant: Mutant) -> list[str]:
    """The lines that change."""
    source = (ROOT / mutant.path).read_text(encoding="utf-8")
    after = mutated(mutant, source).splitlines()
    return list(difflib.unified_diff(source.splitlines(), after, n=0, lineterm=""))[3:]


if __name__ == "__main__":
    sys.exit(main())
