#!/usr/bin/env bash
# `make demo`: a new app by jvagent itself, and what jvbundler makes of it, in .demo/.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rm -rf .demo

say() { printf '\n$ %s\n' "$*"; "$@"; }

jvagent app create --dir .demo/support-app --app-id support_app --title 'Support' \
    --description 'Answers support questions' --author 'Acme' --email admin@acme.example --jvagent-version 0.1.7 \
    --deployment local --profile orchestrator --agent acme/support --no-git --yes >/dev/null
cd .demo
say jvbundler init support-app --all -y
say jvbundler render support-app
printf "\n$ find support-app/deploy -type f | sort\n"
find support-app/deploy -type f | sort
echo
echo "Look at .demo/support-app/deploy: README.md says what each file is."
