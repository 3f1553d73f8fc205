"""An address of the database that jvbundler cannot see."""

from __future__ import annotations

from jvbundler.rules.engine import check_project
from tests.rules.projects import project

POSTGRES = "environment: {JVSPATIAL_DB_TYPE: postgres}\n"
FROM_A_SECRET = "extra_env_from: [{secretRef: {name: database}}]"


def test_on_kubernetes_an_address_may_come_from_a_secret_of_the_users() -> None:
    both = f"{POSTGRES}kubernetes: {{enabled: true, {FROM_A_SECRET}}}\nlambda: {{enabled: true}}\n"
    (problem,) = [problem for problem in check_project(project(both)) if problem.rule == "JVB222"]
    assert "but Lambda has no JVSPATIAL_POSTGRES_DSN" in problem.message
