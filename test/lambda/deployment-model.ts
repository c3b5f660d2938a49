/**
 * A deployment in simulated time, as far as the control function can see it: inputs that live or not, hosts with the real pins
 * and the real selector, and alarms that follow late. Runs of the function read at one moment and act at a later one.
 */
import { alarmName } from '../../runtime/contract/alarm-names.ts';
import type { HostSummary, ProgramSummary } from '../../runtime/contract/host-summary.ts';
import type { Topology } from '../../runtime/contract/topology.ts';
import type {
  AlarmReading,
  ControlEvent,
  HostReport,
  Plan,
  PlannedCommand,
} from '../../runtime/lambda/plan.ts';
import { plan, type Situation } from '../../runtime/lambda/planner.ts';
import type { FailbackPolicy } from '../../runtime/program/selector.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { type ModelInput, ModelProgram } from './model-program.ts';

/** All that takes time takes a multiple of it. */
export const STEP_MS = 5_000;
const LOST_HOST_STEPS = 7;
const DEPLOYMENT = 'understudy';

export interface DeploymentOptions {
  /** Of each program; `master` is its own. */
  readonly candidates: readonly string[];
  readonly onLoss: 'switch' | 'wait';
  readonly failback: FailbackPolicy;
  /** How late an alarm of an input is. */
  readonly alarmSteps: number;
}

interface ModelAlarm {
  readonly name: string;
  readonly lateSteps: number;
  readonly isLost: () => boolean;
  reading: AlarmReading;
  /** For how long the truth has been another. */
  wrongSteps: number;
}

interface Errand {
  readonly at: number;
  readonly commands: readonly PlannedCommand[];
}

interface ModelHost {
  readonly name: string;
  isUp: boolean;
  isSilent: boolean;
  programs: ModelProgram[];
}

export class Deployment {
  readonly topology: Topology;
  readonly hosts: ModelHost[];
  readonly inputs = new Map<string, ModelInput>();
  now = EPOCH;
  /** Events that nobody has been told of. */
  events: ControlEvent[] = [];
  private readonly options: DeploymentOptions;
  private readonly alarms: ModelAlarm[];
  private errands: Errand[] = [];

  constructor(options: DeploymentOptions) {
    this.options = options;
    const hosts: Topology['hosts'] = [
      { name: 'one', input: 'master/camera1', kind: 'master' },
      { name: 'two', input: 'master/camera2', kind: 'master' },
      ...options.candidates
        .filter((candidate) => candidate.startsWith('backup/'))
        .map((input) => ({ name: input.replace('/', '-'), input, kind: 'backup' as const })),
    ];
    this.topology = {
      deployment: DEPLOYMENT,
      namespace: 'Understudy',
      hosts,
      programs: ['camera1', 'camera2'].map((name, place) => ({
        name,
        candidates: options.candidates.map((candidate) =>
          candidate === 'master' ? `master/${name}` : candidate,
        ),
        home: hosts[place]?.name ?? null,
      })),
    };
    for (const { input } of hosts)
      this.inputs.set(input, { isUp: true, isLive: true, since: EPOCH, losses: [] });
    this.hosts = [...hosts.map(({ name }) => name), 'edge'].map((name) => ({
      name,
      isUp: true,
      isSilent: false,
      programs: this.newPrograms(),
    }));
    this.alarms = hosts.flatMap(({ name, input }) => [
      this.newAlarm(
        alarmName(DEPLOYMENT, 'input-loss', input),
        options.alarmSteps,
        () => !this.isLive(input),
      ),
      this.newAlarm(alarmName(DEPLOYMENT, 'host-lost', name), LOST_HOST_STEPS, () => !this.isUp(name)),
    ]);
  }

  isLive(input: string): boolean {
    return this.inputs.get(input)?.isLive ?? false;
  }

  setInput(input: string, isUp: boolean): void {
    const facts = this.inputs.get(input);
    if (facts !== undefined) facts.isUp = isUp;
    this.settleInputs();
  }

