# Each target prepares what it needs in .venv first. PYTHON names another interpreter (3.11 or newer),
# ARGS goes to the demo or to pytest (make test ARGS="-k threshold"), JOBS is the number of test processes.

PYTHON = python3
JOBS = 2
ARGS =

RUN = .venv/bin/python
SETUP = PYTHON="$(PYTHON)" sh scripts/setup

.PHONY: help demo test docs lint clean distclean

help:
	@echo "make demo    install what the core needs and run the demo (no viewer)"
	@echo "make test    install everything and run all tests, those of the viewer included"
	@echo "make docs    build the documentation into site/"
	@echo "make lint    check style and types"
	@echo "make clean   remove caches and built files; distclean removes .venv too"

demo:
	@$(SETUP) demo
	@$(RUN) -m objectwise demo $(ARGS)

# The viewer needs OpenGL, which Qt's offscreen platform lacks: on Linux the tests run on X (Xvfb).
# It also needs a home folder; .venv stands in where there is none to write to.
test:
	@$(SETUP) test
	@unset QT_QPA_PLATFORM; \
	if [ "$$(uname -s)" = Linux ]; then QT_QPA_PLATFORM=xcb; export QT_QPA_PLATFORM; fi; \
	[ -w "$${HOME:-}" ] || { HOME="$$(pwd)/.venv"; export HOME; }; \
	$(RUN) -m pytest -n $(JOBS) --dist worksteal $(ARGS)

docs:
	@$(SETUP) docs
	@NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict

lint:
	@$(SETUP) lint
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m mypy

clean:
	rm -rf build dist site .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find benchmarks docs scripts src tests -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean
	rm -rf .venv
