# SPDX-License-Identifier: MIT
"""Models that are built late are the same models."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from decnet_web.api import routers
from decnet_web.api.models import Answer, Asked

ROOT = Path(__file__).parents[4]
LATE = """
import json
from decnet_web.api.hosting.late_models import build_late
build_late()
from decnet_web.api.application import make_application
make_application(None)
from tests.decnet_web.api.hosting.test_late_models import own_models, schemas
built = [name for name, model in own_models() if model.__pydantic_complete__]
from tests.decnet_web.api.hosting.test_late_models import check_bodies
check_bodies()
print(json.dumps([built, schemas()]))
"""


def own_models() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the models of requests and answers that are known by now."""
    waiting: list[type[BaseModel]] = [Answer, Asked]
    while waiting:
        model = waiting.pop()
        if model.__module__.startswith("decnet_web."):
            yield f"{model.__module__}.{model.__qualname__}", model
        waiting += model.__subclasses__()


def schemas() -> dict[str, Any]:
    """Return what each model takes and gives, without the sentences that describe it."""
    return {
        name: [undescribed(model.model_json_schema(mode=mode)) for mode in ("validation", "serialization")]
        for name, model in own_models()
    }


def check_bodies() -> None:
    """Have something checked by each route that takes a body."""
    fields = [
        route.body_field
        for name in routers.BELOW_API
        for route in importlib.import_module(name).router.routes
        if getattr(route, "body_field", None) is not None
    ]
    assert len(fields) > 30
    for field in fields:
        field.validate({}, {}, loc=("body",))


def undescribed(schema: Any) -> Any:
    if isinstance(schema, list):
        return [undescribed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: undescribed(one) for name, one in schema.items() if not (name == "description" and isinstance(one, str))
    }


def test_models_are_built_at_their_first_use_and_are_the_same() -> None:
    """And a warning in between would be an error."""
    from decnet_web.api.application import make_application

    make_application(None)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LATE], capture_output=True, check=True, timeout=600, cwd=ROOT
    )
    built, late = json.loads(done.stdout)
    assert len(late) > 100
    assert len(built) < 5, built
    here = json.loads(json.dumps(schemas()))
    assert late == {name: here[name] for name in late}
