/** The `understudy` command: what it asks of a host, what it says, and the status that it ends with. */
import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  type CameraOptions,
  type RunOptions,
  runCommandLine,
  type SignOptions,
} from '../../runtime/cli/command-line.ts';
import { ControlClient } from '../../runtime/cli/control-client.ts';
import { ExitCode } from '../../runtime/cli/exit-codes.ts';
import { summarise } from '../../runtime/cli/summarise.ts';
import { decodeSummary } from '../../runtime/contract/summary-reader.ts';
import { VERSION } from '../../runtime/contract/version.ts';
import { createControlServer } from '../../runtime/control/control-server.ts';
import { FakeHost, PROGRAM, STATE, SWITCH } from '../control/samples.ts';
import { EPOCH } from '../support/fake-clock.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { WaitingFakeClock } from './waiting-clock.ts';

let terminal: FakeTerminal;
/** What Commander itself writes: help, version, and what is wrong with a command line. */
let printed: string;
let ran: RunOptions[];
let pulled: CameraOptions[];
let shown: string[];
let signed: SignOptions[];

beforeEach(() => {
  terminal = new FakeTerminal();
  printed = '';
  ran = [];
  pulled = [];
  shown = [];
  signed = [];
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
  }
});
afterEach(() => {
  jest.restoreAllMocks();
});

function run(...argv: readonly string[]): Promise<number> {
  return runCommandLine(argv, {
    clock: new WaitingFakeClock(),
    terminal,
    signal: new AbortController().signal,
    run: async (options) => {
      ran.push(options);
      return 0;
    },
    camera: async (options) => {
      pulled.push(options);
      return 0;
    },
    worker: async () => 0,
    showKeys: async ({ config }) => {
      shown.push(config);
      return 0;
    },
    sign: async (options) => {
      signed.push(options);
      return 0;
    },
  });
}

const COMMANDS = [
  'run',
  'publish',
  'camera',
  'watch',
  'status',
  'switch',
  'release',
  'drill',
  'keys',
  'sign',
  'medialive',
];

describe('help', () => {
  it.each(COMMANDS)('of %s has examples that begin with the command itself', async (command) => {
    expect(await run(command, '--help')).toBe(ExitCode.ok);
    expect(printed).toContain(`Usage: understudy ${command}`);
    const [, examples = ''] = printed.split('\nExamples:\n');
    expect(examples).toContain(`understudy ${command}`);
  });

  it('of the whole names every command and what the exit status means', async () => {
    expect(await run('--help')).toBe(ExitCode.ok);
    for (const command of COMMANDS) expect(printed).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(printed).toMatch(/Exit status: 0 .*1 .*2 .*3 /);
  });

  it('goes with the version', async () => {
    expect(await run('--version')).toBe(ExitCode.ok);
    expect(printed.trim()).toBe(VERSION);
  });
});

