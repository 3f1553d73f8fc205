"""Which environment variables hold secrets, judged by their names and by the shape of a value.

The patterns are texts because compiling them takes a millisecond, and a render that finds everything current
needs none. Answers are kept: environments and apps repeat names and values over and over.
"""

from __future__ import annotations

import re
from functools import lru_cache

# Whole words of a variable's name, split at underscores. `TOKEN` but not `MAX_TOKENS`; `KEY` only after a
# word that makes it a credential, so that `PARTITION_KEY` and `CACHE_KEY_PREFIX` stay plain.
_SECRET_NAME = (
    r"(?:^|_)(?:"
    r"PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|SECRETS|TOKEN|CREDENTIAL|CREDENTIALS|APIKEY|DSN"
    r"|(?:API|ACCESS|SECRET|PRIVATE|AUTH|ENCRYPTION|SIGNING|MASTER|JWT|SERVICE_ACCOUNT)_KEY"
    r"|CONNECTION_STRING"
    r")(?:$|_(?:KEY|ID|VALUE|BASE64|B64|JSON|[0-9]+)$)"
)
# Connection strings carry a password more often than not.
_SECRET_URI = (
    r"(?:^|_)(?:MONGODB|MONGO|POSTGRES|POSTGRESQL|DATABASE|DB|REDIS|AMQP|RABBITMQ|LOG_DB)_(?:URI|URL)$"
)

_SECRET_VALUE = (
    r"(?:"
    r"\bsk-[A-Za-z0-9_-]{16,}"  # OpenAI, Anthropic
    r"|\bAKIA[0-9A-Z]{16}\b|\bASIA[0-9A-Z]{16}\b"  # AWS access key ids
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{40,}"
    r"|\bglpat-[A-Za-z0-9_-]{18,}"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}"  # Slack
    r"|\bAIza[0-9A-Za-z_-]{35}"  # Google
    r"|\bhf_[A-Za-z0-9]{30,}"  # Hugging Face
    r"|\b(?:gsk_|r8_|xai-|pplx-|tvly-|lsv2_|nvapi-|npm_|pypi-|dckr_pat_|shpat_|dop_v1_)[A-Za-z0-9_-]{20,}"
    r"|\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}"
    r"|\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"  # JWT
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:[^\s/@{}$]+@"  # URL with a password
    r"|\bhttps?://[A-Za-z0-9_-]{16,}@"  # URL with a token in place of a user
    r")"
)


@lru_cache(maxsize=4096)
def looks_secret(name: str) -> bool:
    """Whether an environment variable of this name holds a secret, as far as its name tells."""
    upper = name.upper()
    return bool(re.search(_SECRET_NAME, upper) or re.search(_SECRET_URI, upper))


def without_secrets(text: str) -> str:
    """`text` with the known shapes of tokens and passwords blotted out, for messages that repeat input."""
    return re.sub(_SECRET_VALUE, "***", text)


@lru_cache(maxsize=4096)
def contains_secret(text: str) -> bool:
    """Whether a value has the shape of a known token, private key or URL with a password in it."""
    return bool(re.search(_SECRET_VALUE, text))
