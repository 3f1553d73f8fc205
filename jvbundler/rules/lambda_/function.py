"""Rules about the function, its environment, its concurrency and its names. Must not look at Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jvbundler.project.model import Environment
from jvbundler.rules.rule import Finding, Path, rule, runs_jvagent, secret_names, variable_path
from jvbundler.values.node import scalars
from jvbundler.values.problem import Place
from jvbundler.values.reference import ecr_region, registry_of

if TYPE_CHECKING:
    from jvbundler.app.model import App

MAX_ENVIRONMENT_BYTES = 4096
MAX_FUNCTION_NAME = 64
RESERVED_NAMES = frozenset(
    [
        "_HANDLER",
        "_X_AMZN_TRACE_ID",
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "AWS_EXECUTION_ENV",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_INITIALIZATION_TYPE",
        "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "AWS_ACCESS_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_LAMBDA_RUNTIME_API",
        "LAMBDA_TASK_ROOT",
        "LAMBDA_RUNTIME_DIR",
    ]
)
# The runtime interface uses the first, the telemetry API the second; a non-root user has none below 1024.
TAKEN_PORTS = (3000, 9001)
ARCHITECTURES = {"amd64": "x86_64", "arm64": "arm64"}
# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, and
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html: at 1,769 MB a function has one vCPU.
INIT_SECONDS = 10.0
MEMORY_OF_A_CORE = 1769
MEMORY_STEP = 64
# jvagent 0.1.7 in the rendered image, until it is healthy, on one core: 4.8 s with an agent, 8.4 s with five.
SECONDS_TO_START = 3.9
SECONDS_PER_AGENT = 0.9
REGIONS = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "eu-isoe-west-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-1",
    "us-west-2",
]
ENVIRONMENT: Path = ("lambda", "environment")
# The parts of deploy.yaml whose texts are in the template, and the maps whose keys are.
IN_TEMPLATE = ("app", "environment", "lambda")
NAMED_BY_USER = (("environment",), ENVIRONMENT, ("lambda", "tags"))
RESOLVE = "{{resolve:"
REPLACED = "CloudFormation would replace '{{resolve:…}}' with a value of its own"
_VARIABLE = r"[A-Za-z][A-Za-z0-9_]+\Z"
_REPOSITORY = r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*\Z"


@rule(
    "JVB307",
    "error",
    title="EFS without a VPC",
    source="AWS Lambda: a function reaches a file system only from a VPC that has a mount target for it",
)
def efs_without_vpc(environment: Environment, app: App) -> Iterator[Finding]:
    """EFS is reached over the network of a VPC, so CloudFormation refuses a function that mounts a file
    system and has no `lambda.vpc`. Subnets and security groups may stay empty: they become parameters that
    the deployment asks for."""
    settings = environment.settings["lambda"]
    if settings["enabled"] and settings["efs"]["enabled"] and not settings["vpc"]["enabled"]:
        message = "the function mounts EFS but is in no VPC"
        yield Finding(("lambda", "efs", "enabled"), message, "set lambda.vpc.enabled: true")


@rule(
    "JVB308",
    "error",
    title="Environment over 4 KB",
    source="AWS Lambda quotas: 4 KB for all environment variables of a function, names and values",
)
def environment_too_large(environment: Environment, app: App) -> Iterator[Finding]:
    """Lambda refuses a function whose environment variables take more than 4,096 bytes in total. Values of
    secrets are not known here and count as empty, so the real size is larger than the one in the message.
    Put long values into a file of the app, or use `lambda.secrets.source: arn`."""
    if not environment.settings["lambda"]["enabled"]:
        return
    plain = environment.lambda_variables
    size = sum(len(name.encode()) + len(value.encode()) for name, value in plain.items())
    size += sum(map(len, secret_names(environment, "lambda")))
    if size > MAX_ENVIRONMENT_BYTES:
        longest = max(plain, key=lambda name: len(plain[name]), default="")
        message = f"the environment takes {size:,} bytes without its secrets; Lambda allows 4,096"
        hint = f"shorten or move the longest, '{longest}'"
        yield Finding(variable_path(environment, "lambda", longest, ENVIRONMENT), message, hint)


@rule(
    "JVB309",
    "error",
    title="Reserved variable on Lambda",
    source="AWS Lambda: reserved environment variables",
)
def reserved_variable(environment: Environment, app: App) -> Iterator[Finding]:
    """Lambda sets these variables itself and refuses a function that does: `_HANDLER`, `AWS_REGION`,
    `AWS_ACCESS_KEY_ID` and the like. Credentials come from the function's role. A variable that only
    Kubernetes needs belongs under `kubernetes.deployment.container.environment`."""
    if not environment.settings["lambda"]["enabled"]:
        return
    names = {*environment.lambda_variables, *secret_names(environment, "lambda")}
    for name in sorted(names & RESERVED_NAMES):
        hint = "remove it, or move it under kubernetes.deployment.container.environment"
        yield Finding(written_at(environment, name), f"Lambda reserves the variable '{name}'", hint)


@rule(
    "JVB310",
    "error",
    title="Variable name that Lambda refuses",
    source="AWS Lambda API, Environment.Variables: names match [a-zA-Z]([a-zA-Z0-9_])+",
)
def malformed_variable(environment: Environment, app: App) -> Iterator[Finding]:
    """A name in the function's environment begins with a letter and has at least two characters; Kubernetes
    also accepts a leading underscore or a single letter."""
    if not environment.settings["lambda"]["enabled"]:
        return
    for name in sorted({*environment.lambda_variables, *secret_names(environment, "lambda")}):
        if not re.match(_VARIABLE, name) and name not in RESERVED_NAMES:
            message = f"'{name}' is not a valid name of a variable on Lambda"
            hint = "begin it with a letter, and use at least two characters"
            yield Finding(written_at(environment, name), message, hint)


def written_at(environment: Environment, name: str) -> Path:
    """Where a variable or secret of the function is written."""
    listed = environment.settings["secrets"]
    for index, item in enumerate(listed):
        if name == (item if isinstance(item, str) else item["name"]):
            return ("secrets", index)
    return variable_path(environment, "lambda", name, ENVIRONMENT)


@rule(
    "JVB311",
    "error",
    title="Architecture that the image does not have",
    source="AWS Lambda: the image is built for the function's instruction set",
)
def architecture_not_built(environment: Environment, app: App) -> Iterator[Finding]:
    """The function runs on `lambda.function.architecture`; the image is built for `image.build.platform`.
    When they differ, every start ends with an exec format error."""
    settings = environment.settings["lambda"]
    wanted = settings["function"]["architecture"]
    built = [ARCHITECTURES.get(name, name) for name in environment.architectures]
    if settings["enabled"] and wanted and wanted not in built:
        message = f"the function is {wanted}, the image {' and '.join(built)}"
        platform = "linux/arm64" if wanted == "arm64" else "linux/amd64"
        hint = f"set image.build.platform: {platform}, or leave the architecture out"
        yield Finding(("lambda", "function", "architecture"), message, hint)


@rule(
    "JVB312",
    "error",
    title="Name that ECR refuses",
    source="Amazon ECR API, CreateRepository: repositoryName",
)
def bad_repository_name(environment: Environment, app: App) -> Iterator[Finding]:
    """A repository of ECR has 2 to 256 characters, and one `.`, `_` or `-` at a time between letters and
    digits. Without `lambda.ecr.repository_name` it is `image.name`, which has fewer limits in other
    registries, or follows from `app.name`."""
    settings = environment.settings
    own = settings["lambda"]["ecr"]["repository_name"]
    name = own or environment.image_name
    if settings["lambda"]["enabled"] and not (re.match(_REPOSITORY, name) and 2 <= len(name) <= 256):
        path: Path = ("lambda", "ecr", "repository_name") if own else ("image", "name")
        if not own and not settings["image"]["name"]:
            path = ("app", "name")
        yield Finding(
            path,
            f"'{name}' is not a valid name of an ECR repository",
            "set lambda.ecr.repository_name, as in 'acme/support'",
        )


@rule(
    "JVB339",
    "error",
    title="Image that Lambda cannot pull",
    source="AWS Lambda: a container image is in a private Amazon ECR repository of the function's region",
)
def image_elsewhere(environment: Environment, app: App) -> Iterator[Finding]:
    """Lambda takes images only from Amazon ECR, and from the region of the function; the repository may be of
    another account, whose policy then has to allow it."""
    settings = environment.settings["lambda"]
    repository = settings["ecr"]["repository"]
    if not settings["enabled"] or not repository:
        return
    path, region = ("lambda", "ecr", "repository"), ecr_region(registry_of(repository))
    if not region:
        hint = "write one such as 123456789012.dkr.ecr.us-east-1.amazonaws.com/acme/support"
        yield Finding(path, f"'{repository}' is no repository of Amazon ECR", hint)
    elif region != settings["region"]:
        message = f"the repository is in {region}, the function in {settings['region']}"
        yield Finding(path, message, f"push the image to a repository in {settings['region']}")


@rule(
    "JVB313",
    "error",
    title="Function or stack name that AWS refuses",
    source="AWS Lambda: FunctionName, at most 64 characters; CloudFormation: StackName begins with a letter",
)
def bad_derived_name(environment: Environment, app: App) -> Iterator[Finding]:
    """Without names of their own, the function and the stack are named after the app and the environment.
    Both together may be too long for a function (64 characters), and a stack must not begin with a digit."""
    settings = environment.settings["lambda"]
    if not settings["enabled"]:
        return
    if len(environment.function_name) > MAX_FUNCTION_NAME:
        message = f"the function's name '{environment.function_name}' has more than 64 characters"
        yield Finding(("app", "name"), message, "set lambda.function.name")
    if not environment.stack_name[0].isalpha():
        message = f"the stack's name '{environment.stack_name}' does not begin with a letter"
        yield Finding(("app", "name"), message, "set lambda.stack_name")


@rule(
    "JVB320",
    "error",
    title="Port that the Lambda Web Adapter cannot use",
    source="AWS Lambda Web Adapter 1.0: ports 3000 and 9001 are taken; ports under 1024 need root",
)
def adapter_port(environment: Environment, app: App) -> Iterator[Finding]:
    """The adapter talks to the server inside the function's sandbox, where 3000 and 9001 belong to Lambda
    and a non-root user cannot open a port under 1024. The function would never become ready."""
    port = environment.server_port
    if environment.settings["lambda"]["enabled"] and (port in TAKEN_PORTS or port < 1024):
        yield Finding(
            ("server", "port"), f"port {port} cannot be used on Lambda", "use another one, such as 8080"
        )


@rule(
    "JVB321",
    "error",
    title="More provisioned than reserved concurrency",
    source="AWS Lambda: provisioned concurrency counts towards the reserved one",
)
def concurrency(environment: Environment, app: App) -> Iterator[Finding]:
    """Provisioned instances are part of the reserved ones, so Lambda refuses more of them."""
    settings = environment.settings["lambda"]
    reserved, provisioned = settings["reserved_concurrency"], settings["provisioned_concurrency"]
    if settings["enabled"] and reserved is not None and provisioned is not None and provisioned > reserved:
        message = f"{provisioned} instances are provisioned, but only {reserved} are reserved"
        hint = "raise lambda.reserved_concurrency, or leave it out"
        yield Finding(("lambda", "provisioned_concurrency"), message, hint)


@rule(
    "JVB323",
    "error",
    title="Text with a secret that only the app can fetch",
    source="jvbundler: lambda.secrets.source: arn gives the app the ARN of a secret, not its value",
)
def composed_of_arns(environment: Environment, app: App) -> Iterator[Finding]:
    """A variable with a secret inside a longer text is put together by CloudFormation, which then has to
    know the secret. With `lambda.secrets.source: arn` the app fetches its secrets itself, so the whole
    text has to be the secret."""
    settings = environment.settings["lambda"]
    if not settings["enabled"] or settings["secrets"]["source"] != "arn":
        return
    for name in environment.lambda_composed:
        message = f"'{name}' has a secret in its text, and the function gets no secret values"
        hint = (
            f"list {name} under 'secrets' and remove the text, or set lambda.secrets.source: secretsmanager"
        )
        yield Finding(written_at(environment, name), message, hint)


@rule(
    "JVB324",
    "warning",
    title="Region that is not known",
    source="AWS: the regions of Lambda, as botocore 1.44 lists them",
)
def unknown_region(environment: Environment, app: App) -> Iterator[Finding]:
    """The region is not one that AWS had when this release of jvbundler was made, so it is probably misspelt;
    a deployment would fail to reach it. For a newer region, waive this."""
    settings = environment.settings["lambda"]
    if settings["enabled"] and settings["region"] not in REGIONS:
        from difflib import get_close_matches

        near = " or ".join(get_close_matches(settings["region"], REGIONS, n=2, cutoff=0.8))
        hint = f"did you mean {near}?" if near else "see 'aws ec2 describe-regions --all-regions'"
        message = f"'{settings['region']}' is not a region of AWS that is known here"
        yield Finding(("lambda", "region"), message, hint)


@rule(
    "JVB322",
    "error",
    title="Text that CloudFormation would replace",
    source="AWS CloudFormation: dynamic references and functions work wherever they stand in a template",
)
def smuggled_function(environment: Environment, app: App) -> Iterator[Finding]:
    """`{{resolve:…}}` in a value is replaced when the stack is deployed, and has no escape. Secrets of AWS
    Secrets Manager are named under `secrets`, with `lambda.secrets.source: secretsmanager`. A map with the
    key `Ref`, `Condition` or `Fn::…` is a function, so no tag or variable may have such a name."""
    if not environment.settings["lambda"]["enabled"]:
        return
    for path, node in scalars(environment.node):
        if path[0] not in IN_TEMPLATE:
            continue
        if any(RESOLVE in str(part) for part in (*path, node.value)):
            yield Finding(path, REPLACED, "list what is secret under 'secrets', and remove it here")
        elif path[:-1] in NAMED_BY_USER and re.match(r"(?:Ref|Condition|Fn::.*)\Z", str(path[-1])):
            yield Finding(path, f"CloudFormation would take '{path[-1]}' for a function", "rename it")
    if any(RESOLVE in value for _, value in app.configured):
        place = Place("app.yaml" if app.shown_as in ("", ".") else f"{app.shown_as}/app.yaml")
        yield Finding(place, REPLACED, "remove it from 'config'")


@rule(
    "JVB336",
    "warning",
    title="Start that takes longer than Lambda's init",
    source="AWS Lambda: 10 s for the init; jvagent 0.1.7, run for real: 4.8 s with an agent, 8.4 s with five",
)
def long_init(environment: Environment, app: App) -> Iterator[Finding]:
    """Lambda gives an init 10 seconds, and CPU in proportion to memory: one core at 1,769 MB. An app that
    needs longer goes on starting during its first request, whose sender waits; with
    `lambda.async_init: false` Lambda stops it and starts it anew. This is an estimate, from the number of
    agents. Instances of `lambda.provisioned_concurrency` have more time, and start before a request comes."""
    settings = environment.settings["lambda"]
    if not settings["enabled"] or settings["provisioned_concurrency"] or not runs_jvagent(environment):
        return
    memory = settings["function"]["memory"]
    on_a_core = SECONDS_TO_START + SECONDS_PER_AGENT * max(1, len(app.agents))
    seconds = on_a_core / min(1.0, memory / MEMORY_OF_A_CORE)
    if seconds <= INIT_SECONDS:
        return
    then = "the first request waits" if settings["async_init"] else "Lambda starts it anew"
    message = f"the app takes about {seconds:.0f} s to start with {memory:,} MB; after 10 s {then}"
    yield Finding(("lambda", "function", "memory"), message, _for_a_quick_start(on_a_core))


def _for_a_quick_start(seconds_on_a_core: float) -> str:
    if seconds_on_a_core > INIT_SECONDS:
        return "set lambda.provisioned_concurrency, or split the agents over several apps"
    enough = seconds_on_a_core / INIT_SECONDS * MEMORY_OF_A_CORE
    return f"set lambda.function.memory to {-int(-enough // MEMORY_STEP) * MEMORY_STEP} or more"
