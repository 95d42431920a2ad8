# SPDX-License-Identifier: MIT
"""The files of a machine when nobody has changed it: what its distribution, its kernel and its services put there."""
