# `make` lists what there is. The virtual environment (.venv) and the tools of the tests (.tools) are made
# once, and again when pyproject.toml or scripts/bring_tools.py changes.
PYTHON ?= python3
PYTEST_ARGS ?=

RUN := .venv/bin/python
VENV := .venv/.made

.DELETE_ON_ERROR:
.PHONY: help test lint fast coverage mutants demo fuzz golden generate hardening catalog upstream facts schemas audit bench tools clean e2e-docker e2e-k8s e2e e2e-gitops e2e-lambda proof recordings

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: lint tools ## everything that CI runs: the linters, and pytest with the real tools
	$(RUN) -m pytest $(PYTEST_ARGS)

lint: $(VENV) ## ruff, mypy, who imports whom, and what follows a schema
	$(RUN) -m ruff check
	$(RUN) -m ruff format --check
	$(RUN) -m mypy
	.venv/bin/lint-imports --no-cache --no-logo
	.venv/bin/check-jsonschema --check-metaschema schemas/*.schema.json
	.venv/bin/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml

fast: $(VENV) ## pytest alone, with the tools that are there: make fast PYTEST_ARGS=tests/render
	$(RUN) -m pytest $(PYTEST_ARGS)

coverage: tools ## the tests once more, with the coverage of every process that they start
	rm -rf .coverage
	$(RUN) -m coverage run -m pytest $(PYTEST_ARGS)
	$(RUN) -m coverage combine --quiet
	$(RUN) -m coverage report

mutants: $(VENV) ## change the rules and the diff in small ways, and list what no test notices
	$(RUN) -m pip install --quiet cosmic-ray==8.7.0
	$(RUN) scripts/mutants.py $(MUTANTS)

demo: $(VENV) ## render an app and show what came out
	@$(RUN) scripts/bring_tools.py --only jvagent
	@PATH="$(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$$PATH" bash scripts/demo.sh

fuzz: $(VENV) ## render N spoiled apps: make fuzz N=10000; one of them again: make fuzz SEED=123
	$(RUN) -m tests.fuzz $(or $(N),1000) $(if $(SEED),--seed $(SEED))

golden: $(VENV) ## rewrite the expected files of golden/ from the present code; review what changed
	JVBUNDLER_UPDATE_GOLDEN=1 $(RUN) -m pytest tests/golden/test_golden.py tests/golden/test_commands.py tests/rules/test_invalid_cases.py

generate: $(VENV) ## rewrite what is derived from schemas/deploy.schema.json
	$(RUN) scripts/generate.py

catalog: $(VENV) ## rebuild the catalogue of jvagent's core actions from its releases
	$(RUN) scripts/build_catalog.py

upstream: $(VENV) ## what the newest jvagent and jvspatial have moved, of all that we assume of them
	$(RUN) scripts/upstream.py

facts: $(VENV) ## what is pinned or dated here, with its age: make facts FACTS=--newest
	$(RUN) scripts/facts.py $(FACTS)

schemas: $(VENV) ## rebuild schemas/kubernetes
	$(RUN) scripts/build_kubernetes_schemas.py

hardening: $(VENV) ## put docs/hardening-waivers.yaml into docs/hardening.md
	$(RUN) scripts/audit.py --write

audit: $(VENV) ## look at the golden output with kube-score, checkov, hadolint and trivy; all must be waived
	$(RUN) scripts/bring_tools.py --group audit --group test
	$(RUN) scripts/audit.py

e2e: e2e-k8s e2e-gitops e2e-lambda ## everything on the real thing that needs no container engine

e2e-docker: $(VENV) ## build, run and push the example app's image with the engine that is there
	PATH="$(CURDIR)/.venv/bin:$$PATH" bash scripts/e2e_docker.sh

# Where the control plane or what pulls cannot be built, the tests say what is not proven; in CI they fail.
e2e-k8s: $(VENV) ## apply, deploy, break and destroy on a real control plane, or in the cluster of E2E_KUBECONFIG
	-@test -n "$(E2E_KUBECONFIG)" || $(RUN) scripts/bring_tools.py --group cluster
	$(RUN) -m pytest -n 2 -rs tests/cluster tests/e2e/kubernetes tests/e2e/first_hour $(PYTEST_ARGS)

# As root, for /opt/extensions. What cannot be brought or placed is named by the tests, and fails in CI.
e2e-lambda: $(VENV) ## run the rendered app behind Lambda's emulator and the real Lambda Web Adapter
	-@$(RUN) scripts/bring_tools.py --group lambda && $(RUN) scripts/bring_tools.py --only sam
	$(RUN) -m pytest -n 1 -rs tests/e2e/lambda_ $(PYTEST_ARGS)

# One worker: Flux and Argo CD are started once.
e2e-gitops: $(VENV) ## have the real Flux and Argo CD pull what is rendered, on the control plane of e2e-k8s
	-@$(RUN) scripts/bring_tools.py --group cluster --group gitops; $(RUN) scripts/bring_tools.py --only registry
	$(RUN) -m pytest -n 1 -rs tests/e2e/gitops $(PYTEST_ARGS)

proof: $(VENV) ## run the tests of both, and write what they saw into docs/proof.md
	-@$(RUN) scripts/bring_tools.py --group cluster --group gitops; $(RUN) scripts/bring_tools.py --only registry
	WRITE_PROOF=1 $(RUN) -m pytest -n 2 -rs tests/cluster tests/e2e/kubernetes tests/e2e/gitops $(PYTEST_ARGS)

recordings: $(VENV) ## record anew what the real kubectl answers, for the stub of tests/deploy
	$(RUN) scripts/bring_tools.py --group cluster
	$(RUN) -m tests.cluster.recordings tests/deploy/answers

bench: tools ## time whole processes against the peers, and write bench/RESULTS.md
	$(RUN) bench/run.py

# Not a stamp: the script looks at each tool, in 0.1 s when all are there.
tools: $(VENV) ## bring the tools of the tests into .tools
	@$(RUN) scripts/bring_tools.py

clean: ## remove all that make made
	rm -rf .venv .tools .demo dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .mutants *.egg-info

$(VENV): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo "error: jvbundler needs Python 3.10 or newer, and '$(PYTHON)' is $$($(PYTHON) --version 2>&1);" \
		"name another one, as in: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --editable '.[dev,validate,lock,publish]'
	@touch $@
