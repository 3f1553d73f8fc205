"""The function's place on an EFS file system: an access point that is given, or one that is made."""

from __future__ import annotations

from typing import Any

from jvbundler.project.model import Environment
from jvbundler.render.lambda_.intrinsics import get_att, ref


def file_system(environment: Environment) -> dict[str, Any] | None:
    """None without one. `made` holds what the access point shows of which file system."""
    efs = environment.settings["lambda"]["efs"]
    if not efs["enabled"]:
        return None
    made = {
        "file_system_id": efs["file_system_id"] or ref("FileSystemId"),
        "root_directory": efs["root_directory"] or f"/{environment.qualified_name}",
        "tags": {"Name": environment.function_name, **environment.settings["lambda"]["tags"]},
    }
    return {
        "access_point_arn": efs["access_point_arn"] or get_att("AccessPoint.Arn"),
        "mount_path": efs["mount_path"],
        "made": None if efs["access_point_arn"] else made,
    }
