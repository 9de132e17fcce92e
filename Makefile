# Needs Python 3.13 and nothing else; `make help` lists the commands.
PYTHON := .venv/bin/python
# Two workers: the stand-ins of an end-to-end test are processes of their own. Folder by folder, so
# that what a folder has started is over before the next one.
PYTEST := $(PYTHON) -m pytest --verbosity=0 -n 2 --dist loadscope --no-loadscope-reorder
CODE := $(wildcard function_app.py shared local tests benchmarks scripts)

export PYTHONPATH := $(CURDIR)
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help

.PHONY: help
help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: set-up ## Watch 10,000 profiles reach a Mailchimp audience, all on this machine
	@$(PYTHON) -m local.demo

.PHONY: picture
picture: set-up ## Draw what the demo prints (docs/images/demo.svg)
	@$(PYTHON) scripts/picture.py

.PHONY: run
run: set-up ## Start the app and everything it needs, and stay
	@$(PYTHON) -m local.run

.PHONY: test
test: set-up ## Run all tests, rerun failures alone and show the slowest
	@$(PYTEST) --cov --cov-report= --durations=40 --durations-min=5 tests || { echo "Once more, by themselves, the tests that have failed:"; \
	  $(PYTHON) -m pytest --verbosity=0 --last-failed --last-failed-no-failures none tests; }

.PHONY: test-fast
test-fast: set-up ## Run the tests that start nothing
	@$(PYTHON) -m pytest --verbosity=0 -n 2 tests/unit

.PHONY: faults
faults: set-up ## Play every crash and outage, and print what was lost: nothing
	@$(PYTHON) -m tests.campaigns.faults

.PHONY: switches
switches: set-up ## Run the end-to-end tests against every documented variant of Mailchimp
	@$(PYTHON) -m tests.end_to_end

.PHONY: fuzz
fuzz: set-up ## Fuzz the parsers, a minute each
	@$(PYTHON) -m tests.campaigns.fuzz --seconds 60

.PHONY: histories
histories: set-up ## Play random histories of people under several exports
	@HISTORIES=40 $(PYTEST) --dist load tests/services/runs/test_histories.py

.PHONY: combinations
combinations: set-up ## Save and run exports, and read files, with any three values together
	@COMBINATIONS=3 $(PYTHON) -m pytest --verbosity=0 tests/services/runs/test_combinations.py \
	  tests/services/segments/test_written_dialects.py

.PHONY: live-check
live-check: ## Ask Mailchimp itself: APP=https://… CONNECTION=… AUDIENCE=… EMAIL=…
	@$(if $(and $(APP),$(CONNECTION),$(AUDIENCE),$(EMAIL)),,$(error say APP, CONNECTION, AUDIENCE and EMAIL))python3 \
	  scripts/live_check.py "$(CONNECTION)" --audience "$(AUDIENCE)" --email "$(EMAIL)" --app "$(APP)"

.PHONY: console
console: set-up ## Try the console's pages in every language, width and light
	@CONSOLE_MATRIX=full $(PYTHON) -m pytest --verbosity=0 tests/end_to_end/console

.PHONY: pictures
pictures: set-up ## Take the pictures of the console that are in docs/
	@$(PYTHON) -m tests.end_to_end.console.pictures

.PHONY: lint
lint: set-up ## Check format, lint rules and types
	@$(PYTHON) -m ruff format --check $(CODE)
	@$(PYTHON) -m ruff check $(CODE)
	@$(PYTHON) -m mypy
	@$(PYTHON) scripts/check_console.py

.PHONY: format
format: set-up ## Format the code
	@$(PYTHON) -m ruff check --fix --quiet $(CODE)
	@$(PYTHON) -m ruff format $(CODE)

.PHONY: check
check: format lint test ## Everything to do before review: format, lint, types, tests

.PHONY: azure
azure: set-up ## Check commands, queries and templates with Azure's own tools
	@scripts/azure-tools
	@$(PYTHON) -m pytest --verbosity=0 -o python_files='check_*.py' tests/campaigns/azure

.PHONY: bench
bench: set-up ## Measure speed, memory and calls
	@$(PYTHON) -m benchmarks

.PHONY: package
package: set-up ## Build dist/segment-export.zip, ready to be deployed
	@$(PYTHON) scripts/package.py

.PHONY: package-built
package-built: set-up ## The same with its packages in it, for tenants without PyPI
	@$(PYTHON) scripts/package.py --built

.PHONY: set-up
set-up: ## Install what the commands need (they do it themselves)
	@scripts/set-up

.PHONY: clean
clean: ## Remove everything that the commands made
	rm -rf .venv .local dist .mypy_cache .ruff_cache .pytest_cache
