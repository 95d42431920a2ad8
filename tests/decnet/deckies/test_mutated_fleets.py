# SPDX-License-Identifier: MIT
"""Whatever mutate does, in whatever order and by whatever policies, `decnet deploy` accepts what it has made."""

from __future__ import annotations

from ipaddress import ip_interface

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from decnet.deckies.host_network import HostNetwork
from decnet.deckies.operations import as_wanted
from decnet.deckies.resolve import Known, resolve
from decnet.deckies.wanted import Wanted
from decnet_decoys.personas.catalog import files
from decnet_models.fleet.mutation_policies import Policy
from decnet_models.fleet.queries import Decky, Service
from decnet_workers.mutate.variant import Circumstances, UnchangeableError, character, variant

HOST = HostNetwork({"eth0": (ip_interface("10.20.0.2/24"), ip_interface("fd00::2/64"))})
PERSONAS = files()
CHARACTERS = {name: character(file.document()) for name, file in PERSONAS.items()}
WANTED = (
    Wanted("web-1", "debian-web", ("10.20.0.50", "fd00::50"), "netns", "eth0"),
    Wanted("web-2", "debian-web", ("10.20.0.51",), "netns", "eth0"),
    Wanted("box", "nas", ("10.20.0.60",), "netns", "eth0", mac="02:00:00:00:00:01"),
    Wanted("added", "ubuntu-db", ("10.20.0.70",), "host", "eth0"),
    Wanted("local", "debian-web", ("127.77.0.20",)),
)

policies = st.builds(
    Policy,
    st.sampled_from([one.name for one in WANTED]),
    st.just(3600),
    services=st.lists(
        st.builds(Service, st.sampled_from(["http", "ssh"]), st.sampled_from([22, 80, 2222, 8080])),
        unique_by=lambda each: each.service,
        max_size=2,
    ).map(tuple),
    personas=st.lists(st.sampled_from(sorted(PERSONAS)), unique=True, max_size=3).map(tuple),
    consistent=st.booleans(),
)


def deployed(seed: int) -> dict[str, Decky]:
    """Return the rows of a new fleet."""
    seeds = iter(range(seed, seed + len(WANTED)))
    resolved = resolve(WANTED, Known(PERSONAS, HOST, draw=lambda: next(seeds)))
    assert resolved.problems == ()
    return {one.name: msgspec.structs.replace(one, version=1) for one in resolved.deckies}


def exported_and_deployed(rows: dict[str, Decky]) -> list[Decky]:
    """Return what a deploy of these rows' own document makes of them."""
    resolved = resolve([as_wanted(one) for one in rows.values()], Known(PERSONAS, HOST, rows))
    assert resolved.problems == ()
    return [comparable(one) for one in resolved.deckies]


def comparable(one: Decky) -> Decky:
    return msgspec.structs.replace(one, services=tuple(sorted(one.services, key=lambda each: each.service)))


@given(st.integers(1, 2**40), st.lists(st.tuples(policies, st.booleans()), min_size=1, max_size=10))
def test_no_sequence_of_mutations_makes_a_fleet_that_deploy_refuses(
    seed: int, sequence: list[tuple[Policy, bool]]
) -> None:
    rows = deployed(seed)
    for policy, entered in sequence:
        one = rows[policy.decky]
        macs = {each.mac for each in rows.values()}
        try:
            made = variant(one, policy, Circumstances(CHARACTERS, entered, macs.__contains__))
        except UnchangeableError:
            continue
        rows[policy.decky] = msgspec.structs.replace(made, version=one.version + 1)
        assert exported_and_deployed(rows) == [comparable(each) for each in rows.values()]
