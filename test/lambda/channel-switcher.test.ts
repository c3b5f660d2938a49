/** What MediaLive is asked, call by call, by the real SDK over a socket; what is found; and that one channel holds up no other. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Channels } from '../../runtime/contract/channels.ts';
import { switchChannels } from '../../runtime/lambda/channel-switcher.ts';
import type { AlarmReading, AlarmState, Finding } from '../../runtime/lambda/plan.ts';
import { EPOCH, FakeClock } from '../support/fake-clock.ts';
import { MediaLiveEndpoint } from '../support/medialive-endpoint.ts';
import { until } from '../support/until.ts';

const HOME = 'master-camera1';
const BACKUP = 'backup-spare';
const LOST_AT = EPOCH - 5_000;
const TO_BACKUP = `understudy-to-backup-${LOST_AT}`;

let endpoint: MediaLiveEndpoint;
let clock: FakeClock;
let alarms: Map<string, AlarmReading>;
/** Answers that the client has got. */
let answered: number;

beforeEach(async () => {
  endpoint = await new MediaLiveEndpoint().open();
  clock = new FakeClock();
  alarms = new Map();
  answered = 0;
  setAlarm(HOME, 'ALARM', LOST_AT);
  setAlarm(BACKUP, 'OK', EPOCH - 600_000);
});
afterEach(async () => {
  await endpoint.close();
  expect(endpoint.problems).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

function setAlarm(host: string, state: AlarmState, since: number): void {
  alarms.set(`understudy-host-lost-${host}`, { state, since });
}

function channelsOf(...ids: readonly string[]): Channels {
  return Object.fromEntries(
    ids.map((channelId) => [
      `camera${channelId}`,
      { channelId, home: HOME, backup: BACKUP, healthyForSeconds: 60 },
    ]),
  );
}

function run(channels = channelsOf('1'), timeLeftMs = 10_000): Promise<Finding[]> {
  const client = endpoint.client();
  client.middlewareStack.add((next) => async (call) => {
    const answer = await next(call);
    answered += 1;
    return answer;
  });
  return switchChannels({
    client,
    channels,
    topology: { deployment: 'understudy' },
    alarms,
    clock,
    deadline: clock.now() + timeLeftMs,
  });
}

function operations(): string[] {
  return endpoint.calls.map(({ operation }) => operation);
}

describe('a channel whose home host is lost', () => {
  it('is switched to the backup at once, by one call that MediaLive’s model allows', async () => {
    const channel = endpoint.addChannel({ id: '1' });
    expect(await run()).toEqual([
      {
        severity: 'repair',
        subject: 'camera1',
        text: `its channel switches to ${BACKUP}: ${HOME} is lost`,
      },
    ]);
    expect(endpoint.calls).toEqual([
      { operation: 'DescribeChannel', input: { ChannelId: '1' } },
      {
        operation: 'BatchUpdateSchedule',
        input: {
          ChannelId: '1',
          Creates: {
            ScheduleActions: [
              {
                ActionName: TO_BACKUP,
                ScheduleActionStartSettings: { ImmediateModeScheduleActionStartSettings: {} },
                ScheduleActionSettings: { InputSwitchSettings: { InputAttachmentNameReference: BACKUP } },
              },
            ],
          },
        },
      },
    ]);
    expect(channel.schedule).toEqual([TO_BACKUP]);
  });

  it('is switched once, however often the alarm comes while MediaLive still shows the old input', async () => {
    const channel = endpoint.addChannel({ id: '1' });
    await run();
    clock.advance(1_000);
    expect(await run()).toEqual([
      { severity: 'info', subject: 'camera1', text: `its channel was told before to switch to ${BACKUP}` },
    ]);
    expect(channel.schedule).toEqual([TO_BACKUP]);
    channel.active = [BACKUP];
    endpoint.calls.length = 0;
    expect((await run())[0]?.text).toBe(`${HOME} is lost; its channel shows ${BACKUP}`);
    expect(operations()).toEqual(['DescribeChannel']);
  });

  it('takes a conflict for what it is: another has done it meanwhile', async () => {
    endpoint.addChannel({ id: '1', schedule: ['a', 'b', 'c', TO_BACKUP] });
    endpoint.answers.set('BatchUpdateSchedule', [{ status: 409, error: 'ConflictException' }]);
    expect((await run())[0]).toMatchObject({ severity: 'info' });
    // The schedule has two pages here.
    expect(operations()).toEqual([
      'DescribeChannel',
      'BatchUpdateSchedule',
      'DescribeSchedule',
      'DescribeSchedule',
    ]);
  });

  it('returns when the host has been well for long enough, and goes again at the next loss', async () => {
    const channel = endpoint.addChannel({ id: '1' });
    await run();
    channel.active = [BACKUP];
    setAlarm(HOME, 'OK', clock.now());
    clock.advance(59_000);
    expect((await run())[0]?.text).toContain('returns in 1 s');
    clock.advance(1_000);
    expect((await run())[0]).toMatchObject({ severity: 'repair', text: expect.stringContaining(HOME) });
    channel.active = [HOME];
    setAlarm(HOME, 'ALARM', clock.now());
    await run();
    expect(channel.schedule).toEqual([
      TO_BACKUP,
      `understudy-to-home-${EPOCH}`,
      `understudy-to-backup-${EPOCH + 60_000}`,
    ]);
  });

  it('stays where somebody put it', async () => {
    const channel = endpoint.addChannel({ id: '1', active: [BACKUP], action: 'maintenance' });
    setAlarm(HOME, 'OK', EPOCH - 600_000);
    expect((await run())[0]?.text).toContain('somebody put its channel');
    channel.action = TO_BACKUP;
    expect((await run())[0]).toMatchObject({ severity: 'repair' });
  });

  it('is left alone while it does not run', async () => {
    endpoint.addChannel({ id: '1', state: 'IDLE', active: [] });
    expect(await run()).toEqual([
      { severity: 'info', subject: 'camera1', text: 'its channel is IDLE: left alone' },
    ]);
    expect(operations()).toEqual(['DescribeChannel']);
  });
});

describe('a full schedule', () => {
  it('makes room by deleting older actions of ours, not the newest, and nobody else’s', async () => {
    const own = [3, 1, 2].map((age) => `understudy-to-home-${LOST_AT - age * 60_000}`);
    const channel = endpoint.addChannel({
      id: '1',
      schedule: ['ad-break', own[0], own[2], own[1]] as string[],
    });
    endpoint.scheduleLimit = 4;
    expect((await run())[0]).toMatchObject({ severity: 'repair' });
    expect(endpoint.callsOf('BatchUpdateSchedule').map(({ input }) => input.Deletes)).toEqual([
      undefined,
      { ActionNames: [own[0], own[2]] },
    ]);
    expect(channel.schedule).toEqual(['ad-break', own[1], TO_BACKUP]);
  });

  it('of somebody else’s actions is for a person', async () => {
    endpoint.addChannel({ id: '1', schedule: ['a', 'b'] });
    endpoint.scheduleLimit = 2;
    expect(await run()).toEqual([
      {
        severity: 'page',
        subject: 'camera1',
        text: expect.stringMatching(/UnprocessableEntityException: .*the schedule is full/),
      },
    ]);
  });
});

describe('what goes wrong with one channel', () => {
  it('is told for that one, and all others are switched', async () => {
    for (const id of ['1', '3']) endpoint.addChannel({ id });
    const broken = endpoint.addChannel({ id: '4', attachments: [] });
    const findings = await run(channelsOf('1', '2', '3', '4'));
    expect(findings.map(({ severity, subject }) => `${subject} ${severity}`)).toEqual([
      'camera1 repair',
      'camera2 page',
      'camera3 repair',
      'camera4 page',
    ]);
    expect(findings[1]?.text).toContain('there is no such channel');
    expect(findings[3]?.text).toContain('there is no attachment');
    expect(broken.schedule).toEqual([]);
  });

  it('is repeated where MediaLive throttles, or has a fault', async () => {
    const channel = endpoint.addChannel({ id: '1' });
    const throttled = { status: 429, error: 'TooManyRequestsException' };
    endpoint.answers.set('DescribeChannel', [
      throttled,
      { status: 500, error: 'InternalServerErrorException' },
    ]);
    endpoint.answers.set('BatchUpdateSchedule', [throttled]);
    expect((await run())[0]).toMatchObject({ severity: 'repair' });
    expect(channel.schedule).toEqual([TO_BACKUP]);
    expect(operations().filter((name) => name === 'DescribeChannel')).toHaveLength(3);
  });

  it('is given up where it throttles on and on', async () => {
    endpoint.addChannel({ id: '1' });
    const throttled = { status: 429, error: 'TooManyRequestsException' };
    endpoint.answers.set('DescribeChannel', [throttled, throttled, throttled]);
    expect((await run())[0]).toMatchObject({ severity: 'page', text: expect.stringContaining('too much') });
  });

  it.each(['ForbiddenException', 'AccessDeniedException'])(
    'says that it is not allowed: %s',
    async (error) => {
      endpoint.addChannel({ id: '1' });
      endpoint.answers.set('BatchUpdateSchedule', [{ status: 403, error, message: 'token abc' }]);
      const [finding] = await run();
      expect(finding).toMatchObject({ severity: 'page', text: expect.stringContaining('may not do it') });
      // AWS may repeat the request in a message.
      expect(finding?.text).not.toContain('token');
      expect(operations()).toEqual(['DescribeChannel', 'BatchUpdateSchedule']);
    },
  );

  it('ends at the deadline, for the channel that is stuck alone', async () => {
    endpoint.addChannel({ id: '1' });
    endpoint.addChannel({ id: '2' });
    endpoint.answers.set('BatchUpdateSchedule', ['silent']);
    const findings = run(channelsOf('1', '2'), 5_000);
    await until('all is answered that will be', () => answered === 3);
    clock.advance(5_000);
    const texts = (await findings).map(({ text }) => text).sort();
    expect(texts[1]).toContain('switches to');
    expect(texts[0]).toContain('no time was left');
  });
});

it('has nothing to say where there are no channels', async () => {
  expect(await run({})).toEqual([]);
});
