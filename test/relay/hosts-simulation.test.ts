/** Three hosts in simulated time, with links that are late by random amounts: they must put out the same. */
import { describe, expect, it } from '@jest/globals';
import { BACKUP, HOLD_MS, MASTER, SimulatedDeployment, type WorldOptions } from './simulated-hosts.ts';

const CYCLES = 12;
/** What came so lately may be on its way still. */
const SETTLED_MS = 1_000;

interface Outcome {
  readonly switches: number;
  readonly packets: number;
  /** One line for each host and switch where it put out something else than host `one`. */
  readonly differences: string[];
  readonly largestHoleMs: number;
}

/** The master is lost in some way, comes back, and is gone back to, again and again. */
function play(options: WorldOptions, cycles: number): Outcome {
  const site = new SimulatedDeployment(options);
  const differences: string[] = [];
  let packets = 0;
  let switches = 0;
  site.everybodyShows(MASTER);
  site.run(8_000);
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const from = site.clock.now() - SETTLED_MS;
    const cause = loseMaster(site);
    site.everybodyShows(BACKUP);
    site.run(site.random.whole(1_000, 4_000));
    const middle = site.clock.now() - SETTLED_MS;
    const master = site.encoder(MASTER);
    master.frozen = null;
    if (!master.isConnected) site.connect(MASTER);
    site.everybodyShows(MASTER);
    site.run(4_000);
    const to = site.clock.now() - SETTLED_MS;
    for (const [what, begin, end] of [
      ['failover', from, middle],
      ['failback', middle, to],
    ] as const) {
      const [expected = [], ...others] = site.hosts.map((host) => site.between(host, begin, end));
      packets += expected.length;
      switches += 1;
      for (const [index, got] of others.entries()) {
        if (got.join('\n') === expected.join('\n')) continue;
        const missing = expected.filter((text) => !got.includes(text));
        const extra = got.filter((text) => !expected.includes(text));
        const texts = [...missing.map((text) => `- ${text}`), ...extra.map((text) => `+ ${text}`)];
        const name = site.hosts[index + 1]?.name;
        differences.push(`${name}, ${what} (${cause}): ${texts.slice(0, 8).join(', ') || 'the order'}`);
      }
    }
  }
  const holes = site.hosts.flatMap(({ records }) =>
    records.slice(1).flatMap(({ holeMs }) => [holeMs.video ?? 0, holeMs.audio ?? 0]),
  );
  return { switches, packets, differences, largestHoleMs: Math.max(...holes) };
}

function loseMaster(site: SimulatedDeployment): string {
  const cause = site.random.pick(['unpublish', 'paused', 'dropping', 'backlogged'] as const);
  const master = site.encoder(MASTER);
  if (cause === 'unpublish') master.disconnect();
  else master.frozen = cause;
  return cause;
}

/** A step of the input clocks, and one ms for rounding. */
const CLOCK_STEP_MS = 5;

