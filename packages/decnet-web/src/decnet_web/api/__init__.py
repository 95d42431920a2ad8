# SPDX-License-Identifier: MIT
"""The worker `api`: what the operator's command does and shows, for programs and for the dashboard."""
