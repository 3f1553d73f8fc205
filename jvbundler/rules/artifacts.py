"""Rules about what is rendered, which only a render can tell: the size of a CloudFormation template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from jvbundler.values.artifact import Artifact
from jvbundler.values.problem import Place, Problem, error, warning

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MAX_TEMPLATE_BYTES = 1_000_000
MAX_DIRECT_BYTES = 51_200


def check_artifacts(artifacts: Iterable[Artifact]) -> tuple[Problem, ...]:
    """The problems of rendered files; their place is in the output folder."""
    return tuple(
        problem
        for artifact in artifacts
        if artifact.path.startswith("lambda/") and artifact.path.endswith(".yaml")
        for problem in problems_of_template(artifact)
    )


def problems_of_template(artifact: Artifact) -> Iterator[Problem]:
    size = len(artifact.text.encode())
    if size > MAX_TEMPLATE_BYTES:
        message = f"the template has {size:,} bytes; CloudFormation takes 1,000,000"
        yield error(
            "JVB326", Place(artifact.path), message, "shorten lambda.iam.statements or the environment"
        )
    elif size > MAX_DIRECT_BYTES:
        message = f"the template has {size:,} bytes; over 51,200 it goes through a bucket"
        hint = "samconfig.toml asks for one (resolve_s3); the deployer needs permission to make it"
        yield warning("JVB327", Place(artifact.path), message, hint)
