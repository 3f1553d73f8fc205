"""What the tests have proven is told at the end, and goes into docs/proof.md: `make proof`."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.e2e.proof import Proof, write_proof


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """In the process that has the results of all workers."""
    if hasattr(config, "workerinput"):
        return
    reports = [r for r in terminalreporter.stats.get("passed", []) if r.when == "call"]
    proofs = [Proof(**value) for r in reports for name, value in r.user_properties if name == "proof"]
    for proof in sorted({p for p in proofs if p.missing}):
        terminalreporter.write_line(f"not proven: {proof.case}: {proof.missing}")
    if os.environ.get("WRITE_PROOF"):
        failed = terminalreporter.stats.get("failed") or terminalreporter.stats.get("error")
        terminalreporter.write_line(
            write_proof(proofs) if not failed else "docs/proof.md stays: a test failed"
        )