describe('a wrong command line', () => {
  it.each<[argv: string[], says: string]>([
    [['stauts'], "no command 'stauts'"],
    [['--nonsense'], "'--nonsense'"],
    [['run', '--log-format', 'xml'], 'auto, json, text'],
    [['run', '--log-level', 'loud'], 'debug, info, warn, error'],
    [['publish'], "'file'"],
    [['publish', 'a.flv'], "'url'"],
    [['watch'], "'url'"],
    [['watch', 'rtmp://h/live/a', 'more'], 'Expected 1 argument but got 2'],
    [['watch', 'rtmp://h/live/a', '--duration', '10'], '"10" is no duration'],
    [['watch', 'rtmp://h/live/a', '--stall-timeout', 'soon'], '"soon" is no duration'],
    [['switch', 'camera1'], "'source'"],
    [['switch', 'camera1', 'slate', '--for', 'ever'], '"ever" is no duration'],
    [['switch', 'camera1', 'slate', '--sequence', '1.5'], 'whole number'],
    [['switch', 'camera1', 'slate', '--sequence', '-1'], 'whole number'],
    [['switch', 'camera1', 'slate', '--for', '1m', '--until', '1767225661000'], "'--for <time>'"],
    [['switch', 'camera1', 'slate', '--until', 'noon'], 'whole number'],
    [['switch', 'camera1', 'slate', '--not-after', '1m'], 'whole number'],
    [['status', '--brief', '--json'], "'--json'"],
    [['release'], "'program'"],
    [['sign'], "'program'"],
    [['sign', 'camera1', '--for', 'ever'], '"ever" is no duration'],
    [['sign', 'camera1', '--until', 'tomorrow'], 'write 2026-12-31T22:00:00Z'],
    [['sign', 'camera1', '--until', '2026-12-31T22:00:00'], 'write 2026-12-31T22:00:00Z'],
    [['sign', 'camera1', '--until', '2026-13-31T22:00:00Z'], 'write 2026-12-31T22:00:00Z'],
    [['sign', 'camera1', '--until', '2026-12-31T22:00:00Z', '--for', '1h'], "'--for <time>'"],
    [['medialive'], "'action'"],
    [['medialive', 'restart'], 'start, stop, status'],
    [['drill', 'camera1', '--kind', 'flood'], 'unpublish, stall'],
    [['status', '--cotnrol', 'http://127.0.0.1'], '--control'],
    [['keys', '--config'], '--config <file>'],
  ])('%j ends with status 2 and says what is wrong', async (argv, says) => {
    expect(await run(...argv)).toBe(ExitCode.usage);
    expect(printed).toContain(says);
    expect(printed).toContain('--help');
    expect(ran).toEqual([]);
  });

  it.each<[argv: string[], says: string]>([
    [['watch', 'camera1'], '"camera1": play rtmp://HOST/live/NAME or http://HOST:8080/live/NAME.flv'],
    [['watch', 'rtmp://'], 'rtmp://HOST/APP/STREAM'],
    [['watch', 'rtmp://host'], 'rtmp://HOST/APP/STREAM'],
    [['watch', 'http://'], 'http://HOST:8080/live/NAME.flv'],
    [['watch', 'https://host/live/a.flv'], 'http://HOST:8080/live/NAME.flv'],
    [['publish', 'runtime/clips/camera1.flv', 'host/master/a'], 'rtmp://HOST/APP/STREAM'],
    [['publish', 'runtime/clips/camera1.flv', 'rtmp://host', '--retry'], 'rtmp://HOST/APP/STREAM'],
    [['publish', 'no-such-file.flv', 'rtmp://host/master/a'], 'no-such-file.flv'],
    [['publish', 'package.json', 'rtmp://host/master/a'], 'package.json: not an FLV'],
    [['publish', 'a.flv', 'rtmp://host/master/a', '--key-env', 'NO_SUCH_KEY'], 'NO_SUCH_KEY is not set'],
    [['publish', 'a.flv', 'rtmp://host/master/a', '--key-file', 'no-such-key'], 'no-such-key cannot be read'],
  ])('%j ends with status 2 and says what to write', async (argv, says) => {
    expect(await run(...argv)).toBe(ExitCode.usage);
    expect(terminal.errorText).toContain(says);
  });

  it('never says a key back', async () => {
    expect(await run('watch', 'camera1?key=s3cret')).toBe(ExitCode.usage);
    expect(await run('publish', 'runtime/clips/camera1.flv', 'rtmp://host?key=s3cret')).toBe(ExitCode.usage);
    expect(terminal.errorText + printed).not.toContain('s3cret');
  });
});

