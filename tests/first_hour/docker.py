"""buildx as far as a deployment sees it: an image that it pushes to ECR is then there (run as `docker`)."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from tests.aws.account import Account

DIGEST = "sha256:" + "ab" * 32


def main(argv: list[str]) -> None:
    if argv[:2] == ["buildx", "version"]:
        print("github.com/docker/buildx v0.21.2 1360a9e8d25a")
    elif argv[:2] == ["buildx", "inspect"]:
        print("Name:   default\nDriver: docker-container")
    elif argv[0] == "version":
        print("28.2.2")
    if "--metadata-file" in argv:
        file = Path(argv[argv.index("--metadata-file") + 1])
        file.write_text(json.dumps({"containerimage.digest": pushed(argv)}))


def pushed(argv: list[str]) -> str:
    """The digest of the image, which has all its tags in ECR afterwards."""
    names = [argv[at + 1] for at, word in enumerate(argv) if word == "--tag"]
    in_ecr = [name.partition("/")[2] for name in names if ".dkr.ecr." in name]
    if not in_ecr:
        return DIGEST
    account = Account(os.environ["AWS_ENDPOINT_URL"], Path.home())
    repository = in_ecr[0].rpartition(":")[0]
    return account.push(repository, *(name.rpartition(":")[2] for name in in_ecr))


if __name__ == "__main__":
    main(sys.argv[1:])
