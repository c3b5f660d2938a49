/**
 * AWS fails in each way that it may, while encoders die: hosts switch by themselves as ever, and the control function ends in
 * time, repeats what may be repeated, and leaves the rest where people look.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { actionEvent } from '../support/aws/alarm-events.ts';
import type { Misbehaviour } from '../support/aws/aws-endpoint.ts';
import type { Attempt } from '../support/aws/lambda-runtime.ts';
import { ControlSite, MASTER, PATIENCE_MS, SPARE } from '../support/control-site.ts';
import { expectUnbroken } from '../support/loop-viewer.ts';
import { until } from '../support/until.ts';

const TEST_MS = 240_000;
const MINUTE_MS = 60_000;

let site: ControlSite;
beforeAll(async () => {
  site = new ControlSite({ failbackHoldMs: 0 });
  // Events of inputs and hosts are the tests' own: those of alarms would come as they like.
  site.aws.alarms.schedule = ({ alarm }) => (alarm.AlarmName.includes('control-failing') ? [0] : []);
  await site.start();
  await site.watch();
}, TEST_MS);
afterAll(() => site.stop(), TEST_MS);

/** Every call, until it is undone. */
function misbehave(wrong: Misbehaviour): () => void {
  site.aws.endpoint.misbehaviour = () => wrong;
  return () => {
    site.aws.endpoint.misbehaviour = () => null;
  };
}

/** All alarms are said to be on, and hosts to have answered nothing. */
const LIES: Misbehaviour = {
  kind: 'lying',
  answer: (truth) =>
    JSON.parse(
      JSON.stringify(truth)
        .replaceAll('"StateValue":"OK"', '"StateValue":"ALARM"')
        .replaceAll(/"StandardOutputContent":"(\\.|[^"\\])*"/g, '"StandardOutputContent":""'),
    ),
};

/** Kills the master's encoder and starts it again: viewers go to the backup and back, whatever else is the matter. */
async function carryOver(): Promise<void> {
  await site.encoder(MASTER).kill();
  await site.allSee(SPARE);
  const { lastSwitch } = await site.program(MASTER);
  expect(lastSwitch).toMatchObject({ cause: 'lost', by: null });
  await site.encode(MASTER);
  await site.allSee(MASTER);
}

/** The attempts at the event of the schedule that is sent now, once they have ended. */
async function attemptsAtSchedule(count: number): Promise<Attempt[]> {
  const event = site.aws.bus.scheduled('by hand');
  site.control.invoke(event);
  const own = () => site.control.attempts.filter((attempt) => attempt.event === event);
  await until(`${count} attempts`, () => own().length === count, PATIENCE_MS);
  return own();
}

function errorsOf(attempts: readonly Attempt[]): string[] {
  return attempts.map(({ outcome }) => (outcome.kind === 'failed' ? outcome.error.errorType : 'none'));
}

describe('while AWS is out of order', () => {
  it.each([
    { name: 'throttling', begin: () => misbehave({ kind: 'throttled' }) },
    { name: 'failing', begin: () => misbehave({ kind: 'failed' }) },
    {
      name: 'down',
      begin: () => {
        void site.aws.endpoint.close();
        return () => site.aws.endpoint.open();
      },
    },
  ])(
    '$name: hosts switch, and the function leaves a dead letter',
    async ({ begin }) => {
      const letters = site.control.deadLetters.length;
      const end = begin();
      const [attempts] = await Promise.all([attemptsAtSchedule(3), carryOver()]);
      await end();
      expect(errorsOf(attempts)).toEqual(['Error', 'Error', 'Error']);
      await until('a dead letter', () => site.control.deadLetters.length > letters, PATIENCE_MS);
      expect(site.control.deadLetters.at(-1)?.body).toBe(JSON.stringify(attempts[0]?.event));
    },
    TEST_MS,
  );

  it(
    'lying: hosts know better',
    async () => {
      const end = misbehave(LIES);
      await Promise.all([attemptsAtSchedule(1), carryOver()]);
      end();
      await site.control.idle();
      expect((await site.program(MASTER)).pin).toBeNull();
    },
    TEST_MS,
  );

  it(
    'silent: the function ends in time, and does it again when AWS is back',
    async () => {
      const end = misbehave({ kind: 'silent' });
      const change = site.aws.alarms.changes.find(
        ({ alarm }) => alarm.AlarmName === site.alarmName('input-loss', MASTER),
      );
      if (change === undefined) throw new Error('the alarm has never changed');
      const now = clock.now();
      const state = { value: 'ALARM', reason: 'the test says so', since: now } as const;
      const event = actionEvent({ ...change, state });
      site.control.invoke(event);
      const own = () => site.control.attempts.filter((attempt) => attempt.event === event);
      await Promise.all([until('a first attempt', () => own().length > 0, PATIENCE_MS), carryOver()]);
      end();
      await until('a second one', () => own().length > 1, PATIENCE_MS);
      expect(errorsOf(own())).toEqual(['Error', 'none']);
      process.stdout.write(
        `with a silent AWS the function ended after ${own()[0]?.durationMs.toFixed(0)} ms\n`,
      );
    },
    TEST_MS,
  );

  it(
    'people hear of what was given up, and viewers of nothing',
    async () => {
      const name = site.alarmName('control-failing', 'dead-letters');
      site.aws.alarms.evaluate((periodSeconds) => periodSeconds === 60, clock.now() + MINUTE_MS);
      expect(site.aws.alarms.stateOf(name).value).toBe('ALARM');
      await until('it at the topic', () =>
        site.aws.sent.some(({ event }) => JSON.stringify(event).includes(name)),
      );
      await site.control.idle();
      expect(errorsOf(await attemptsAtSchedule(1))).toEqual(['none']);
      expectUnbroken(site.viewers);
      for (const { holes } of site.viewers) expect(holes).toEqual([]);
    },
    TEST_MS,
  );
});
