"""The commands for AWS Lambda, by verb."""

from __future__ import annotations

from jvbundler.cli.lambda_deploy import command as deploy
from jvbundler.cli.lambda_operate import destroy, logs, rollback
from jvbundler.cli.lambda_status import status

COMMANDS = {"deploy": deploy, "status": status, "logs": logs, "rollback": rollback, "destroy": destroy}
