# Works with GNU make 3.81 (macOS) and later, with spaces in the path, inside or outside a virtual environment.
# The tools live in .venv, made on demand; nothing else on the system is touched.

SHELL := /bin/sh
.DEFAULT_GOAL := help
# A rule that fails must not leave a file that looks finished.
.DELETE_ON_ERROR:
# Two installations into one .venv would get in each other's way; the tests are parallel in themselves.
.NOTPARALLEL:

PYTHON := .venv/bin/python
DEMO := samples/fleet

# What an active virtual environment or the user's shell would otherwise change about the one made here.
unexport PYTHONHOME PYTHONPATH VIRTUAL_ENV
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo test check format docs golden picture soak mutants bench clean

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile

demo: .venv/.run ## show what the tool finds, and would change, in a small fleet of services
	@echo '$$ efs-migrate check $(DEMO)'
	@$(PYTHON) -m migrate check $(DEMO) || test $$? -eq 1
	@echo
	@echo '$$ efs-migrate diff $(DEMO)'
	@$(PYTHON) -m migrate diff $(DEMO) || test $$? -eq 1

test: .venv/.test .venv/.cdk-v1 ## run the tests
	$(PYTHON) -m pytest -n auto --dist worksteal

check: .venv/.dev ## everything a change must pass: format, lint, types, tests
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	@$(MAKE) --no-print-directory test

format: .venv/.dev ## format the code and repair what ruff can
	$(PYTHON) -m ruff check --fix-only .
	$(PYTHON) -m ruff format .

docs: .venv/.test ## write anew what is written by the tool: the rules' pages, the schema, the README's screens
	@$(PYTHON) tests/tools/docs.py

golden: .venv/.test ## write anew what is compared byte for byte: samples, what is said of them, mounts (read the diff)
	@$(PYTHON) tests/tools/golden_files.py

picture: .venv/.test ## draw anew the picture of a campaign's page in the README (needs Chromium)
	@$(PYTHON) tests/batch/screenshot.py

# What has a small size in `make test` and a large one here.
SOAKED := tests/soak tests/syntax tests/judges/test_formatters.py tests/engine/test_edit.py tests/run/test_fuzz_never_crashes.py \
	tests/run/test_faults_while_writing.py tests/run/test_bad_input.py tests/run/test_apply.py tests/report/test_reports.py \
	tests/review/test_review_samples.py tests/lsp/test_lsp.py tests/batch/test_batch_faults.py \
	tests/dialects/cloudformation tests/dialects/boto3 tests/project/test_action.py

soak: .venv/.test ## thousands of synthetic files, mutants of real ones and faults (SOAK, FUZZ and FAULTS say how many times as many)
	SOAK=$${SOAK:-80} FUZZ=$${FUZZ:-40} FAULTS=$${FAULTS:-20} $(PYTHON) -m pytest -n auto $(SOAKED)

mutants: .venv/.mutants ## small changes of the code that a test should notice (MUTANTS: so many of each module, or all)
	$(PYTHON) tests/mutation/run.py

bench: .venv/.run ## measure the speed (prints figures, judges nothing)
	@for script in tests/benchmarks/*.py; do echo "$$script"; $(PYTHON) "$$script" || exit 1; done

clean: ## remove .venv and everything else that can be made again
	rm -rf .venv mutants build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Each file stands for one set of packages that is installed; it is remade when pyproject.toml changes.
.venv/.run: EXTRA :=
.venv/.test: EXTRA := [test]
.venv/.dev: EXTRA := [dev]
.venv/.mutants: EXTRA := [mutants]

.venv/.run .venv/.test .venv/.dev .venv/.mutants: pyproject.toml $(PYTHON)
	@$(PYTHON) -m pip --version >/dev/null 2>&1 || $(PYTHON) -m ensurepip >/dev/null
	@echo 'installing .$(EXTRA) into .venv'
	@$(PYTHON) -m pip install --quiet --editable '.$(EXTRA)' || { \
		echo >&2 'make: the packages could not be installed (see above). This needs the Python Package Index'; \
		echo >&2 'make: or a mirror of it: set PIP_INDEX_URL, and HTTPS_PROXY where there is a proxy.'; \
		exit 1; }
	@touch $@

# CDK v1, which cannot be installed beside v2, judges what is made of v1 programs. Where it cannot be installed (it is no
# longer maintained, and newer Pythons may not take it), that test says so and is skipped.
CDK_V1 := aws-cdk.core aws-cdk.aws-ecs aws-cdk.aws-efs
.venv/.cdk-v1: $(PYTHON)
	@echo 'installing CDK v1 into .venv/cdk-v1'
	@$(PYTHON) -m venv --clear .venv/cdk-v1 && .venv/cdk-v1/bin/python -m pip install --quiet $(CDK_V1) || { \
		echo >&2 'make: CDK v1 could not be installed (see above); its test will be skipped.'; rm -rf .venv/cdk-v1; }
	@touch $@

# Each candidate is tried, not only looked up: pyenv puts commands on the PATH that only print an error.
$(PYTHON):
	@found=; incomplete=; \
	for python in python3.13 python3.12 python3.11 python3; do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
		if $$python -c 'import ensurepip, venv' >/dev/null 2>&1; then found=$$python; break; fi; \
		incomplete=$${incomplete:-$$python}; \
	done; \
	if test -z "$$found" && test -n "$$incomplete"; then \
		echo >&2 "make: $$incomplete has no venv and ensurepip modules (on Debian and Ubuntu: apt install $$incomplete-venv)."; \
		exit 1; \
	elif test -z "$$found"; then \
		echo >&2 'make: no Python 3.11 or later: python3.13, python3.12, python3.11 and python3 are missing or older.'; \
		exit 1; \
	fi; \
	echo "making .venv with $$($$found --version)"; \
	$$found -m venv --clear .venv || { rm -rf .venv; exit 1; }
