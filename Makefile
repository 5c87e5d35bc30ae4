# `make` lists the tasks. All the work is done by tools/setup.py and tools/tasks.py, so the
# same tasks run without make:  python tools/setup.py book
PYTHON ?= $(shell command -v python3 || command -v python)

arguments = $(CHAPTERS)
run: arguments = $(if $(FULL),--full) $(CHAPTERS)
test: arguments = $(PARTS)
assignments: arguments = $(if $(SEED),--seed $(SEED)) $(CHAPTERS)

.PHONY: help book check test lab run assignments mutate linkcheck pdf clean env
.DEFAULT_GOAL := help

help book check test lab run assignments mutate linkcheck pdf clean env:
	@test -n "$(PYTHON)" || { echo "No Python was found: install Python 3.11, 3.12 or 3.13."; exit 1; }
	@$(PYTHON) tools/setup.py $@ $(arguments)
