#!/usr/bin/env bash
# The whole story in a real cluster: deploy, change, break, roll back, deploy again, destroy. It uses the
# context CONTEXT (default: the current one of KUBECONFIG) and a namespace of its own, which it deletes.
#
#   KUBECONFIG=~/.kube/config make e2e-k8s
#
# IMAGE is an image of an app that answers /health on port 8080 (scripts/e2e_docker.sh pushes one), as
# registry/name:tag; the nodes must be able to pull it.
set -euo pipefail

jvbundler=${JVBUNDLER:-jvbundler}
context=${CONTEXT:-$(kubectl config current-context)}
image=${IMAGE:?set IMAGE to registry/name:tag of an image that the cluster can pull}
namespace=jvbundler-e2e-$$
work=$(mktemp -d)
kubectl="kubectl --context $context --namespace $namespace"
finish() {
    kubectl --context "$context" delete namespace "$namespace" --ignore-not-found --wait=false
    rm -rf "$work"
}
trap finish EXIT

name=${image##*/}
mkdir -p "$work/app/agents/e2e/helper"
printf 'agent: e2e/helper\nactions: []\n' > "$work/app/agents/e2e/helper/agent.yaml"
printf 'app: e2e\nversion: 1.0.0\nagents:\n  - e2e/helper\n' > "$work/app/app.yaml"
cat > "$work/app/deploy.yaml" <<YAML
app:
  name: e2e-agent
image:
  name: ${name%:*}
  tag: "${name##*:}"
environment:
  LOG_LEVEL: INFO
kubernetes:
  enabled: true
  context: $context
  namespace: $namespace
  create_namespace: true
  registry:
    url: ${image%/*}
  deployment:
    progress_deadline_seconds: 120
YAML
cd "$work"
deploy="$jvbundler deploy k8s app"
expect() { # expect CODE COMMAND...
    local wanted=$1 code=0
    shift
    "$@" || code=$?
    test "$code" = "$wanted" || { echo "expected exit code $wanted, got $code: $*"; exit 1; }
}

echo "== without its Secret nothing is changed; then it is made from the shell's variables, with the namespace"
expect 2 $deploy
expect 0 env JVAGENT_ADMIN_PASSWORD=e2e-password JVSPATIAL_JWT_SECRET_KEY=e2e-key-of-some-length \
    $deploy --create-secrets
expect 0 $jvbundler status k8s app
expect 0 $jvbundler logs k8s app --tail 5

echo "== a change, shown first"
$jvbundler env set k8s app LOG_LEVEL=DEBUG
expect 3 $deploy
expect 0 $deploy --render --diff --yes
test "$($kubectl get configmap e2e-agent --output 'jsonpath={.data.LOG_LEVEL}')" = DEBUG

echo "== an image that is not there: back to the former revision"
expect 4 $deploy --set image.tag=no-such-tag --rollback-on-failure --timeout 60
expect 0 $kubectl rollout status deployment/e2e-agent --timeout=120s
test "$($kubectl get deployment e2e-agent --output 'jsonpath={.spec.template.spec.containers[0].image}')" = "$image"

echo "== and the next deployment works"
$jvbundler render app
expect 0 $deploy
expect 0 $jvbundler status k8s app

echo "== back and forth"
$jvbundler env set k8s app LOG_LEVEL=WARNING
expect 0 $deploy --render
expect 0 $jvbundler rollback k8s app
expect 0 $deploy

echo "== what the manifest no longer has goes"
expect 0 $deploy --set kubernetes.network_policy.enabled=false
test -z "$($kubectl get networkpolicies --output name)"

echo "== destroy"
expect 0 $jvbundler destroy k8s app --yes
test -z "$($kubectl get deployments,services --output name)"
kubectl --context "$context" get namespace "$namespace"
expect 0 $jvbundler destroy k8s app --yes --delete-data
echo "the whole story works"
