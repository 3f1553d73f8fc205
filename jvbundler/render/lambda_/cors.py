"""What each kind of endpoint says to browsers on other origins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jvbundler.generated.settings import LambdaApiGatewayCors, LambdaFunctionUrlCors


def http_cors(cors: LambdaApiGatewayCors) -> dict[str, Any] | None:
    if not cors["enabled"]:
        return None
    return {
        "AllowOrigins": cors["allow_origins"],
        "AllowMethods": cors["allow_methods"],
        "AllowHeaders": with_authorization(cors["allow_headers"]),
        **optional_cors(cors),
    }


def url_cors(cors: LambdaFunctionUrlCors) -> dict[str, Any] | None:
    """A Function URL answers preflight requests by itself, and does not take OPTIONS for a method."""
    if not cors["enabled"]:
        return None
    methods = [method for method in cors["allow_methods"] if method != "OPTIONS"]
    return {
        "AllowOrigins": cors["allow_origins"],
        "AllowMethods": methods or ["*"],
        "AllowHeaders": cors["allow_headers"],
        **optional_cors(cors),
    }


def optional_cors(cors: LambdaApiGatewayCors | LambdaFunctionUrlCors) -> dict[str, Any]:
    return {
        **({"ExposeHeaders": cors["expose_headers"]} if cors["expose_headers"] else {}),
        **({"AllowCredentials": True} if cors["allow_credentials"] else {}),
        **({"MaxAge": cors["max_age"]} if cors["max_age"] else {}),
    }


def rest_cors(cors: LambdaApiGatewayCors) -> dict[str, Any] | None:
    """The preflight answer, and the headers of the gateway's own errors."""
    if not cors["enabled"]:
        return None
    origin = f"'{cors['allow_origins'][0]}'" if len(cors["allow_origins"]) == 1 else ""
    # To a request with credentials `*` is a header's name; the app repeats the headers that are asked for.
    any_header = "*" in cors["allow_headers"] and cors["allow_credentials"]
    answers = origin and not any_header
    return {
        "preflight": preflight(cors, origin) if answers else None,
        "error_headers": error_headers(cors, origin),
    }


def preflight(cors: LambdaApiGatewayCors, origin: str) -> dict[str, Any]:
    """The gateway can name one origin. Where that is not enough, OPTIONS goes to the app: ANY has it."""
    any_method = "*" in cors["allow_methods"]
    return {
        "AllowOrigin": origin,
        # Without it SAM lists every method.
        **({} if any_method else {"AllowMethods": quoted_list([*cors["allow_methods"], "OPTIONS"])}),
        "AllowHeaders": quoted_list(with_authorization(cors["allow_headers"])),
        **({"AllowCredentials": True} if cors["allow_credentials"] else {}),
        **({"MaxAge": f"'{cors['max_age']}'"} if cors["max_age"] else {}),
    }


def error_headers(cors: LambdaApiGatewayCors, origin: str) -> dict[str, str]:
    """Without them a browser hides the status of a request that the gateway itself refused."""
    if not origin:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        **({"Access-Control-Allow-Credentials": "'true'"} if cors["allow_credentials"] else {}),
        **(
            {"Access-Control-Expose-Headers": quoted_list(cors["expose_headers"])}
            if cors["expose_headers"]
            else {}
        ),
    }


def with_authorization(headers: list[str]) -> list[str]:
    """A browser does not count Authorization among `*`: it has to be named."""
    return ["authorization", "*"] if headers == ["*"] else headers


def quoted_list(values: list[str]) -> str:
    return "'" + ",".join(dict.fromkeys(values)) + "'"
