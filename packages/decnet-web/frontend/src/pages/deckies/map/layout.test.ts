// SPDX-License-Identifier: MIT
import { expect, test } from "vitest";
import { layout, MOST_ATTACKERS, MOST_CARDS, type Box, type MapDecky } from "./layout";
import { networkOf } from "./networks";

function deckies(count: number, network = "10.0.0.0/24"): MapDecky[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `web-${index + 1}`,
    address: `10.0.0.${index + 1}`,
    network,
    services: 2,
  }));
}

function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

const WIDTHS = [320, 639, 640, 1280, 2560];

test.each(WIDTHS)("at %i px no card leaves its network, and none overlaps another", (width) => {
  const found = layout([...deckies(7), ...deckies(3, "10.0.1.0/24")], [], width);
  for (const network of found.networks) {
    expect(network.x + network.width).toBeLessThanOrEqual(width);
    for (const one of network.deckies) {
      expect(one.x).toBeGreaterThanOrEqual(network.x);
      expect(one.x + one.width).toBeLessThanOrEqual(network.x + network.width);
      expect(one.y + one.height).toBeLessThanOrEqual(network.y + network.height);
    }
  }
  const boxes = found.networks.flatMap((network) => network.deckies);
  boxes.forEach((a, index) => boxes.slice(index + 1).forEach((b) => expect(overlap(a, b)).toBe(false)));
  expect(found.networks.map((network) => overlap(network, found.networks[0]!))).toEqual([true, false]);
});

test.each(WIDTHS)("at %i px attackers stay clear of the networks", (width) => {
  const traffic = [
    { attacker: "192.0.2.1", decky: "web-1", events: 10 },
    { attacker: "192.0.2.2", decky: "web-2", events: 1 },
  ];
  const found = layout(deckies(4), traffic, width);
  expect(found.lines).toHaveLength(2);
  for (const one of found.attackers) {
    expect(one.x + one.width).toBeLessThanOrEqual(width);
    expect(found.networks.some((network) => overlap(one, network))).toBe(false);
  }
});

test("an attacker is placed near what it attacks, so that lines do not cross", () => {
  const traffic = [
    { attacker: "192.0.2.1", decky: "low", events: 100 },
    { attacker: "192.0.2.2", decky: "web-1", events: 1 },
  ];
  const low = { name: "low", address: "10.0.9.1", network: "10.0.9.0/24", services: 1 };
  const found = layout([...deckies(1), low], traffic, 1000);
  expect(found.attackers.map((one) => one.address)).toEqual(["192.0.2.2", "192.0.2.1"]);
  expect(found.attackers[0]!.y).toBeLessThan(found.attackers[1]!.y);
});

test("the busiest attackers are drawn and the others counted", () => {
  const traffic = Array.from({ length: MOST_ATTACKERS + 5 }, (_, index) => ({
    attacker: `192.0.2.${index}`,
    decky: "web-1",
    events: index + 1,
  }));
  const found = layout(deckies(1), traffic, 1000);
  expect(found.attackers).toHaveLength(MOST_ATTACKERS);
  expect(found.attackers[0]!.events).toBe(MOST_ATTACKERS + 5);
  expect(found.moreAttackers).toBe(5);
});

test("several services of a decky make one line, and more events a wider one", () => {
  const traffic = [
    { attacker: "192.0.2.1", decky: "web-1", events: 500 },
    { attacker: "192.0.2.1", decky: "web-1", events: 500 },
    { attacker: "192.0.2.1", decky: "web-2", events: 1 },
  ];
  const [many, one] = layout(deckies(2), traffic, 1000).lines;
  expect(many!.events).toBe(1000);
  expect(many!.width).toBeGreaterThan(one!.width);
});

test("traffic to a decky that is gone draws neither line nor attacker", () => {
  const found = layout(deckies(1), [{ attacker: "192.0.2.1", decky: "gone", events: 1 }], 1000);
  expect(found.lines).toEqual([]);
  expect(found.attackers).toEqual([]);
});

test("many deckies are squares, and ten thousand still fit", () => {
  expect(layout(deckies(MOST_CARDS), [], 1000).asCards).toBe(true);
  const found = layout(deckies(10_000), [], 1000);
  expect(found.asCards).toBe(false);
  expect(found.height).toBeLessThan(5000);
});

test("networks and addresses are ordered as numbers", () => {
  const found = layout([...deckies(1, "10.0.10.0/24"), ...deckies(11, "10.0.9.0/24")], [], 1000);
  expect(found.networks.map((one) => one.name)).toEqual(["10.0.9.0/24", "10.0.10.0/24"]);
  expect(found.networks[0]!.deckies.at(-1)!.name).toBe("web-11");
});

test.each([
  ["10.20.3.77", 24, "10.20.3.0/24"],
  ["10.20.3.77", 20, "10.20.0.0/20"],
  ["127.77.0.10", null, "127.77.0.0/24"],
  ["fd00:20::5", null, "fd00:20::/64"],
  ["2001:db8:0:1:1:0:0:1", 128, "2001:db8:0:1:1::1/128"],
  ["1::2:3:4:5:6:7", 128, "1:0:2:3:4:5:6:7/128"],
  ["::1", 0, "::/0"],
  ["no address", 24, "no address"],
  ["1::2::3", 64, "1::2::3"],
])("the network of %s/%s is %s", (address, length, network) => {
  expect(networkOf(address, length)).toBe(network);
});
