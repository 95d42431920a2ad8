# SPDX-License-Identifier: MIT
# The two commands of the README. Each brings what it needs into this checkout: uv into .uv/, the rest into .venv/.
PYTHON ?= python3
UV := .uv/bin/uv
SYNC := $(UV) sync --quiet --frozen --all-packages --all-extras
UV_VERSION := 0.13.9

export UV_PYTHON ?= $(shell command -v $(PYTHON))
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/.venv

.PHONY: up test sync
up: sync
	@exec .venv/bin/decnet up $(ARGS)

test: sync
	@.venv/bin/python -m pytest -n 2 --dist worksteal -m "not torture and not oracle and not systemd" $(ARGS)

sync: $(UV)
	@$(SYNC)

$(UV):
	@echo "bringing uv into .uv/"
	@$(PYTHON) -m venv .uv
	@.uv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
