# SPDX-License-Identifier: MIT
"""Connections to servers outside, for the workers that make any: webhook, enrich and orchestrator.

`target` parses a URL, `addresses` says where nothing may be sent, `dial` resolves once and connects to what was
checked, `retry_after` reads the header of that name. `http_request` is one request and its answer; webhook, which keeps
its connections and pipelines, speaks HTTP in its own way. This is no worker.
"""
