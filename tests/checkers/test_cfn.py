from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jvbundler.checkers import cfn
from jvbundler.values.problem import Place, Problem
from tests.checkers.templates import GOOD

FILE = "lambda/prod/template.yaml"


def test_a_good_template_has_no_problem() -> None:
    assert cfn.check_template(FILE, GOOD) == ()


@pytest.mark.parametrize(
    ("right", "wrong", "rule", "line", "words"),
    [
        ("Timeout: 30", "Timeout: 901", "E3717", 18, "Resources.App.Properties.Timeout: 901"),
        ("[arm64]", "[arm65]", "E3030", 20, "Resources.App.Properties.Architectures[0]: 'arm65'"),
        (
            "ThrottlingBurstLimit: 100",
            "ThrottlingBurstLimit: many",
            "E3012",
            11,
            "Resources.HttpApiApiGatewayDefaultStage.Properties.DefaultRouteSettings.ThrottlingBurstLimit",
        ),
    ],
)
def test_what_only_the_expansion_shows_is_placed_in_the_text(
    right: str, wrong: str, rule: str, line: int, words: str
) -> None:
    (problem,) = cfn.check_template(FILE, GOOD.replace(right, wrong))
    assert (problem.rule, problem.severity) == (f"cfn-lint {rule}", "error")
    assert (problem.place.file, problem.place.line) == (FILE, line)
    assert problem.message.startswith(f"as SAM expands it, {words}")


def test_what_the_text_shows_already_is_said_once() -> None:
    (problem,) = cfn.check_template(FILE, GOOD.replace("MemorySize: 1024", "MemorySize: lots"))
    assert (problem.rule, problem.place.line) == ("cfn-lint E3012", 19)


def test_a_waiver_in_the_templates_metadata_counts() -> None:
    waived = GOOD.replace(
        "    Properties:\n      PackageType",
        "    Metadata:\n      cfn-lint:\n        config:\n          ignore_checks: [E3717]\n"
        "    Properties:\n      PackageType",
    ).replace("Timeout: 30", "Timeout: 901")
    assert cfn.check_template(FILE, waived) == ()


def test_what_sam_itself_refuses_is_a_problem_of_the_resource() -> None:
    text = GOOD.replace("ImageUri: !Ref ImageUri", "ImageUri: {Bad: value}")
    problems = cfn.check_template(FILE, text.replace("PackageType: Image", "PackageType: Tar"))
    assert [
        (problem.rule, problem.place.line) for problem in problems if problem.rule == "samtranslator"
    ] == [("samtranslator", 13)]


def test_a_plain_cloudformation_template_is_checked_too() -> None:
    text = (
        "Resources:\n  Images:\n    Type: AWS::ECR::Repository\n    Properties:\n      RepositoryNam: shop\n"
    )
    (problem,) = cfn.check_template("lambda/prod/repository.yaml", text)
    assert (problem.rule, problem.place.line) == ("cfn-lint E3002", 5)


@pytest.mark.parametrize("text", ["", "[]\n", "just text\n", "null\n", "Resources:\n", "Resources: [a]\n"])
def test_a_template_without_resources_is_one_problem(text: str) -> None:
    (problem,) = cfn.check_template(FILE, text)
    assert problem.is_error


def test_a_date_without_quotes_is_no_crash() -> None:
    text = GOOD.replace("Timeout: 30", "Timeout: 30\n      Description: 2026-11-24")
    assert {problem.place.line for problem in cfn.check_template(FILE, text)} <= {19}


def test_text_that_is_no_yaml_has_a_line() -> None:
    (problem,) = cfn.check_template(FILE, "Resources: [\n")
    assert problem == Problem("cfn-lint E0000", "error", Place(FILE, 2, 1), problem.message)


def test_the_machines_own_settings_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".cfnlintrc").write_text("ignore_checks: [E]\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    assert cfn.check_template(FILE, GOOD.replace("Timeout: 30", "Timeout: 901"))


def test_whether_it_is_installed_is_known_without_importing_it() -> None:
    code = (
        "import sys; from jvbundler.checkers import cfn; assert cfn.available();"
        "assert not {'cfnlint', 'samtranslator', 'boto3', 'jsonschema'} & set(sys.modules)"
    )
    checkout = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", code], cwd=checkout, check=True)


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    cfn.check_template(FILE, GOOD)
    cfn.check_template(FILE, GOOD.replace("PackageType: Image", "PackageType: Tar"))
    assert capfd.readouterr() == ("", "")
