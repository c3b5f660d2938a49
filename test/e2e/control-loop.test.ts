/**
 * The whole way of alarm-driven failover without an account: real hosts, encoders and viewers; the synthesized alarms on what
 * the hosts send; the bundled function behind them; the synthesized document's script on the host. Hosts are told to wait at a
 * loss (`failover.onLoss`), so that only that way can bring viewers back.
 *
 * In real time, in the order in which they stand: each test begins and ends with the master on air.
 */
import type { SendCommandCommandInput } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { actionEvent, type StateChange } from '../support/aws/alarm-events.ts';
import type { ControlRunLine } from '../support/aws/control-log.ts';
import { ControlSite, MASTER, PATIENCE_MS, PROGRAM, SPARE } from '../support/control-site.ts';
import { expectUnbroken } from '../support/loop-viewer.ts';
import { until } from '../support/until.ts';

const TEST_MS = 240_000;

let site: ControlSite;
beforeAll(async () => {
  site = new ControlSite({ onLoss: 'wait' });
  await site.start();
  await site.watch();
  await site.settles();
}, TEST_MS);
afterAll(() => site.stop(), TEST_MS);

/** Whether the endpoint has a lost second of the master, from `since` on. */
function hasLoss(since: number): boolean {
  const Dimensions = [
    { Name: 'Deployment', Value: site.config.name },
    { Name: 'Input', Value: MASTER },
  ];
  const data = site.aws.metrics.of({ Namespace: 'Understudy', MetricName: 'InputLoss', Dimensions });
  return data.some(({ at, Maximum }) => at >= since && Maximum === 1);
}

function isOfLoss({ cause }: ControlRunLine, state: string): boolean {
  return cause.alarm === site.alarmName('input-loss', MASTER) && cause.state === state;
}

/** Changes of the master's alarm, also those that nobody was told. */
function lossChanges(since: number): StateChange[] {
  const name = site.alarmName('input-loss', MASTER);
  return site.aws.alarms.changes.filter(
    ({ alarm, state }) => alarm.AlarmName === name && state.since >= since,
  );
}

describe('from a frozen encoder to its viewers, through the cloud', () => {
  it(
    'brings viewers to the backup, and back when the encoder goes on',
    async () => {
      const begin = clock.now();
      site.encoder(MASTER).freeze();
      await until('a lost second at CloudWatch', () => hasLoss(begin), PATIENCE_MS);
      const takenAt = clock.now();
      // The host knows, and waits.
      expect(await site.program(MASTER)).toMatchObject({ onAir: MASTER, pin: null });
      await site.allSee(SPARE);

      const own = await site.run('the run', begin, (one) => isOfLoss(one, 'ALARM'));
      const alarm = site.alarmName('input-loss', MASTER);
      const { lastSwitch, pin } = await site.program(MASTER);
      expect(lastSwitch).toMatchObject({ from: MASTER, to: SPARE, cause: 'pinned', by: `alarm ${alarm}` });
      expect(pin).toMatchObject({ source: SPARE, automatic: true });
      const isSwitch = ({ command }: ControlRunLine['commands'][number]) => command.action === 'switch';
      expect(own.commands.filter(isSwitch).flatMap(({ hosts }) => hosts)).toMatchObject(
        [...site.hosts.keys()].map((host) => ({ host, outcome: 'done' })),
      );
      const changedAt = site.aws.alarms.stateOf(alarm).since;
      printTimes(begin, { takenAt, changedAt, own, carriedOutAt: lastSwitch?.decidedAt ?? Number.NaN });

      const backAt = clock.now();
      site.encoder(MASTER).thaw();
      await site.alarmIs('input-loss', MASTER, 'OK');
      await site.allSee(MASTER);
      const end = await site.run('the end', backAt, (one) => isOfLoss(one, 'OK'));
      expect(end.commands).toMatchObject([{ command: { action: 'release', program: PROGRAM } }]);
      expect((await site.program(MASTER)).pin).toBeNull();

      expectUnbroken(site.viewers);
      for (const { holes, reporter } of site.viewers) {
        expect(reporter.report.switches.map(({ source }) => source)).toEqual([SPARE, MASTER]);
        // What was sent by nobody is missing, once, as long in one track as in the other; the way back costs nothing.
        expect(holes.map(({ track, source }) => `${track} ${source}`).sort()).toEqual([
          `audio ${SPARE}`,
          `video ${SPARE}`,
        ]);
        const [one, other] = holes;
        expect(Math.abs((one?.holeMs ?? 0) - (other?.holeMs ?? 0))).toBeLessThan(100);
      }
    },
    TEST_MS,
  );

  it(
    'is repaired by the schedule where events are lost, and yields to a drill',
    async () => {
      const begin = clock.now();
      site.aws.alarms.schedule = () => [];
      site.encoder(MASTER).freeze();
      await site.alarmIs('input-loss', MASTER, 'ALARM');
      site.reconcile();
      await site.allSee(SPARE);
      const repair = await site.run('a repair', begin, ({ ControlRepairs }) => ControlRepairs > 0);
      expect(repair.cause.kind).toBe('reconcile');
      expect(site.runs.filter((own) => own.time >= begin && own.cause.kind === 'alarm')).toEqual([]);

      site.encoder(MASTER).thaw();
      await site.alarmIs('input-loss', MASTER, 'OK');
      expect(await site.widgetPage({ do: 'drill', program: PROGRAM })).toContain('drill by dashboard show');
      const drilledAt = clock.now();
      for (const over of lossChanges(begin).slice(-1)) site.control.invoke(actionEvent(over));
      const kept = await site.run('a run during the drill', drilledAt, (one) => isOfLoss(one, 'OK'));
      expect(kept.commands).toEqual([]);
      expect(kept.findings.map(({ text }) => text).join()).toContain('suppressed for another');
      await until(
        'the end of the drill',
        async () => (await site.program(MASTER)).drill === null,
        PATIENCE_MS,
      );
      site.reconcile();
      await until('a release', async () => (await site.program(MASTER)).pin === null, PATIENCE_MS);
      await site.allSee(MASTER);
      expectUnbroken(site.viewers);
    },
    TEST_MS,
  );

  it(
    'leaves a person’s pin alone, whatever comes, however often, and in whatever order',
    async () => {
      const begin = clock.now();
      // Each change comes three times.
      site.aws.alarms.schedule = () => [0, 50, 3_000];
      site.encoder(MASTER).freeze();
      await site.allSee(SPARE);
      const page = await site.widgetPage({ do: 'switch', program: PROGRAM, source: SPARE });
      expect(page).toContain('done on 2 hosts');
      expect(page).toContain(`pinned to ${SPARE} by dashboard show`);

      site.encoder(MASTER).thaw();
      await site.alarmIs('input-loss', MASTER, 'OK');
      await until(
        'three runs',
        () => site.runs.filter((one) => one.time >= begin && isOfLoss(one, 'OK')).length >= 3,
        PATIENCE_MS,
      );
      for (const change of lossChanges(begin).toReversed()) site.control.invoke(actionEvent(change));
      await site.control.idle();
      const late = site.runs.filter((one) => one.time >= begin && isOfLoss(one, 'ALARM')).at(-1);
      expect(late?.findings.map(({ text }) => text)).toContain('ALARM is overtaken: by now it is OK');
      expect(late?.commands).toEqual([]);
      const pinned = { onAir: SPARE, pin: { source: SPARE, automatic: false } };
      for (const input of [MASTER, SPARE]) expect(await site.program(input)).toMatchObject(pinned);

      await expectExpired(firstSwitch());
      for (const input of [MASTER, SPARE]) expect(await site.program(input)).toMatchObject(pinned);
      expect(await site.widgetPage({ do: 'release', program: PROGRAM })).toContain('done on 2 hosts');
      await site.allSee(MASTER);
      expect(await site.widgetPage()).toContain(`>${MASTER}</td>`);
      expectUnbroken(site.viewers);
    },
    TEST_MS,
  );
});

