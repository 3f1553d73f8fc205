"""An AWS account for tests: the fake's address, its APIs to read back what was made, images to deploy."""
# boto3 has no types of its own.
# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
REGION = "eu-central-1"
ACCOUNT = "123456789012"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@dataclass
class Account:
    url: str
    home: Path
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def environ(self) -> dict[str, str]:
        """What `sam` and `aws` need to find the fake, and nothing of this machine's own account."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **kept,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "HOME": str(self.home),
            "SAM_CLI_TELEMETRY": "0",
            "SAM_CLI_POLL_DELAY": "0.1",
            "__SAM_CLI_APP_DIR": str(self.home),
        }

    def api(self, service: str, region: str = REGION) -> Any:
        # No types: each service would need its own.
        import boto3 as untyped

        boto3: Any = untyped

        if (service, region) not in self.clients:
            self.clients[service, region] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self.url,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",
            )
        return self.clients[service, region]

    def push(self, repository: str, *tags: str, region: str = REGION) -> str:
        """An image under these tags, as `docker push` leaves it; its digest."""
        digest = hashlib.sha256(f"{repository}{tags}".encode()).hexdigest()
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": 1,
                "digest": f"sha256:{digest}",
            },
            # moto makes the image's digest of those of its layers.
            "layers": [{"mediaType": LAYER, "size": 1, "digest": f"sha256:{digest}"}],
        }
        ecr = self.api("ecr", region)
        for tag in tags:
            made = ecr.put_image(repositoryName=repository, imageManifest=json.dumps(manifest), imageTag=tag)
        return str(made["image"]["imageId"]["imageDigest"])
