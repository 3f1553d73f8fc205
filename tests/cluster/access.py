"""Who may talk to the control plane: certificates, tokens and kubeconfigs, made anew for each run."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import NamedTuple

import trustme

# The name of a context must say that it is no real cluster.
CONTEXT = "jvbundler-test"
GROUPS = {"admin": "system:masters", "controllers": "system:masters", "kubelet": "system:masters"}


class Access(NamedTuple):
    """The files in `folder`, and the token of each of our users."""

    folder: Path
    tokens: dict[str, str]

    @property
    def authority(self) -> Path:
        return self.folder / "authority.crt"

    @property
    def certificate(self) -> Path:
        return self.folder / "server.crt"

    @property
    def key(self) -> Path:
        return self.folder / "server.key"

    @property
    def account_key(self) -> Path:
        return self.folder / "service-accounts.key"

    @property
    def token_file(self) -> Path:
        return self.folder / "tokens.csv"


def make_access(folder: Path) -> Access:
    folder.mkdir(mode=0o700)
    access = Access(folder, {name: secrets.token_hex(16) for name in GROUPS})
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", "localhost", "kubernetes.default.svc")
    authority.cert_pem.write_to_path(str(access.authority))
    server.cert_chain_pems[0].write_to_path(str(access.certificate))
    _write_private(access.key, server.private_key_pem.bytes())
    _write_private(access.account_key, authority.issue_cert("accounts.test").private_key_pem.bytes())
    lines = (f'{token},{name},{name},"{GROUPS[name]}"\n' for name, token in access.tokens.items())
    _write_private(access.token_file, "".join(lines).encode())
    return access


def kubeconfig(path: Path, server: str, access: Access, user: str, token: str = "") -> Path:
    """`user` is one of ours, or any name with a `token` of its own."""
    _write_private(path, json.dumps(_document(server, access, user, token or access.tokens[user])).encode())
    return path


def _document(server: str, access: Access, user: str, token: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [
            {"name": "test", "cluster": {"server": server, "certificate-authority": str(access.authority)}}
        ],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": CONTEXT, "context": {"cluster": "test", "user": user}}],
    }


def _write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
