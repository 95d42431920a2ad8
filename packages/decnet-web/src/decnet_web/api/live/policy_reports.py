# SPDX-License-Identifier: MIT
"""What browsers report of the dashboard's Content-Security-Policy: something on a page tried what no page of ours does.

`web` names this route in `Reporting-Endpoints` (W3C Reporting API).
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request

from decnet_web.api.dependencies import Admin
from decnet_web.api.live.violations import PolicyReports
from decnet_web.api.models import Answer
from decnet_web.api.moments import Moment

router = APIRouter(prefix="/policy-reports", tags=["live"])


class PolicyViolation(Answer):
    """What a page of the dashboard tried and the browser prevented. Its texts come from whoever sent the report."""

    directive: str
    """The directive of the policy, e.g. `script-src-elem`."""
    blocked: str
    """What was prevented: an address, or `inline`, `eval`, `trusted-types-sink`."""
    page: str
    """Where."""
    source: str
    """File and line that tried it."""
    times: int
    first_at: Moment
    last_at: Moment


class PolicyViolations(Answer):
    """What browsers have reported since the worker `api` was started last; its log has it for longer."""

    items: list[PolicyViolation]
    reports: int
    """How many reports there were."""
    left_out: int
    """How many of them are not in `items`, which has 100 at most."""


@router.post("", status_code=204)
async def report_policy_violations(
    request: Request,
    reports: Annotated[
        list[Any] | dict[str, Any], Body(media_type="application/reports+json", description="Reports of a browser.")
    ],
) -> None:
    """Take in what a browser reports of the dashboard's Content-Security-Policy."""
    _of(request).add(reports)


@router.get("")
async def list_policy_violations(request: Request, _admin: Admin) -> PolicyViolations:
    """List what browsers have prevented on pages of the dashboard; without a defect or an attack there is nothing."""
    found = _of(request)
    items = [PolicyViolation.model_validate(one) for one in found.violations]
    return PolicyViolations(items=items, reports=found.number, left_out=found.left_out)


def _of(request: Request) -> PolicyReports:
    reports: PolicyReports = request.app.state.policy_reports
    return reports
