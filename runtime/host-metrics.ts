import { hostname } from 'node:os';
import { type Config, ownedInputs } from './contract/config.ts';
import type { RelayState } from './contract/control-api.ts';
import { VERSION } from './contract/version.ts';
import { canShow } from './input/health.ts';
import type { Input } from './input/input.ts';
import type { Cancel, Clock } from './media/clock.ts';
import { CloudWatchReporter } from './metrics/cloudwatch-reporter.ts';
import { CloudWatchSender } from './metrics/cloudwatch-sender.ts';
import { type EventLoopDelay, watchEventLoop } from './metrics/event-loop-delay.ts';
import { everySecond } from './metrics/every-second.ts';
import type { MetricsLog } from './metrics/metrics-log.ts';
import { PrometheusExposition } from './metrics/prometheus.ts';
import type { InputFigures, ProcessFigures, ProgramFigures, Snapshot } from './metrics/snapshot.ts';
import type { Delivery } from './output/program-feed.ts';
import type { Program } from './program/program.ts';
import type { SwitchRecord } from './program/switch-record.ts';

export interface HostMetricsOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly inputs: readonly Input[];
  readonly programs: readonly Program[];
  readonly deliveryOf: (program: string) => Delivery;
  readonly relays: () => readonly RelayState[];
  /** What the preflight warns of, of one program. */
  readonly warningsOf: (program: string) => readonly string[];
  readonly limits: () => Snapshot['limits'];
  readonly logger: MetricsLog;
}

interface SwitchCount {
  total: number;
  /** Of those since the last snapshot. */
  holesMs: number[];
}

const MICROSECONDS_PER_S = 1e6;
const MS_PER_S = 1_000;

/** Takes the figures of a host each second, and hands them to Prometheus and, where it is configured, to CloudWatch. */
export class HostMetrics {
  readonly exposition = new PrometheusExposition();
  private readonly options: HostMetricsOptions;
  private readonly ownInputs: readonly Input[];
  private readonly host: string;
  private readonly processStartedAt: number;
  private readonly reporter: CloudWatchReporter | null = null;
  private readonly sender: CloudWatchSender | null = null;
  private readonly switches: ReadonlyMap<string, SwitchCount>;
  private undo: Cancel = () => {};

  constructor(options: HostMetricsOptions) {
    const { config, clock, logger: log } = options;
    this.options = options;
    this.host = config.host ?? (hostname() || 'localhost');
    this.processStartedAt = clock.now() - process.uptime() * MS_PER_S;
    const owned = new Set(ownedInputs(config).map(({ input }) => input));
    this.ownInputs = options.inputs.filter(({ name }) => owned.has(name));
    this.switches = new Map(options.programs.map(({ name }) => [name, { total: 0, holesMs: [] }]));
    const { cloudWatch } = config.metrics;
    if (cloudWatch === false) return;
    const sender = new CloudWatchSender({ region: cloudWatch.region, namespace: cloudWatch.namespace });
    this.reporter = new CloudWatchReporter({ clock, log, sender });
    this.sender = sender;
  }

  /** Loads what sending needs, before the host has anything else to do. */
  async load(): Promise<void> {
    await this.sender?.load();
  }

  /** Begins with the current second. The host serves from now on, until `stop`: each snapshot is a heartbeat. */
  start(): void {
    const eventLoop = watchEventLoop(this.options.clock);
    const cancel = everySecond(this.options.clock, (second) => this.take(second, eventLoop));
    this.undo = () => {
      cancel();
      eventLoop.stop();
    };
  }

  /** A switch has been made and measured. */
  switched({ program, cause, holeMs }: SwitchRecord): void {
    // A beginning is no switch, and on a host with relays each first viewer makes one.
    if (cause === 'start') return;
    const count = this.switches.get(program);
    if (count === undefined) return;
    count.total += 1;
    const holes = [holeMs.video, holeMs.audio].filter((hole) => hole !== null);
    if (holes.length > 0) count.holesMs.push(Math.max(...holes));
  }

  /** Sends what is left; bounded. */
  async stop(): Promise<void> {
    this.undo();
    this.undo = () => {};
    await this.reporter?.stop();
  }

  private take(second: number, eventLoop: EventLoopDelay): void {
    const { clock, config, programs } = this.options;
    const snapshot: Snapshot = {
      second,
      deployment: config.name,
      host: this.host,
      version: VERSION,
      inputs: this.ownInputs.map((input) => inputFigures(input, clock.now())),
      programs: programs.map((program) => this.programFigures(program)),
      relays: this.options
        .relays()
        .flatMap(({ kind, input, host, state }) =>
          kind === 'pulled' ? [] : [{ kind, input, peer: host, isOpen: state === 'open' }],
        ),
      limits: this.options.limits(),
      eventLoopDelayMs: eventLoop.takeWorstMs(),
      process: processFigures(this.processStartedAt),
    };
    this.reporter?.take(snapshot);
    this.exposition.take(snapshot, this.reporter?.figures ?? null);
  }

  private programFigures(program: Program): ProgramFigures {
    const { skips, sentBytes } = this.options.deliveryOf(program.name);
    const count = this.switches.get(program.name);
    return {
      name: program.name,
      candidates: program.candidates.map(({ name }) => name),
      onAir: program.isWaiting ? null : (program.onAir?.name ?? null),
      isIdle: program.isResting,
      viewers: program.viewers,
      viewerSkips: skips,
      sentBytes,
      switches: count?.total ?? 0,
      switchHolesMs: count?.holesMs.splice(0) ?? [],
      mismatches: this.options.warningsOf(program.name).length,
    };
  }
}

function inputFigures(input: Input, now: number): InputFigures {
  const { name, health, publisher, receivedBytes } = input;
  return {
    name,
    canBeShown: canShow(health),
    isPublished: publisher !== null,
    rates: input.rates(now),
    receivedBytes,
  };
}

function processFigures(startedAt: number): ProcessFigures {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  return {
    startedAt,
    cpuSeconds: (user + system) / MICROSECONDS_PER_S,
    residentBytes: rss,
    heapBytes: heapUsed,
    bufferBytes: arrayBuffers,
  };
}
