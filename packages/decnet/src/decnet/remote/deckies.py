# SPDX-License-Identifier: MIT
"""The deckies of a remote master: listed, shown, planned and deployed."""

from typing import Any

import msgspec

from decnet.deckies.appearance import Appearance
from decnet.deckies.doing import Offer, Source
from decnet.deckies.mutation import PlannedMutation, no_policy
from decnet.deckies.operations import wanted_decky
from decnet.deckies.plan import Plan
from decnet.deckies.wanted import Wanted
from decnet.deckies.wishes import DeckyEdit, Wishes
from decnet.remote.client import Remote, place
from decnet.remote.converting import struct_of, structs_of
from decnet_models.fleet.change_log import Change
from decnet_models.fleet.mutation_policies import BadPolicy, Policy
from decnet_models.fleet.queries import Decky
from decnet_models.fleet.states import State

_MOST = 1_000_000


def deckies(remote: Remote) -> list[tuple[Decky, State | None]]:
    """Return the deckies of the desired fleet and those of the settings (version 0), with what they are."""
    return [(struct_of(row, Decky), _state(row)) for row in remote.listed("/deckies", _MOST)]


def shown(remote: Remote, name: str) -> tuple[Decky, Appearance | None]:
    """Return a decky and what its visitors see of it; raises NotFoundError."""
    row = remote.get(_path(name))
    seen = row["appearance"]
    return struct_of(row, Decky), struct_of(seen, Appearance) if seen else None


def inspected(remote: Remote, name: str, limit: int) -> tuple[Decky, State | None, list[Change]]:
    """Return a decky, what reconciler found of it, and its newest changes; raises NotFoundError."""
    row = remote.get(_path(name))
    return struct_of(row, Decky), _state(row), structs_of(remote.listed(f"{_path(name)}/changes", limit), Change)


def document(remote: Remote) -> str:
    """Return the desired fleet as a document."""
    return str(remote.get("/fleet/document")["document"])


def offered(remote: Remote, wishes: Wishes, source: Source | None) -> Offer:
    """Return the plan that fulfils the wishes, or what their document says; raises OperatorError."""
    asked = _asked(remote, wishes) if source is None else {"document": source.text, "name": source.name}
    made = remote.send("POST", "/fleet/plan", asked)
    found = struct_of(made, Plan)

    def take(reason: str) -> None:
        if not found.is_empty:
            remote.send("POST", "/fleet/deploy", {**asked, "digest": made["digest"], "reason": reason[:255]})

    return Offer(found, made["hint"], take)


def policy(remote: Remote, name: str) -> tuple[Policy | BadPolicy, int | None]:
    """Return how mutate may change a decky, and when it does so next; raises NotFoundError."""
    row = remote.get(_path(name))
    one = _stored(row, name)
    if row["policy_problem"] is not None:
        return BadPolicy(name, row["policy_problem"]), one.mutate_at
    if row["policy"] is None:
        raise no_policy(name)
    return struct_of(row["policy"], Policy), one.mutate_at


def set_policy(remote: Remote, name: str, said: dict[str, Any]) -> None:
    """Set how mutate may change a decky; without anything said it is left as it is."""
    if said:
        remote.send("PUT", f"{_path(name)}/policy", said)
    else:
        remote.send("DELETE", f"{_path(name)}/policy")


def mutations(remote: Remote, name: str | None) -> list[PlannedMutation]:
    """Return what is going to be of the deckies that have a policy, or of one."""
    return structs_of(remote.get("/mutations", decky=name)["items"], PlannedMutation)


def mutate(remote: Remote, name: str, *, force: bool) -> Plan:
    """Change a decky now as its policy allows; return what was done."""
    return struct_of(remote.send("POST", f"{_path(name)}/mutate", {"force": force}), Plan)


def _asked(remote: Remote, wishes: Wishes) -> dict[str, Any]:
    """Return wishes as the API takes them."""
    return {
        "add": [_wanted(one) for one in wishes.add],
        "change": [_changed(remote, one) for one in wishes.change],
        "remove": list(wishes.remove),
    }


def _wanted(one: Wanted) -> dict[str, Any]:
    """Return what was said of a decky."""
    said: dict[str, Any] = msgspec.to_builtins(one)
    return {name: value for name, value in said.items() if value not in (None, []) and name != "place"}


def _changed(remote: Remote, one: DeckyEdit) -> dict[str, Any]:
    """Return a change of the decky as it is now; raises NotFoundError."""
    return {**one.fields, "name": one.name, "version": _stored(remote.get(_path(one.name)), one.name).version}


def _stored(row: dict[str, Any], name: str) -> Decky:
    """Return the row of the desired fleet; raises NotFoundError for a decky of the settings, which is none of it."""
    return wanted_decky({}, name) if row["from_settings"] else struct_of(row, Decky)


def _state(row: dict[str, Any]) -> State | None:
    return struct_of(row["actual"], State) if row["actual"] else None


def _path(name: str) -> str:
    return f"/deckies/{place(name)}"
