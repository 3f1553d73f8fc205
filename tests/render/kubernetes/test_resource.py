"""An object's data is what PyYAML reads from its text, whatever a template of the user's own writes."""

from __future__ import annotations

import pytest
import yaml

from jvbundler.render.kubernetes.resource import parsed


@pytest.mark.parametrize(
    "text",
    [
        "a: text\nb: [1, 2.5, true, null, 'true']\nc:\n  d: |\n    lines\n",
        "a: 0x1F\nb: 1_000\nc: yes\ne: ~\n",
        "a: &shared {x: 1}\nb: *shared\nc:\n  <<: *shared\n  y: 2\n",
        "1: number\ntrue: word\n",
        "a: !!str 1\nb: !!int '2'\n",
    ],
)
def test_it_reads_as_pyyaml_does(text: str) -> None:
    assert parsed(text) == yaml.safe_load(text)


def test_a_timestamp_stays_the_text_that_it_is_for_kubernetes() -> None:
    assert parsed("a: 2026-01-01\nb: 2026-01-01T00:00:00Z\n") == {
        "a": "2026-01-01",
        "b": "2026-01-01T00:00:00Z",
    }
