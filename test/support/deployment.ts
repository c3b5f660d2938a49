/** Several hosts in this process, over real sockets, that know each other by one configuration. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import { ownedInputs } from '../../runtime/contract/config.ts';
import { formatProblems, parseConfig } from '../../runtime/contract/config-problems.ts';
import { type Host, startHost } from '../../runtime/host.ts';
import { PLAY_KEY_NAME, RELAY_KEY_NAME } from '../../runtime/keys.ts';
import { playClip } from '../../runtime/media/clip.ts';
import { publishRtmp, type RtmpPublisher } from '../../runtime/rtmp/client.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import { PLAY_KEY } from './e2e-host.ts';
import { freePorts } from './free-ports.ts';
import { until } from './until.ts';

export const RELAY_KEY = 'relay-key-0123456789';
const CLIPS = join(import.meta.dirname, '../../runtime/clips');
/** An encoder starts, its clock settles, it waits out its hold and a GOP. */
export const SOURCE_WAIT_MS = 20_000;

/** Which inputs each host takes. */
export type Layout = Readonly<Record<string, readonly string[]>>;

export class Deployment {
  readonly hosts = new Map<string, Host>();
  readonly logs = new Map<string, Array<Record<string, unknown>>>();
  private readonly layout: Layout;
  private readonly changes: object;
  private readonly ports = new Map<string, number>();
  private readonly encoders = new Map<string, { publisher: RtmpPublisher; stop: () => void }>();

  constructor(layout: Layout, changes: object = {}) {
    this.layout = layout;
    this.changes = changes;
  }

  /** Starts all hosts, or some; none stays where one cannot start. */
  async start(names = Object.keys(this.layout)): Promise<this> {
    const hosts = Object.keys(this.layout);
    const ports = await freePorts(hosts.length);
    for (const [index, name] of hosts.entries()) this.ports.set(name, ports[index] as number);
    try {
      for (const name of names) await this.startHost(name);
    } catch (error) {
      await this.stop();
      throw error;
    }
    return this;
  }

  /** Starts a host, on the port that it had before. */
  async startHost(name: string): Promise<Host> {
    const inputs = Object.values(this.layout).flat();
    const named = (prefix: string) =>
      inputs
        .filter((input) => input.startsWith(prefix))
        .toSorted()
        .map((input) => ({ name: input.slice(prefix.length) }));
    const parsed = parseConfig({
      masters: named('master/'),
      backups: named('backup/'),
      hosts: Object.entries(this.layout).map(([host, owned]) => ({
        name: host,
        address: '127.0.0.1',
        rtmpPort: this.ports.get(host),
        inputs: owned,
      })),
      host: name,
      relay: { key: { env: 'RELAY_KEY' } },
      rtmp: { port: this.ports.get(name), host: '127.0.0.1' },
      http: { port: 0, host: '127.0.0.1' },
      control: { port: 0 },
      failover: { failbackHoldMs: 1_000 },
      ...this.changes,
    });
    if (!parsed.ok) throw new Error(formatProblems(parsed.problems, 'the configuration of the test'));
    const keys = new Map(ownedInputs(parsed.config).map(({ input }) => [input, keyOf(input)]));
    keys.set(RELAY_KEY_NAME, RELAY_KEY);
    keys.set(PLAY_KEY_NAME, PLAY_KEY);
    const log: Array<Record<string, unknown>> = this.logs.get(name) ?? [];
    this.logs.set(name, log);
    const write = (line: string): void => {
      log.push(JSON.parse(line) as Record<string, unknown>);
    };
    const host = await startHost({
      config: parsed.config,
      directory: '/nowhere',
      keys,
      clock,
      logger: pino({ level: 'debug', base: null }, { write }),
    });
    this.hosts.set(name, host);
    return host;
  }

  host(name: string): Host {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  async stopHost(name: string): Promise<void> {
    await this.host(name).stop('the host dies');
    this.hosts.delete(name);
  }

  url(host: string, path: string): string {
    return `rtmp://127.0.0.1:${this.ports.get(host)}/${path}`;
  }

  ownerOf(input: string): string {
    const owner = Object.entries(this.layout).find(([, owned]) => owned.includes(input));
    if (owner === undefined) throw new Error(`nobody owns ${input}`);
    return owner[0];
  }

  /** Publishes a clip in a loop to the input's owner. */
  async encode(input: string, clip = input.split('/')[1]): Promise<void> {
    const publisher = await publishRtmp(this.url(this.ownerOf(input), `${input}?key=${keyOf(input)}`), {
      clock,
    });
    const stop = playClip(readClip(readFileSync(join(CLIPS, `${clip}.flv`))), clock, {
      packet: (packet) => publisher.send(packet),
      metadata: (metadata) => publisher.sendMetadata(metadata),
    });
    void publisher.closed.then(stop);
    this.encoders.set(input, { publisher, stop });
  }

  /** The encoder is gone, and its connection with it. */
  kill(input: string): void {
    this.encoders.get(input)?.publisher.close('killed');
    this.encoders.delete(input);
  }

  /** The encoder sends nothing more, and stays connected. */
  freeze(input: string): void {
    this.encoders.get(input)?.stop();
  }

  onAir(host: string, program: string): string | null | undefined {
    return this.hosts.get(host)?.control.programState(program)?.onAir;
  }

  shows(host: string, program: string, source: string | null): Promise<unknown> {
    return until(
      `${host} shows ${source} in ${program}; it shows ${this.onAir(host, program)}`,
      () => this.onAir(host, program) === source,
      SOURCE_WAIT_MS,
    );
  }

  async stop(): Promise<void> {
    for (const { publisher, stop } of this.encoders.values()) {
      stop();
      publisher.close();
    }
    await Promise.all([...this.hosts.values()].map((host) => host.stop('the test is over')));
  }
}

function keyOf(input: string): string {
  return `key-of-${input.replace('/', '-')}`;
}
