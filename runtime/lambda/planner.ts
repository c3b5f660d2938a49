import type { Topology } from '../contract/topology.ts';
import { shortened } from '../contract/wording.ts';
import { type AlarmTruth, alarmConcern, alarmTruth, withEvent } from './alarm-truth.ts';
import type { AlarmReadings, ControlEvent, HostReport, HostReports, Plan } from './plan.ts';
import { PlanDraft } from './plan-draft.ts';
import { type Decision, decideBlind, decideShown } from './program-decision.ts';
import { canShow, inputsOf, type Program } from './program-view.ts';

// The planner: what has to be told to which host, so that no viewer is left on a dead source? A pure function of alarms and of
// what hosts say (docs/control.md).
//
// Every run plans everything, whatever woke it. Events repeat, come late, out of order, or not at all; so an event is only one
// more reading of its alarm, and the plan follows from the readings. Where all is as it should be, the plan is empty: planning
// twice does no harm, and the schedule needs no rules of its own. What woke it decides only who is said to ask, and whether a
// command counts as a repair: something that an event should have brought about before.
//
// The one exception are silent hosts. Nobody knows whether they hold a pin that should end, so they are told when a loss
// ends, and not every minute after.

export interface Situation {
  readonly event: ControlEvent;
  readonly topology: Topology;
  readonly alarms: AlarmReadings;
  readonly reports: HostReports;
  /** When alarms and reports were read, ms since the epoch: orders plans. */
  readonly now: number;
}

export function plan(situation: Situation): Plan {
  const { event, topology, now } = situation;
  const alarms = withEvent(situation.alarms, event);
  const truth = alarmTruth(topology, alarms);
  const reports = reportsOfAll(topology, situation.reports);
  const draft = new PlanDraft(event, now);
  noteEvent(draft, situation, alarms);
  noteInputs(draft, truth);
  noteSilence(draft, reports, truth);
  for (const program of topology.programs) {
    if (isOffAir(program, reports, truth)) draft.find('page', program.name, 'all its inputs are lost');
    const isConcerned = isAbout(event, topology, program);
    const isOver = isConcerned && isEnd(event, alarms);
    for (const [host, report] of reports) {
      const decision = decide({ host, report, program, truth, now, isOver });
      if (decision !== null) draft.add({ host, program: program.name, decision, isConcerned });
    }
  }
  if (draft.isEmpty) draft.find('info', topology.deployment, 'all is well: nothing to do');
  return draft.finish();
}

function decide(options: {
  readonly host: string;
  readonly report: HostReport;
  readonly program: Program;
  readonly truth: AlarmTruth;
  readonly now: number;
  readonly isOver: boolean;
}): Decision | null {
  const { host, report, program, truth, now, isOver } = options;
  if (report.kind === 'silent') {
    return truth.lostHosts.has(host) ? null : decideBlind({ program, truth, isOver });
  }
  const shown = report.summary.programs.find(({ name }) => name === program.name);
  if (shown === undefined) {
    return { order: null, severity: 'info', why: 'not known there: the host has another configuration' };
  }
  return decideShown({ program, shown, truth, now });
}

/** Those of the deployment first, then edges. A host that was not asked is as good as silent. */
function reportsOfAll({ hosts }: Topology, reports: HostReports): Map<string, HostReport> {
  const unasked: HostReport = { kind: 'silent', why: 'it was not asked' };
  return new Map([...hosts.map(({ name }) => [name, unasked] as const), ...reports]);
}

function isAbout(event: ControlEvent, topology: Topology, program: Program): boolean {
  if (event.kind !== 'alarm') return false;
  const concern = alarmConcern(topology, event.alarm);
  return concern.kind === 'input' && program.candidates.includes(concern.input);
}

/** By the alarms, unless a host says better. */
function isOffAir(program: Program, reports: ReadonlyMap<string, HostReport>, truth: AlarmTruth): boolean {
  const inputs = inputsOf(program);
  if (inputs.length === 0 || inputs.some((input) => truth.inputs.get(input)?.standing !== 'lost'))
    return false;
  const shown = [...reports.values()].flatMap((report) =>
    report.kind === 'summary' ? report.summary.programs.filter(({ name }) => name === program.name) : [],
  );
  return !shown.some((one) => inputs.some((input) => canShow(one, input)));
}

/** Whether the event brings the end of a loss, and nothing newer was read. */
function isEnd(event: ControlEvent, alarms: AlarmReadings): boolean {
  return event.kind === 'alarm' && event.state === 'OK' && alarms.get(event.alarm)?.state === 'OK';
}

function noteEvent(draft: PlanDraft, { event, topology }: Situation, alarms: AlarmReadings): void {
  if (event.kind !== 'alarm') return;
  const { alarm, state } = event;
  const subject = shortened(alarm);
  const concern = alarmConcern(topology, alarm);
  const standing = alarms.get(alarm)?.state;
  if (concern.kind === 'nothing') draft.find('info', subject, `${state}: nothing to do, ${concern.why}`);
  else if (standing !== state) draft.find('info', subject, `${state} is overtaken: by now it is ${standing}`);
}

function noteInputs(draft: PlanDraft, { inputs }: AlarmTruth): void {
  for (const [input, truth] of inputs) {
    if (truth.standing === 'lost') draft.find('info', input, `lost (${truth.alarm})`);
    if (truth.standing === 'unknown')
      draft.find('info', input, 'its alarm says nothing of it: nothing is commanded on that');
  }
}

function noteSilence(
  draft: PlanDraft,
  reports: ReadonlyMap<string, HostReport>,
  { lostHosts }: AlarmTruth,
): void {
  for (const [host, report] of reports) {
    if (report.kind !== 'silent') continue;
    const todo = lostHosts.has(host) ? 'it is lost: nothing to command there' : 'what alarms say must do';
    draft.find('info', host, `silent (${shortened(report.why)}): ${todo}`);
  }
}
