"""Finds secrets by their shape, whatever they are called: tokens, keys, passwords in URLs and texts.

The shapes of tokens are those of gitleaks (github.com/gitleaks/gitleaks, config/gitleaks.toml, MIT, July
2026), by rule id, matched by prefix alone: a token whose end differs a little from the rule still counts.
Rules that need a keyword nearby are left out: secret_names.py judges names. `generic-api-key` was the only
rule with false positives in our golden cases (140 of them).

Every search is linear in the text, which may be hostile. A pattern is compiled when its marker is found,
which most values do not contain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from jvbundler.values.secret_names import looks_secret

MASK = "***"
Span = tuple[int, int]

# gitleaks rule → the prefix of its tokens, and the fewest characters that follow.
_TOKENS: dict[str, tuple[tuple[str, ...], int]] = {
    "1password-secret-key": (("A3-",), 30),
    "1password-service-account-token": (("ops_eyJ",), 30),
    "adobe-client-secret": (("p8e-",), 30),
    "age-secret-key": (("AGE-SECRET-KEY-1",), 20),
    "alibaba-access-key-id": (("LTAI",), 16),
    "anthropic-api-key": (("sk-ant-",), 16),
    "artifactory-api-key": (("AKCp",), 40),
    "artifactory-reference-token": (("cmVmd",), 40),
    "aws-access-token": (("AKIA", "ASIA", "ABIA", "ACCA"), 16),
    "aws-amazon-bedrock-api-key": (("ABSK", "bedrock-api-key-"), 40),
    "clojars-api-token": (("CLOJARS_",), 40),
    "cloudflare-origin-ca-key": (("v1.0-",), 40),
    "databricks-api-token": (("dapi",), 30),
    "digitalocean-access-token": (("dop_v1_", "doo_v1_", "dor_v1_"), 20),
    "docker-hub-pat": (("dckr_pat_", "dckr_oat_"), 16),
    "doppler-api-token": (("dp.pt.", "dp.st.", "dp.ct."), 20),
    "duffel-api-token": (("duffel_test_", "duffel_live_"), 20),
    "dynatrace-api-token": (("dt0c01.",), 20),
    "easypost-api-token": (("EZAK", "EZTK"), 40),
    "flutterwave-secret-key": (("FLWSECK",), 12),
    "flyio-access-token": (("fo1_", "fm1a_", "fm1r_", "fm2_"), 40),
    "frameio-api-token": (("fio-u-",), 40),
    "gcp-api-key": (("AIza",), 35),
    "google-oauth-client-secret": (("GOCSPX-",), 20),
    "google-oauth-token": (("ya29.",), 20),
    "github-pat": (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), 30),
    "github-fine-grained-pat": (("github_pat_",), 22),
    "gitlab-pat": (("glpat-", "gldt-", "glft-", "glffct-", "glimt-", "glrt-", "glsoat-"), 18),
    "gitlab-kubernetes-agent-token": (("glagent-", "gloas-"), 18),
    "gitlab-cicd-job-token": (("glcbt-",), 18),
    "gitlab-ptt": (("glptt-",), 18),
    "gitlab-rrt": (("GR1348941",), 18),
    "grafana-service-account-token": (("glsa_", "glc_"), 30),
    "groq-api-key": (("gsk_",), 20),
    "heroku-api-key-v2": (("HRKU-AA",), 30),
    "huggingface-access-token": (("hf_", "api_org_"), 30),
    "infracost-api-token": (("ico-",), 32),
    "langsmith-api-key": (("lsv2_",), 20),
    "linear-api-key": (("lin_api_",), 20),
    "notion-api-token": (("ntn_",), 40),
    "npm-access-token": (("npm_",), 30),
    "nvidia-api-key": (("nvapi-",), 20),
    "octopus-deploy-api-key": (("API-",), 26),
    "openai-api-key": (("sk-",), 16),
    "openshift-user-token": (("sha256~",), 40),
    "perplexity-api-key": (("pplx-",), 20),
    "planetscale-api-token": (("pscale_tkn_", "pscale_oauth_", "pscale_pw_"), 30),
    "postman-api-token": (("PMAK-",), 40),
    "prefect-api-token": (("pnu_",), 36),
    "pulumi-api-token": (("pul-",), 40),
    "pypi-upload-token": (("pypi-",), 20),
    "readme-api-token": (("rdme_",), 40),
    "replicate-api-token": (("r8_",), 20),
    "rubygems-api-token": (("rubygems_",), 40),
    "sendgrid-api-token": (("SG.",), 34),
    "sendinblue-api-token": (("xkeysib-",), 40),
    "sentry-token": (("sntrys_", "sntryu_"), 20),
    "shippo-api-token": (("shippo_live_", "shippo_test_"), 30),
    "shopify-access-token": (("shpat_", "shpca_", "shppa_", "shpss_"), 20),
    "slack-app-token": (("xapp-",), 10),
    "slack-token": (("xoxa-", "xoxb-", "xoxe-", "xoxe.", "xoxo-", "xoxp-", "xoxr-", "xoxs-"), 10),
    "sourcegraph-access-token": (("sgp_",), 40),
    "square-access-token": (("EAAA", "sq0atp-"), 22),
    "stripe-access-token": (("sk_live_", "sk_test_", "sk_prod_", "rk_live_", "rk_test_", "rk_prod_"), 10),
    "stripe-webhook-secret": (("whsec_",), 10),
    "tavily-api-key": (("tvly-",), 20),
    "vault-token": (("hvs.", "hvb.", "hvr."), 20),
    "xai-api-key": (("xai-",), 20),
}  # fmt: skip
_LEAST = {mark: least for marks, least in _TOKENS.values() for mark in marks}

# A marker that the text must contain → the pattern; group 1 is the secret unless the whole match is.
_PATTERNS: tuple[tuple[str, str], ...] = (
    # gitleaks: jwt
    ("eyJ", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*"),
    # gitleaks: private-key. To the end of the text where the key has no end: a message may have cut it.
    (
        "PRIVATE KEY",
        r"(?s)-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----"
        r".*?(?:-----END[ A-Z0-9_-]{0,100}KEY(?: BLOCK)?-----|\Z)",
    ),
    # gitleaks: azure-ad-client-secret
    ("Q~", r"(?<![\w.~])[\w.~]{3}\dQ~[\w.~-]{31,34}"),
    # gitleaks: slack-webhook-url, microsoft-teams-webhook; Discord's and Google Chat's documentation
    ("hooks.slack.com/", r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/+-]{10,}"),
    ("webhook.office.com/", r"webhook\.office\.com/webhookb2/[\w@/-]{20,}"),
    ("/api/webhooks/", r"discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}"),
    ("chat.googleapis.com/", r"chat\.googleapis\.com/v1/spaces/\S{0,200}?[?&]token=[\w%=-]+"),
    # Azure Storage, Service Bus: connection strings; shared access signatures
    ("AccountKey=", r"AccountKey=([\w+/=]{10,})"),
    ("SharedAccessKey=", r"SharedAccessKey=([\w+/=]{10,})"),
    ("sig=", r"[?&]sig=([\w%+/=-]{20,})"),
    # RFC 6750; an access token in a header
    ("earer ", r"\b[Bb]earer ([\w.~+/=-]{16,})"),
)
_BASE64 = r"(?<![\w+/-])[\w+/-]{16,}={0,2}"
_BASIC = r"\b[Bb]asic\s{1,10}([\w+/-]{6,}={0,2})"
_DOCKER_AUTH = r'"auth"\s{0,10}:\s{0,10}"([\w+/-]{6,}={0,2})"'
_URL = r"""://([^\s"'`<>]+?)(?=,[A-Za-z]\w{0,20}://|[\s"'`<>]|\Z)"""
# A name, and what separates it from its value.
_ASSIGNMENT = r"""(?<![\w.-])[-.]*([A-Za-z_][\w.-]*)(?:\\?["'])?[ \t]*[:=][ \t]*\\?(["']?)"""
_ASSIGNED = r"""[^\s"'`,;&|)}\]\\]+"""
_ENDS_OF_NAMES = ("pass", "pwd", "secret", "token", "key", "cred", "auth", "dsn", "pat", "jwt", "webhook")
# What is written instead of a value: a reference, a path, a placeholder, a word for what is expected.
_NO_VALUE = (
    r"[$!*{\[<%@#].*|\.\.\.|…|\?+|(?:\.{0,2}|~)/[\w.-]+(?:/[\w.-]+)*/?"
    r"|(?i:true|false|yes|no|on|off|null|none|nil|required|optional|string|str|text|bool|int|enabled|disabled)"
)
_NO_PASSWORD = r"\$\{[^{}]*\}|\$\([^()]*\)|\$\w+|\{\{.*\}\}|\{[^{}]*\}|<[^<>]*>|\*+|%s|…|\.\.\.|x+|X+"
# Fields of deploy.yaml and of Kubernetes that hold the name of a secret.
_FIELDS = frozenset(("secret_id", "secretId", "secretKey"))
_SHORTEST = 8


