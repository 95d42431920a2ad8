# SPDX-License-Identifier: MIT
"""The worker `web`: the dashboard's files, and the way to the API."""
