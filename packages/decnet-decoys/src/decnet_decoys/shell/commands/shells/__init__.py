# SPDX-License-Identifier: MIT
"""The shells of the machine as programs that others run."""
