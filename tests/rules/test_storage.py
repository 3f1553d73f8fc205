"""Where a rule about storage keeps quiet, because nothing says that something is wrong."""

from __future__ import annotations

import pytest

from jvbundler.rules.engine import check_project
from tests.rules.projects import project

SERVER = "environment: {JVSPATIAL_DB_TYPE: postgres%s}\nsecrets: [JVSPATIAL_POSTGRES_DSN]\n"


@pytest.mark.parametrize(
    "text",
    [
        # Nobody says of what mode the existing claim is.
        SERVER % "" + "kubernetes: {enabled: true, registry: {url: r.io}, deployment: {replicas: 2}, "
        "persistence: {enabled: true, existing_claim: shared}}",
        # A path of a database that is not used.
        SERVER % ", JVSPATIAL_DB_PATH: /srv/jvdb"
        + "kubernetes: {enabled: true, registry: {url: r.io}, persistence: {enabled: true}}",
        # A path on a volume of the user's own.
        "environment: {JVSPATIAL_DB_PATH: /srv/jvdb}\n"
        "kubernetes: {enabled: true, registry: {url: r.io}, persistence: {enabled: true}, "
        "deployment: {container: {extra_volume_mounts: [{name: srv, mountPath: /srv}]}}}",
        # Files are kept only where file storage is on.
        SERVER % ", JVSPATIAL_FILE_STORAGE_PROVIDER: local" + "lambda: {enabled: true}",
    ],
)
def test_no_finding(text: str) -> None:
    assert check_project(project(text + "\n")) == ()


def test_the_kind_of_database_may_be_in_app_yaml() -> None:
    # json is what jvagent takes when neither file says otherwise.
    (problem,) = check_project(project("lambda: {enabled: true}\n"))
    assert (problem.rule, problem.place.line) == ("JVB330", 1)
