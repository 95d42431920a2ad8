# SPDX-License-Identifier: MIT
# The two commands of the README. Each brings what it needs into this checkout: uv into .uv/, the rest into .venv/.
PYTHON ?= python3
UV := .uv/bin/uv
SYNC := $(UV) sync --quiet --frozen --all-packages --all-extras
UV_VERSION := 0.13.9

BYTECODE := .venv/bytecode
WARM := from decnet_core import registry; from decnet_core.supervise.zygote import warm; \
	warm([registry.place(name) for name in registry.names()])

export UV_PYTHON ?= $(shell command -v $(PYTHON))
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv

.PHONY: up test sync
up: sync $(BYTECODE)
	@exec .venv/bin/decnet up $(ARGS)

test: sync
	@.venv/bin/python -m pytest -n 2 --dist worksteal -m "not torture and not oracle and not systemd" $(ARGS)

sync: $(UV)
	@$(SYNC)

# A fleet that compiles its code while it starts keeps 10 MiB more than one that finds the bytecode.
$(BYTECODE): uv.lock | sync
	@PYTHONDONTWRITEBYTECODE= .venv/bin/python -c "$(WARM)"
	@touch $@

$(UV):
	@echo "bringing uv into .uv/"
	@$(PYTHON) -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
