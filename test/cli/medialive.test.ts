/** `understudy medialive`: what it asks of MediaLive, over a socket by the real SDK, what it says, and how it ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { runCommandLine } from '../../runtime/cli/command-line.ts';
import { ExitCode } from '../../runtime/cli/exit-codes.ts';
import { MediaLiveEndpoint, withEnvironment } from '../support/medialive-endpoint.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { WaitingFakeClock } from './waiting-clock.ts';

let endpoint: MediaLiveEndpoint;
let terminal: FakeTerminal;
let clock: WaitingFakeClock;
let interrupt: AbortController;
let directory: string;
let restore: () => void;

beforeEach(async () => {
  endpoint = await new MediaLiveEndpoint().open();
  restore = endpoint.intoEnvironment();
  terminal = new FakeTerminal();
  clock = new WaitingFakeClock();
  interrupt = new AbortController();
  directory = mkdtempSync(join(tmpdir(), 'understudy-medialive-'));
  configure({ mediaLive: [{ program: 'camera1' }, { program: 'camera2' }] });
});
afterEach(async () => {
  restore();
  rmSync(directory, { recursive: true });
  await endpoint.close();
  expect(endpoint.problems).toEqual([]);
  expect(clock.pendingTimers).toBe(0);
});

function configure(aws: object): void {
  const masters = [{ name: 'camera1' }, { name: 'camera2' }, { name: 'camera3' }];
  const config = { masters, backups: [{ name: 'spare' }], aws };
  writeFileSync(join(directory, 'event.json'), JSON.stringify(config));
}

/** Lets time pass until the command has ended. */
function run(argv: readonly string[], onStep?: () => void): Promise<number> {
  const never = () => Promise.reject(new Error('not this command'));
  const task = runCommandLine(['medialive', ...argv, '--config', join(directory, 'event.json')], {
    clock,
    terminal,
    signal: interrupt.signal,
    run: never,
    camera: never,
    worker: never,
    showKeys: never,
    sign: never,
  });
  return clock.drive(task, onStep, 100);
}

/** What MediaLive does after a while: channels arrive where they were sent. */
function settle(): void {
  for (const channel of endpoint.channels.values()) {
    if (channel.state === 'STARTING') {
      channel.state = 'RUNNING';
      channel.active = ['master-camera1'];
    }
    if (channel.state === 'STOPPING') Object.assign(channel, { state: 'IDLE', active: [] });
  }
}

function settleAfter(ms: number): () => void {
  const at = clock.now() + ms;
  return () => clock.now() >= at && settle();
}

function addChannels(state: string): void {
  // More than a page of others, too.
  for (const id of ['7', '8', '9']) endpoint.addChannel({ id, name: `games camera${id}` });
  const active = state === 'RUNNING' ? ['master-camera1'] : [];
  for (const id of ['1', '2']) endpoint.addChannel({ id, state, active });
}

describe('understudy medialive start', () => {
  it('starts all channels of the deployment, says what that costs, and waits until they run', async () => {
    addChannels('IDLE');
    expect(await run(['start'], settleAfter(60_000))).toBe(ExitCode.ok);
    expect(endpoint.callsOf('StartChannel').map(({ input }) => input.ChannelId)).toEqual(['1', '2']);
    expect(terminal.text).toContain('camera1 is STARTING');
    expect(terminal.text).toContain('costs money by the hour');
    expect(terminal.lines.slice(-2)).toEqual([
      'camera1 is RUNNING and shows master-camera1',
      'camera2 is RUNNING and shows master-camera1',
    ]);
    expect(terminal.statuses.at(-1)).toMatch(/^camera1 and camera2: STARTING for /);
  });

  it('starts only those that are named, and leaves alone what runs', async () => {
    addChannels('IDLE');
    const second = endpoint.channels.get('2');
    if (second) second.state = 'RUNNING';
    expect(await run(['start', 'live/camera2', 'camera2'])).toBe(ExitCode.ok);
    expect(endpoint.callsOf('StartChannel')).toEqual([]);
    expect(terminal.text).toContain('camera2 is RUNNING already');
  });

  it('does not wait where it is told not to', async () => {
    addChannels('IDLE');
    expect(await run(['start', 'camera1', '--no-wait'])).toBe(ExitCode.ok);
    expect(endpoint.callsOf('DescribeChannel')).toHaveLength(1);
  });

  it('ends at Ctrl-C, and says that MediaLive goes on', async () => {
    addChannels('IDLE');
    const at = clock.now() + 10_000;
    const code = await run(['start', 'camera1'], () => clock.now() >= at && interrupt.abort());
    expect(code).toBe(ExitCode.failed);
    expect(terminal.text).toContain('no longer waiting; camera1: STARTING goes on');
  });

  it('fails where MediaLive gives up', async () => {
    addChannels('IDLE');
    const channel = endpoint.channels.get('1');
    const code = await run(['start', 'camera1'], () => {
      if (channel?.state === 'STARTING') channel.state = 'IDLE';
    });
    expect(code).toBe(ExitCode.failed);
    expect(terminal.errorText).toContain('camera1 is not RUNNING');
  });

  it('gives up after ten minutes', async () => {
    addChannels('IDLE');
    expect(await run(['start', 'camera1'])).toBe(ExitCode.failed);
    expect(terminal.errorText).toContain('camera1: still STARTING after 10:00');
  });

  it('does not touch a channel that is on its way elsewhere, and starts the others', async () => {
    addChannels('IDLE');
    const first = endpoint.channels.get('1');
    if (first) first.state = 'UPDATING';
    expect(await run(['start'], settleAfter(5_000))).toBe(ExitCode.failed);
    expect(terminal.errorText).toContain('camera1 is UPDATING: try again when it is IDLE');
    expect(terminal.text).toContain('camera2 is RUNNING and shows');
  });
});

