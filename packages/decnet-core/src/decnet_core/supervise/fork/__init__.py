# SPDX-License-Identifier: MIT
"""A worker's process: forked by a zygote or started with an interpreter; its identity, privileges and supervision."""
