/** A whole host in this process, over real sockets: who gets in, who does not, and what is said about it. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { ControlClient } from '../runtime/cli/control-client.ts';
import { ViewerReporter } from '../runtime/cli/viewer-report.ts';
import { readClip } from '../runtime/codec/clip-reader.ts';
import type { Config } from '../runtime/contract/config.ts';
import { formatProblems, parseConfig } from '../runtime/contract/config-problems.ts';
import { type Host, startHost } from '../runtime/host.ts';
import { playClip } from '../runtime/media/clip.ts';
import { type PlayListener, playRtmp, publishRtmp, type RtmpPublisher } from '../runtime/rtmp/client.ts';
import { systemClock as clock } from '../runtime/system-clock.ts';

const KEYS = new Map([
  ['master/camera1', 'kEy-0f~camera1.secret'],
  ['backup/spare', 'kEy-0f~spare.secret'],
]);
const KEY = KEYS.get('master/camera1') as string;
const SPARE_KEY = KEYS.get('backup/spare') as string;
/** A viewer that does not look. */
const NOBODY: PlayListener = { packet: () => {}, data: () => {} };
const PINO_WARN = 40;
const PINO_INFO = 30;

interface LogLine {
  readonly level: number;
  readonly event?: string;
  readonly [name: string]: unknown;
}

/** A host of one master and one backup on free ports of the loopback address, and all that it logs. */
class Site {
  readonly lines: string[] = [];
  host!: Host;
  private readonly waiting = new Set<() => void>();
  private readonly undo: Array<() => void> = [];

  async start(changes: object = {}, directory = '/nowhere'): Promise<this> {
    sites.push(this);
    const write = (line: string): void => {
      this.lines.push(line);
      for (const check of [...this.waiting]) check();
    };
    this.host = await startHost({
      config: configOf(changes),
      directory,
      keys: KEYS,
      clock,
      logger: pino({ level: 'debug', base: null }, { write }),
    });
    return this;
  }

  get log(): LogLine[] {
    return this.lines.map((line) => JSON.parse(line) as LogLine);
  }

  /** Resolves with the first line of which this is true. */
  logged(isIt: (line: LogLine) => boolean): Promise<LogLine> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = this.log.find(isIt);
        if (found === undefined) return;
        this.waiting.delete(check);
        resolve(found);
      };
      this.waiting.add(check);
      check();
    });
  }

  live(input: string): Promise<LogLine> {
    return this.logged(
      ({ event, ...line }) => event === 'health' && line.input === input && line.health === 'live',
    );
  }

  rtmp(path: string): string {
    return `rtmp://127.0.0.1:${this.host.ports.rtmp}/${path}`;
  }

  get control(): ControlClient {
    return new ControlClient(`http://127.0.0.1:${this.host.ports.control}`);
  }

  publish(path: string): Promise<RtmpPublisher> {
    return publishRtmp(this.rtmp(path), { clock });
  }

  /** Publishes a clip in a loop. */
  async encode(path: string, clip: string): Promise<RtmpPublisher> {
    const publisher = await this.publish(path);
    const file = readFileSync(join(import.meta.dirname, `../runtime/clips/${clip}.flv`));
    const stop = playClip(readClip(file), clock, {
      packet: (packet) => publisher.send(packet),
      metadata: (metadata) => publisher.sendMetadata(metadata),
    });
    this.undo.push(stop);
    void publisher.closed.then(stop);
    return publisher;
  }

  /** The status of a GET from the HTTP listener. */
  async statusOf(path: string): Promise<number> {
    const request = get({ port: this.host.ports.http, host: '127.0.0.1', path, agent: false });
    const [response] = await once(request, 'response');
    request.destroy();
    return response.statusCode;
  }

  async stop(): Promise<void> {
    for (const undo of this.undo) undo();
    await this.host?.stop('the test is over');
  }
}

const sites: Site[] = [];
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(sites.splice(0).map((site) => site.stop()));
  for (const server of servers.splice(0)) server.close();
});

function configOf(changes: object): Config {
  const parsed = parseConfig({
    masters: [{ name: 'camera1' }],
    backups: [{ name: 'spare' }],
    slate: false,
    rtmp: { port: 0, host: '127.0.0.1' },
    http: { port: 0, host: '127.0.0.1' },
    control: { port: 0 },
    ...changes,
  });
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems, 'the configuration of the test'));
  return parsed.config;
}

function start(changes: object = {}): Promise<Site> {
  return new Site().start(changes);
}

