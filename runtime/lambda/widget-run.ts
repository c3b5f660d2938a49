import type { HostCommand } from '../contract/host-command.ts';
import type { Topology } from '../contract/topology.ts';
import type { WaitingClock } from '../media/clock.ts';
import { type CommandOutcome, execute } from './executor.ts';
import { readHosts } from './host-reader.ts';
import type { HostReports } from './plan.ts';
import { COMMAND_LIFE_MS } from './plan-draft.ts';
import type { RunCommand } from './run-command.ts';
import { withinLimit } from './time-limit.ts';
import { widgetPage } from './widget-page.ts';
import { readRequest, type WidgetButton } from './widget-request.ts';
import { widgetRows } from './widget-rows.ts';

export interface WidgetRunOptions {
  readonly runCommand: Pick<RunCommand, 'send' | 'collect'>;
  readonly clock: WaitingClock;
  readonly topology: Topology;
  /** The ARN of the function, for its buttons. */
  readonly endpoint: string;
}

const READ_MS = 5_000;
const EXECUTE_MS = 10_000;
/** How long a button pins: long enough for any repair, and an end that nobody has to remember. */
const PIN_MS = 3_600_000;
const DRILL_MS = 10_000;

/** What the widget says of itself where a dashboard is edited. */
const DESCRIPTION = `### Understudy

A table of the programs of a deployment, as its hosts say they are: what is on air, inputs, viewers, the last switch. Its buttons
put a backup on air for an hour, go back, and play the loss of what is on air for ten seconds, each on all hosts.
It takes no parameters.`;

/** What the console shows for an event of the widget: HTML, or its description in Markdown. */
export async function widgetRun(event: unknown, options: WidgetRunOptions): Promise<string> {
  const { topology, endpoint, clock } = options;
  const read = readRequest(event, topology);
  if (read.kind === 'describe') return DESCRIPTION;
  let reports = await hostReports(options);
  let messages: readonly string[] = read.kind === 'mistake' ? [`Nothing was done: ${read.text}.`] : [];
  if (read.kind === 'request' && read.request.do !== 'show') {
    messages = [await press(read.request, read.dashboard, reports, options)];
    reports = await hostReports(options);
  }
  const silent = [...reports].flatMap(([host, report]) =>
    report.kind === 'silent' ? [{ host, why: report.why }] : [],
  );
  return widgetPage({ endpoint, rows: widgetRows(topology, reports), silent, messages, now: clock.now() });
}

async function hostReports({ runCommand, clock, topology }: WidgetRunOptions): Promise<HostReports> {
  const names = topology.hosts.map(({ name }) => name);
  const { reports } = await withinLimit(clock, READ_MS, (signal) => readHosts(runCommand, names, signal));
  return reports;
}

async function press(
  button: WidgetButton,
  dashboard: string,
  reports: HostReports,
  { runCommand, clock }: WidgetRunOptions,
): Promise<string> {
  const why = `a button on the dashboard ${dashboard}`;
  const planned = { hosts: [...reports.keys()], command: commandOf(button, dashboard, clock.now()), why };
  const [outcome] = await withinLimit(clock, EXECUTE_MS, (signal) =>
    execute([planned], { runCommand, reports, signal }),
  );
  return `${button.program}: ${outcome === undefined ? 'nothing was sent' : describe(outcome)}`;
}

/** A person asks: it is no automatic command, and yields to nobody. */
function commandOf(
  button: WidgetButton,
  dashboard: string,
  now: number,
): Exclude<HostCommand, { action: 'status' }> {
  const { program } = button;
  const order = {
    program,
    by: `dashboard ${dashboard}`,
    reason: 'button',
    sequence: now,
    notAfter: now + COMMAND_LIFE_MS,
    automatic: false,
  };
  switch (button.do) {
    case 'switch':
      return { action: 'switch', source: button.source, until: now + PIN_MS, ...order };
    case 'release':
      return { action: 'release', ...order };
    case 'drill':
      return { action: 'drill', kind: 'unpublish', durationMs: DRILL_MS, ...order };
  }
}

/** `done on 3 hosts; refused on edge-1 (no other candidate is live)` */
function describe({ hosts }: CommandOutcome): string {
  const fine = hosts.filter(({ isFine }) => isFine).length;
  const parts = [
    ...(fine > 0 ? [`done on ${fine} ${fine === 1 ? 'host' : 'hosts'}`] : []),
    ...hosts
      .filter(({ isFine }) => !isFine)
      .map(({ host, outcome, why }) => `${outcome} on ${host}${why === '' ? '' : ` (${why})`}`),
  ];
  return parts.join('; ');
}
