# One verb everywhere: what CI runs is what you run. Everything happens in .venv and .venv-parsers; see scripts/.
.PHONY: demo test test-chaos test-storm check bench lock environment parsers-environment peers-environment
.DEFAULT_GOAL := test

PYTHON := .venv/bin/python
GLOVEPORT := .venv/bin/gloveport
# One command finds the engine, or provides it, and hands its address on.
WITH_ENGINE := endpoint="$$(scripts/engine.sh)" && export DOCKER_HOST="$$endpoint" &&
LOCK := UV_SYSTEM_CERTS=1 .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-annotate --no-header

environment:
	@scripts/bootstrap.sh

parsers-environment:
	@scripts/bootstrap.sh --parsers

# What bench/formats.py and bench/retrieval.py compare ours with; half a gigabyte.
peers-environment:
	@scripts/bootstrap.sh --peers

demo: environment
	@$(WITH_ENGINE) $(GLOVEPORT) demo

# What needs neither an engine nor a quiet machine runs on two cores at once, the rest test after test.
SIDE_BY_SIDE := $(addprefix tests/,unit docs conformance) $(addprefix tests/integration/,catalog pipeline refresh knowledge)
test: parsers-environment
	@$(WITH_ENGINE) $(GLOVEPORT) images build && \
	  .venv-parsers/bin/python -m pytest -n 2 --dist worksteal tests/parsers && \
	  $(PYTHON) -m pytest -n 2 --dist loadfile $(SIDE_BY_SIDE) && \
	  $(PYTHON) -m pytest $(SIDE_BY_SIDE:%=--ignore=%)

# Every crash point in every way, 200 random kills, every other fault: half an hour. The last line is a JSON object.
test-chaos: environment
	@$(WITH_ENGINE) $(GLOVEPORT) images build >&2 && $(PYTHON) -m tests.chaos.matrix $(ARGUMENTS)

# The full storm of events; the everyday suite has a smaller one.
test-storm: environment
	STORM_OBJECTS=2000 $(PYTHON) -m pytest -q tests/integration/watch/test_storm.py

# No engine, no services: style, types, architecture.
check: parsers-environment
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy
	$(PYTHON) -m mypy --python-executable .venv-parsers/bin/python -p parsers
	$(PYTHON) -m mypy sandbox_images/assemble.py
	.venv/bin/lint-imports
	$(PYTHON) -m pytest -q tests/boundary

bench: environment
	@$(WITH_ENGINE) $(GLOVEPORT) images build && $(PYTHON) bench/isolation.py --json

lock: environment
	$(LOCK) pyproject.toml --group dev -o requirements.lock
	$(LOCK) pyproject.toml --constraint requirements.lock -o deploy/requirements.lock
	for image in sandbox_images/*/; do \
	  $(LOCK) $$(test ! -e $${image}excludes.txt || echo --excludes $${image}excludes.txt) \
	    $${image}requirements.in -o $${image}requirements.lock || exit 1; done
	$(LOCK) sandbox_images/documents/requirements.in --group parser-tests \
	  --constraint sandbox_images/documents/requirements.lock -o tests/parsers/requirements.lock
	$(LOCK) bench/peers.in -o bench/peers.lock