@lru_cache(maxsize=4096)
def contains_secret(text: str) -> bool:
    """Whether a value is or contains a token, a private key, a URL with a password or an assigned one."""
    return len(text) >= _SHORTEST and (any(_spans(text)) or any(_assignments(text)))


def without_secrets(text: str, *, assigned: bool = False) -> str:
    """`text` with the secrets in it masked.

    With `assigned`, the value after a name that looks secret is masked too: for the user's texts only, as our
    own messages may say 'Secret: …'.
    """
    if len(text) < _SHORTEST:
        return text
    result, end = [], 0
    for start, stop in sorted([*_spans(text), *(_assignments(text) if assigned else ())]):
        if start >= end:
            result += [text[end:start], MASK]
        end = max(end, stop)
    return "".join([*result, text[end:]]) if end else text


def _spans(text: str, depth: int = 0) -> Iterator[Span]:
    """Where the secrets are, in any order; they may overlap. `depth` counts the base64 around the text."""
    yield from _tokens(text)
    yield from _patterns(text)
    if "://" in text and "@" in text:
        yield from _urls(text)
    yield from _basic_credentials(text)
    if len(text) >= 16 and depth < 3:
        yield from _encoded(text, depth)


def _tokens(text: str) -> Iterator[Span]:
    for mark, least in _LEAST.items():
        if mark in text:
            # Not inside a word: `task-…` is not `sk-…`.
            for found in re.finditer(rf"(?<![A-Za-z0-9]){re.escape(mark)}[\w.~+/=-]{{{least},}}", text):
                yield found.span()


