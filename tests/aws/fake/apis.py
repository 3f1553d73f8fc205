"""The resource types of API Gateway: HTTP APIs (apigatewayv2) and REST APIs (apigateway)."""
# moto and boto3 have no types.
# mypy: disable-error-code="import-not-found,import-untyped,no-any-return"

from __future__ import annotations

from typing import Any

from tests.aws.fake.kind import Properties, Values, lower_first, picked, tags_by_key

# ---- HTTP API


def create_http_api(client: Any, properties: Properties, name: str) -> Values:
    body = properties["Body"]
    made = client.create_api(
        Name=body["info"]["title"],
        ProtocolType="HTTP",
        Tags={tag["name"]: "" for tag in body.get("tags", [])},
        **cors(body),
        **picked(properties, "DisableExecuteApiEndpoint"),
    )
    put_routes(client, made["ApiId"], body)
    return {"Ref": made["ApiId"], "ApiId": made["ApiId"], "ApiEndpoint": made["ApiEndpoint"]}


def update_http_api(client: Any, properties: Properties, old: Values) -> Values:
    api, body = old["Ref"], properties["Body"]
    for route in client.get_routes(ApiId=api)["Items"]:
        client.delete_route(ApiId=api, RouteId=route["RouteId"])
    for integration in client.get_integrations(ApiId=api)["Items"]:
        client.delete_integration(ApiId=api, IntegrationId=integration["IntegrationId"])
    put_routes(client, api, body)
    client.update_api(ApiId=api, Name=body["info"]["title"], **cors(body))
    return old


def cors(body: dict[str, Any]) -> Properties:
    stated = body.get("x-amazon-apigateway-cors")
    if not stated:
        return {}
    return {"CorsConfiguration": {key[:1].upper() + key[1:]: value for key, value in stated.items()}}


def put_routes(client: Any, api: str, body: dict[str, Any]) -> None:
    """moto has no ImportApi, so the routes of the OpenAPI document are made one by one."""
    for path, methods in body.get("paths", {}).items():
        for method, operation in methods.items():
            stated = operation["x-amazon-apigateway-integration"]
            integration = client.create_integration(
                ApiId=api,
                IntegrationType=stated["type"].upper(),
                IntegrationUri=stated["uri"],
                IntegrationMethod=stated["httpMethod"],
                PayloadFormatVersion=stated["payloadFormatVersion"],
                **({"TimeoutInMillis": stated["timeoutInMillis"]} if "timeoutInMillis" in stated else {}),
            )
            any_method = method == "x-amazon-apigateway-any-method"
            key = "$default" if path == "/$default" else f"{'ANY' if any_method else method.upper()} {path}"
            target = f"integrations/{integration['IntegrationId']}"
            client.create_route(ApiId=api, RouteKey=key, Target=target)


def create_http_stage(client: Any, properties: Properties, name: str) -> Values:
    client.create_stage(**properties)
    return {"Ref": properties["StageName"], "ApiId": properties["ApiId"]}


def delete_http_stage(client: Any, values: Values) -> None:
    client.delete_stage(ApiId=values["ApiId"], StageName=values["Ref"])


def create_http_domain(client: Any, properties: Properties, name: str) -> Values:
    made = client.create_domain_name(**properties)
    stated = made["DomainNameConfigurations"][0]
    return {
        "Ref": made["DomainName"],
        "RegionalDomainName": stated.get("ApiGatewayDomainName", f"d.{made['DomainName']}"),
        "RegionalHostedZoneId": stated.get("HostedZoneId", "Z0000000000000000000"),
    }


def create_mapping(client: Any, properties: Properties, name: str) -> Values:
    # moto wants a key where the API takes none for the root of the domain.
    made = client.create_api_mapping(**{"ApiMappingKey": "", **properties})
    return {"Ref": made["ApiMappingId"], "DomainName": properties["DomainName"]}


def delete_mapping(client: Any, values: Values) -> None:
    client.delete_api_mapping(DomainName=values["DomainName"], ApiMappingId=values["Ref"])


# ---- REST API


def create_rest_api(client: Any, properties: Properties, name: str) -> Values:
    body = properties["Body"]
    configuration = lower_first(properties.get("EndpointConfiguration", {"Types": ["EDGE"]}))
    title = properties.get("Name", body["info"]["title"])
    api = client.create_rest_api(name=title, endpointConfiguration=configuration)["id"]
    return {**put_methods(client, api, body), "Ref": api}


