# Recipes under the names that CONTRIBUTING.md and CI use. BIN is where the environment's programs lie.
BIN ?= .venv/bin

.PHONY: test laws lint format docs site changelog bench

test:            ## every test, on both cores
	$(BIN)/pytest -n 3

laws:            ## the promises alone, with many more examples
	HYPOTHESIS_PROFILE=thorough $(BIN)/pytest -n 2 tests/laws

lint:            ## what must be clean before a change lands
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format:          ## what a program can mend by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs:            ## pages and schemas that are made from the code
	$(BIN)/python -m pleoctl.cli.reference > docs/commands.md.new
	mv docs/commands.md.new docs/commands.md
	$(BIN)/python -m pleoctl.sandbox.schemas schemas
	$(BIN)/python -m pleoctl.jobs.schemas schemas
	$(BIN)/python -m pleoctl.report.sinks docs/sinks.md

site:            ## the pages as a site in build/site; a link that leads nowhere ends it
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

changelog:       ## the fragments of changelog.d as a chapter of CHANGELOG.md, for a release
	$(BIN)/towncrier build --yes --version "$$($(BIN)/hatchling version)"

bench:           ## ratios against floors of the same run
	$(BIN)/python bench/goals.py
	$(BIN)/python bench/jobs.py