def _patterns(text: str) -> Iterator[Span]:
    for mark, pattern in _PATTERNS:
        if mark in text:
            for found in re.finditer(pattern, text):
                yield found.span(found.re.groups)


def _urls(text: str) -> Iterator[Span]:
    """The user and the password of a URL, or a token instead of a user."""
    for found in re.finditer(_URL, text):
        credentials, at, _ = re.sub(r"\$\{[^{}]*\}", _of_the_same_length, found[1]).rpartition("@")
        user, colon, password = credentials.partition(":")
        if not at or "/" in user:
            continue
        is_port = re.match(r"\d{1,5}(?:[/,?#]|\Z)", password) and "/" in found[1][: len(credentials)]
        if (password and not is_port and not re.fullmatch(_NO_PASSWORD, password)) or (
            not colon
            and re.fullmatch(r"[\w-]{16,}", user)
            and text[: found.start()].endswith(("http", "https"))
        ):
            yield found.start(1), found.start(1) + len(credentials)


def _of_the_same_length(reference: re.Match[str]) -> str:
    """`${NAME:-default}` without the colon, which would end the user of a URL."""
    return "${" + "_" * (len(reference[0]) - 3) + "}"


def _assignments(text: str) -> Iterator[Span]:
    """The values in `password: x`, `--token=x` and `{"api_key": "x"}`."""
    lower = text.lower() if ":" in text or "=" in text else ""
    if not any(part in lower for part in _ENDS_OF_NAMES):
        return
    assignment, assigned = re.compile(_ASSIGNMENT), re.compile(_ASSIGNED)
    position = 0
    while found := assignment.search(text, position):
        position = found.end()
        if found[0].endswith(":") and text[found.start() - 1 : found.start()] == ":":
            continue  # a part of an ARN: `…:secret:prod`
        if names_secret(found[1]) and (value := assigned.match(text, position)):
            position = value.end()
            if not re.fullmatch(_NO_VALUE, value[0]):
                yield value.span()


@lru_cache(maxsize=4096)
def names_secret(name: str) -> bool:
    """Whether a name in a text looks secret; there it may have dots and hyphens, as `spring.db-password`."""
    return name not in _FIELDS and looks_secret(re.sub(r"[^A-Za-z0-9]", "_", name[-100:]))


def _basic_credentials(text: str) -> Iterator[Span]:
    """`user:password` in base64: in a header (RFC 7617), and in Docker's configuration."""
    for mark, pattern in (("asic", _BASIC), ('"auth"', _DOCKER_AUTH)):
        if mark in text:
            for found in re.finditer(pattern, text):
                if ":" in _decoded(found[1]):
                    yield found.span(1)


def _encoded(text: str, depth: int) -> Iterator[Span]:
    for found in re.finditer(_BASE64, text):
        decoded = _decoded(found[0])
        if decoded and (any(_spans(decoded, depth + 1)) or any(_assignments(decoded))):
            yield found.span()


def _decoded(word: str) -> str:
    """The text that a base64 word decodes to, in either alphabet; empty if it does not decode to text."""
    import base64

    word = word.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(word + "=" * (-len(word) % 4)).decode("ascii")
    except ValueError:
        return ""
    return text if all(c.isprintable() or c in "\r\n\t" for c in text) else ""
