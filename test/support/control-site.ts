/**
 * A deployment on this machine: a host for each input, as processes of the bundle, encoders, viewers, and the synthesized
 * control stack behind the tests' own AWS. What is not as in the account: addresses, ports, and how long AWS takes.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StateValue } from '@aws-sdk/client-cloudwatch';
import { hostConfig, hostNameOf } from '../../lib/config/deployment.ts';
import { type AlarmKind, alarmName } from '../../runtime/contract/alarm-names.ts';
import { type Config, configuredInputs } from '../../runtime/contract/config.ts';
import type { ProgramState } from '../../runtime/contract/control-api.ts';
import { buildBundle } from '../../scripts/build-bundle.ts';
import { deployment } from '../lib/support/synth.ts';
import { ControlDeployment } from './aws/control-deployment.ts';
import { type ControlRunLine, controlRuns } from './aws/control-log.ts';
import type { LambdaFunction } from './aws/lambda-runtime.ts';
import type { LocalAws } from './aws/local-aws.ts';
import { BundledHost } from './bundled-host.ts';
import { FfmpegPublisher } from './ffmpeg-peers.ts';
import { freePorts } from './free-ports.ts';
import { LoopViewer } from './loop-viewer.ts';
import { until } from './until.ts';

export const MASTER = 'master/camera1';
export const SPARE = 'backup/spare';
export const PROGRAM = 'camera1';
const INPUTS = [MASTER, SPARE];

const ROOT = join(import.meta.dirname, '../..');
/** Of a machine with much else to do; nothing is measured with it. */
export const PATIENCE_MS = 90_000;

interface Ports {
  readonly rtmp: number;
  readonly http: number;
  readonly control: number;
}

/** One master, one backup, and one program of both. Of each there is one, so names stand for them. */
export class ControlSite {
  readonly config: Config;
  readonly deployed: ControlDeployment;
  /** By the host's name. */
  readonly hosts = new Map<string, BundledHost>();
  /** By input. */
  readonly encoders = new Map<string, FfmpegPublisher>();
  readonly viewers: LoopViewer[] = [];
  private readonly directory = mkdtempSync(join(tmpdir(), 'understudy-site-'));
  private readonly ports = new Map<string, Ports>();

  /** `failover`: of the configuration. */
  constructor(failover: object) {
    const inputs = { masters: [{ name: 'camera1' }], backups: [{ name: 'spare' }] };
    this.config = deployment({ ...inputs, failover });
    this.deployed = new ControlDeployment(this.config);
    this.aws.hasSchedules = false;
  }

  /** With both inputs live, the master on air, and nobody watching. */
  async start(): Promise<void> {
    const bundle = join(this.directory, 'bundle');
    buildBundle(ROOT, bundle);
    await this.aws.start();
    const free = await freePorts(3 * INPUTS.length);
    for (const input of INPUTS) {
      const [rtmp = 0, http = 0, control = 0] = free.splice(0, 3);
      this.ports.set(hostNameOf(input), { rtmp, http, control });
    }
    for (const input of INPUTS) this.makeHost(hostNameOf(input), bundle);
    await Promise.all([...this.hosts.values()].map((host) => host.start()));
    await this.encode(MASTER);
    await this.shows(MASTER, MASTER);
    await this.encode(SPARE);
    const isReady = async () =>
      (await this.program(MASTER)).candidates.every(({ health }) => health === 'live');
    await until('all candidates are live', isReady, PATIENCE_MS);
  }

  /** Fails where anything was sent that AWS would not have taken. */
  async stop(): Promise<void> {
    for (const viewer of this.viewers) viewer.leave();
    await Promise.all([...this.encoders.values()].map((encoder) => encoder.kill()));
    await Promise.all([...this.hosts.values()].map((host) => host.stop()));
    await this.deployed.stop();
    rmSync(this.directory, { recursive: true, force: true });
    const { endpoint, functions } = this.aws;
    const problems = [endpoint, ...functions.values()].flatMap((own) => own.problems);
    if (problems.length > 0) throw new Error(`AWS got what it refuses: ${problems.join('; ')}`);
  }

  get aws(): LocalAws {
    return this.deployed.aws;
  }

  get control(): LambdaFunction {
    return this.deployed.control;
  }

  /** The host that takes an input. */
  host(input: string): BundledHost {
    const host = this.hosts.get(hostNameOf(input));
    if (host === undefined) throw new Error(`no host takes ${input}`);
    return host;
  }

  /** The program on the host that takes an input. */
  program(input: string): Promise<ProgramState> {
    return this.host(input).control.program(PROGRAM);
  }

  /** Waits until the host that takes `input` has `source` on air. */
  async shows(input: string, source: string): Promise<void> {
    await until(
      `${hostNameOf(input)} shows ${source}`,
      async () => (await this.program(input)).onAir === source,
      PATIENCE_MS,
    );
  }

