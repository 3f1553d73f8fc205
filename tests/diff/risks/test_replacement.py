"""Each property that we say is replaced is one that CloudFormation's own schema cannot update."""

from __future__ import annotations

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

from jvbundler.diff.risks.cloudformation import REPLACED, Replaced


@pytest.mark.parametrize("row", REPLACED, ids=lambda row: f"{row.kind} {row.path}")
def test_the_schema_says_that_only_a_new_resource_can_have_it(row: Replaced) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", row.type or row.kind).schema
    name = row.property or row.path.removesuffix(".**")
    assert f"/properties/{name}" in schema["createOnlyProperties"]
