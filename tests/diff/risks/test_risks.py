"""What was, what will be, and the risks that a reviewer is told, gravest first."""

from __future__ import annotations

import pytest

from jvbundler.diff.compare import compare

MANIFEST = "kubernetes/rendered/prod/manifest.yaml"
TEMPLATE = "lambda/prod/template.yaml"


def deployment(spec: str) -> str:
    return f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web, namespace: acme}}\nspec: {spec}\n"


def pod(spec: str) -> str:
    return deployment(f"{{template: {{spec: {spec}}}}}")


def container(fields: str) -> str:
    return pod(f"{{containers: [{{name: web, {fields}}}]}}")


def kubernetes(kind: str, fields: str) -> str:
    return f"apiVersion: v1\nkind: {kind}\nmetadata: {{name: web, namespace: acme}}\n{fields}\n"


def claim(fields: str) -> str:
    return kubernetes("PersistentVolumeClaim", f"spec: {{{fields}}}")


def resource(kind: str, properties: str, more: str = "") -> str:
    return f"Resources:\n  It: {{Type: {kind}, {more}Properties: {{{properties}}}}}\n"


def function(properties: str) -> str:
    return resource("AWS::Serverless::Function", properties)


def role(statement: str) -> str:
    policy = f"Policies: [{{PolicyName: p, PolicyDocument: {{Statement: [{statement}]}}}}]"
    return resource("AWS::IAM::Role", policy)


def risks(path: str, old: str, new: str) -> list[str]:
    found = compare({path: old} if old else {}, {path: new} if new else {})
    return [f"{risk.level}: {risk.kind}" for change in found for risk in change.risks]


