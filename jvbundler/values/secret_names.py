"""Which environment variables hold secrets, judged by their names alone; secret_values.py judges values.

Sources of the words: the names that GitHub Actions, GitLab CI/CD, Jenkins and common tools document for their
credentials (tests/values/test_secret_names.py has 120 of them), and the `.env.example` of jvagent.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# A name that ends in one of these words is a secret's: `TOKEN`, but not `MAX_TOKENS`.
_CREDENTIALS = _set(
    "PASSWD PASS PWD SECRET SECRETS CREDENTIAL CREDENTIALS CREDS PAT PATS DSN DSNS JWT APIKEY APIKEYS"
    " WRITEKEY NETRC NPMRC PYPIRC HTPASSWD KEYSTORE P12 PFX KUBECONFIG DOCKERCONFIGJSON WEBHOOK WEBHOOKS"
)
# Also at the end of a longer word: `PGPASSWORD`, `SYSTEM_ACCESSTOKEN`.
_ENDINGS = ("PASSWORD", "PASSWORDS", "PASSPHRASE", "PASSPHRASES", "TOKEN")
# Connection strings carry a password more often than not, and whoever knows a webhook may post to it.
_STORES = _set(
    "MONGODB MONGO POSTGRES POSTGRESQL MYSQL DATABASE DB REDIS AMQP CLOUDAMQP RABBITMQ BROKER WEBHOOK"
    " WEBHOOKS"
)
_ADDRESSES = _set("URI URL URIS URLS")
_TOKENS_OF = _set("API AUTH ACCESS REFRESH BEARER SESSION BOT SECRET DEPLOY REGISTRY SERVICE PERSONAL")
_PAIRS = _set("CONNECTION_STRING CONNECTION_STRINGS KUBE_CONFIG AUTH_CONFIG KEY_BASE")
# Every other `…_KEY` is a secret.
_HARMLESS_KEYS = _set(
    "PUBLIC PUBLISHABLE AUTHORIZED KNOWN ALLOWED REQUIRED PARTITION SORT PRIMARY FOREIGN UNIQUE COMPOSITE"
    " HASH RANGE CACHE SHARD ROUTING ROW LOOKUP INDEX GROUP OBJECT BUCKET S3 KMS IDEMPOTENCY DEDUPLICATION"
    " MESSAGE TRANSLATION CONFIG SETTING SETTINGS FEATURE MAP DICT JSON TAG LABEL ANNOTATION HEADER METADATA"
    " LOG METRIC TOPIC QUEUE EVENT EXTRA FIELD ITEM PREFIX SUFFIX TOPOLOGY"
)
_CREDENTIAL_KEYS = _set("API ACCESS SECRET PRIVATE AUTH ENCRYPTION SIGNING MASTER JWT ACCOUNT")
# Every other `…_AUTH` is a secret: these only switch authentication on or off.
_SWITCHES = _set("ENABLE DISABLE REQUIRE REQUIRES USE NO SKIP ALLOW WITH WITHOUT HAS NEED NEEDS")
# How the secret is encoded; its name comes before these words.
_FORMS = _set("VALUE DATA CONTENT CONTENTS BASE64 B64 JSON PEM V1 V2 KEY ID")


@lru_cache(maxsize=4096)
def looks_secret(name: str) -> bool:
    """Whether an environment variable holds a secret, judging by its name."""
    words = _words(name)
    return _ends_secret(words) or (len(words) > 1 and _is_form(words) and _ends_secret(words[:-1]))


def _words(name: str) -> list[str]:
    """The words of `DB_PASSWORD`, `dbPassword` and `signingKey`, in upper case."""
    # Without mixed case there is nothing to split.
    if not (name.isupper() or name.islower()):
        name = "".join(
            f"_{c}" if c.isupper() and b.islower() else c for b, c in zip(" " + name, name, strict=False)
        )
    return name.upper().split("_")


def _is_form(words: list[str]) -> bool:
    """Whether the last word only says how the secret before it is written; `KEY_ID` names a key."""
    last, before = words[-1], words[-2]
    if last == "ID" and before in ("KEY", "KEYS"):
        return len(words) > 2 and words[-3] in _CREDENTIAL_KEYS
    return last in _FORMS or (last.isdecimal() and before not in ("KEY", "KEYS"))


def _ends_secret(words: list[str]) -> bool:
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in ("KEY", "KEYS"):
        return bool(before) and before not in _HARMLESS_KEYS
    if last == "AUTH":
        return bool(before) and before not in _SWITCHES
    if last == "SECRETS" and before == "PULL":
        return False  # Kubernetes' imagePullSecrets are names
    if last == "TOKENS":
        return before in _TOKENS_OF
    if last in _ADDRESSES:
        return before in _STORES
    if {("TF", "TOKEN"), ("PYPI", "TOKEN")}.intersection(pairwise(words)):
        return True  # of Terraform and of Poetry: the host follows, or the index
    return last in _CREDENTIALS or last.endswith(_ENDINGS) or f"{before}_{last}" in _PAIRS
