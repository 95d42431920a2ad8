# SPDX-License-Identifier: MIT
"""What find (POSIX.1-2017, find; GNU findutils) is asked: expressions of tests and actions on each file."""