it('understudy medialive stop stops, and waits until all is idle', async () => {
  addChannels('RUNNING');
  expect(await run(['stop'], settleAfter(30_000))).toBe(ExitCode.ok);
  expect(endpoint.callsOf('StopChannel')).toHaveLength(2);
  expect(terminal.lines.slice(-2)).toEqual(['camera1 is IDLE', 'camera2 is IDLE']);
  expect(terminal.text).not.toContain('costs');
});

it('understudy medialive status shows state and input, and the price of what runs', async () => {
  addChannels('IDLE');
  endpoint.addChannel({ id: '2', active: ['backup-spare', 'master-camera1'] });
  expect(await run(['status'])).toBe(ExitCode.ok);
  expect(terminal.lines).toEqual([
    'PROGRAM       CHANNEL  STATE    SHOWS',
    'live/camera1  1        IDLE',
    'live/camera2  2        RUNNING  backup-spare and master-camera1',
    expect.stringContaining('costs money by the hour'),
  ]);
});

describe('what cannot be done', () => {
  it.each<[name: string, argv: string[], aws: object, says: string, code: number]>([
    [
      'a program without a channel',
      ['start', 'camera3'],
      { mediaLive: [{ program: 'camera1' }] },
      'camera3 has no channel; camera1 has',
      2,
    ],
    ['a deployment without channels', ['status'], {}, 'docs/medialive.md', 2],
    [
      'a configuration with a mistake',
      ['status'],
      { mediaLive: [{ program: 'Camera' }] },
      'aws.mediaLive[0].program',
      2,
    ],
    [
      'a channel that is not deployed',
      ['status'],
      { mediaLive: [{ program: 'camera3' }] },
      'no channel "understudy camera3" here: "npm run deploy"',
      1,
    ],
  ])('%s', async (_, argv, aws, says, code) => {
    configure(aws);
    expect(await run(argv)).toBe(code);
    expect(terminal.errorText).toContain(says);
  });

  it('a configuration that is not there', async () => {
    rmSync(join(directory, 'event.json'));
    expect(await run(['status'])).toBe(ExitCode.usage);
    expect(terminal.errorText).toContain('event.json');
  });

  it('two channels of one name', async () => {
    addChannels('IDLE');
    endpoint.addChannel({ id: '11', name: 'understudy camera1' });
    expect(await run(['stop'])).toBe(ExitCode.failed);
    expect(terminal.errorText).toContain('several channels are named "understudy camera1": 1, 11');
    expect(endpoint.callsOf('StopChannel')).toEqual([]);
  });

  it.each<[error: string, says: string, code: number]>([
    ['AccessDeniedException', 'may not do that: they need medialive:ListChannels', ExitCode.failed],
    ['ForbiddenException', 'may not do that', ExitCode.failed],
    ['ExpiredTokenException', 'have expired', ExitCode.unreachable],
    ['SomethingElse', 'could not be reached: SomethingElse', ExitCode.unreachable],
  ])('an answer of MediaLive’s: %s', async (error, says, code) => {
    endpoint.answers.set('ListChannels', [{ status: 403, error, message: 'with a token' }]);
    expect(await run(['status'])).toBe(code);
    expect(terminal.errorText).toContain(says);
    expect(terminal.errorText).not.toContain('token');
  });

  it('anything without credentials', async () => {
    const undo = withEnvironment({
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_PROFILE: undefined,
      AWS_SHARED_CREDENTIALS_FILE: join(directory, 'none'),
      AWS_CONFIG_FILE: join(directory, 'none'),
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    try {
      expect(await run(['status'])).toBe(ExitCode.unreachable);
      expect(terminal.errorText).toContain('there are no AWS credentials: sign in');
    } finally {
      undo();
    }
  });

  it('anything without a region', async () => {
    const undo = withEnvironment({ AWS_REGION: undefined, AWS_CONFIG_FILE: join(directory, 'none') });
    try {
      expect(await run(['status'])).toBe(ExitCode.usage);
      expect(terminal.errorText).toContain('set aws.region');
    } finally {
      undo();
    }
  });

  it('anything where MediaLive cannot be reached', async () => {
    await endpoint.close();
    expect(await run(['status'])).toBe(ExitCode.unreachable);
    expect(terminal.errorText).toContain('could not be reached');
  });
});