def update_rest_api(client: Any, properties: Properties, old: Values) -> Values:
    root = old["RootResourceId"]
    for resource in client.get_resources(restApiId=old["Ref"])["items"]:
        if resource["id"] != root:
            client.delete_resource(restApiId=old["Ref"], resourceId=resource["id"])
        for method in resource.get("resourceMethods", {}) if resource["id"] == root else ():
            client.delete_method(restApiId=old["Ref"], resourceId=root, httpMethod=method)
    return {**put_methods(client, old["Ref"], properties["Body"]), "Ref": old["Ref"]}


def put_methods(client: Any, api: str, body: dict[str, Any]) -> Values:
    root = next(r["id"] for r in client.get_resources(restApiId=api)["items"] if r["path"] == "/")
    for path, methods in body["paths"].items():
        resource = root
        for segment in filter(None, path.split("/")):
            resource = client.create_resource(restApiId=api, parentId=resource, pathPart=segment)["id"]
        for method, operation in methods.items():
            name = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            put_method(client, {"restApiId": api, "resourceId": resource, "httpMethod": name}, operation)
    return {"RootResourceId": root}


def put_method(client: Any, place: Properties, operation: dict[str, Any]) -> None:
    client.put_method(authorizationType="NONE", **place)
    stated = operation["x-amazon-apigateway-integration"]
    given = {
        "integrationHttpMethod": stated.get("httpMethod", "POST"),
        **({"uri": stated["uri"]} if "uri" in stated else {}),
        **({"timeoutInMillis": stated["timeoutInMillis"]} if "timeoutInMillis" in stated else {}),
        **({"requestTemplates": stated["requestTemplates"]} if "requestTemplates" in stated else {}),
    }
    client.put_integration(type=stated["type"].upper(), **place, **given)


def create_rest_deployment(client: Any, properties: Properties, name: str) -> Values:
    wanted = lower_first(picked(properties, "RestApiId", "Description", "StageName"))
    return {"Ref": client.create_deployment(**wanted)["id"]}


def create_rest_stage(client: Any, properties: Properties, name: str) -> Values:
    wanted = lower_first(picked(properties, "RestApiId", "StageName", "DeploymentId", "TracingEnabled"))
    client.create_stage(tags=tags_by_key(properties), **wanted)
    values = {"Ref": properties["StageName"], "RestApiId": properties["RestApiId"]}
    return update_rest_stage(client, properties, values)


def update_rest_stage(client: Any, properties: Properties, old: Values) -> Values:
    changes = {"/deploymentId": properties["DeploymentId"]}
    for setting in properties.get("MethodSettings", []):
        scope = f"/{setting['ResourcePath'].lstrip('/') or '*'}/{setting['HttpMethod']}"
        for name in ("BurstLimit", "RateLimit"):
            if f"Throttling{name}" in setting:
                changes[f"{scope}/throttling/{lower_first({name: 0}).popitem()[0]}"] = str(
                    setting[f"Throttling{name}"]
                )
    operations = [{"op": "replace", "path": path, "value": value} for path, value in changes.items()]
    client.update_stage(restApiId=old["RestApiId"], stageName=old["Ref"], patchOperations=operations)
    return old


def delete_rest_stage(client: Any, values: Values) -> None:
    client.delete_stage(restApiId=values["RestApiId"], stageName=values["Ref"])


def create_rest_domain(client: Any, properties: Properties, name: str) -> Values:
    wanted = lower_first(properties)
    wanted.pop("tags", None)
    made = client.create_domain_name(**wanted)
    return {
        "Ref": made["domainName"],
        "RegionalDomainName": made.get("regionalDomainName", f"d.{made['domainName']}"),
        "RegionalHostedZoneId": made.get("regionalHostedZoneId", "Z0000000000000000000"),
    }


def create_base_path(client: Any, properties: Properties, name: str) -> Values:
    client.create_base_path_mapping(**lower_first(properties))
    return {"Ref": name, "Domain": properties["DomainName"], "Path": properties.get("BasePath", "(none)")}


def delete_base_path(client: Any, values: Values) -> None:
    client.delete_base_path_mapping(domainName=values["Domain"], basePath=values["Path"])
