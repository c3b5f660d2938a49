import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { readClip } from './codec/clip-reader.ts';
import { type Config, configuredInputs } from './contract/config.ts';
import type { HostState } from './contract/control-api.ts';
import { createControlServer } from './control/control-server.ts';
import { EventLog } from './control/event-log.ts';
import { HostControl } from './host-control.ts';
import { HostMetrics } from './host-metrics.ts';
import type { HealthPolicy } from './input/health.ts';
import { Input, type InputEvents } from './input/input.ts';
import { InputRegistry, type PublishRefusal } from './input/registry.ts';
import { keysMatch } from './keys.ts';
import { playClip } from './media/clip.ts';
import type { Cancel, Clock } from './media/clock.ts';
import { createMetricsServer, exposeMetrics } from './metrics/metrics-server.ts';
import { createHttpServer } from './output/http-server.ts';
import { rtmpFormat } from './output/packet-format.ts';
import { ProgramFeed } from './output/program-feed.ts';
import { Director } from './program/director.ts';
import { Program, type ProgramOptions } from './program/program.ts';
import { RtmpServer } from './rtmp/server.ts';
import { type Playback, type Refusal, refusal, type ServerHandler } from './rtmp/server-handler.ts';

export interface HostOptions {
  readonly config: Config;
  /** Where the configuration stands: paths in it are relative to this. */
  readonly directory: string;
  /** By the input's name, `master/camera1`. */
  readonly keys: ReadonlyMap<string, string>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Host {
  /** `metrics`: where `metrics.port` is configured. */
  readonly ports: HostState['listeners'];
  readonly control: HostControl;
  /** Closes everything, viewers and publishers with a reason. */
  stop(reason: string): Promise<void>;
}

const PUBLISH_APPS = new Set(['master', 'backup']);
const PLAY_APP = 'live';
const BUILT_IN_SLATE = join(import.meta.dirname, 'clips', 'slate.flv');
const VIEWER_CHECK_MS = 1_000;
const PREFLIGHT_MS = 2_000;

/** The composition root: builds a host from its configuration and starts it. Two can run in one process. */
export async function startHost(options: HostOptions): Promise<Host> {
  const { config, clock, logger } = options;
  const events = new EventLog();
  const inputs = createInputs(config, inputEvents());
  const registry = new InputRegistry({
    inputs,
    clock,
    isKeyRight: (name, key) => keysMatch(options.keys.get(name) ?? '', key),
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
  const feeds = new Map(
    programs.map((program) => [program.name, new ProgramFeed(program, config.viewers, clock)]),
  );
  const metrics = new HostMetrics({ config, clock, inputs, programs, feeds, logger });
  const director = new Director({ clock, inputs, programs, contention: config.failover.contention });

  function inputEvents(): InputEvents {
    return {
      health: (input, previous, detail) => {
        const { name, health } = input;
        logger.info({ event: 'health', input: name, health, previous, detail }, 'health');
        events.add({ type: 'health', at: clock.now(), input: name, health, previous, detail });
        director.decide();
      },
      reanchored: (input, cause, byMs) =>
        logger.warn(
          { event: 'reanchor', input: input.name, cause, byMs },
          "the encoder's timestamps were not continuous",
        ),
    };
  }

  const viewerCount = (): number => [...feeds.values()].reduce((sum, feed) => sum + feed.viewers, 0);
  const hasRoom = (): boolean => viewerCount() < config.viewers.maxViewers;

  const rtmp = new RtmpServer({
    clock,
    limits: config.limits,
    handler: rtmpHandler({ registry, feeds, hasRoom, keys: options.keys, logger }),
    onClosed: (closed) => logger.debug({ event: 'rtmp-closed', ...closed }, 'connection closed'),
  });
  const http = createHttpServer({
    clock,
    feedOf: (program) => feeds.get(program),
    hasRoom,
    onViewer: (viewer) => logger.debug({ event: 'viewer', ...viewer }, 'viewer'),
  });

  const ports: { -readonly [name in keyof HostState['listeners']]: HostState['listeners'][name] } = {
    rtmp: 0,
    http: 0,
    control: 0,
  };
  const control = new HostControl({ clock, ports, inputs, programs, feeds, director, events });
  const controlServer = createControlServer(control);
  exposeMetrics(controlServer, metrics.exposition);
  const metricsServer = createMetricsServer(metrics.exposition);
  const undo: Cancel[] = [];
  const stop = async (reason: string): Promise<void> => {
    for (const cancel of undo.splice(0)) cancel();
    for (const feed of feeds.values()) feed.close(reason);
    await Promise.all([
      rtmp.close(reason),
      http.close(),
      controlServer.close(),
      metricsServer.close(),
      metrics.stop(),
    ]);
  };
  try {
    const slate = registry.get('slate');
    const slateClip = slate === undefined ? null : readSlate(config, options.directory);
    await metrics.load();
    ports.rtmp = await listening('rtmp.port', config.rtmp.port, () =>
      rtmp.listen(config.rtmp.port, config.rtmp.host),
    );
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
    undo.push(
      director.start(),
      clock.every(VIEWER_CHECK_MS, () => {
        for (const feed of feeds.values()) feed.checkViewers(clock.now());
      }),
      clock.every(PREFLIGHT_MS, () => {
        for (const { program, warnings } of control.preflight()) {
          logger.warn({ event: 'preflight', program, warnings }, 'preflight');
        }
      }),
    );
    metrics.start();
    return { ports, control, stop };
  } catch (error) {
    await stop('the host could not start');
    throw error;
  }
}

function createInputs(config: Config, events: InputEvents): Input[] {
  const { stallTimeoutMs, degradedAfterMs } = config.failover;
  const create = (name: string, kind: Input['kind'], floor: HealthPolicy['floor']): Input =>
    new Input({
      name,
      kind,
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
  const { flap, stallTimeoutMs } = config.failover;
  return config.programs.map(
    ({ name, candidates, failback, failbackHoldMs }) =>
      new Program({
        name,
        candidates: candidates.map((candidate) => {
          const input = byName.get(candidate);
          if (input === undefined) throw new Error(`the configuration let through ${candidate}`);
          return input;
        }),
        policy: { failback, failbackHoldMs, flap },
        stallTimeoutMs,
        ...events,
      }),
  );
}

interface RtmpHandlerOptions {
  readonly registry: InputRegistry;
  readonly feeds: ReadonlyMap<string, ProgramFeed>;
  readonly hasRoom: () => boolean;
  readonly keys: ReadonlyMap<string, string>;
  readonly logger: Logger;
}

/** Joins the RTMP server to inputs and programs. Each refusal is one log line, without the key. */
function rtmpHandler({ registry, feeds, hasRoom, keys, logger }: RtmpHandlerOptions): ServerHandler {
  const refuse = (what: string, address: string, refused: Refusal): Refusal => {
    logger.warn({ event: 'refused', what, address, code: refused.code }, refused.description);
    return refused;
  };
  return {
    connect: (app, address) => {
      if (PUBLISH_APPS.has(app) || app === PLAY_APP) return null;
      if (holdsKey(app, keys)) return refuse('connect', address, KEY_AS_NAME);
      const description = `there is no application "${app}": publish to master or backup, play from live`;
      return refuse('connect', address, refusal('NetConnection.Connect.InvalidApp', description));
    },
    publish: ({ app, name, query }, publisher) => {
      if (holdsKey(name, keys)) return refuse('publish', publisher.address, KEY_AS_NAME);
      const path = `${app}/${name}`;
      const publication = PUBLISH_APPS.has(app)
        ? registry.publish(path, query.get('key'), publisher)
        : 'unknown-input';
      return typeof publication === 'string'
        ? refuse('publish', publisher.address, PUBLISH_REFUSALS[publication](path))
        : publication;
    },
    play: ({ app, name }, viewer) => {
      const feed = app === PLAY_APP ? feeds.get(name) : undefined;
      if (feed === undefined && holdsKey(name, keys)) return refuse('play', viewer.address, KEY_AS_NAME);
      if (feed === undefined) {
        return refuse(
          'play',
          viewer.address,
          refusal('NetStream.Play.StreamNotFound', `there is no program ${app}/${name}`),
        );
      }
      if (!hasRoom()) {
        return refuse(
          'play',
          viewer.address,
          refusal('NetStream.Play.Failed', 'this host has all the viewers it may have'),
        );
      }
      let leave: Cancel = () => {};
      const playback: Playback = {
        start: () => {
          leave = feed.join(viewer, rtmpFormats(viewer.messageStreamId));
        },
        stop: () => leave(),
      };
      return playback;
    },
  };
}

/** What is often pasted into an encoder by mistake; saying the name back would put the key into our log. */
const KEY_AS_NAME = refusal(
  'NetStream.Publish.BadName',
  'a stream key stands where the name belongs: publish NAME?key=KEY',
);

/** Whether a part of a peer's text is one of the keys. Compares in constant time. */
function holdsKey(text: string, keys: ReadonlyMap<string, string>): boolean {
  const parts = text.split(/[^A-Za-z0-9._~-]+/);
  return parts.some((part) => [...keys.values()].some((key) => keysMatch(key, part)));
}

const PUBLISH_REFUSALS: Record<PublishRefusal, (path: string) => Refusal> = {
  'unknown-input': (path) =>
    refusal('NetStream.Publish.BadName', `there is no input ${path}: it is not in the configuration`),
  'key-missing': (path) =>
    refusal('NetStream.Publish.Denied', `${path} needs its key: publish ${path.split('/')[1]}?key=...`),
  'key-wrong': (path) => refusal('NetStream.Publish.Denied', `wrong key for ${path}`),
};

/** Nearly all viewers play on the first message stream of their connection, and share its bytes. */
const FIRST_STREAM_FORMAT = rtmpFormat(1);
function rtmpFormats(messageStreamId: number) {
  return messageStreamId === 1 ? FIRST_STREAM_FORMAT : rtmpFormat(messageStreamId);
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

async function listenHttp(app: FastifyInstance, port: number, host: string | undefined): Promise<number> {
  // All addresses, of both families where the machine has both.
  await app.listen({ port, host: host ?? '::' }).catch(async (error: NodeJS.ErrnoException) => {
    if (host !== undefined || error.code !== 'EAFNOSUPPORT') throw error;
    await app.listen({ port, host: '0.0.0.0' });
  });
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Names the key of the configuration whose port could not be had, and what to do. */
async function listening(key: string, port: number, listen: () => Promise<number>): Promise<number> {
  try {
    return await listen();
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
    const why =
      code === 'EADDRINUSE'
        ? 'another program listens there; end it or choose another port'
        : code === 'EACCES'
          ? 'this user may not listen there; choose a port above 1023'
          : String(cause);
    throw new Error(`${key}: cannot listen on port ${port}: ${why}`, { cause });
  }
}
