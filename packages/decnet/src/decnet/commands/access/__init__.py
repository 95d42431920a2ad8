# SPDX-License-Identifier: MIT
"""Commands about who may use the API and the dashboard."""
