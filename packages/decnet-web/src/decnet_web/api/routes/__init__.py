# SPDX-License-Identifier: MIT
"""The resources of the API, a module each."""
