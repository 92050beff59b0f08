# `make` or `make help` lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Two more than cores: journeys and outages wait much of their time.
TEST_PROCESSES ?= 4
export PORT PARTNER_PORT CIAM_STATE_DIR AGENT PUBLIC_URL

.DEFAULT_GOAL := help
.PHONY: help run test bench abuse enumeration fuzz lint texts reset lock

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.demo $(if $(AGENT),$(VENV)/.agent) ## Start the portal with demo data, AGENT=1 with an agent too (PORT, PARTNER_PORT, CIAM_STATE_DIR)
	@exec $(BIN)/python -m tests.stack run

test: $(VENV)/.dev ## Run all tests, in the browser too (ARGS="-k word" for some of them)
	@exec $(BIN)/python -m pytest -n $(TEST_PROCESSES) --max-worker-restart 0 $(ARGS)

lint: $(VENV)/.dev ## Check format, style, templates, types and import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python -m tests.stack exec --production -- $(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev ## Measure the running product beside the untouched stack (tests/bench/REPORT.md)
	@exec $(BIN)/python -m tests.bench.speed $(ARGS)

abuse: $(VENV)/.dev ## Let bots and people come at a running portal, and see who gets in (tests/abuse/REPORT.md)
	@exec $(BIN)/python -m tests.abuse $(ARGS)

enumeration: $(VENV)/.dev ## Measure whether time says who has an account (tests/bench/enumeration/REPORT.md)
	@exec $(BIN)/python -m tests.bench.enumeration $(ARGS)

fuzz: $(VENV)/.dev ## Send 10,000 requests made up from the OpenAPI document, and see whether one breaks it (tests/fuzz/)
	@exec $(BIN)/python -m tests.fuzz $(ARGS)

texts: $(VENV)/.dev ## Bring locale/ up to date with every text in code and pages, and compile it
	$(BIN)/python -m tests.catalogue

reset: ## Remove the database, mail and everything else that `make run` wrote
	@if [ -x $(BIN)/python ]; then exec $(BIN)/python -m tests.stack reset; fi

lock: ## Compile requirements/*.in into pinned and hashed *.txt (installs uv into its own folder)
	@test -x $(VENV)-lock/bin/uv || { $(PYTHON) -m venv $(VENV)-lock && $(VENV)-lock/bin/pip install --quiet uv; }
	@for name in run demo agent dev; do \
		$(VENV)-lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url \
			--custom-compile-command "make lock" $(ARGS) -o requirements/$$name.txt requirements/$$name.in || exit 1; \
	done

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
		|| { echo "Python 3.11 or newer is needed and $(PYTHON) is not: set PYTHON=/path/to/python3.11."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
		|| { echo "$(PYTHON) has no venv module: install it (Debian: apt-get install python3-venv)."; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# dev.txt contains agent.txt, and that demo.txt, at the same versions, so installing one never changes the other.
$(VENV)/.demo: requirements/demo.txt requirements/run.txt | $(VENV)/bin/python
	@echo "Installing what the demo needs ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	@touch $@

$(VENV)/.agent: requirements/agent.txt requirements/demo.txt | $(VENV)/bin/python
	@echo "Installing what the demo's agent needs ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/agent.txt
	@touch $@ $(VENV)/.demo

$(VENV)/.dev: requirements/dev.txt | $(VENV)/bin/python
	@echo "Installing what the tests need ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@ $(VENV)/.demo $(VENV)/.agent
