# SPDX-License-Identifier: MIT
"""schemathesis asks every operation of the OpenAPI document for what it allows and for what it does not, as each role.

No answer is a 5xx. `nox -s api` asks DECNET_API_EXAMPLES times for each operation and role.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from tests.decnet_web.api.served import Served, serving
from tests.decnet_web.fuzz.served_over_tcp import served_over_tcp

from decnet_models.accounts.queries import ROLES
from decnet_web.api.application import make_application
from decnet_web.api.settings import ApiSettings

EXAMPLES = int(os.environ["DECNET_API_EXAMPLES"])
WHO = (None, *ROLES)
SECONDS = 60

ENDLESS = {"/api/v1/stream"}
MEASURES = "/api/v1/footprint"
"""Takes as long as it is asked to watch: half a minute, forty times."""

SCHEMA = schemathesis.openapi.from_dict(make_application(None).openapi())
OPERATIONS = {
    f"{one.method.upper()} {one.path}": one
    for one in (found.ok() for found in SCHEMA.get_all_operations() if isinstance(found, Ok))
    if one.path not in ENDLESS
}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    generous = ApiSettings(requests_per_second=100_000, request_burst=1_000_000)
    with serving(tmp_path_factory.mktemp("fleet"), generous) as served:
        yield served


@pytest.fixture(scope="module")
def address(served: Served) -> Iterator[str]:
    with served_over_tcp(served.application) as address:
        yield address


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_answer_is_a_5xx(served: Served, address: str, name: str, who: str | None) -> None:
    operation = OPERATIONS[name]
    headers = {"Authorization": f"Bearer {served.tokens[who]}"} if who else {}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def ask(case: schemathesis.Case[Any]) -> None:
        seconds = (case.query or {}).get("seconds")
        if name.endswith(MEASURES) and isinstance(seconds, float) and 1 < seconds <= 30:
            case.query["seconds"] = 1 / seconds
        answer = case.call(base_url=address, headers=headers, timeout=SECONDS)
        case.validate_response(answer, checks=[not_a_server_error])

    ask()
