"""A tool that is none: it records how it was called, and answers what a test laid down for it.

Its folder holds `calls.jsonl` and `answers.json`, a list of {has, stdout, stderr, code, seconds, times,
metadata}: the first answer whose words are all in the argv counts. Anything else gets exit code 0.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    program = Path(sys.argv[0])
    folder = program.parent.parent
    argv = [program.name, *sys.argv[1:]]
    wants_input = any(
        word in ("--filename=-", "--password-stdin", "get") or "/dev/stdin" in word for word in argv
    )
    given = sys.stdin.read() if wants_input else ""
    with (folder / "calls.jsonl").open("a") as calls:
        calls.write(json.dumps({"argv": argv, "stdin": given}) + "\n")
    answer = find_answer(folder, argv)
    sys.stdout.write(answer.get("stdout", ""))
    sys.stderr.write(answer.get("stderr", ""))
    sys.stdout.flush()
    if "--metadata-file" in argv:
        Path(argv[argv.index("--metadata-file") + 1]).write_text(answer.get("metadata", ""))
    time.sleep(answer.get("seconds", 0))
    return int(answer.get("code", 0))


def find_answer(folder: Path, argv: list[str]) -> dict[str, Any]:
    answers = json.loads((folder / "answers.json").read_text())
    for answer in answers:
        if answer.get("times", 1) > 0 and all(any(has in word for word in argv) for has in answer["has"]):
            if "times" in answer:
                answer["times"] -= 1
                (folder / "answers.json").write_text(json.dumps(answers))
            return dict(answer)
    return {}


if __name__ == "__main__":
    sys.exit(main())
