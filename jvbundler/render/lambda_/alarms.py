"""CloudWatch alarms on the function's own metrics (namespace AWS/Lambda)."""

from __future__ import annotations

from typing import NamedTuple

from jvbundler.project.model import Environment


class Alarm(NamedTuple):
    """`statistic` is CloudWatch's: Sum, or a percentile. `threshold` is in the metric's unit."""

    id: str
    name: str
    description: str
    metric: str
    statistic: str
    threshold: int

    @property
    def is_percentile(self) -> bool:
        return self.statistic.startswith("p")


def alarms(environment: Environment) -> dict[str, object] | None:
    settings = environment.settings["lambda"]
    alarm = settings["alarms"]
    if not alarm["enabled"]:
        return None
    name, timeout, share = (
        environment.function_name,
        settings["function"]["timeout"],
        alarm["duration_percent"],
    )
    errors = f"{alarm['errors']} or more invocations of {name} failed in five minutes"
    throttles = f"{alarm['throttles']} or more invocations of {name} were throttled in five minutes"
    slow = f"The slowest of a hundred requests to {name} takes {share} % of its timeout of {timeout} s"
    return {
        "topic_arn": alarm["topic_arn"],
        "all": (
            Alarm("ErrorsAlarm", f"{name}-errors", errors, "Errors", "Sum", alarm["errors"]),
            Alarm("ThrottlesAlarm", f"{name}-throttles", throttles, "Throttles", "Sum", alarm["throttles"]),
            # Milliseconds: a hundredth of the timeout's seconds is ten of them.
            Alarm("DurationAlarm", f"{name}-duration", slow, "Duration", "p99", timeout * share * 10),
        ),
    }
