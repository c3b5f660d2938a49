/** One switch of a program, as all of its viewers see it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { SwitchEvent } from '../../runtime/contract/control-api.ts';
import { until } from '../../test/support/until.ts';
import { monotonicMs } from '../monotonic.ts';
import { hostSays, switches, tellHost } from './control.ts';
import type { Seen, Swarm } from './swarm.ts';

/** Told to show the other one while both are live, and back; or told to play the death of the master. */
export const WAYS = ['to the backup', 'to the master', 'master lost'] as const;
export type Way = (typeof WAYS)[number];
export type Spread = readonly [p50: number, p99: number, most: number];

export interface MeasuredSwitch {
  readonly way: Way;
  readonly kind: SwitchEvent['kind'];
  /** From the command to the decision that the host has recorded: of a clean switch, that is when its keyframe has come. */
  readonly toldToDecidedMs: number;
  /** From that to a viewer's first byte of the new source. */
  readonly decidedToViewersMs: Spread;
  /** From that to the end of its first keyframe. */
  readonly decidedToWholeMs: Spread;
  /** How many viewers have that. */
  readonly reached: number;
}

/** The marks of the encoders' pictures. */
export const SOURCES = { master: 0, backup: 1 };
const INPUTS = { master: 'master/camera1', backup: 'backup/spare' };
const PIN_MS = 600_000;
/** The pin on the master stands: the program returns to it by itself, at a keyframe. */
const DRILL_MS = 1_000;
const SEEN_MS = 20_000;
/** A report takes from the viewers' time to read. */
const POLL_MS = 200;

/** `clockOffsetMs`: hostClockOffsetMs. The program must show the other source, and all viewers must have it. */
export async function measureSwitch(
  swarm: Swarm,
  way: Way,
  viewers: number,
  clockOffsetMs: number,
): Promise<MeasuredSwitch> {
  const to = way === 'to the master' ? 'master' : 'backup';
  const id = ((await switches()).at(-1)?.id ?? 0) + 1;
  await swarm.mark(true);
  const toldAt = monotonicMs();
  if (way === 'master lost') await tellHost({ drill: { by: 'bench', durationMs: DRILL_MS } });
  else await pin(INPUTS[to]);
  const { first, whole } = await firstSeen(swarm, SOURCES[to], viewers);
  // Nobody need search all that comes for marks any more.
  await swarm.mark();
  const record = await recordOf(id);
  const decidedAt = record.decidedAt + clockOffsetMs;
  const spread = ({ p50Ns, p99Ns, lastNs }: Seen): Spread => {
    const [p50 = 0, p99 = 0, most = 0] = [p50Ns, p99Ns, lastNs].map((ns) => Number(ns) / 1e6 - decidedAt);
    return [p50, p99, most];
  };
  return {
    way,
    kind: record.kind,
    toldToDecidedMs: decidedAt - toldAt,
    decidedToViewersMs: spread(first),
    decidedToWholeMs: spread(whole),
    reached: whole.viewers,
  };
}

/** Resolves when the program shows the master, and no drill is on. */
export async function onMaster(): Promise<void> {
  await hostSays('the master on air', ({ programs: [program] }) => {
    return program?.onAir === INPUTS.master && program.drill === null && program.pending === null;
  });
}

async function pin(source: string): Promise<void> {
  const now = Date.now();
  await tellHost({ switch: { by: 'bench', source, sequence: now, expiresAt: now + PIN_MS } });
}

/** Also where not all have seen it in time: the answer says how many have. */
async function firstSeen(
  swarm: Swarm,
  source: number,
  viewers: number,
): Promise<{ readonly first: Seen; readonly whole: Seen }> {
  const deadline = performance.now() + SEEN_MS;
  for (;;) {
    await pause(POLL_MS);
    const { firstOf, wholeOf } = await swarm.report();
    const [first, whole] = [firstOf[source], wholeOf[source]];
    if (first === undefined || whole === undefined) throw new Error(`the swarm knows no source ${source}`);
    if (whole.viewers === viewers || performance.now() > deadline) return { first, whole };
  }
}

/** It is complete when the holes are known. */
async function recordOf(id: number): Promise<SwitchEvent> {
  return until(`the record of switch ${id}`, async () => {
    await pause(POLL_MS);
    return (await switches()).find((record) => record.id === id);
  });
}