  /** A host that comes back knows of no pin. */
  setHost(host: ModelHost, isUp: boolean): void {
    if (host.isUp !== isUp) host.programs = this.newPrograms();
    host.isUp = isUp;
    this.settleInputs();
  }

  /** Wakes the function: it reads now, and its commands arrive later. */
  run(
    event: ControlEvent,
    { lateSteps, canRead }: { lateSteps: number; canRead: boolean },
  ): [Situation, Plan] {
    const reports = this.hosts
      .filter(({ name, isUp, isSilent }) => name !== 'edge' || (isUp && !isSilent))
      .map((host) => [host.name, this.reportOf(host)] as const);
    const situation: Situation = {
      event,
      topology: this.topology,
      alarms: new Map(canRead ? this.alarms.map(({ name, reading }) => [name, reading]) : []),
      reports: new Map(reports),
      now: this.now,
    };
    const planned = plan(situation);
    this.errands.push({ at: this.now + lateSteps * STEP_MS, commands: planned.commands });
    if (lateSteps === 0) this.runErrands();
    return [situation, planned];
  }

  step(): void {
    this.now += STEP_MS;
    for (const alarm of this.alarms) this.follow(alarm);
    this.runErrands();
    this.decide();
  }

  /** Lets hosts decide on what has changed. */
  decide(): void {
    for (const { programs } of this.hosts.filter(({ isUp }) => isUp)) {
      for (const program of programs) program.decide(this.inputs, this.now);
    }
  }

  private newPrograms(): ModelProgram[] {
    return this.topology.programs.map(
      ({ name, candidates }) => new ModelProgram(name, candidates, this.options),
    );
  }

  private newAlarm(name: string, lateSteps: number, isLost: () => boolean): ModelAlarm {
    return { name, lateSteps, isLost, reading: { state: 'OK', since: EPOCH }, wrongSteps: 0 };
  }

  private isUp(host: string): boolean {
    return this.hosts.some(({ name, isUp }) => name === host && isUp);
  }

  private settleInputs(): void {
    for (const { name, input } of this.topology.hosts) {
      const facts = this.inputs.get(input);
      const isLive = facts?.isUp === true && this.isUp(name);
      if (facts === undefined || facts.isLive === isLive) continue;
      if (!isLive) facts.losses.push(this.now);
      facts.isLive = isLive;
      facts.since = this.now;
    }
  }

  private follow(alarm: ModelAlarm): void {
    const state = alarm.isLost() ? 'ALARM' : 'OK';
    const { state: before } = alarm.reading;
    alarm.wrongSteps = state === before ? 0 : alarm.wrongSteps + 1;
    if (alarm.wrongSteps < alarm.lateSteps || state === before) return;
    alarm.wrongSteps = 0;
    alarm.reading = { state, since: this.now };
    this.events.push({ kind: 'alarm', alarm: alarm.name, state, previousState: before, at: this.now });
  }

  private runErrands(): void {
    const due = this.errands.filter(({ at }) => at <= this.now);
    this.errands = this.errands.filter(({ at }) => at > this.now);
    for (const { hosts, command } of due.flatMap(({ commands }) => commands)) {
      if (this.now > command.notAfter) continue;
      for (const host of this.hosts) {
        if (!host.isUp || !hosts.includes(host.name)) continue;
        host.programs.find(({ name }) => name === command.program)?.obey(command, this.now);
      }
    }
    this.decide();
  }

  private reportOf({ name, isUp, isSilent, programs }: ModelHost): HostReport {
    if (!isUp || isSilent) return { kind: 'silent', why: 'no answer' };
    const summary: HostSummary = {
      version: 1,
      host: name,
      state: 'serving',
      now: this.now,
      programs: programs.map((program): ProgramSummary => program.summary(this.inputs)),
    };
    return { kind: 'summary', instance: `i-${name}`, summary };
  }
}
