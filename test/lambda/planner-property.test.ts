/**
 * Whatever happens, and however late the control function hears of it: people keep their pins, nobody is taken away from a
 * live source, and once alarms and hosts say the truth, one run puts every viewer where the last true state says.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { alarmName } from '../../runtime/contract/alarm-names.ts';
import type { ControlEvent, HostReport, Plan } from '../../runtime/lambda/plan.ts';
import type { Situation } from '../../runtime/lambda/planner.ts';
import { PIN_MS } from '../../runtime/lambda/program-decision.ts';
import { Deployment, type DeploymentOptions, STEP_MS } from './deployment-model.ts';

/** `PLANNER_RUNS=20000 PLANNER_SEED=7 npx jest test/lambda/planner-property.test.ts` looks further. */
const RUNS = Number(process.env.PLANNER_RUNS ?? 150);
const SEED = Number(process.env.PLANNER_SEED ?? 1);
const RECONCILE: ControlEvent = { kind: 'reconcile' };
const MINUTE_STEPS = 60_000 / STEP_MS;
/** Longer than any alarm, and any command, is late. */
const SETTLED_STEPS = 20;
/** Longer than any pin by a person, any drill, and any hold. */
const QUIET_MINUTES = 7;

type Action =
  | { readonly do: 'wait'; readonly steps: number }
  /** Each of these is ended by its like. */
  | { readonly do: 'lose input'; readonly input: number }
  | { readonly do: 'lose host' | 'silence host'; readonly host: number }
  | { readonly do: 'event'; readonly event: number; readonly isRepeated: boolean; readonly lateSteps: number }
  | { readonly do: 'forget event'; readonly event: number }
  | { readonly do: 'reconcile'; readonly lateSteps: number; readonly canRead: boolean }
  | { readonly do: 'pin' | 'drill'; readonly host: number; readonly program: number; readonly steps: number }
  | { readonly do: 'release'; readonly host: number; readonly program: number }
  | { readonly do: 'settle' };

