# SPDX-License-Identifier: MIT
# The commands of the README. Each brings what it needs into this checkout: uv into .uv/, the rest into .venv/.
# PYTHON=... chooses the interpreter. Without it that is the newest here under which forked workers share most of their
# memory, so that the fleet takes two thirds (docs/explanation/memory.md), or else python3.
PYTHON ?= python3
UV := .uv/bin/uv
SHARING := 3.13 3.12
PYENV := $(subst $() ,:,$(wildcard $(HOME)/.pyenv/versions/3.1[23].*/bin))# its shims refuse to run what is not chosen
FIND := for version in $(SHARING); do \
	found=$$(PATH="$(PYENV):$$PATH" $(UV) python find --system --no-project --no-python-downloads $$version 2>/dev/null) \
	&& "$$found" -c "import ctypes, sqlite3, ssl" 2>/dev/null && break; found=; done; echo "$${found:-$(PYTHON)}"
CHOSEN = $(if $(filter file,$(origin PYTHON)),$(shell $(FIND)),$(PYTHON))
# An environment that works is kept: with another HOME, FIND may find another interpreter, and uv would begin anew.
KEPT := $(and $(filter file,$(origin PYTHON)),$(shell .venv/bin/python -c "import ctypes, sqlite3, ssl, hatchling" 2>/dev/null && echo yes))
UV_SYNC = $(if $(KEPT),,UV_PYTHON="$${UV_PYTHON:-$$(command -v $(CHOSEN))}") $(UV) sync --frozen
# What our distributions are built with comes first: uv with an empty cache builds beside fetching it, and fails.
SYNC = $(if $(KEPT),,$(UV_SYNC) --quiet --only-group build &&) $(UV_SYNC) --all-packages $(if $(KEPT),--quiet)

BYTECODE := .venv/bytecode
COLLECTED := .venv/collected
COLLECTED_LAST := $(addprefix tests/,fleet decnet_workers decnet_web decnet_swarm decnet_sniff)
PRELOAD := from decnet_core.runtime.worker_registry import entry_point, names; \
	from decnet_core.supervise.preload.before_fork import preload; preload([entry_point(name) for name in names()])

export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv

.PHONY: up test wheels sync sync-fleet dashboard
# Only what a fleet needs: the tools of tests and types are three quarters of the whole.
up: sync-fleet $(BYTECODE) dashboard
	@echo "starting the fleet"
	@exec .venv/bin/decnet up $(ARGS)

# Half of the tests start processes, each of which would compile all its code again where bytecode is not to be written;
# and they wait a good part of their time, so there are more processes than processors.
# In a new checkout the second processor compiles the second half of them while the first is collected.
# To print where in its line something was raised takes most of the time of a logged exception, of which tests provoke many.
test: export PYTHONDONTWRITEBYTECODE :=
test: export PYTHONNODEBUGRANGES := 1
test: sync
	@test $(COLLECTED) -nt uv.lock || .venv/bin/python -m pytest --collect-only -qq $(COLLECTED_LAST) >/dev/null 2>&1 &
	@touch $(COLLECTED)
	@.venv/bin/python -m pytest --processes 6 -m "not torture and not oracle and not systemd and not howto and not fault and not scale and not browser" $(ARGS)

# Wheels of ours and of all that they need, with their hashes, for this platform and $(PYTHON): docs/install.md.
wheels: $(UV)
	@$(PYTHON) packages/decnet/tools/wheelhouse.py --uv $(UV) dist

# Nothing when its sources are those of the last build; without a registry of npm the fleet starts all the same.
dashboard: | sync-fleet
	@.venv/bin/python -S packages/decnet-web/tools/dashboard.py --or-without

sync: $(UV)
	@$(if $(KEPT),,echo "installing DECNET and what its tests need into .venv/")
	@$(SYNC) --all-extras

sync-fleet: $(UV)
	@$(if $(KEPT),,echo "installing DECNET into .venv/, which later starts find there")
	@$(SYNC) --inexact --no-group dev

# A fleet that compiles its code while it starts keeps 10 MiB more than one that finds the bytecode.
$(BYTECODE): uv.lock | sync-fleet
	@echo "compiling"
	@PYTHONDONTWRITEBYTECODE= .venv/bin/python -c "$(PRELOAD)"
	@touch $@

$(UV):
	@echo "bringing uv into .uv/"
	@$(PYTHON) -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/bootstrap.txt
