/** The control API of the server that is measured, and its clock beside the machine's. */
import { setTimeout as pause } from 'node:timers/promises';
import type {
  DrillRequest,
  HostState,
  SwitchEvent,
  SwitchRequest,
} from '../../runtime/contract/control-api.ts';
import { until } from '../../test/support/until.ts';
import { monotonicMs } from '../monotonic.ts';
import { PORTS } from './stage.ts';

const API = `http://127.0.0.1:${PORTS.control}/v1`;
const PROGRAM = 'camera1';
const PATIENCE_MS = 30_000;
/** What is asked takes from the server that is measured. */
const POLL_MS = 100;
/** The answer that took least says most of the time at which it was made. */
const CLOCK_READINGS = 20;

export async function hostState(): Promise<HostState> {
  return (await (await fetch(`${API}/state`)).json()) as HostState;
}

/** Throws where the host does not do it. */
export async function tellHost(
  command: { readonly switch: SwitchRequest } | { readonly drill: DrillRequest },
): Promise<void> {
  const [name, body] = Object.entries(command)[0] as [string, object];
  const response = await fetch(`${API}/programs/${PROGRAM}/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
}

export async function switches(): Promise<SwitchEvent[]> {
  return (await (await fetch(`${API}/switches`)).json()) as SwitchEvent[];
}

/** Resolves when the host says so. One that has just begun need not answer yet. */
export async function hostSays(what: string, isSo: (state: HostState) => boolean): Promise<void> {
  const check = async (): Promise<boolean> => {
    await pause(POLL_MS);
    const state = await hostState().catch(() => null);
    return state !== null && isSo(state);
  };
  await until(what, check, PATIENCE_MS);
}

/**
 * What is to be added to a time of the host, in ms since the epoch, to have it on the machine's monotonic clock. Both run alike:
 * a host's clock is the monotonic one, on the epoch as it was when the process started.
 */
export async function hostClockOffsetMs(): Promise<number> {
  let best = { tookMs: Number.POSITIVE_INFINITY, offsetMs: 0 };
  for (let reading = 0; reading < CLOCK_READINGS; reading += 1) {
    const askedAt = monotonicMs();
    const { now } = await hostState();
    const tookMs = monotonicMs() - askedAt;
    if (tookMs < best.tookMs) best = { tookMs, offsetMs: askedAt + tookMs / 2 - now };
  }
  return best.offsetMs;
}