  /** Starts the encoder of an input; resolves when it publishes. */
  async encode(input: string): Promise<void> {
    const clip = join(ROOT, `runtime/clips/${input.split('/')[1]}.flv`);
    const { rtmp } = this.portsOf(input);
    const encoder = new FfmpegPublisher(clip, `rtmp://127.0.0.1:${rtmp}/${input}?key=${keyOf(input)}`);
    this.encoders.set(input, encoder);
    await encoder.begun;
  }

  encoder(input: string): FfmpegPublisher {
    const encoder = this.encoders.get(input);
    if (encoder === undefined) throw new Error(`nothing publishes ${input}`);
    return encoder;
  }

  /** Two viewers on the master's host, RTMP and HTTP-FLV, and one on the spare's; resolves when all see the master. */
  async watch(): Promise<void> {
    const master = this.portsOf(MASTER);
    const spare = this.portsOf(SPARE);
    const urls = [
      `rtmp://127.0.0.1:${master.rtmp}/live/${PROGRAM}`,
      `http://127.0.0.1:${master.http}/live/${PROGRAM}.flv`,
      `rtmp://127.0.0.1:${spare.rtmp}/live/${PROGRAM}`,
    ];
    for (const url of urls) this.viewers.push(await new LoopViewer(MASTER).play(url));
    await this.allSee(MASTER);
  }

  /** Waits until every viewer has seen a second of `source`. */
  async allSee(source: string, viewers: readonly LoopViewer[] = this.viewers): Promise<void> {
    await until(
      `all viewers see ${source}; they see ${viewers.map((viewer) => viewer.source)}`,
      () => viewers.every((viewer) => viewer.sees(source, SECOND_OF_FRAMES)),
      PATIENCE_MS,
    );
  }

  alarmName(kind: AlarmKind, subject: string): string {
    return alarmName(this.config.name, kind, subject);
  }

  /** Waits until an alarm is in a state. */
  async alarmIs(kind: AlarmKind, subject: string, state: StateValue): Promise<void> {
    const name = this.alarmName(kind, subject);
    await until(`${name} is ${state}`, () => this.aws.alarms.stateOf(name).value === state, PATIENCE_MS);
  }

  /** Waits until no alarm of inputs and hosts is on, and the function has done with that. */
  async settles(): Promise<void> {
    for (const host of this.hosts.keys()) await this.alarmIs('host-lost', host, 'OK');
    for (const input of INPUTS) {
      const alarm = this.alarmName('input-loss', input);
      await this.run(`a run for ${alarm}`, 0, ({ cause }) => cause.alarm === alarm && cause.state === 'OK');
    }
    await this.control.idle();
  }

  /** The control function's runs so far. */
  get runs(): ControlRunLine[] {
    return controlRuns(this.control.output);
  }

  /** Waits for the first run since `since` that fits. */
  run(what: string, since: number, fits: (own: ControlRunLine) => boolean): Promise<ControlRunLine> {
    return until(what, () => this.runs.find((own) => own.time >= since && fits(own)), PATIENCE_MS);
  }

  /** What the rule of the schedule does each minute: here when a test says so. */
  reconcile(): void {
    this.aws.runSchedules();
  }

  /** The widget as the dashboard gets it: for a look, or for what a button stands for. */
  async widgetPage(button: object = {}): Promise<string> {
    const outcome = await this.deployed.widget.call({ ...button, widgetContext: { dashboardName: 'show' } });
    if (outcome?.kind !== 'result') throw new Error(JSON.stringify(outcome));
    return String(outcome.result);
  }

  private portsOf(input: string): Ports {
    const ports = this.ports.get(hostNameOf(input));
    if (ports === undefined) throw new Error(`no host takes ${input}`);
    return ports;
  }

  private makeHost(name: string, bundle: string): void {
    const directory = join(this.directory, name);
    mkdirSync(directory);
    const host = new BundledHost({
      name,
      deployment: this.config.name,
      bundle,
      directory,
      config: this.configOf(name),
      credentials: credentials(this.config),
      aws: this.aws.endpoint.environment,
    });
    this.aws.runCommand.register(host.instance);
    this.hosts.set(name, host);
  }

  /** What the user data would write, but for addresses and ports. */
  private configOf(name: string) {
    const own = this.ports.get(name);
    const hosts = INPUTS.map((input) => ({
      name: hostNameOf(input),
      address: '127.0.0.1',
      rtmpPort: this.portsOf(input).rtmp,
      inputs: [input],
    }));
    const { rtmp = 0, http = 0, control = 0 } = own ?? {};
    const listeners = { rtmp: { port: rtmp }, http: { port: http }, control: { port: control } };
    return { ...hostConfig(this.config), hosts, ...listeners };
  }
}

/** 30 frames of video and 47 of audio: longer than what a host sends in a burst at a splice. */
const SECOND_OF_FRAMES = 77;

function keyOf(input: string): string {
  return `key-of-${hostNameOf(input)}-0123456789`;
}

/** By the names that the user data give them. */
function credentials(config: Config): Record<string, string> {
  const keys = configuredInputs(config).map(({ input }) => [`${hostNameOf(input)}.key`, keyOf(input)]);
  return { ...Object.fromEntries(keys), 'relay.key': 'relay-key-0123456789' };
}
