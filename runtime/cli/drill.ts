import type { SwitchEvent } from '../contract/control-api.ts';
import type { WaitingClock } from '../media/clock.ts';
import type { ControlClient } from './control-client.ts';
import { CommandError, ExitCode } from './exit-codes.ts';
import { playStream } from './stream-source.ts';
import type { Terminal } from './terminal.ts';
import { breaches, SWITCH_BUDGET_MS, ViewerReporter } from './viewer-report.ts';
import { describeReport } from './watch.ts';

export interface DrillOptions {
  readonly program: string;
  readonly kind: 'unpublish' | 'stall';
  readonly durationMs: number;
  readonly by: string;
  readonly reason: string;
  /** The drill does not begin later, ms since the epoch. */
  readonly notAfter?: number;
  readonly stallTimeoutMs: number;
  readonly json: boolean;
  readonly client: ControlClient;
  readonly clock: WaitingClock;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A viewer of our own watches for so long before the drill begins, and after the program is back. */
const QUIET_MS = 2_000;
const POLL_MS = 100;
/** A return waits for a keyframe of the source that it returns to. */
const RETURN_WAIT_MS = 30_000;

/**
 * `understudy drill PROGRAM`: plays the death of what is on air, watches the program with a viewer of its own meanwhile,
 * sees it return, and holds what the viewer got against the budget.
 */
export async function drill(options: DrillOptions): Promise<number> {
  const { client, clock, terminal, program, kind, signal } = options;
  const { listeners } = await client.state();
  const before = await client.program(program);
  const reporter = new ViewerReporter(clock.now());
  const { rtmp } = await client.addresses(program);
  const url = `rtmp://127.0.0.1:${listeners.rtmp}/${rtmp}`;
  const viewer = await playStream(url, clock, {
    packet: (packet) => reporter.packet(packet, clock.now()),
    data: (name, value) => reporter.data(name, value, clock.now()),
  });
  const say = (text: string): void => {
    if (!options.json) terminal.line(text);
  };
  try {
    await clock.sleep(QUIET_MS, signal);
    say(`drill of live/${program}: ${before.onAir} plays dead (${kind}) for ${options.durationMs / 1_000} s`);
    const answer = await client.drill(program, {
      kind,
      durationMs: options.durationMs,
      by: options.by,
      reason: options.reason,
      ...(options.notAfter === undefined ? {} : { notAfter: options.notAfter }),
    });
    if (answer.outcome !== 'done') {
      throw new CommandError(`${answer.outcome}: ${answer.why}`, ExitCode.failed);
    }
    const drilled = answer.program.drill?.source ?? before.onAir;
    await until(
      options,
      async () => (await client.program(program)).drill === null,
      options.durationMs + 5_000,
    );
    say(`the drill is over; waiting for the return to ${drilled}`);
    await until(options, async () => (await client.program(program)).onAir === drilled, RETURN_WAIT_MS);
    await clock.sleep(QUIET_MS, signal);
  } finally {
    viewer.close();
  }
  const report = reporter.summary(clock.now());
  const budgetMs = SWITCH_BUDGET_MS + (kind === 'stall' ? options.stallTimeoutMs : 0);
  const switches = (await client.switches(program)).filter(({ id }) => id > before.switches);
  const found = breaches(report, budgetMs);
  if (report.switches.length < 2) found.push(`the viewer saw ${report.switches.length} switches, 2 expected`);
  if (options.json) {
    terminal.line(
      JSON.stringify({
        program,
        kind,
        budgetMs,
        passed: found.length === 0,
        breaches: found,
        report,
        switches,
      }),
    );
  } else {
    for (const line of [...switches.map(describeSwitch), ...describeReport(report)]) terminal.line(line);
    for (const text of found) terminal.line(`NOTICEABLE: ${text}`);
    terminal.line(found.length === 0 ? 'PASS: a viewer noticed nothing' : 'FAIL');
  }
  return found.length === 0 ? ExitCode.ok : ExitCode.failed;
}

/** One line about a switch, as the host recorded it. */
export function describeSwitch(record: SwitchEvent): string {
  const { from, to, cause, kind, gapMs, holeMs, squeezedFrames, viewers } = record;
  return (
    `${from ?? 'nothing'} ▸ ${to ?? 'nothing'} (${cause}, ${kind}): gap ${gapMs ?? '-'} ms, ` +
    `hole ${holeMs.video ?? '-'}/${holeMs.audio ?? '-'} ms, ${squeezedFrames} frames squeezed, ${viewers} viewers`
  );
}

async function until(options: DrillOptions, isSo: () => Promise<boolean>, timeoutMs: number): Promise<void> {
  const { clock, signal } = options;
  const deadline = clock.now() + timeoutMs;
  while (!(await isSo())) {
    if (signal.aborted) throw new CommandError('interrupted; the drill ends by itself', ExitCode.failed);
    if (clock.now() > deadline) {
      throw new CommandError(`the program did not come back within ${timeoutMs / 1_000} s`, ExitCode.failed);
    }
    await clock.sleep(POLL_MS, signal);
  }
}
