# SPDX-License-Identifier: MIT
"""The process that shows what the database of a fleet holds, so that its supervisor need not load the library."""
