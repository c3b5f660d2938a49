import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostState } from '../../runtime/contract/control-api.ts';
import { makeTestClip } from '../support/clip-maker.ts';
import { Encoder } from './encoder.ts';
import { eventually } from './eventually.ts';
import { hostCommand } from './host-command.ts';
import { HostProcess } from './host-process.ts';
import { type Machine, Network } from './network.ts';
import { Viewers } from './viewers.ts';

export const CAMERAS = ['camera1', 'camera2', 'camera3'] as const;
export type Camera = (typeof CAMERAS)[number];

/** Where encoders and viewers are. */
const ENCODERS: Machine = { name: 'encoders', address: '10.90.0.2' };
const VIEWERS: Machine = { name: 'viewers', address: '10.90.0.3' };

/** Three that take a master each, one that takes the backup, two edges. */
export const HOSTS = [
  { name: 'one', address: '10.90.0.11', inputs: ['master/camera1'] },
  { name: 'two', address: '10.90.0.12', inputs: ['master/camera2'] },
  { name: 'three', address: '10.90.0.13', inputs: ['master/camera3'] },
  { name: 'four', address: '10.90.0.14', inputs: ['backup/spare'] },
  { name: 'edge1', address: '10.90.0.21', inputs: [] },
  { name: 'edge2', address: '10.90.0.22', inputs: [] },
] as const;
export type HostName = (typeof HOSTS)[number]['name'];

export const INPUTS = ['backup/spare', ...CAMERAS.map((camera) => `master/${camera}`)];

/** Keys for inputs and relays, as the environment of the hosts has them. */
const KEYS: Readonly<Record<string, string>> = {
  CAMERA1_KEY: 'key-of-camera1-0123456789',
  CAMERA2_KEY: 'key-of-camera2-0123456789',
  CAMERA3_KEY: 'key-of-camera3-0123456789',
  SPARE_KEY: 'key-of-spare-0123456789',
  RELAY_KEY: 'key-of-relays-0123456789',
};
/** An encoder starts again and settles, waits out its hold and a GOP; relays come back before that. */
const NORMAL_MS = 60_000;
/** A viewer that has had nothing for so long plays anew. */
const SILENT_MS = 3_000;

export const DRAIN_TIMEOUT_MS = 8_000;

function config(): object {
  const key = (name: string) => ({ env: `${name.toUpperCase()}_KEY` });
  return {
    masters: CAMERAS.map((name) => ({ name, key: key(name) })),
    backups: [{ name: 'spare', key: key('spare') }],
    hosts: HOSTS,
    relay: { key: key('relay') },
    // A busy machine may keep an encoder from running for longer than the default of 500 ms. And these tests lose inputs
    // more often in a minute than damping would let pass without a longer hold.
    failover: { stallTimeoutMs: 1_000, failbackHoldMs: 3_000, flap: { losses: 100 } },
    drain: { timeoutMs: DRAIN_TIMEOUT_MS },
  };
}

/** A viewer in the viewers' process. */
export interface Watch {
  readonly viewer: string;
  readonly host: HostName;
  readonly camera: Camera;
  readonly protocol: 'rtmp' | 'flv';
}

export function watch(host: HostName, camera: Camera, protocol: Watch['protocol']): Watch {
  return { viewer: `${camera} on ${host}, ${protocol}`, host, camera, protocol };
}

/** The host that takes a camera's master: camera1's is the first. */
export function ownerOf(camera: Camera): HostName {
  const owner = HOSTS.find(({ inputs }) => (inputs as readonly string[]).includes(`master/${camera}`));
  if (owner === undefined) throw new Error(`nobody takes ${camera}`);
  return owner.name;
}

interface Showing {
  readonly source: (camera: Camera) => string;
  readonly cameras: readonly Camera[];
  readonly hosts: readonly HostName[];
  readonly lost?: readonly HostName[];
}

/** Six hosts, four encoders and any number of viewers, each on a machine of the network. */
export class SixHosts {
  readonly network: Network;
  readonly viewers: Viewers;
  readonly watches = new Map<string, Watch>();
  private readonly hosts: ReadonlyMap<HostName, HostProcess>;
  private readonly encoders: ReadonlyMap<string, Encoder>;

  /** Resolves when all hosts serve and all encoders have been started. */
  static async start(directory: string): Promise<SixHosts> {
    const clipOf = (input: string): string => join(directory, `${input.replace('/', '-')}.flv`);
    await Promise.all(INPUTS.map((input, index) => makeTestClip(clipOf(input), clipOptions(input, index))));
    const configFile = join(directory, 'understudy.config.json');
    writeFileSync(configFile, JSON.stringify(config(), null, 2));
    const understudy = await hostCommand(directory);
    const network = Network.create([...HOSTS, ENCODERS, VIEWERS]);
    try {
      const six = new SixHosts({ network, clipOf, configFile, understudy, logDirectory: directory });
      await Promise.all([...six.hosts.values()].map((host) => host.start()));
      for (const encoder of six.encoders.values()) encoder.start();
      return six;
    } catch (error) {
      network.remove();
      throw error;
    }
  }

  private constructor(options: {
    network: Network;
    clipOf: (input: string) => string;
    configFile: string;
    understudy: readonly string[];
    logDirectory: string;
  }) {
    const { network, clipOf, configFile, understudy } = options;
    const logDirectory = join(options.logDirectory, 'logs');
    mkdirSync(logDirectory, { recursive: true });
    this.network = network;
    this.hosts = new Map(
      HOSTS.map(({ name }) => [
        name,
        new HostProcess({ network, name, understudy, configFile, logDirectory, env: KEYS }),
      ]),
    );
    this.encoders = new Map(
      INPUTS.map((input) => [
        input,
        new Encoder({ clip: clipOf(input), url: publishUrl(input), on: network.on(ENCODERS.name) }),
      ]),
    );
    this.viewers = new Viewers(network.on(VIEWERS.name));
  }

