"""From `jvagent app create` to a healthy app on Lambda, with nothing but what was printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.aws.account import ACCOUNT, REGION, Account
from tests.aws.gateway import gateway
from tests.first_hour.conftest import PROFILES, Healthy, MakeDesk
from tests.first_hour.desk import first_hour
from tests.talk.provider import serving

ANSWERS = {"Platforms": "lambda", "AWS region": REGION, "AWS account": ACCOUNT, "Database": "mongodb"}


@pytest.mark.parametrize("profile", PROFILES)
def test_it_ends_healthy(aws: Account, desk: MakeDesk, tmp_path: Path, profile: str) -> None:
    with serving(Healthy) as app, gateway(tmp_path, app) as there:
        user = desk(profile, f"first_{profile}", {**aws.environ, **there.environ}, ANSWERS)
        effort = first_hour(user)
    assert effort.answers == list(ANSWERS.values())
    assert effort.commands[:3] == ["jvbundler init", "jvbundler render", "jvbundler secrets"]
    assert effort.commands[3].startswith(': "${')
    assert effort.commands[4:] == ["jvbundler deploy lambda --all"]
