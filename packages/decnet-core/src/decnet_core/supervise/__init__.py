# SPDX-License-Identifier: MIT
"""Supervision: a pure lifecycle, and the fleets that drive it with processes or with tasks.

`fork` has what makes and watches a worker's process, `preload` what the zygote prepares before it forks.
"""