/** Somebody else's listener. */
async function occupied(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('a publisher is let in', () => {
  it.each([
    ['with its key behind its name, as OBS sends it', `master/camera1?key=${KEY}`],
    ['with its name as the instance, as Flash Media Server has it', `master/camera1/livestream?key=${KEY}`],
    ['with the default instance', `master/_definst_/camera1?key=${KEY}`],
    ['with other parameters beside its key', `master/camera1?a=b&key=${KEY}&c=d`],
  ])('%s', async (_name, path) => {
    const site = await start();
    await site.publish(path);
    expect(site.log.filter(({ event }) => event === 'publish' || event === 'refused')).toEqual([
      expect.objectContaining({ event: 'publish', input: 'master/camera1', tookOverFrom: null }),
    ]);
    const state = await site.control.state();
    expect(state.inputs.find(({ name }) => name === 'master/camera1')).toMatchObject({
      health: 'starting',
      publisher: expect.stringContaining('127.0.0.1'),
    });
    expect(site.lines.join('')).not.toContain(KEY);
  });

  it('and taken over from by the same key at once', async () => {
    const site = await start();
    const first = await site.publish(`master/camera1?key=${KEY}`);
    const second = await site.publish(`master/camera1?key=${KEY}`);
    await first.closed;
    const published = site.log.filter(({ event }) => event === 'publish');
    expect(published).toHaveLength(2);
    expect(published[1]?.tookOverFrom).toBe(published[0]?.address);
    expect(site.log.some(({ event }) => event === 'unpublish')).toBe(false);
    expect(site.log.find(({ event }) => event === 'rtmp-closed')?.reason).toMatch(/^taken over by 127/);
    second.close();
    await site.logged(({ event }) => event === 'unpublish');
  });
});

interface Refused {
  readonly name: string;
  readonly path: string;
  readonly code: string;
  /** A part of what is said and logged. */
  readonly says: string;
}

const refusedPublishers: Refused[] = [
  {
    name: 'to an unknown input',
    path: `master/camera9?key=${KEY}`,
    code: 'NetStream.Publish.BadName',
    says: 'there is no input master/camera9',
  },
  {
    name: 'to the slate',
    path: `master/slate?key=${KEY}`,
    code: 'NetStream.Publish.BadName',
    says: 'there is no input',
  },
  {
    name: 'to a program',
    path: `live/camera1?key=${KEY}`,
    code: 'NetStream.Publish.BadName',
    says: 'there is no input live/camera1',
  },
  {
    name: 'without a key',
    path: 'master/camera1',
    code: 'NetStream.Publish.Denied',
    says: 'master/camera1 needs its key: publish camera1?key=',
  },
  {
    name: 'with an empty key',
    path: 'master/camera1?key=',
    code: 'NetStream.Publish.Denied',
    says: 'needs its key',
  },
  {
    name: 'with a wrong key',
    path: 'master/camera1?key=wr0ng-secret',
    code: 'NetStream.Publish.Denied',
    says: 'wrong key for master/camera1',
  },
  {
    name: 'with the key of another input',
    path: `master/camera1?key=${SPARE_KEY}`,
    code: 'NetStream.Publish.Denied',
    says: 'wrong key for master/camera1',
  },
  {
    name: 'with its key where the name belongs',
    path: `master/${KEY}`,
    code: 'NetStream.Publish.BadName',
    says: 'stream key',
  },
  {
    name: 'with its key in the name',
    path: `master/camera1:${KEY}`,
    code: 'NetStream.Publish.BadName',
    says: 'stream key',
  },
  {
    name: 'to an unknown application',
    path: `publish/camera1?key=${KEY}`,
    code: 'NetConnection.Connect.InvalidApp',
    says: 'there is no application "publish"',
  },
];

/** All that a refusal may do: one line that says why, for people who look at the log, and no key in any line. */
function expectOneLine(site: Site, { code, says }: Refused): void {
  const lines = site.log.filter(({ level }) => level >= PINO_INFO);
  expect(lines).toEqual([
    expect.objectContaining({
      level: PINO_WARN,
      event: 'refused',
      code,
      msg: expect.stringContaining(says),
      address: expect.stringContaining('127.0.0.1'),
    }),
  ]);
  for (const secret of [KEY, SPARE_KEY, 'wr0ng-secret']) expect(site.lines.join('')).not.toContain(secret);
}

describe('a publisher is refused', () => {
  it.each(refusedPublishers)('$name: $code', async (refused) => {
    const site = await start();
    const attempt = site.publish(refused.path);
    await expect(attempt).rejects.toMatchObject({
      code: refused.code,
      message: expect.stringContaining(refused.says),
    });
    // The connection ends, which is a line for those who debug.
    await site.logged(({ event }) => event === 'rtmp-closed');
    expectOneLine(site, refused);
  });

  it.each([
    ['the application', (site: Site) => site.publish(`${KEY}/camera1`)],
    ['a program', (site: Site) => playRtmp(site.rtmp(`live/${KEY}`), { clock }, NOBODY)],
  ])('without its key in the log, where that stands in the place of %s', async (_name, attempt) => {
    const site = await start();
    await expect(attempt(site)).rejects.toThrow();
    await site.logged(({ event }) => event === 'rtmp-closed');
    expect(site.lines.join('')).not.toContain(KEY);
  });

  it('without a say in what is on air', async () => {
    const site = await start();
    const first = await site.publish(`master/camera1?key=${KEY}`);
    await expect(site.publish('master/camera1?key=wr0ng-secret')).rejects.toThrow('wrong key');
    const state = await site.control.state();
    expect(state.inputs[0]).toMatchObject({ health: 'starting' });
    first.close();
  });
});

describe('a viewer', () => {
  it.each([
    { name: 'of an unknown program', path: 'live/camera9', says: 'there is no program live/camera9' },
    { name: 'of an input', path: 'master/camera1', says: 'there is no program master/camera1' },
  ])('$name is refused', async ({ path, says }) => {
    const site = await start();
    const refused = { name: '', path, says, code: 'NetStream.Play.StreamNotFound' };
    await expect(playRtmp(site.rtmp(path), { clock }, NOBODY)).rejects.toMatchObject({
      code: refused.code,
    });
    await site.logged(({ event }) => event === 'rtmp-closed');
    expectOneLine(site, refused);
  });

  it('is turned away, over RTMP and over HTTP, where the host is full', async () => {
    const site = await start({ viewers: { maxViewers: 1 } });
    const first = await playRtmp(site.rtmp('live/camera1'), { clock }, NOBODY);
    await expect(playRtmp(site.rtmp('live/camera1'), { clock }, NOBODY)).rejects.toMatchObject({
      code: 'NetStream.Play.Failed',
    });
    expect(await site.statusOf('/live/camera1.flv')).toBe(503);
    first.close();
    await first.closed;
    await site.logged(({ event, reason }) => event === 'rtmp-closed' && reason === 'closed by peer');
    expect(await site.statusOf('/live/camera1.flv')).toBe(200);
  });
});

describe('a failover', () => {
  it('carries viewers from the master to the backup, and leaves a record', async () => {
    // So patient that a busy machine is no stall, and so quick that the master is on air whoever was live first.
    const site = await start({ failover: { stallTimeoutMs: 10_000, failbackHoldMs: 0 } });
    const master = await site.encode(`master/camera1?key=${KEY}`, 'camera1');
    await site.encode(`backup/spare?key=${SPARE_KEY}`, 'spare');
    await Promise.all([
      site.live('backup/spare'),
      site.logged(({ event, to }) => event === 'switch' && to === 'master/camera1'),
    ]);
    const reporter = new ViewerReporter(clock.now());
    let seen: (source: string) => void = () => {};
    const viewer = await playRtmp(
      site.rtmp('live/camera1'),
      { clock },
      {
        packet: (packet) => {
          reporter.packet(packet, clock.now());
          if (packet.keyframe) seen(reporter.source ?? '');
        },
        data: (name, value) => reporter.data(name, value, clock.now()),
      },
    );
    // A picture comes up at once: the GOP in the air.
    await new Promise<void>((resolve) => {
      seen = () => resolve();
    });
    const onSpare = new Promise<void>((resolve) => {
      seen = (source) => {
        if (source === 'backup/spare') resolve();
      };
    });
    master.close();
    await onSpare;
    const line = await site.logged(({ event, cause }) => event === 'switch' && cause === 'lost');
    expect(line).toMatchObject({
      program: 'camera1',
      from: 'master/camera1',
      to: 'backup/spare',
      kind: 'warm',
      viewers: 1,
      holeMs: { video: expect.any(Number) },
    });
    const report = reporter.summary(clock.now());
    expect(report).toMatchObject({
      splicesWithoutKeyframe: 0,
      framesBeforeHeaders: 0,
      video: { outOfOrder: 0, ptsBeforeDts: 0 },
      audio: { outOfOrder: 0 },
    });
    const [lost] = (await site.control.switches('camera1')).filter(({ cause }) => cause === 'lost');
    expect(lost).toMatchObject({ to: 'backup/spare', viewers: 1 });
    viewer.close();
    await viewer.closed;
  }, 20_000);
});

describe('the control API of a host', () => {
  const asked = { by: 'ann', sequence: 1, expiresAt: 8_640_000_000_000 };

  it('refuses to pin what is no candidate, and says what is one', async () => {
    const { control } = await start();
    const answer = await control.switch('camera1', { ...asked, source: 'backup/other' });
    expect(answer).toMatchObject({ outcome: 'refused', program: { pin: null } });
    expect(answer.why).toContain('master/camera1, backup/spare');
  });

  it('fences commands', async () => {
    const { control } = await start();
    const pin = { ...asked, source: 'backup/spare', sequence: 5 };
    expect((await control.switch('camera1', pin)).outcome).toBe('done');
    expect((await control.switch('camera1', pin)).outcome).toBe('repeated');
    expect((await control.release('camera1', { by: 'ann', sequence: 4 })).outcome).toBe('overtaken');
    expect((await control.program('camera1')).pin).toMatchObject({ source: 'backup/spare', by: 'ann' });
    expect((await control.release('camera1', { by: 'ann', sequence: 6 })).outcome).toBe('done');
    expect((await control.program('camera1')).pin).toBeNull();
  });

  it('refuses a drill where there is nothing to lose', async () => {
    const { control } = await start();
    const answer = await control.drill('camera1', { by: 'ann' });
    expect(answer).toMatchObject({ outcome: 'refused', program: { drill: null } });
    expect(answer.why).toMatch(/\w/);
  });
});

describe('two hosts in one process', () => {
  it('do not disturb each other', async () => {
    const [one, other] = [await start(), await start()];
    const viewer = await playRtmp(
      other.rtmp('live/camera1'),
      { clock },
      { packet: () => {}, data: () => {} },
    );
    await one.publish(`master/camera1?key=${KEY}`);
    const [stateOfOne, stateOfOther] = [await one.control.state(), await other.control.state()];
    expect(stateOfOne.listeners).toEqual(one.host.ports);
    expect(stateOfOther.listeners).toEqual(other.host.ports);
    expect(stateOfOne.inputs[0]).toMatchObject({ name: 'master/camera1', health: 'starting' });
    expect(stateOfOther.inputs[0]).toMatchObject({ name: 'master/camera1', health: 'absent' });
    expect(stateOfOne.programs[0]?.viewers).toBe(0);
    expect(stateOfOther.programs[0]?.viewers).toBe(1);
    const answer = await one.control.switch('camera1', {
      source: 'backup/spare',
      by: 'ann',
      sequence: 1,
      expiresAt: clock.now() + 60_000,
    });
    expect(answer.outcome).toBe('done');
    expect((await other.control.program('camera1')).pin).toBeNull();
    await one.host.stop('one is enough');
    expect(await other.statusOf('/healthz')).toBe(200);
    expect((await other.control.state()).programs[0]?.viewers).toBe(1);
    expect(other.log.filter(({ level }) => level >= PINO_WARN)).toEqual([]);
    viewer.close();
    await viewer.closed;
  });
});

describe('a host that cannot start', () => {
  it.each(['rtmp', 'http', 'control'] as const)(
    'names the key of the configuration whose port is taken: %s.port',
    async (key) => {
      const port = await occupied();
      const host = key === 'control' ? {} : { host: '127.0.0.1' };
      await expect(start({ [key]: { port, ...host } })).rejects.toThrow(
        new RegExp(`^${key}\\.port: cannot listen on port ${port}: `),
      );
    },
  );

  it('leaves nothing behind that listens', async () => {
    const [taken, free] = [await occupied(), await occupied()];
    const [server] = servers.splice(1, 1);
    server?.close();
    const config = { rtmp: { port: free, host: '127.0.0.1' }, control: { port: taken } };
    await expect(start(config)).rejects.toThrow('control.port');
    const site = await start({ rtmp: { port: free, host: '127.0.0.1' } });
    expect(site.host.ports.rtmp).toBe(free);
  });

  it('says which slate cannot be played', async () => {
    const starting = new Site().start({ slate: { file: 'slate.json' } }, import.meta.dirname);
    await expect(starting).rejects.toThrow(/^slate\.file: .*test.slate\.json cannot be played/);
  });
});

describe('the end of a host', () => {
  it('ends publishers and viewers with the reason, and all that listens', async () => {
    const site = await start();
    const publisher = await site.publish(`master/camera1?key=${KEY}`);
    const viewer = await playRtmp(site.rtmp('live/camera1'), { clock }, NOBODY);
    await site.host.stop('the host is stopped');
    await Promise.all([publisher.closed, viewer.closed]);
    const closed = site.log.filter(({ event }) => event === 'rtmp-closed');
    expect(closed.map(({ role, reason }) => `${role}: ${reason}`).sort()).toEqual([
      'publisher: the host is stopped',
      'viewer: the host is stopped',
    ]);
    await expect(site.control.state()).rejects.toMatchObject({ exitCode: 3 });
    await expect(site.publish(`master/camera1?key=${KEY}`)).rejects.toThrow('ECONNREFUSED');
  });

  it('may be asked for twice', async () => {
    const site = await start();
    await site.host.stop('once');
    await site.host.stop('twice');
  });
});