describe('run, keys and sign', () => {
  const DEFAULTS = {
    config: 'understudy.config.json',
    demo: false,
    edge: false,
    logFormat: 'auto',
    logLevel: 'info',
  };

  it.each<[argv: string[], options: Partial<RunOptions>]>([
    [[], {}],
    [['run'], {}],
    [['--demo'], { demo: true }],
    [['run', '--demo', '--config', 'event.json'], { demo: true, config: 'event.json' }],
    [['--host', 'one'], { host: 'one' }],
    [['run', '--host', 'edge-7', '--edge'], { host: 'edge-7', edge: true }],
    [['--log-format', 'json', '--log-level', 'debug'], { logFormat: 'json', logLevel: 'debug' }],
  ])('understudy %j runs a host', async (argv, options) => {
    expect(await run(...argv)).toBe(ExitCode.ok);
    expect(ran).toEqual([{ ...DEFAULTS, ...options }]);
  });

  it('keys shows those of the configuration', async () => {
    await run('keys');
    await run('keys', '--config', 'event.json');
    expect(shown).toEqual(['understudy.config.json', 'event.json']);
  });

  it('sign for four hours, or as long as it is told', async () => {
    await run('sign', 'live/camera1');
    await run('sign', 'camera1', '--for', '30m', '--host', 'live.example.org', '--json');
    await run('sign', 'camera1', '--until', '2026-12-31T22:00:00Z', '--config', 'event.json');
    await run('sign', 'camera1', '--until', '2026-12-31T23:00+01:00');
    const given = { program: 'camera1', config: 'understudy.config.json', json: false, for: 14_400_000 };
    const until = 1_798_754_400_000;
    expect(signed).toEqual([
      given,
      { ...given, for: 1_800_000, host: 'live.example.org', json: true },
      { ...given, until, config: 'event.json' },
      { ...given, until },
    ]);
  });
});