/** The function's first command to switch, as it came over the wire. */
function firstSwitch(): SendCommandCommandInput {
  const found = site.aws.endpoint.calls
    .filter(({ operation }) => operation === 'SendCommand')
    .map(({ input }) => input as SendCommandCommandInput)
    .find(({ Parameters }) => Parameters?.action?.[0] === 'switch');
  if (found === undefined) throw new Error('nothing was told to switch');
  return found;
}

/** Delivers a command again, minutes after it was sent. */
async function expectExpired(command: SendCommandCommandInput): Promise<void> {
  const { runCommand } = site.aws;
  const { Command } = runCommand.send(command) as { Command: { CommandId: string } };
  for (const { instance } of site.hosts.values()) {
    const invocation = () => {
      try {
        return runCommand.get({ CommandId: Command.CommandId, InstanceId: instance.id }) as {
          Status: string;
          StandardOutputContent: string;
        };
      } catch {
        return null;
      }
    };
    const ended = await until(
      'an answer to the late command',
      () => {
        const own = invocation();
        return own !== null && own.Status !== 'Pending' && own.Status !== 'InProgress' ? own : null;
      },
      PATIENCE_MS,
    );
    expect(ended.StandardOutputContent).toContain('"outcome":"expired"');
  }
}

/** Says how long each part took: nothing is held to it, because a busy machine may take any time. */
function printTimes(
  begin: number,
  parts: { takenAt: number; changedAt: number; own: ControlRunLine; carriedOutAt: number },
): void {
  const { takenAt, changedAt, own, carriedOutAt } = parts;
  const firstFrames = site.viewers.map(({ firstFrameAt }) => firstFrameAt ?? Number.NaN);
  const times = {
    'lost second at CloudWatch': takenAt,
    'alarm on': changedAt,
    'function begins': own.time,
    'host has switched': carriedOutAt,
    'first frame at the first viewer': Math.min(...firstFrames),
    'first frame at the last viewer': Math.max(...firstFrames),
    'function ends': own.time + own.durationMs,
  };
  const texts = Object.entries(times).map(([what, at]) => `${what} ${((at - begin) / 1_000).toFixed(1)}`);
  process.stdout.write(`seconds from the frozen encoder: ${texts.join(', ')}\n`);
}
