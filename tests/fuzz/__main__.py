"""`python -m tests.fuzz N`: N trials, and how often each kind of input was tried; `--seed S` repeats one."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.fuzz.trial import Trial, run_trial


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=1000)
    parser.add_argument("--seed", type=int, help="run only this one, and keep its folder")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    if options.seed is not None:
        folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        tell(run_trial(options.seed, folder))
        print(f"kept: {folder}")
        return 0
    codes: Counter[int] = Counter()
    kinds: Counter[str] = Counter()
    faulty = 0
    for seed in range(options.first, options.first + options.count):
        folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        trial = run_trial(seed, folder)
        codes[trial.code] += 1
        kinds.update(what.split(":")[0] for what in trial.did)
        if trial.faults:
            faulty += 1
            tell(trial)
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{options.count} trials, {faulty} with faults; exit codes: {dict(sorted(codes.items()))}")
    print("; ".join(f"{kind} {number}" for kind, number in kinds.most_common(12)))
    return 1 if faulty else 0


def tell(trial: Trial) -> None:
    print(f"seed {trial.seed}: {trial.case}, {' '.join(trial.command)}, left with {trial.code}")
    for what in trial.did:
        print(f"    did: {what}")
    for fault in trial.faults:
        print(f"  FAULT: {fault}")


if __name__ == "__main__":
    sys.exit(main())
