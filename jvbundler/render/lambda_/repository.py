"""The bootstrap template of the image's repository: an image must be there before the function can be."""

from __future__ import annotations

from typing import Any

from jvbundler.project.model import Environment
from jvbundler.render.lambda_.intrinsics import arn
from jvbundler.render.lambda_.names import repository_name, repository_stack_name

DAYS_OF_UNTAGGED = 7


def repository(environment: Environment) -> dict[str, Any]:
    settings = environment.settings["lambda"]
    return {
        "name": repository_name(environment),
        "stack_name": repository_stack_name(environment),
        "region": settings["region"],
        "scan_on_push": settings["ecr"]["scan_on_push"],
        "mutability": "IMMUTABLE" if settings["ecr"]["immutable_tags"] else "MUTABLE",
        "kms_key_arn": settings["ecr"]["kms_key_arn"],
        "days_of_untagged": DAYS_OF_UNTAGGED,
        "keep_images": settings["ecr"]["keep_images"],
        "functions": arn(environment, "lambda", "function:*"),
        "tags": settings["tags"],
    }