/** A port that somebody has just stopped listening on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

function halfAnswer(socket: Socket): void {
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"version"'));
}

function pageAnswer(socket: Socket): void {
  socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n<ht>'));
}

describe('UNDERSTUDY_CONFIG', () => {
  beforeEach(() => {
    process.env.UNDERSTUDY_CONFIG = '/etc/understudy/understudy.config.json';
  });
  afterEach(() => {
    delete process.env.UNDERSTUDY_CONFIG;
  });

  it('names the configuration, unless the command line does', async () => {
    await run('keys');
    await run('keys', '--config', 'event.json');
    expect(shown).toEqual(['/etc/understudy/understudy.config.json', 'event.json']);
  });

  it('is told of by --help', async () => {
    await run('status', '--help');
    expect(printed).toMatch(/env:\s+UNDERSTUDY_CONFIG/);
  });
});

describe('a host that cannot be reached', () => {
  it.each([['status'], ['switch', 'camera1', 'slate'], ['release', 'camera1'], ['drill', 'camera1']])(
    '%s ends with status 3 and says how to name one',
    async (...argv) => {
      const url = `http://127.0.0.1:${await closedPort()}`;
      expect(await run(...argv, '--control', url)).toBe(ExitCode.unreachable);
      expect(terminal.errorText).toContain(`${url} (`);
      expect(terminal.errorText).toContain('ECONNREFUSED');
      expect(terminal.errorText).toMatch(/npm start.*--control/);
    },
  );

  it('says why also where a name has several addresses', async () => {
    // What Node says of localhost where that is both 127.0.0.1 and ::1.
    const error = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' });
    jest.spyOn(http, 'request').mockImplementation(() => {
      throw error;
    });
    expect(await run('status', '--control', 'http://localhost:8081')).toBe(ExitCode.unreachable);
    expect(terminal.errorText).toContain('http://localhost:8081 (ECONNREFUSED)');
  });

  it.each<[name: string, onConnection: (socket: Socket) => void, status: number, says: string]>([
    ['closes the connection at once', (socket) => socket.destroy(), ExitCode.unreachable, 'no host answers'],
    ['closes it in the middle of its answer', halfAnswer, ExitCode.unreachable, 'no host answers'],
    ['is no control API', pageAnswer, ExitCode.failed, 'no control API'],
  ])('whoever listens there, and %s, is told from a host', async (_name, onConnection, status, says) => {
    const server = createServer(onConnection).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await run('status', '--control', `http://127.0.0.1:${port}`)).toBe(status);
    expect(terminal.errorText).toContain(says);
    server.close();
  });

  it.each(['rtmp://127.0.0.1:PORT/live/camera1', 'http://127.0.0.1:PORT/live/camera1.flv'])(
    'watch %s ends with status 3, without the query',
    async (pattern) => {
      const url = pattern.replace('PORT', String(await closedPort()));
      expect(await run('watch', `${url}?token=s3cret`)).toBe(ExitCode.unreachable);
      expect(terminal.errorText).toContain('ECONNREFUSED');
      expect(terminal.errorText).not.toContain('s3cret');
    },
  );

  it('publish ends with status 3, without the key', async () => {
    const server = `rtmp://127.0.0.1:${await closedPort()}/master`;
    const argv = ['publish', 'runtime/clips/camera1.flv', `${server}/camera1?key=s3cret`];
    expect(await run(...argv)).toBe(ExitCode.unreachable);
    expect(terminal.errorText).toContain(server);
    expect(terminal.errorText).not.toContain('s3cret');
  });
});

describe('commands to a host', () => {
  let host: FakeHost;
  let server: ReturnType<typeof createControlServer>;
  let control: string;
  beforeEach(async () => {
    host = new FakeHost();
    server = createControlServer(host);
    await server.listen({ port: 0, host: '127.0.0.1' });
    control = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  });
  afterEach(() => server.close());

  const tell = (...argv: readonly string[]): Promise<number> => run(...argv, '--control', control);

  it('status shows the state', async () => {
    expect(await tell('status')).toBe(ExitCode.ok);
    expect(terminal.text).toContain('live/camera1');
    expect(terminal.text).toContain('backup/spare');
  });

  it('status --json prints it as it is', async () => {
    expect(await tell('status', '--json')).toBe(ExitCode.ok);
    expect(JSON.parse(terminal.text)).toEqual(STATE);
  });

  it('status --brief prints the summary, in one line', async () => {
    expect(await tell('status', '--brief')).toBe(ExitCode.ok);
    expect(terminal.lines).toHaveLength(1);
    expect(decodeSummary(terminal.text)).toEqual(summarise(STATE));
  });

  it('switch pins, in the name of who asks, until its time is up', async () => {
    const asked = ['--by', 'ann', '--reason', 'cable swap', '--for', '10m', '--sequence', '5'];
    expect(await tell('switch', 'camera1', 'backup/spare', ...asked)).toBe(ExitCode.ok);
    expect(host.commands).toEqual([
      {
        name: 'pin',
        program: 'camera1',
        command: {
          source: 'backup/spare',
          by: 'ann',
          reason: 'cable swap',
          sequence: 5,
          automatic: false,
          expiresAt: EPOCH + 600_000,
        },
      },
    ]);
    expect(terminal.lines[0]).toBe('live/camera1 shows backup/spare');
  });

  it('switch lasts an hour, and commands are in order of their time, unless said otherwise', async () => {
    await tell('switch', 'camera1', 'slate', '--by', 'ann');
    expect(host.commands[0]?.command).toMatchObject({ expiresAt: EPOCH + 3_600_000, sequence: EPOCH });
  });

  it('release ends a pin', async () => {
    expect(await tell('release', 'camera1', '--by', 'ann', '--reason', 'done', '--sequence', '6')).toBe(0);
    expect(host.commands).toEqual([
      {
        name: 'release',
        program: 'camera1',
        command: { by: 'ann', reason: 'done', sequence: 6, automatic: false },
      },
    ]);
  });

  it.each<[argv: string[], command: object]>([
    [
      ['switch', 'camera1', 'slate', '--until', '1767225661000'],
      { expiresAt: 1_767_225_661_000, automatic: false },
    ],
    [
      ['switch', 'camera1', 'slate', '--not-after=1767225600500', '--automatic'],
      { notAfter: 1_767_225_600_500, automatic: true },
    ],
    [
      ['release', 'camera1', '--not-after', '1767225600500', '--automatic'],
      { notAfter: 1_767_225_600_500, automatic: true },
    ],
    [
      ['drill', 'camera1', '--no-wait', '--not-after', '1767225600500', '--for', '20s', '--kind', 'stall'],
      { notAfter: 1_767_225_600_500, durationMs: 20_000, kind: 'stall' },
    ],
  ])('%j says it to the host in ms since the epoch', async (argv, command) => {
    expect(await tell(...argv)).toBe(ExitCode.ok);
    expect(host.commands[0]?.command).toMatchObject(command);
  });

  it('may all be given the options of a script, and a drill takes no order', async () => {
    const options = ['--by=f', '--reason=-x', '--sequence=7', '--not-after=1767225600500', '--automatic'];
    await tell('drill', 'camera1', '--no-wait', ...options);
    expect(host.commands[0]?.command).toEqual({
      kind: 'unpublish',
      durationMs: 10_000,
      by: 'f',
      reason: '-x',
      notAfter: 1_767_225_600_500,
    });
  });

  it('drill --no-wait returns with the answer at once, as it is with --json', async () => {
    expect(await tell('drill', 'camera1', '--no-wait', '--json')).toBe(ExitCode.ok);
    expect(JSON.parse(terminal.text)).toEqual({ outcome: 'done', program: PROGRAM });
    host.answer = { outcome: 'refused', why: 'no other candidate of camera1 is live' };
    expect(await tell('drill', 'camera1', '--no-wait')).toBe(ExitCode.failed);
    expect(terminal.errors).toEqual(['refused: no other candidate of camera1 is live']);
  });

  it('take the name as people paste it: live/camera1', async () => {
    await tell('release', 'live/camera1');
    expect(host.commands[0]?.program).toBe('camera1');
  });

  it('name the user of the machine unless told who asks', async () => {
    await tell('release', 'camera1');
    expect(host.commands[0]?.command).toMatchObject({ by: expect.stringMatching(/./) });
  });

  it.each(['overtaken', 'expired', 'yielded', 'refused'] as const)(
    'that are %s end with status 1 and the reason',
    async (outcome) => {
      host.answer = { outcome, why: 'sequence 3 is older than 5' };
      expect(await tell('switch', 'camera1', 'slate')).toBe(ExitCode.failed);
      expect(terminal.errors).toEqual([`${outcome}: sequence 3 is older than 5`]);
      expect(terminal.lines).toEqual([]);
    },
  );

  it('that are repeated are fine', async () => {
    host.answer = { outcome: 'repeated', why: 'sequence 5 was carried out' };
    expect(await tell('switch', 'camera1', 'slate')).toBe(ExitCode.ok);
  });

  it('--json prints the answer as it is, also where it is a refusal', async () => {
    host.answer = { outcome: 'refused', why: 'no' };
    expect(await tell('release', 'camera1', '--json')).toBe(ExitCode.failed);
    expect(JSON.parse(terminal.text)).toEqual({ outcome: 'refused', why: 'no', program: PROGRAM });
  });

  it('say so where a cut waits for a keyframe', async () => {
    host.programNow = { ...PROGRAM, pending: 'master/camera1' };
    await tell('switch', 'camera1', 'master/camera1');
    expect(terminal.lines[0]).toBe('live/camera1 goes to master/camera1 at its next keyframe');
  });

  it('say so where the pinned candidate cannot be shown now', async () => {
    const pin = { source: 'master/camera1', by: 'ann', reason: '', automatic: false, expiresAt: EPOCH };
    host.programNow = { ...PROGRAM, pin };
    await tell('switch', 'camera1', 'master/camera1');
    expect(terminal.lines[0]).toMatch(/shows backup\/spare; master\/camera1 cannot be shown now/);
  });

  it('on a program that there is not end with status 1 and what the host says', async () => {
    expect(await tell('release', 'camera9')).toBe(ExitCode.failed);
    expect(terminal.errorText).toContain('no program "camera9"');
  });

  it('that the host finds wrong name the field', async () => {
    expect(await tell('switch', 'camera1', 'x'.repeat(101))).toBe(ExitCode.failed);
    expect(terminal.errorText).toMatch(/^source: /);
  });

  it('also work on an address with a slash at its end', async () => {
    expect(await run('status', '--control', `${control}/`)).toBe(ExitCode.ok);
  });

  it('the client reads programs and switches', async () => {
    const client = new ControlClient(control);
    expect(await client.program('camera1')).toEqual(PROGRAM);
    expect(await client.switches('camera1')).toEqual([SWITCH]);
    await expect(client.program('../state')).rejects.toMatchObject({ exitCode: ExitCode.failed });
  });
});
