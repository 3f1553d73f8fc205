"""What goes wrong with the tools: the commands say it in one line, in the tool's words, and leave nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.aws.account import ACCOUNT, REGION, Account
from tests.aws.commands import ROOT, SECRETS, jvbundler, stub, write_app

DEPLOY = f"""
app: {{name: faults}}
environment: {{JVSPATIAL_DB_TYPE: mongodb, JVSPATIAL_LOG_DB_TYPE: mongodb}}
secrets: [JVAGENT_ADMIN_PASSWORD, JVSPATIAL_JWT_SECRET_KEY]
lambda: {{enabled: true, region: {REGION}, account_id: {ACCOUNT}}}
"""
IDENTITY = f'{{"Account": "{ACCOUNT}", "Arn": "arn:aws:iam::{ACCOUNT}:user/test", "UserId": "U"}}'
DIGEST = f"sha256:{'0' * 64}"
# The calls that a deployment makes before `sam`; CASES come first.
AWS = f"""#!/bin/sh
case "$*" in
CASES
--version) echo aws-cli/2.27.0 ;;
*get-caller-identity*) echo '{IDENTITY}' ;;
*describe-stacks*) echo "Stack with id faults does not exist" >&2; exit 254 ;;
*describe-repositories*) echo '{{"repositories": []}}' ;;
*describe-images*) echo '{{"imageDetails": [{{"imageDigest": "{DIGEST}"}}]}}' ;;
*describe-stack-events*) echo "Stack with id faults does not exist" >&2; exit 254 ;;
*) echo "nobody asked for: $*" >&2; exit 3 ;;
esac
"""
SAM = "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'SAM CLI, version 1.170.0'; exit; fi\n"


@pytest.fixture
def nowhere(tmp_path: Path) -> Account:
    """An account that cannot be reached: port 9 is `discard`."""
    home = tmp_path / "home"
    home.mkdir()
    return Account("http://localhost:9", home)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_app(tmp_path / "faults", DEPLOY)


def stubs(folder: Path, *, aws: str = "", sam: str = "exit 0\n") -> Path:
    stub(folder / "stubs", "aws", AWS.replace("CASES", aws))
    return stub(folder / "stubs", "sam", SAM + sam)


@pytest.fixture(autouse=True)
def _temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests deploy at the same time."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))


def parameter_files() -> set[Path]:
    return set(Path(os.environ["TMPDIR"]).glob("jvbundler-*/private/*/*"))


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("*get-caller-identity*) echo '<html>502</html>' ;;", "'aws' gave an answer that is not JSON"),
        ("*get-caller-identity*) echo '[]' ;;", "'aws' answered without 'Account'"),
        ("*get-caller-identity*) kill -9 $$ ;;", "'aws' failed with exit code -9"),
        (
            "*get-caller-identity*) echo 'An error occurred (ExpiredToken) when calling' >&2; exit 254 ;;",
            "the credentials have expired: get new ones",
        ),
        ("*get-caller-identity*) echo Unable to locate credentials >&2; exit 253 ;;", "set AWS_PROFILE"),
    ],
)
@pytest.mark.parametrize("verb", ["deploy", "status"])
def test_aws_that_fails(nowhere: Account, app: Path, tmp_path: Path, verb: str, case: str, said: str) -> None:
    path = stubs(tmp_path, aws=case)
    told = jvbundler(nowhere, app, verb, "lambda", expected=4, path=path, variables=SECRETS)
    assert said in told.stderr
    assert "Traceback" not in told.stderr


def test_tools_that_are_too_old(nowhere: Account, app: Path, tmp_path: Path) -> None:
    path = stubs(tmp_path, aws="--version) echo aws-cli/1.2.3 ;;")
    told = jvbundler(nowhere, app, "deploy", "lambda", expected=4, path=path, variables=SECRETS)
    assert "aws: 1.2.3 is too old: 1.29 is needed" in told.stderr


def test_no_network(nowhere: Account, app: Path) -> None:
    """The real `aws`, with nobody at the other end."""
    told = jvbundler(nowhere, app, "status", "lambda", expected=4, variables={"AWS_MAX_ATTEMPTS": "1"})
    assert "AWS cannot be reached: check the network, or set a proxy" in told.stderr


def test_credentials_of_another_account_are_refused(nowhere: Account, app: Path, tmp_path: Path) -> None:
    path = stubs(tmp_path, aws='*get-caller-identity*) echo \'{"Account": "999999999999"}\' ;;')
    told = jvbundler(nowhere, app, "deploy", "lambda", expected=2, path=path, variables=SECRETS)
    assert f"account 999999999999, but 'lambda.account_id' is {ACCOUNT}" in told.stderr


def test_a_stack_that_is_being_changed_is_left_alone(nowhere: Account, app: Path, tmp_path: Path) -> None:
    stack = '{"Stacks": [{"StackStatus": "UPDATE_IN_PROGRESS"}]}'
    path = stubs(tmp_path, aws=f"*describe-stacks*) echo '{stack}' ;;")
    told = jvbundler(nowhere, app, "deploy", "lambda", expected=2, path=path, variables=SECRETS)
    assert "the stack 'faults' is being changed (UPDATE_IN_PROGRESS): wait until it is done" in told.stderr


def test_secrets_that_are_not_set_are_all_named(nowhere: Account, app: Path, tmp_path: Path) -> None:
    told = jvbundler(nowhere, app, "deploy", "lambda", expected=2, path=stubs(tmp_path))
    for name in SECRETS:
        assert f"set the environment variable {name}" in told.stderr


def test_an_image_that_was_never_pushed(nowhere: Account, app: Path, tmp_path: Path) -> None:
    absent = "*describe-images*) echo ImageNotFoundException >&2; exit 254 ;;"
    path = stubs(tmp_path, aws=absent)
    told = jvbundler(nowhere, app, "deploy", "lambda", expected=2, path=path, variables=SECRETS)
    assert "there is no image '1.2.3' in the repository 'faults'" in told.stderr
    assert "'jvbundler deploy lambda --all' builds it" in told.stderr


def test_sam_that_dies_leaves_no_secret_behind(nowhere: Account, app: Path, tmp_path: Path) -> None:
    before = parameter_files()
    sam = 'for last; do :; done; cat "${last#file://}"; echo; stat -c %a "${last#file://}"; kill -9 $$\n'
    path = stubs(tmp_path, sam=sam)
    told = jvbundler(nowhere, app, "deploy", "lambda", expected=4, path=path, variables=SECRETS)
    assert "'sam' failed with exit code -9" in told.stderr
    assert "\n  600" in told.stderr
    assert all(value not in told.stdout + told.stderr for value in ("correct horse", "a \\", "b\\"))
    assert parameter_files() == before


def deploying(account: Account, app: Path, tmp_path: Path) -> tuple[subprocess.Popen[str], int]:
    """A deployment that waits for `sam`, and the process of that."""
    started = tmp_path / "started"
    path = stubs(tmp_path, sam=f"echo $$ > {started}; exec sleep 60\n")
    environ = {**account.environ, **SECRETS, "PYTHONPATH": str(ROOT)}
    environ["PATH"] = f"{path}:{environ['PATH']}"
    running = subprocess.Popen(
        [sys.executable, "-m", "jvbundler", "deploy", "lambda"],
        cwd=app,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not (started.exists() and started.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return running, int(started.read_text())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_an_interruption_ends_sam_and_says_how_to_see_the_state(
    nowhere: Account, app: Path, tmp_path: Path, number: signal.Signals
) -> None:
    before = parameter_files()
    running, sam = deploying(nowhere, app, tmp_path)
    assert len(parameter_files() - before) == 1
    running.send_signal(number)
    _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "deploy was interrupted during: deploy the stack 'faults'" in said
    assert "CloudFormation continues what it has begun" in said
    assert parameter_files() == before
    with pytest.raises(ProcessLookupError):
        os.kill(sam, 0)


def test_what_a_killed_deployment_leaves_is_removed_by_the_next_command(
    nowhere: Account, app: Path, tmp_path: Path
) -> None:
    before = parameter_files()
    running, sam = deploying(nowhere, app, tmp_path)
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=30)
    os.kill(sam, signal.SIGKILL)
    (left,) = parameter_files() - before
    assert left.stat().st_mode & 0o777 == 0o600
    jvbundler(nowhere, app, "rules")
    assert parameter_files() == before


def test_a_dry_run_needs_no_tool_and_no_secret(nowhere: Account, app: Path, tmp_path: Path) -> None:
    nothing = {"PATH": str(tmp_path / "nothing")}
    told = jvbundler(nowhere, app, "deploy", "lambda", "--all", "--dry-run", variables=nothing)
    lines = [line for line in told.stdout.splitlines() if not line.startswith("#")]
    assert [line.split()[0] for line in lines] == [
        *("jvbundler", "aws", "aws", "docker", "jvbundler", "sam"),
    ]
    for verb in ("logs", "rollback", "destroy"):
        assert jvbundler(nowhere, app, verb, "lambda", "--dry-run", variables=nothing).stdout


def test_logs_are_shown_and_followed(nowhere: Account, app: Path, tmp_path: Path) -> None:
    path = stubs(tmp_path, sam='echo "$@"; for i in 1 2 3; do echo line $i; done\n')
    told = jvbundler(nowhere, app, "logs", "lambda", "--since", "2h", "--filter", "ERROR", path=path)
    first, *lines = told.stdout.splitlines()
    assert first == (
        f"logs --name Function --region {REGION} --stack-name faults --start-time 2hour ago --filter ERROR"
    )
    assert lines == ["line 1", "line 2", "line 3"]
    told = jvbundler(nowhere, app, "logs", "lambda", "--tail", "2", path=path)
    assert told.stdout.splitlines() == ["line 2", "line 3"]
    told = jvbundler(nowhere, app, "logs", "lambda", "--follow", path=path)
    assert "--tail" in told.stdout
    told = jvbundler(nowhere, app, "logs", "lambda", "--since", "soon", expected=2, path=path)
    assert "'soon' is not a time span" in told.stderr