  host(name: HostName): HostProcess {
    const host = this.hosts.get(name);
    if (host === undefined) throw new Error(`there is no host ${name}`);
    return host;
  }

  encoder(input: string): Encoder {
    const encoder = this.encoders.get(input);
    if (encoder === undefined) throw new Error(`there is no encoder for ${input}`);
    return encoder;
  }

  /** What stands in front of a command line that is to run where the viewers are. */
  get onViewers(): readonly string[] {
    return this.network.on(VIEWERS.name);
  }

  /** Bytes that a host has received from encoders. */
  readonly encoderBytes = (host: HostName): Promise<number> => this.network.bytesBetween(ENCODERS.name, host);

  async join(...watches: readonly Watch[]): Promise<void> {
    for (const one of watches) {
      await this.viewers.start(one.viewer, playUrl(one));
      this.watches.set(one.viewer, one);
    }
  }

  async leave(...watches: readonly Watch[]): Promise<void> {
    for (const one of watches) {
      await this.viewers.stop(one.viewer);
      this.watches.delete(one.viewer);
    }
  }

  /** Sees that exactly these are there and get something: a viewer whose host was lost may not know it yet. */
  async seat(audience: readonly Watch[]): Promise<void> {
    const reports = await this.viewers.report();
    const isWell = ({ viewer }: Watch): boolean => {
      const watched = reports.get(viewer);
      return watched?.ended === null && watched.report.video.silentMs < SILENT_MS;
    };
    const names = new Set(audience.map(({ viewer }) => viewer));
    await this.leave(...[...this.watches.values()].filter((one) => !names.has(one.viewer) || !isWell(one)));
    await this.join(...audience.filter(({ viewer }) => !this.watches.has(viewer)));
  }

  /** Brings back what is still missing, as a scenario that failed leaves it. */
  async repair(): Promise<void> {
    for (const { name } of HOSTS) this.network.mend(name);
    for (const encoder of this.encoders.values()) if (!encoder.isStarted) encoder.start();
    const gone = [...this.hosts.values()].filter(({ isRunning }) => !isRunning);
    await Promise.all(gone.map((host) => host.start()));
  }

  /**
   * Waits until everything is as it should be: on all hosts, the programs that they own or have viewers of show their
   * masters, and the backup is ready to take over. `lost`: hosts that have lost their viewers, and need not serve them.
   */
  normal(lost: readonly HostName[] = []): Promise<void> {
    const all = HOSTS.map(({ name }) => name);
    return this.showing({ source: (camera) => `master/${camera}`, cameras: CAMERAS, hosts: all, lost });
  }

  /** Waits until cameras show a source on those of these hosts that serve them, and the backup is live there. */
  showing({ source, cameras, hosts, lost = [] }: Showing): Promise<void> {
    const what = `${cameras.map(source).join(', ')} on air on ${hosts.join(', ')}`;
    return eventually({ what, withinMs: NORMAL_MS }, async () => {
      const answers = await Promise.all(
        hosts.map(async (host) => {
          const served = cameras.filter((camera) => this.serves(host, camera, lost));
          if (served.length === 0) return null;
          return whatIsMissing(await this.host(host).state(), served, source);
        }),
      );
      const missing = answers.findIndex((answer) => answer !== null);
      return missing === -1 ? null : `${hosts[missing]}: ${answers[missing]}`;
    });
  }

  private serves(host: HostName, camera: Camera, lost: readonly HostName[]): boolean {
    if (ownerOf(camera) === host) return true;
    if (lost.includes(host)) return false;
    return [...this.watches.values()].some((one) => one.host === host && one.camera === camera);
  }

  /** The ends of all logs, to explain a failure. */
  get lastLines(): string {
    return [...this.hosts.values()].map(({ name, lastLines }) => `--- ${name}\n${lastLines}`).join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.encoders.values()].map((encoder) => encoder.kill()));
    await this.viewers.close();
    await Promise.all([...this.hosts.values()].map((host) => host.kill()));
    this.network.remove();
  }
}

function whatIsMissing(
  { programs }: HostState,
  cameras: readonly Camera[],
  source: (camera: Camera) => string,
): string | null {
  for (const camera of cameras) {
    const program = programs.find(({ name }) => name === camera);
    const backup = program?.candidates.find(({ name }) => name === 'backup/spare')?.health;
    if (program?.onAir !== source(camera)) return `${program?.onAir} is on air in ${camera}`;
    if (backup !== 'live') return `the backup for ${camera} is ${backup}`;
  }
  return null;
}

/** Small, and each with a label and a colour of its own: no two inputs have a picture in common. */
function clipOptions(input: string, index: number): Parameters<typeof makeTestClip>[1] {
  return { label: input.split('/')[1] ?? input, colour: [40 + 50 * index, 200 - 50 * index, 90] };
}

function publishUrl(input: string): string {
  const host = HOSTS.find(({ inputs }) => (inputs as readonly string[]).includes(input));
  const name = input.split('/')[1] ?? '';
  return `rtmp://${host?.address}/${input}?key=${KEYS[`${name.toUpperCase()}_KEY`]}`;
}

export function playUrl({ host, camera, protocol }: Watch): string {
  const address = HOSTS.find(({ name }) => name === host)?.address;
  return protocol === 'rtmp'
    ? `rtmp://${address}/live/${camera}`
    : `http://${address}:8080/live/${camera}.flv`;
}