describe('hosts that show the same program', () => {
  it.each<WorldOptions>([
    { seed: 1, linkMs: 0, jitterMs: 0 },
    { seed: 2, linkMs: 80, jitterMs: 0 },
    { seed: 3, linkMs: 80, jitterMs: 20 },
    { seed: 4, linkMs: 80, jitterMs: 20 },
    { seed: 5, linkMs: 80, jitterMs: 20, skewMs: 20 },
    { seed: 6, linkMs: 80, jitterMs: 20, skewMs: 100 },
    { seed: 7, linkMs: 80, jitterMs: 300 },
    { seed: 8, linkMs: 250, jitterMs: 60 },
  ])(
    'put out the same through failovers and back: links late by up to $linkMs ms, encoders by $jitterMs (seed $seed)',
    (options) => {
      const { differences, switches, packets, largestHoleMs } = play(options, CYCLES);
      process.stdout.write(`seed ${options.seed}: ${switches} switches, ${packets} packets on three hosts\n`);
      expect(differences).toEqual([]);
      expect(switches).toBe(2 * CYCLES);
      expect(largestHoleMs).toBeLessThanOrEqual(CLOCK_STEP_MS);
    },
  );

  // Inherent: who loses a source with its connection enters the other one at once, at its last keyframe that is ENTRY_MARGIN_MS
  // (100 ms) old. On the way to a host that is further away it may still be, and that host begins with the one before it:
  // the squeezed pictures differ, and nothing behind them. Over many seeds, 2 of 288.
  it('differ in the pictures that a failover squeezes, where a link is slower than the margin of an entry', () => {
    const { differences, switches, largestHoleMs } = play({ seed: 102, linkMs: 250, jitterMs: 60 }, CYCLES);
    process.stdout.write(`links late by up to 250 ms: ${differences.length} of ${2 * switches} differ\n`);
    expect(differences).toEqual([
      expect.stringMatching(/^two, failover \(unpublish\)/),
      expect.stringMatching(/^edge, failover \(unpublish\)/),
    ]);
    expect(largestHoleMs).toBeLessThanOrEqual(CLOCK_STEP_MS);
  });

  it('put out the same where the old source is lost while the cut to the new one is pending', () => {
    let pending = 0;
    for (let seed = 0; seed < 6; seed += 1) {
      const site = new SimulatedDeployment({ seed, linkMs: 80, jitterMs: 20 });
      const { hosts } = site;
      const isPending = () => hosts.some(({ program }) => program.pendingSource !== null);
      site.everybodyShows(MASTER);
      site.run(6_000);
      const from = site.clock.now() - SETTLED_MS;
      for (let cycle = 0; cycle < 4; cycle += 1) {
        site.encoder(MASTER).disconnect();
        site.everybodyShows(BACKUP);
        site.run(2_000);
        site.connect(MASTER);
        site.until('a failback', isPending, 8_000);
        site.run(site.random.whole(0, 1_000));
        if (isPending()) pending += 1;
        site.encoder(BACKUP).disconnect();
        site.everybodyShows(MASTER);
        site.run(3_000);
        site.connect(BACKUP);
        site.run(6_000);
      }
      const [expected = [], ...others] = hosts.map((host) =>
        site.between(host, from, site.clock.now() - SETTLED_MS),
      );
      expect(expected.length).toBeGreaterThan(1_000);
      for (const got of others) expect(got).toEqual(expected);
      const holes = hosts.flatMap(({ records }) => records.slice(1).map(({ holeMs }) => holeMs.video ?? 0));
      expect(Math.max(...holes)).toBeLessThanOrEqual(CLOCK_STEP_MS);
    }
    process.stdout.write(`${pending} times a cut was pending\n`);
    expect(pending).toBeGreaterThan(5);
  });

  it("leave an encoder's stalls to its owner, however late its packets are on the way", () => {
    const site = new SimulatedDeployment({ seed: 8, linkMs: 80, jitterMs: 20 });
    site.everybodyShows(MASTER);
    site.run(6_000);
    const switched = site.hosts.map(() => 0);
    const hiccups = 25;
    for (let hiccup = 0; hiccup < hiccups; hiccup += 1) {
      const before = site.hosts.map(({ program }) => program.switchCount);
      site.encoder(MASTER).frozen = 'backlogged';
      // Just about the stall time-out: the owner hardly ever sees one.
      site.run(485);
      site.encoder(MASTER).frozen = null;
      site.run(1_000);
      for (const [index, { program }] of site.hosts.entries()) {
        if (program.switchCount > (before[index] ?? 0)) switched[index] = (switched[index] ?? 0) + 1;
      }
      site.everybodyShows(MASTER);
      site.run(3_000);
    }
    process.stdout.write(`${hiccups} hiccups: switches on the hosts ${switched}\n`);
    const [owner] = switched;
    expect(switched).toEqual(site.hosts.map(() => owner));
    expect(owner).toBeLessThan(hiccups);
  });

  it('damp the flaps of a master alike, also where an edge has not seen its first losses', () => {
    const flap = { losses: 3, windowMs: 60_000, maxHoldMs: 300_000 };
    const site = new SimulatedDeployment({ seed: 3, linkMs: 40, jitterMs: 10, flap });
    const holds: number[] = [];
    site.everybodyShows(MASTER);
    site.run(6_000);
    for (let loss = 1; loss <= 6; loss += 1) {
      if (loss === 4) {
        site.rest('edge', MASTER);
        site.restore('edge', MASTER);
        site.run(2_000);
      }
      site.encoder(MASTER).disconnect();
      site.everybodyShows(BACKUP);
      site.run(1_000);
      site.connect(MASTER);
      const begun = site.clock.now();
      const [first, ...others] = site.hosts;
      site.until('the master on a host', () => site.hosts.some(({ onAir }) => onAir === MASTER), 60_000);
      holds.push(site.clock.now() - begun);
      // No host is alone with it for longer than packets and ticks may take.
      site.until('the master everywhere', () => others.every(({ onAir }) => onAir === first?.onAir), 500);
      site.run(1_500);
    }
    const [usual = 0, , , fourth = 0, fifth = 0, sixth = 0] = holds;
    expect(fourth).toBeGreaterThan(2 * usual);
    expect(fifth).toBeGreaterThan(1.5 * fourth);
    expect(sixth).toBeGreaterThan(1.5 * fifth);
  });

  it('see the loss of a link by themselves, and hold the master from its return on', () => {
    const site = new SimulatedDeployment({ seed: 9, linkMs: 40, jitterMs: 10 });
    const [one, two, edge] = site.hosts;
    site.everybodyShows(MASTER);
    site.run(6_000);
    const before = [one?.program.switchCount, two?.program.switchCount];
    site.cut('edge', MASTER);
    site.until('the backup on the edge', () => edge?.onAir === BACKUP, 1_000);
    expect([one?.onAir, two?.onAir]).toEqual([MASTER, MASTER]);
    site.restore('edge', MASTER);
    site.until('the master on the edge', () => edge?.onAir === MASTER, HOLD_MS + 5_000);
    const [lost, back] = edge?.records.slice(-2) ?? [];
    expect(back?.decidedAt).toBeGreaterThanOrEqual((lost?.decidedAt ?? 0) + HOLD_MS);
    expect([one?.program.switchCount, two?.program.switchCount]).toEqual(before);
    const from = site.clock.now();
    site.run(4_000);
    const [expected = [], ...others] = site.hosts.map((host) => site.between(host, from, from + 3_000));
    for (const got of others) expect(got).toEqual(expected);
  });
});
