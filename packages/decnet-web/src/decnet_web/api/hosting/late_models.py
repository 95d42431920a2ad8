# SPDX-License-Identifier: MIT
"""Models whose validators are built at their first use, without the descriptions that only the OpenAPI document shows.

A first page needs few of the models that its routes' modules define. pydantic would build the validators of all of
them when they are defined, and read their source texts for the sentences below their fields: a quarter of the
processor time until the first answer. The process that makes the document describes them as ever.
"""

from __future__ import annotations

import warnings

from pydantic import BaseModel


def build_late() -> None:
    """Define all models from now on so, in this process; call it before FastAPI, which has models, too, is imported."""
    BaseModel.model_config["defer_build"] = True
    # FastAPI gives each body an alias, of which pydantic warns when it builds the validator: FastAPI hides that where
    # it defines the body, and here it would come later, as three lines of the log for each kind of body.
    warnings.filterwarnings("ignore", message="The 'alias' attribute with value")
    from decnet_web.api.models import Answer, Asked

    for model in (Answer, Asked):
        model.model_config["defer_build"] = True  # of models that were defined before
        model.model_config["use_attribute_docstrings"] = False
