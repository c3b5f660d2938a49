import { readFileSync } from 'node:fs';
import { availableParallelism, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { Logger } from 'pino';
import { childEnvironment } from './child-environment.ts';
import { readClip } from './codec/clip-reader.ts';
import { consoleFiles } from './console/console-files.ts';
import { type Config, configuredInputs } from './contract/config.ts';
import type { HostState } from './contract/control-api.ts';
import { registerConsole } from './control/console-server.ts';
import { createControlServer } from './control/control-server.ts';
import { EventLog } from './control/event-log.ts';
import { HISTORY_INTERVAL_MS } from './control/input-history.ts';
import { CountedLog } from './counted-log.ts';
import { Drain } from './drain.ts';
import { CarriedProgram } from './fan-out/carried-program.ts';
import { FanOut, workersOf } from './fan-out/fan-out.ts';
import { registerHlsRoutes } from './hls/hls-routes.ts';
import { HlsStream } from './hls/hls-stream.ts';
import { type CertificateConfig, readCertificate, watchCertificate } from './host-certificate.ts';
import { HostControl } from './host-control.ts';
import { listenHttp, listening } from './host-listeners.ts';
import { HostMetrics } from './host-metrics.ts';
import { HostRelays } from './host-relays.ts';
import { rtmpHandler } from './host-rtmp.ts';
import type { HealthPolicy } from './input/health.ts';
import { Input, type InputEvents } from './input/input.ts';
import { InputRegistry } from './input/registry.ts';
import { CONTROL_TOKEN_NAME, PLAY_KEY_NAME, RELAY_KEY_NAME } from './keys.ts';
import { playClip } from './media/clip.ts';
import type { Cancel, Clock } from './media/clock.ts';
import { createMetricsServer, exposeMetrics } from './metrics/metrics-server.ts';
import { DeliveryPacer } from './output/delivery-pacer.ts';
import { createHttpServer } from './output/http-server.ts';
import { type Delivery, ProgramFeed } from './output/program-feed.ts';
import { OWN_COMMAND } from './own-command.ts';
import { PlayGate } from './play-gate.ts';
import { Director } from './program/director.ts';
import { Program, type ProgramOptions } from './program/program.ts';
import { secretsMatch } from './rtmp/secrets-match.ts';
import { type MetLimit, RtmpServer } from './rtmp/server.ts';
import { type InputRole, inputRoles } from './topology.ts';

export interface HostOptions {
  readonly config: Config;
  /** Where the configuration stands: paths in it are relative to this. */
  readonly directory: string;
  /** By the input's name, `master/camera1`; the others under RELAY_KEY_NAME, PLAY_KEY_NAME and CONTROL_TOKEN_NAME. */
  readonly keys: ReadonlyMap<string, string>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Host {
  /** `metrics`: where `metrics.port` is configured. */
  readonly ports: HostState['listeners'];
  readonly control: HostControl;
  readonly state: Drain['state'];
  readonly viewers: number;
  /** The processes that write to viewers, and how many each has. */
  readonly workers: FanOut['load'];
  /** Takes no more viewers, asks those that can to connect elsewhere, and resolves when all are gone or the time is up. */
  drain(): Promise<void>;
  /** Closes everything, viewers and publishers with a reason. */
  stop(reason: string): Promise<void>;
}

const BUILT_IN_SLATE = join(import.meta.dirname, 'clips', 'slate.flv');
const VIEWER_CHECK_MS = 1_000;
const PREFLIGHT_MS = 2_000;

/** The composition root: builds a host from its configuration and starts it. Two can run in one process. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { config, clock, logger } = options;
  const events = new EventLog(Math.round(clock.now()));
  const roles = inputRoles(config);
  const inputs = createInputs(config, roles, inputEvents());
  const registry = new InputRegistry({
    inputs,
    clock,
    isOwned: (name) => roles.get(name)?.role === 'owned',
    isKeyRight: (name, key) => secretsMatch(options.keys.get(name) ?? '', key),
    events: {
      published: (input, address, tookOverFrom) =>
        logger.info({ event: 'publish', input: input.name, address, tookOverFrom }, 'publishing'),
      unpublished: (input, address, reason) =>
        logger.info({ event: 'unpublish', input: input.name, address, reason }, 'no longer publishing'),
    },
  });
  const programs = createPrograms(config, inputs, {
    onSwitch: (record) => {
      logger.info({ event: 'switch', ...record }, 'switch');
      events.add({ type: 'switch', ...record });
      metrics.switched(record);
    },
    onDrill: (program, phase) => {
      logger.info({ event: 'drill', program, phase }, `drill ${phase}`);
      events.add({ type: 'drill', at: clock.now(), program, phase });
    },
  });
  const countAudience = (program: Program) => relays?.audience(program.name, program.viewers);
  const pacer = new DeliveryPacer(config.viewers.deliveryBudgetMs);
  const feeds: ReadonlyMap<string, ProgramFeed> = new Map(
    programs.map((program) => [
      program.name,
      new ProgramFeed(program, {
        limits: config.viewers,
        clock,
        pacer,
        onAudience: () => countAudience(program),
      }),
    ]),
  );
  const carried: ReadonlyMap<string, CarriedProgram> = new Map(
    programs.map((program) => {
      const { name } = program;
      const past = () => feeds.get(name)?.past() ?? null;
      const carriedProgram = new CarriedProgram({
        name,
        clock,
        past,
        onAudience: () => countAudience(program),
      });
      program.subscribe(carriedProgram);
      return [name, carriedProgram];
    }),
  );
  const fanOut = new FanOut({
    workers: workersOf(config.viewers.workers, availableParallelism()),
    command: [process.execPath, OWN_COMMAND, 'worker'],
    env: childEnvironment(process.env),
    clock,
    limits: config.viewers,
    deliveryBudgetMs: config.viewers.deliveryBudgetMs,
    programs: carried,
    ownViewers: () => sum([...feeds.values()].map(({ viewers }) => viewers)),
    log: logger,
  });
  const deliveryOf = (program: string): Delivery => {
    const all = [feeds.get(program), carried.get(program)].filter((one) => one !== undefined);
    return {
      skips: sum(all.map(({ skips }) => skips)),
      sentBytes: sum(all.map(({ sentBytes }) => sentBytes)),
    };
  };
  const gate = new PlayGate({
    key: config.viewers.playKey === undefined ? null : sharedKey(options.keys, PLAY_KEY_NAME),
    clock,
    logger,
  });
  const playRefusal: PlayGate['refusal'] = (...asked) => gate.refusal(...asked);
  const { hls } = config;
  const hlsStreams: ReadonlyMap<string, HlsStream> = new Map(
    programs.flatMap((program): Array<[string, HlsStream]> => {
      if (hls === false) return [];
      const onAudience = () => countAudience(program);
      const { maxViewers: maxWaiting } = config.viewers;
      const tagOf = gate.hlsTagOf(program.name);
      return [[program.name, new HlsStream(program, { ...hls, tagOf, maxWaiting, clock, onAudience })]];
    }),
  );
  const relays: HostRelays | null =
    config.hosts === undefined
      ? null
      : new HostRelays({
          config,
          roles,
          inputs,
          registry,
          programs,
          key: sharedKey(options.keys, RELAY_KEY_NAME),
          clock,
          logger,
          onRest: (program) => {
            feeds.get(program)?.reset();
            hlsStreams.get(program)?.reset();
          },
        });
  const limits = new CountedLog<MetLimit>(({ kind, times, lastAddress }) =>
    logger.warn({ event: 'limit', limit: `limits.${kind}`, times, lastAddress }, 'limit met'),
  );
  const metrics = new HostMetrics({
    config,
    clock,
    inputs,
    programs,
    deliveryOf,
    relays: () => relays?.state() ?? [],
    warningsOf: (program) => control.warningsOf(program),
    limits: () => limits.totals().map(({ kind: limit, total }) => ({ limit, total })),
    logger,
  });
  const director = new Director({ clock, inputs, programs, contention: config.failover.contention });

  function inputEvents(): InputEvents {
    return {
      health: (input, previous, detail) => {
        const { name, health } = input;
        logger.info({ event: 'health', input: name, health, previous, detail }, 'health');
        events.add({ type: 'health', at: clock.now(), input: name, health, previous, detail });
        relays?.healthChanged(name);
        director.decide();
      },
      reanchored: (input, cause, byMs) =>
        logger.warn(
          { event: 'reanchor', input: input.name, cause, byMs },
          "the encoder's timestamps were not continuous",
        ),
    };
  }

  const viewerCount = (): number => sum(programs.map(({ viewers }) => viewers));
  const drain = new Drain({ clock, timeoutMs: config.drain.timeoutMs, viewers: viewerCount });
  const viewerRefusal = (): string | null => {
    if (drain.state === 'draining') return 'this host is draining: connect again, to another host';
    return viewerCount() < config.viewers.maxViewers ? null : 'this host has all the viewers it may have';
  };

  const rtmp = new RtmpServer({
    clock,
    limits: config.limits,
    handler: rtmpHandler({
      registry,
      feeds,
      relays,
      viewerRefusal,
      playRefusal,
      fanOut,
      keys: options.keys,
      clock,
      logger,
    }),
    onLimit: (limit, address) => limits.count(limit, address),
    onClosed: (closed) => logger.debug({ event: 'rtmp-closed', ...closed }, 'connection closed'),
  });
  const http = createHttpServer({
    clock,
    feedOf: (program) => feeds.get(program),
    playRefusal,
    viewerRefusal,
    isDraining: () => drain.state === 'draining',
    carrier: {
      wantsViewer: () => fanOut.wantsViewer(),
      carry: (viewer) => fanOut.carry({ ...viewer, protocol: { kind: 'http-flv' } })?.leave ?? null,
    },
    onViewer: (viewer) => logger.debug({ event: 'viewer', ...viewer }, 'viewer'),
  });
  if (hls !== false) {
    registerHlsRoutes(http, {
      clock,
      streamOf: (program) => hlsStreams.get(program),
      segmentMs: hls.segmentMs,
      playRefusal,
      viewerRefusal,
      isDraining: () => drain.state === 'draining',
      stuckTimeoutMs: config.viewers.stuckTimeoutMs,
    });
  }

  const ports: { -readonly [name in keyof HostState['listeners']]: HostState['listeners'][name] } = {
    rtmp: 0,
    http: 0,
    control: 0,
  };
  const control = new HostControl({
    host: options.config.host ?? hostname(),
    clock,
    ports,
    inputs,
    programs,
    deliveryOf,
    director,
    events,
    state: () => drain.state,
    relays: () => relays?.state() ?? [],
    exposition: metrics.exposition,
    hasHls: hls !== false,
    signPlay: (program) => gate.sign(program),
  });
  const token = config.control.remote ? (options.keys.get(CONTROL_TOKEN_NAME) ?? null) : null;
  registerConsole(http, {
    token,
    isToken: (given) => token !== null && secretsMatch(token, given),
    trustLoopback: config.control.trustLoopback,
    publicReads: config.control.remote && config.control.publicReads,
    host: control,
    now: () => clock.now(),
    files: consoleFiles(),
    onRefused: (address) => logger.warn({ event: 'console', address }, 'a wrong token'),
  });
  const controlServer = createControlServer(control);
  exposeMetrics(controlServer, metrics.exposition);
  const metricsServer = createMetricsServer(metrics.exposition);
  const undo: Cancel[] = [];
  const stop = async (reason: string): Promise<void> => {
    drain.stop();
    for (const cancel of undo.splice(0)) cancel();
    relays?.stop();
    // Before the feeds: RTMP viewers are told why.
    const rtmpClosed = rtmp.close(reason);
    for (const feed of feeds.values()) feed.close(reason);
    for (const stream of hlsStreams.values()) stream.close();
    await Promise.all([
      // Neither server is closed as long as a worker has one of its sockets.
      fanOut.stop(),
      rtmpClosed,
      http.close(),
      controlServer.close(),
      metricsServer.close(),
      metrics.stop(),
    ]);
  };
  const drainHost = async (): Promise<void> => {
    if (drain.state === 'draining') {
      await drain.begin();
      return;
    }
    const { timeoutMs } = config.drain;
    logger.info({ event: 'drain', phase: 'began', viewers: viewerCount(), timeoutMs }, 'drain began');
    const ended = drain.begin();
    // Encoders are asked when the host is closed: until then they have viewers here.
    rtmp.requestReconnect('viewer', 'this host is draining: connect again');
    logger.info({ event: 'drain', phase: 'ended', ...(await ended) }, 'drain ended');
  };
  const listenRtmps = async (rtmps: CertificateConfig): Promise<void> => {
    const read = () => readCertificate(rtmps, { directory: options.directory, env: process.env });
    const identity = read();
    ports.rtmps = await listening('rtmps.port', rtmps.port, () =>
      rtmp.listenTls(rtmps.port, rtmps.host, identity),
    );
    undo.push(
      watchCertificate(identity, clock, {
        read,
        renew: (renewed) => rtmp.renew(renewed),
        onRenewed: () => logger.info({ event: 'certificate' }, 'the certificate has been renewed'),
        onFailed: (error) =>
          logger.error({ event: 'certificate', error: String(error) }, 'the new certificate cannot be used'),
      }),
    );
  };
  try {
    const slate = registry.get('slate');
    const slateClip = slate === undefined ? null : readSlate(config, options.directory);
    await metrics.load();
    fanOut.start();
    ports.rtmp = await listening('rtmp.port', config.rtmp.port, () =>
      rtmp.listen(config.rtmp.port, config.rtmp.host),
    );
    if (config.rtmps !== false) await listenRtmps(config.rtmps);
    ports.http = await listening('http.port', config.http.port, () =>
      listenHttp(http, config.http.port, config.http.host),
    );
    ports.control = await listening('control.port', config.control.port, () =>
      listenHttp(controlServer, config.control.port, '127.0.0.1'),
    );
    const { port: metricsPort } = config.metrics;
    if (metricsPort !== undefined) {
      ports.metrics = await listening('metrics.port', metricsPort, () =>
        listenHttp(metricsServer, metricsPort, undefined),
      );
    }
    if (slate !== undefined && slateClip !== null) {
      const publication = registry.attach(slate, { address: 'built in', close: () => {} });
      undo.push(playClip(slateClip, clock, publication));
    }
    relays?.start();
    undo.push(
      director.start(),
      limits.start(clock),
      gate.start(),
      clock.every(VIEWER_CHECK_MS, () => {
        relays?.check(clock.now());
        for (const feed of feeds.values()) feed.checkViewers(clock.now());
        for (const { audience } of hlsStreams.values()) audience.check(clock.now());
      }),
      clock.every(HISTORY_INTERVAL_MS, () => control.sample()),
      clock.every(PREFLIGHT_MS, () => {
        for (const { program, warnings } of control.preflight()) {
          logger.warn({ event: 'preflight', program, warnings }, 'preflight');
        }
      }),
    );
    metrics.start();
    return {
      ports,
      control,
      get state() {
        return drain.state;
      },
      get viewers() {
        return viewerCount();
      },
      get workers() {
        return fanOut.load;
      },
      drain: drainHost,
      stop,
    };
  } catch (error) {
    await stop('the host could not start');
    throw error;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}

function createInputs(config: Config, roles: ReadonlyMap<string, InputRole>, events: InputEvents): Input[] {
  const { stallTimeoutMs, degradedAfterMs } = config.failover;
  const create = (name: string, kind: Input['kind'], floor: HealthPolicy['floor']): Input =>
    new Input({
      name,
      kind,
      isRemote: (roles.get(name)?.role ?? 'owned') !== 'owned',
      policy: { stallTimeoutMs, degradedAfterMs, floor },
      warmBuffer: config.warmBuffer,
      events,
    });
  const inputs = configuredInputs(config).map(({ input, floor }) =>
    create(input, input.startsWith('master/') ? 'master' : 'backup', floor ?? {}),
  );
  return config.slate === false ? inputs : [...inputs, create('slate', 'slate', {})];
}

function createPrograms(
  config: Config,
  inputs: readonly Input[],
  events: Pick<ProgramOptions, 'onSwitch' | 'onDrill'>,
): Program[] {
  const byName = new Map(inputs.map((input) => [input.name, input]));
  const { onLoss, flap, stallTimeoutMs } = config.failover;
  return config.programs.map(
    ({ name, candidates, failback, failbackHoldMs }) =>
      new Program({
        name,
        candidates: candidates.map((candidate) => {
          const input = byName.get(candidate);
          if (input === undefined) throw new Error(`the configuration let through ${candidate}`);
          return input;
        }),
        policy: { onLoss, failback, failbackHoldMs, flap },
        stallTimeoutMs,
        ...events,
      }),
  );
}

/** A host that should ask for a key and has none must not run as if it need not. */
function sharedKey(keys: ReadonlyMap<string, string>, name: string): string {
  const key = keys.get(name);
  if (key === undefined) throw new Error(`the configuration asks for a key, and none was loaded: ${name}`);
  return key;
}

function readSlate(config: Config, directory: string) {
  const file =
    config.slate === false || config.slate.file === undefined
      ? BUILT_IN_SLATE
      : resolve(directory, config.slate.file);
  try {
    return readClip(readFileSync(file));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`slate.file: ${file} cannot be played: ${why}; give an FLV file with H.264 and AAC`, {
      cause,
    });
  }
}
