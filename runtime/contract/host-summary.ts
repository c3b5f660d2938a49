/**
 * What `understudy status --brief` prints: all that the control function and the dashboard need of a host, in one line that
 * fits into what Run Command keeps of a command's output. Read with suspicion: it comes from another machine.
 */
import * as z from 'zod';

const name = z.string().min(1).max(100);
const time = z.number().min(0);
const health = z.enum(['absent', 'starting', 'live', 'stalled', 'degraded']);

const programSummary = z.object({
  name,
  /** Nobody plays it there, and inputs from elsewhere are not brought there. */
  resting: z.boolean(),
  /** A candidate; null: nothing. */
  onAir: name.nullable(),
  /** By candidate, as far as this host knows. The slate is always live. */
  health: z.record(name, health),
  pin: z
    .object({
      source: name,
      by: z.string().max(200),
      reason: z.string().max(500),
      /** By the control function, not by a person. */
      automatic: z.boolean(),
      /** ms since the epoch. */
      expiresAt: time,
    })
    .nullable(),
  drill: z.object({ source: name, by: z.string().max(200), endsAt: time }).nullable(),
  viewers: z.int().min(0),
  lastSwitch: z
    .object({
      /** When it was decided, ms since the epoch. */
      at: time,
      from: name.nullable(),
      to: name.nullable(),
      cause: z.string().max(40),
      /** The worse of the tracks. */
      holeMs: z.number().nullable(),
    })
    .nullable(),
  /** How many things the preflight warns of. */
  warnings: z.int().min(0),
});

export const hostSummarySchema = z.object({
  version: z.literal(1),
  host: name,
  state: z.enum(['serving', 'draining']),
  /** The host's clock, ms since the epoch. */
  now: time,
  programs: z.array(programSummary).max(100),
});

export type HostSummary = z.output<typeof hostSummarySchema>;
export type ProgramSummary = HostSummary['programs'][number];
