import type { DrillRequest, ReleaseRequest, SwitchRequest } from '../../contract/control-api.ts';

/** Who asks, why, and when, by the host's clock. */
export interface Asked {
  readonly by: string;
  readonly reason: string;
  readonly hostNow: number;
}

export const DEFAULT_OPERATOR = 'console';
export const PIN_LENGTHS_MS = [600_000, 3_600_000, 8 * 3_600_000, 24 * 3_600_000] as const;
export const DEFAULT_PIN_MS = 3_600_000;
export const DRILL_LENGTHS_MS = [10_000, 30_000, 60_000] as const;
export const DEFAULT_DRILL_MS = 10_000;
/** A command that is on its way for longer does nothing: by then, who gave it may have done something else. */
const VALID_MS = 10_000;
/** What the control API takes. */
const MAX_NAME = 200;
const MAX_REASON = 500;

export function switchRequestOf(asked: Asked, source: string, lengthMs: number): SwitchRequest {
  return { source, ...rankedOf(asked), expiresAt: Math.round(asked.hostNow) + lengthMs };
}

export function releaseRequestOf(asked: Asked): ReleaseRequest {
  return rankedOf(asked);
}

export function drillRequestOf(asked: Asked, kind: 'unpublish' | 'stall', durationMs: number): DrillRequest {
  return { kind, durationMs, ...askerOf(asked) };
}

/** Numbers are the host's time: they rise, whoever asks, from whatever machine. */
function rankedOf(asked: Asked) {
  return { ...askerOf(asked), sequence: Math.round(asked.hostNow) };
}

function askerOf({ by, reason, hostNow }: Asked) {
  const name = by.trim().slice(0, MAX_NAME);
  return {
    by: name === '' ? DEFAULT_OPERATOR : name,
    reason: reason.trim().slice(0, MAX_REASON),
    notAfter: Math.round(hostNow) + VALID_MS,
  };
}