RESTART = "info: restart"
NETWORK_POLICY = kubernetes(
    "NetworkPolicy", "spec: {policyTypes: [Ingress], ingress: [{from: [{podSelector: {}}]}]}"
)
KUBERNETES = {
    "selector": (
        deployment("{selector: {matchLabels: {app: a}}}"),
        deployment("{selector: {matchLabels: {app: b}}}"),
        ["danger: immutable field"],
    ),
    "label alone": (
        kubernetes("Service", "spec: {type: ClusterIP}"),
        kubernetes("Service", "spec: {type: ClusterIP}").replace("name: web", "name: web, labels: {v: '2'}"),
        [],
    ),
    "cluster ip": (
        kubernetes("Service", "spec: {clusterIP: 10.0.0.1}"),
        kubernetes("Service", "spec: {clusterIP: 10.0.0.2}"),
        ["danger: immutable field"],
    ),
    "storage class": (
        claim("storageClassName: a"),
        claim("storageClassName: b"),
        ["danger: immutable field"],
    ),
    "access modes": (
        claim("accessModes: [ReadWriteOnce]"),
        claim("accessModes: [ReadWriteMany]"),
        ["danger: immutable field"],
    ),
    "claim shrinks": (
        claim("resources: {requests: {storage: 2Gi}}"),
        claim("resources: {requests: {storage: 1500Mi}}"),
        ["danger: data loss"],
    ),
    "claim grows": (
        claim("resources: {requests: {storage: 900Mi}}"),
        claim("resources: {requests: {storage: 1Gi}}"),
        ["info: scaling"],
    ),
    "claim in other words": (
        claim("resources: {requests: {storage: 1Gi}}"),
        claim("resources: {requests: {storage: 1024Mi}}"),
        [],
    ),
    "claim removed": (claim("volumeName: v"), "", ["danger: data loss"]),
    "claim in another namespace": (
        claim("volumeName: v"),
        claim("volumeName: v").replace("acme", "other"),
        ["danger: data loss", "attention: replacement"],
    ),
    "claim loses its mark": (
        claim("volumeName: v").replace(
            "name: web",
            "name: web, annotations: {argocd.argoproj.io/sync-options: 'Prune=false,Delete=false'}",
        ),
        claim("volumeName: v"),
        ["attention: data loss"],
    ),
    "job": (
        kubernetes("Job", "spec: {template: {spec: {x: 1}}}"),
        kubernetes("Job", "spec: {template: {spec: {x: 2}}}"),
        ["danger: immutable field"],
    ),
    "stateful set": (
        kubernetes("StatefulSet", "spec: {serviceName: a, replicas: 2}"),
        kubernetes("StatefulSet", "spec: {serviceName: b, replicas: 3}"),
        ["danger: immutable field", "info: scaling"],
    ),
    "root": (
        pod("{securityContext: {runAsUser: 10001, runAsNonRoot: true}}"),
        pod("{securityContext: {runAsUser: 0}}"),
        ["danger: permissions", "danger: permissions", RESTART],
    ),
    "privileged": (
        container("securityContext: {}"),
        container("securityContext: {privileged: true, allowPrivilegeEscalation: true}"),
        ["danger: permissions", "danger: permissions", RESTART],
    ),
    "capabilities": (
        container("securityContext: {capabilities: {drop: [ALL]}}"),
        container("securityContext: {capabilities: {add: [NET_ADMIN]}}"),
        ["danger: permissions", "danger: permissions", RESTART],
    ),
    "fewer rights": (
        container("securityContext: {privileged: true}"),
        container("securityContext: {privileged: false, runAsNonRoot: true}"),
        [RESTART],
    ),
    "token": (
        pod("{automountServiceAccountToken: false}"),
        pod("{automountServiceAccountToken: true}"),
        ["attention: permissions", RESTART],
    ),
    "policy removed": (NETWORK_POLICY, "", ["danger: permissions"]),
    "policy without sources": (
        NETWORK_POLICY,
        NETWORK_POLICY.replace("{from: [{podSelector: {}}]}", "{}"),
        ["danger: permissions"],
    ),
    "policy with further sources": (
        NETWORK_POLICY,
        NETWORK_POLICY.replace("{podSelector: {}}", "{podSelector: {}}, {namespaceSelector: {}}"),
        ["attention: permissions"],
    ),
    "load balancer": (
        kubernetes("Service", "spec: {type: ClusterIP}"),
        kubernetes("Service", "spec: {type: LoadBalancer}"),
        ["danger: exposure"],
    ),
    "node port from the start": (
        "",
        kubernetes("Service", "spec: {type: NodePort}"),
        ["attention: exposure"],
    ),
    "new ingress": ("", kubernetes("Ingress", "spec: {rules: [{host: a.example}]}"), ["attention: exposure"]),
    "new host": (
        kubernetes("Ingress", "spec: {rules: [{host: a.example}]}"),
        kubernetes("Ingress", "spec: {rules: [{host: a.example}, {host: b.example}]}"),
        ["attention: exposure"],
    ),
    "image": (
        container("image: acme:1"),
        container("image: acme:2"),
        ["info: image", RESTART],
    ),
    "image without digest": (
        container("image: 'acme:1@sha256:abc'"),
        container("image: acme:1"),
        ["attention: image", RESTART],
    ),
    "restart with a gap": (
        deployment("{strategy: {type: Recreate}, template: {spec: {x: 1}}}"),
        deployment("{strategy: {type: Recreate}, template: {spec: {x: 2}}}"),
        ["attention: outage"],
    ),
    "no pods": (deployment("{replicas: 2}"), deployment("{replicas: 0}"), ["danger: outage"]),
    "replicas": (deployment("{replicas: 2}"), deployment("{replicas: 3}"), ["info: scaling"]),
    "autoscaling": (deployment("{replicas: 3}"), deployment("{}"), ["danger: outage"]),
    "autoscaling of one pod": (deployment("{replicas: 1}"), deployment("{}"), []),
    "less memory": (
        container("resources: {limits: {memory: 1Gi}}"),
        container("resources: {limits: {memory: 512Mi}}"),
        ["attention: scaling", RESTART],
    ),
    "bounds": (
        kubernetes("HorizontalPodAutoscaler", "spec: {minReplicas: 2, maxReplicas: 5}"),
        kubernetes("HorizontalPodAutoscaler", "spec: {minReplicas: 2, maxReplicas: 9}"),
        ["info: scaling"],
    ),
    "deployment removed": (deployment("{}"), "", ["danger: outage"]),
}
SUB = "{Effect: Allow, Action: ['s3:GetObject'], Resource: !Sub 'arn:${AWS::Partition}:s3:::a/*'}"
LAMBDA = {
    "function name": (function("FunctionName: a"), function("FunctionName: b"), ["danger: replacement"]),
    "log group name": (
        resource("AWS::Logs::LogGroup", "LogGroupName: a"),
        resource("AWS::Logs::LogGroup", "LogGroupName: b"),
        ["danger: replacement"],
    ),
    "role name": (
        resource("AWS::IAM::Role", "RoleName: a"),
        resource("AWS::IAM::Role", "RoleName: b"),
        ["attention: replacement"],
    ),
    "access point": (
        resource("AWS::EFS::AccessPoint", "RootDirectory: {Path: /a}"),
        resource("AWS::EFS::AccessPoint", "RootDirectory: {Path: /b}"),
        ["danger: replacement"],
    ),
    "access point's tags": (
        resource("AWS::EFS::AccessPoint", "AccessPointTags: [{Key: a, Value: b}]"),
        resource("AWS::EFS::AccessPoint", "AccessPointTags: [{Key: a, Value: c}]"),
        [],
    ),
    "access point removed": (resource("AWS::EFS::AccessPoint", ""), "", ["attention: data loss"]),
    "log group removed": (resource("AWS::Logs::LogGroup", ""), "", ["danger: data loss"]),
    "log group retained": (
        resource("AWS::Logs::LogGroup", "", "DeletionPolicy: Retain, "),
        "",
        ["info: data loss"],
    ),
    "retention": (
        resource("AWS::Logs::LogGroup", "RetentionInDays: 30"),
        resource("AWS::Logs::LogGroup", "RetentionInDays: 7"),
        ["danger: data loss"],
    ),
    "longer retention": (
        resource("AWS::Logs::LogGroup", "RetentionInDays: 30"),
        resource("AWS::Logs::LogGroup", "RetentionInDays: 90"),
        [],
    ),
    "deletion policy": (
        resource("AWS::ECR::Repository", "RepositoryName: a", "DeletionPolicy: Retain, "),
        resource("AWS::ECR::Repository", "RepositoryName: a", "DeletionPolicy: Delete, "),
        ["danger: data loss"],
    ),
    "another type": (
        resource("AWS::Serverless::HttpApi", "Name: a"),
        resource("AWS::Serverless::Api", "Name: a"),
        ["danger: immutable field"],
    ),
    "wider statement": (
        role(SUB),
        role(SUB.replace("['s3:GetObject']", "['s3:GetObject', 's3:PutObject']")),
        ["attention: permissions"],
    ),
    "wildcard": (role(SUB), role(SUB.replace("s3:GetObject", "s3:*")), ["danger: permissions"]),
    "narrower statement": (
        role(SUB),
        role(SUB.replace("/*'", "/x'").replace("s3:::a", "s3:::a")),
        ["attention: permissions"],
    ),
    "same grants in other words": (
        role("{Effect: Allow, Action: a:b, Resource: x}"),
        role("{Effect: Allow, Action: [a:b], Resource: [x]}"),
        [],
    ),
    "condition dropped": (
        role("{Effect: Allow, Action: a:b, Resource: x, Condition: {Bool: {c: true}}}"),
        role("{Effect: Allow, Action: a:b, Resource: x}"),
        ["attention: permissions"],
    ),
    "public url": (
        function("MemorySize: 512"),
        function("MemorySize: 512, FunctionUrlConfig: {AuthType: NONE}"),
        ["danger: exposure"],
    ),
    "cors": (
        resource("AWS::Serverless::HttpApi", "CorsConfiguration: {AllowOrigins: ['https://a.example']}"),
        resource("AWS::Serverless::HttpApi", "CorsConfiguration: {AllowOrigins: ['*']}"),
        ["attention: exposure"],
    ),
    "new api": ("", resource("AWS::Serverless::HttpApi", "Name: a"), ["attention: exposure"]),
    "image": (function("ImageUri: a:1"), function("ImageUri: a:2"), ["info: image"]),
    "variables": (
        function("Environment: {Variables: {LEVEL: a}}"),
        function("Environment: {Variables: {LEVEL: b}}"),
        ["info: restart"],
    ),
    "memory": (function("MemorySize: 512"), function("MemorySize: 1024"), ["info: scaling"]),
    "less memory": (function("MemorySize: 1024"), function("MemorySize: 512"), ["attention: scaling"]),
    "turned off": (
        function("ReservedConcurrentExecutions: 5"),
        function("ReservedConcurrentExecutions: 0"),
        ["danger: outage", "attention: scaling"],
    ),
    "visible secret": (
        "Resources: {}\nParameters: {Key: {Type: String, NoEcho: true}}\n",
        "Resources: {}\nParameters: {Key: {Type: String}}\n",
        ["danger: permissions"],
    ),
    "secret in a default": (
        "Resources: {}\nParameters: {Key: {Type: String, NoEcho: true}}\n",
        "Resources: {}\nParameters: {Key: {Type: String, NoEcho: true, Default: x}}\n",
        ["danger: permissions"],
    ),
    "optional secret": (
        "Resources: {}\nParameters: {Key: {Type: String, NoEcho: true}}\n",
        'Resources: {}\nParameters: {Key: {Type: String, NoEcho: true, Default: ""}}\n',
        [],
    ),
}


@pytest.mark.parametrize(("old", "new", "expected"), KUBERNETES.values(), ids=KUBERNETES)
def test_kubernetes(old: str, new: str, expected: list[str]) -> None:
    assert risks(MANIFEST, old, new) == expected


@pytest.mark.parametrize(("old", "new", "expected"), LAMBDA.values(), ids=LAMBDA)
def test_lambda(old: str, new: str, expected: list[str]) -> None:
    assert risks(TEMPLATE, old, new) == expected


def test_dockerfile() -> None:
    old = "# syntax\nFROM python:3.12\nRUN pip install \\\n    a\nUSER 10001\n"
    assert risks("docker/Dockerfile", old, old.replace("    a", "    b")) == ["info: image"]
    assert risks("docker/Dockerfile", old, old.replace("3.12", "3.13")) == ["attention: image", "info: image"]
    assert risks("docker/Dockerfile", old, old.replace("10001", "root"))[0] == "danger: permissions"
    assert risks("docker/Dockerfile", old, old.replace("# syntax", "# comment")) == []
