# SPDX-License-Identifier: MIT
"""The root of all errors of this distribution, where no database library is loaded with it."""


class ModelsError(Exception):
    """decnet-models could not do something."""
