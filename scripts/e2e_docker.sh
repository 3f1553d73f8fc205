#!/usr/bin/env bash
# Builds the example app's image with the engine that is there, runs it read-only as uid 10001 until it is
# healthy, pushes it to REGISTRY (a local one) and checks that the digest comes back. Takes minutes: 1.3 GB.
#
#   REGISTRY=127.0.0.1:5000 make e2e-docker
#
# JVBUNDLER is the command to try; PORT a free port of this machine.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
jvbundler=${JVBUNDLER:-jvbundler}
registry=${REGISTRY:-127.0.0.1:5000}
port=${PORT:-18080}
work=$(mktemp -d)
export JVAGENT_ADMIN_PASSWORD=e2e-admin-password JVSPATIAL_JWT_SECRET_KEY=e2e-jwt-key-of-some-length
running=
finish() {
    if [ -n "$running" ]; then
        kill -TERM "$running" 2>/dev/null && wait "$running" || true
    fi
    rm -rf "$work"
}
trap finish EXIT

cp -r "$root/tests/app/example_app" "$work/app"
cat > "$work/app/deploy.yaml" <<YAML
app:
  name: e2e-agent
  version: 1.2.3
kubernetes:
  enabled: true
  context: none
  registry:
    url: $registry/e2e
YAML
cd "$work"

echo "== build"
$jvbundler build app
image=$registry/e2e/e2e-agent:1.2.3

echo "== run, read-only, as uid 10001"
$jvbundler run app --port "$port" > run.log 2>&1 &
running=$!
for second in $(seq 120); do
    if curl -sf "http://127.0.0.1:$port/health" > /dev/null; then break; fi
    if ! kill -0 "$running" 2>/dev/null || [ "$second" = 120 ]; then cat run.log; exit 1; fi
    sleep 1
done
echo "healthy after $second s"
container=$(docker ps --quiet --filter name=e2e-agent)
test "$(docker exec "$container" id -u)" = 10001
docker exec "$container" sh -c '! touch /written 2>/dev/null'
grep -q "$JVAGENT_ADMIN_PASSWORD" run.log && { echo "a secret was shown"; exit 1; }
# SIGINT is ignored by what a script starts in the background.
kill -TERM "$running"
wait "$running" && code=0 || code=$?
running=
test "$code" = 130
test -z "$(docker ps --quiet --all --filter name=e2e-agent)"

echo "== push"
$jvbundler push app ${ATTEST:---no-attestations}
noted=$(sed -n 's/^ *digest: //p' app/deploy.yaml)
there=$(docker buildx imagetools inspect "$image" --format '{{json .Manifest.Digest}}' | tr -d '"')
test "$noted" = "$there"
grep -q "image: $image@$noted" app/deploy/kubernetes/rendered/default/manifest.yaml
$jvbundler render app --check
echo "pushed and rendered: $image@$noted"