const index = fc.nat(9);
const lateSteps = fc.nat(8);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('wait'), steps: fc.integer({ min: 1, max: 8 }) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('lose input'), input: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('lose host', 'silence host'), host: index }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('event'), event: index, isRepeated: fc.boolean(), lateSteps }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget event'), event: index }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reconcile'), lateSteps, canRead: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('pin', 'drill'),
      host: index,
      program: index,
      steps: fc.integer({ min: 1, max: 24 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release'), host: index, program: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('settle') }) },
);

const options: fc.Arbitrary<DeploymentOptions> = fc.record({
  candidates: fc.constantFrom(
    ['master', 'backup/spare', 'slate'],
    ['master', 'backup/spare'],
    ['master', 'backup/spare', 'backup/second', 'slate'],
  ),
  onLoss: fc.constantFrom('switch', 'wait'),
  failback: fc.constantFrom('auto', 'manual', 'sticky'),
  alarmSteps: fc.integer({ min: 2, max: 5 }),
});

describe('the control function', () => {
  it('leaves every program where the last true state says', () => {
    fc.assert(
      fc.property(options, fc.array(action, { maxLength: 40, size: 'max' }), (given, actions) => {
        const story = new Story(given);
        for (const one of actions) story.act(one);
        story.act({ do: 'settle' });
        story.end();
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

/** A deployment to which things happen, and what must hold meanwhile. */
class Story {
  private readonly deployment: Deployment;
  private readonly failback: DeploymentOptions['failback'];

  constructor(given: DeploymentOptions) {
    this.deployment = new Deployment(given);
    this.failback = given.failback;
    this.deployment.decide();
  }

  act(action: Action): void {
    const { deployment } = this;
    const { hosts, inputs, events, now } = deployment;
    switch (action.do) {
      case 'wait':
        this.wait(action.steps);
        break;
      case 'lose input': {
        const name = pick([...inputs.keys()], action.input);
        deployment.setInput(name, !inputs.get(name)?.isUp);
        break;
      }
      case 'lose host': {
        const host = pick(hosts, action.host);
        deployment.setHost(host, !host.isUp);
        break;
      }
      case 'silence host': {
        const host = pick(hosts, action.host);
        host.isSilent = !host.isSilent;
        break;
      }
      case 'event': {
        if (events.length === 0) break;
        const event = pick(events, action.event);
        if (!action.isRepeated) deployment.events = events.filter((other) => other !== event);
        this.run(event, { lateSteps: action.lateSteps, canRead: true });
        break;
      }
      case 'forget event':
        deployment.events = events.filter((_, place) => place !== action.event % events.length);
        break;
      case 'reconcile':
        this.run(RECONCILE, action);
        break;
      case 'pin': {
        const program = pick(pick(hosts, action.host).programs, action.program);
        const source = pick(program.candidates, action.steps);
        const expiresAt = now + action.steps * STEP_MS;
        program.pin(source, expiresAt, now);
        break;
      }
      case 'drill':
        pick(pick(hosts, action.host).programs, action.program).drill(action.steps * STEP_MS, now);
        break;
      case 'release':
        pick(pick(hosts, action.host).programs, action.program).release(now);
        break;
      case 'settle':
        this.settle();
    }
    deployment.decide();
  }

  /** All that was under way has come to its end, and one run has seen the truth. */
  private settle(): void {
    for (const host of this.deployment.hosts) host.isSilent = false;
    this.wait(SETTLED_STEPS);
    this.reconcile();
  }

  /** People have gone home, and the schedule goes on. */
  end(): void {
    for (let minute = 1; minute <= QUIET_MINUTES; minute += 1) {
      this.wait(MINUTE_STEPS);
      this.reconcile();
    }
    if (this.failback !== 'auto') return;
    const { inputs } = this.deployment;
    for (const { host, program } of this.programs()) {
      const [best] = program.showable(inputs);
      if (best !== undefined && program.onAir !== best) throw wrong(host, program, `does not show ${best}`);
    }
  }

  /** A run on true readings, and where it leaves everybody. */
  private reconcile(): void {
    this.run(RECONCILE, { lateSteps: 0, canRead: true });
    const { inputs, now } = this.deployment;
    for (const { host, program } of this.programs()) {
      const { pins, onAir, candidates } = program;
      const { pin, drill } = pins;
      if (drill !== null) continue;
      const [best] = program.showable(inputs);
      const isDark = onAir === null || !program.canShow(onAir, inputs);
      if (isDark && best !== undefined) throw wrong(host, program, `is dark, and could show ${best}`);
      if (pin?.automatic === false) continue;
      if (onAir === 'slate' && best !== 'slate') throw wrong(host, program, `shows the slate, not ${best}`);
      if (pin === null || pin.candidate === candidates[0]) continue;
      const place = candidates.indexOf(pin.candidate);
      if (candidates.indexOf(best ?? pin.candidate) < place)
        throw wrong(host, program, `is held back from ${best}`);
      const isShort = pin.expiresAt - now < PIN_MS / 2 && program.canShow(pin.candidate, inputs);
      if (isShort) throw wrong(host, program, 'has a pin that nobody renews');
    }
  }

  private wait(steps: number): void {
    for (let step = 0; step < steps; step += 1) {
      const before = this.programs().map(({ program }) => ({ program, pin: program.pins.pin }));
      this.deployment.step();
      checkPersonsPins(before, this.deployment.now);
    }
  }

  private run(event: ControlEvent, how: { lateSteps: number; canRead: boolean }): void {
    const before = this.programs().map(({ program }) => ({ program, pin: program.pins.pin }));
    const [situation, plan] = this.deployment.run(event, how);
    checkPersonsPins(before, this.deployment.now);
    checkHarmless(plan, situation);
  }

  private programs() {
    return this.deployment.hosts
      .filter(({ isUp }) => isUp)
      .flatMap(({ name, programs }) => programs.map((program) => ({ host: name, program })));
  }
}

type Program = Deployment['hosts'][number]['programs'][number];

function checkPersonsPins(
  before: ReadonlyArray<{ program: Program; pin: Program['pins']['pin'] }>,
  now: number,
): void {
  for (const { program, pin } of before) {
    if (pin !== null && !pin.automatic && now < pin.expiresAt) {
      if (program.pins.pin !== pin) throw new Error(`a pin by ${pin.by} is gone from ${program.name}`);
    }
  }
}

/** What no plan may hold, by what was known when it was made. */
function checkHarmless({ commands, findings }: Plan, { event, alarms, reports, topology }: Situation): void {
  expect(findings).not.toEqual([]);
  const lost = new Set(
    topology.hosts
      .map(({ input }) => input)
      .filter((input) => {
        const name = alarmName(topology.deployment, 'input-loss', input);
        const read = alarms.get(name);
        const told = event.kind === 'alarm' && event.alarm === name ? event : undefined;
        return (told !== undefined && told.at > (read?.since ?? 0) ? told : read)?.state === 'ALARM';
      }),
  );
  const named = new Set<string>();
  for (const { hosts, command } of commands) {
    const candidates = topology.programs.find(({ name }) => name === command.program)?.candidates ?? [];
    for (const host of hosts) {
      const shown = shownBy(reports.get(host), command.program);
      const complain = (what: string) => new Error(`${what}: ${JSON.stringify({ host, command, shown })}`);
      if (named.has(`${host} ${command.program}`)) throw complain('two commands');
      named.add(`${host} ${command.program}`);
      if (shown === undefined) {
        if ('source' in command && command.source === 'slate') throw complain('blind to the slate');
        continue;
      }
      const { onAir, pin, drill, health } = shown;
      if (drill !== null || pin?.automatic === false) throw complain('disturbs people');
      const before = candidates.slice(0, candidates.indexOf(pin?.source ?? ''));
      const isNeeded = pin?.source !== 'slate' && before.length > 0 && before.every((name) => lost.has(name));
      if (command.action === 'release' && isNeeded) throw complain('too early');
      if (command.action !== 'switch' || pin?.source === command.source) continue;
      const fit = candidates.filter((name) => health[name] === 'live');
      if (!fit.includes(command.source)) throw complain('to what is dead');
      if (onAir !== null && onAir !== 'slate' && fit.includes(onAir)) throw complain('away from what lives');
      const better = fit.find((name) => !lost.has(name));
      if (lost.has(command.source) && better !== undefined && better !== 'slate')
        throw complain(`${better} is better`);
    }
  }
}

function wrong(host: string, { name, onAir, pins }: Program, what: string): Error {
  return new Error(`${name} on ${host} ${what}: ${JSON.stringify({ onAir, pin: pins.pin })}`);
}

function shownBy(report: HostReport | undefined, program: string) {
  return report?.kind === 'summary'
    ? report.summary.programs.find(({ name }) => name === program)
    : undefined;
}

function pick<T>(all: readonly T[], index: number): T {
  const one = all[index % all.length];
  if (one === undefined) throw new Error('nothing to pick from');
  return one;
}
