import { BackOff } from '../media/back-off.ts';
import type { Cancel, Clock } from '../media/clock.ts';

/**
 * Keeps one camera's process running. Its death costs its own input only.
 *
 *     running ──ended──▶ waiting ──back-off──▶ running
 *        └──────stop()──────┴──▶ stopped: SIGTERM, and SIGKILL after KILL_AFTER_MS
 */

export interface CameraExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process, as far as this file needs one. */
export interface CameraProcess {
  readonly pid: number | undefined;
  /** Resolves once, also where the process could not be started. */
  readonly ended: Promise<CameraExit>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

export interface SupervisorLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
}

export interface SupervisorOptions {
  /** `master/camera1`: for the log. */
  readonly input: string;
  readonly start: () => CameraProcess;
  readonly clock: Clock;
  /** 0 up to, not including, 1. */
  readonly random: () => number;
  readonly log: SupervisorLog;
}

export interface SupervisedCamera {
  /** Undefined between two runs. */
  readonly pid: number | undefined;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

export const KILL_AFTER_MS = 2_000;
/** A run of a minute had its camera on air: one that gives nothing is given up before (gateway.ts). */
export const BACK_OFF = { firstMs: 1_000, longestMs: 30_000, goodMs: 60_000 };

export function superviseCamera({ input, start, clock, random, log }: SupervisorOptions): SupervisedCamera {
  let running: CameraProcess | undefined;
  let cancelStart: Cancel = () => {};
  const backOff = new BackOff(BACK_OFF, random);
  let isStopping = false;

  const run = (): void => {
    const startedAt = clock.now();
    const child = start();
    running = child;
    log.info({ event: 'camera', input, pid: child.pid }, 'pulling the camera');
    void child.ended.then(({ code, signal }) => {
      running = undefined;
      if (isStopping) return;
      const againInMs = backOff.next(clock.now() - startedAt);
      log.warn(
        { event: 'camera', input, exitCode: code, signal, againInMs },
        "the camera's process has ended",
      );
      cancelStart = clock.after(againInMs, run);
    });
  };
  run();

  return {
    get pid() {
      return running?.pid;
    },
    stop: async () => {
      isStopping = true;
      cancelStart();
      const child = running;
      if (child === undefined) return;
      child.kill('SIGTERM');
      const cancelKill = clock.after(KILL_AFTER_MS, () => child.kill('SIGKILL'));
      await child.ended;
      cancelKill();
    },
  };
}
