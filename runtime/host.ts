import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { readClip } from './codec/clip-reader.ts';
import { type Config, configuredInputs } from './contract/config.ts';
import type { HostState } from './contract/control-api.ts';
import { createControlServer } from './control/control-server.ts';
import { EventLog } from './control/event-log.ts';
import { Drain } from './drain.ts';
import { HostControl } from './host-control.ts';
import { HostMetrics } from './host-metrics.ts';
import { HostRelays } from './host-relays.ts';
import type { HealthPolicy } from './input/health.ts';
import { Input, type InputEvents } from './input/input.ts';
import { InputRegistry, type PublishRefusal } from './input/registry.ts';
import { keysMatch, RELAY_KEY_NAME } from './keys.ts';
import { playClip } from './media/clip.ts';
import type { Cancel, Clock } from './media/clock.ts';
import { createMetricsServer, exposeMetrics } from './metrics/metrics-server.ts';
import { createHttpServer } from './output/http-server.ts';
import { rtmpFormat } from './output/packet-format.ts';
import { ProgramFeed } from './output/program-feed.ts';
import { Director } from './program/director.ts';
import { Program, type ProgramOptions } from './program/program.ts';
import { RELAY_APP } from './relay/relay-url.ts';
import { RtmpServer } from './rtmp/server.ts';
import { type Playback, type Refusal, refusal, type ServerHandler } from './rtmp/server-handler.ts';
import { type InputRole, inputRoles } from './topology.ts';

export interface HostOptions {
  readonly config: Config;
  /** Where the configuration stands: paths in it are relative to this. */
  readonly directory: string;
  /** By the input's name, `master/camera1`; the hosts' own under RELAY_KEY_NAME. */
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
  /** Takes no more viewers, asks those that can to connect elsewhere, and resolves when all are gone or the time is up. */
  drain(): Promise<void>;
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
  const roles = inputRoles(config);
  const inputs = createInputs(config, roles, inputEvents());
  const registry = new InputRegistry({
    inputs,
    clock,
    isOwned: (name) => roles.get(name)?.role === 'owned',
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
  const feeds: ReadonlyMap<string, ProgramFeed> = new Map(
    programs.map((program) => [
      program.name,
      new ProgramFeed(program, config.viewers, clock, (viewers) => relays?.audience(program.name, viewers)),
    ]),
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
          key: relayKey(options.keys),
          clock,
          logger,
          onRest: (program) => feeds.get(program)?.reset(),
        });
  const metrics = new HostMetrics({
    config,
    clock,
    inputs,
    programs,
    feeds,
    relays: () => relays?.state() ?? [],
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

  const viewerCount = (): number => [...feeds.values()].reduce((sum, feed) => sum + feed.viewers, 0);
  const drain = new Drain({ clock, timeoutMs: config.drain.timeoutMs, viewers: viewerCount });
  const viewerRefusal = (): string | null => {
    if (drain.state === 'draining') return 'this host is draining: connect again, to another host';
    return viewerCount() < config.viewers.maxViewers ? null : 'this host has all the viewers it may have';
  };

  const rtmp = new RtmpServer({
    clock,
    limits: config.limits,
    handler: rtmpHandler({ registry, feeds, relays, viewerRefusal, keys: options.keys, logger }),
    onClosed: (closed) => logger.debug({ event: 'rtmp-closed', ...closed }, 'connection closed'),
  });
  const http = createHttpServer({
    clock,
    feedOf: (program) => feeds.get(program),
    viewerRefusal,
    isDraining: () => drain.state === 'draining',
    onViewer: (viewer) => logger.debug({ event: 'viewer', ...viewer }, 'viewer'),
  });

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
    feeds,
    director,
    events,
    state: () => drain.state,
    relays: () => relays?.state() ?? [],
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
    await Promise.all([
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
    relays?.start();
    undo.push(
      director.start(),
      clock.every(VIEWER_CHECK_MS, () => {
        relays?.check(clock.now());
        for (const feed of feeds.values()) feed.checkViewers(clock.now());
      }),
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
      drain: drainHost,
      stop,
    };
  } catch (error) {
    await stop('the host could not start');
    throw error;
  }
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
  /** Null where there are no other hosts. */
  readonly relays: HostRelays | null;
  /** Why no viewer may come now; null where one may. */
  readonly viewerRefusal: () => string | null;
  readonly keys: ReadonlyMap<string, string>;
  readonly logger: Logger;
}

/** Joins the RTMP server to inputs and programs. Each refusal is one log line, without the key. */
function rtmpHandler(options: RtmpHandlerOptions): ServerHandler {
  const { registry, feeds, relays, viewerRefusal, keys, logger } = options;
  const refuse = (what: string, address: string, refused: Refusal): Refusal => {
    logger.warn({ event: 'refused', what, address, code: refused.code }, refused.description);
    return refused;
  };
  return {
    connect: (app, address) => {
      if (PUBLISH_APPS.has(app) || app === PLAY_APP) return null;
      if (app === RELAY_APP && relays !== null) return null;
      if (holdsKey(app, keys)) return refuse('connect', address, KEY_AS_NAME);
      const description = `there is no application "${app}": publish to master or backup, play from live`;
      return refuse('connect', address, refusal('NetConnection.Connect.InvalidApp', description));
    },
    publish: (request, publisher) => {
      const { app, name, query } = request;
      if (app === RELAY_APP && relays !== null) {
        const answer = relays.publish(request, publisher);
        return 'refused' in answer ? refuse('relay', publisher.address, answer) : answer;
      }
      if (holdsKey(name, keys)) return refuse('publish', publisher.address, KEY_AS_NAME);
      const path = `${app}/${name}`;
      const publication = PUBLISH_APPS.has(app)
        ? registry.publish(path, query.get('key'), publisher)
        : 'unknown-input';
      return typeof publication === 'string'
        ? refuse('publish', publisher.address, PUBLISH_REFUSALS[publication](path))
        : publication;
    },
    play: (request, viewer) => {
      const { app, name } = request;
      if (app === RELAY_APP && relays !== null) {
        const answer = relays.play(request, viewer);
        return 'refused' in answer ? refuse('relay', viewer.address, answer) : answer;
      }
      const feed = app === PLAY_APP ? feeds.get(name) : undefined;
      if (feed === undefined && holdsKey(name, keys)) return refuse('play', viewer.address, KEY_AS_NAME);
      if (feed === undefined) {
        return refuse(
          'play',
          viewer.address,
          refusal('NetStream.Play.StreamNotFound', `there is no program ${app}/${name}`),
        );
      }
      const refused = viewerRefusal();
      if (refused !== null) {
        return refuse('play', viewer.address, refusal('NetStream.Play.Failed', refused));
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
  elsewhere: (path) =>
    refusal('NetStream.Publish.BadName', `${path} is published to another host of this deployment`),
  'key-missing': (path) =>
    refusal('NetStream.Publish.Denied', `${path} needs its key: publish ${path.split('/')[1]}?key=...`),
  'key-wrong': (path) => refusal('NetStream.Publish.Denied', `wrong key for ${path}`),
};

/** Nearly all viewers play on the first message stream of their connection, and share its bytes. */
const FIRST_STREAM_FORMAT = rtmpFormat(1);
function rtmpFormats(messageStreamId: number) {
  return messageStreamId === 1 ? FIRST_STREAM_FORMAT : rtmpFormat(messageStreamId);
}

function relayKey(keys: ReadonlyMap<string, string>): string {
  const key = keys.get(RELAY_KEY_NAME);
  if (key === undefined) throw new Error('relay.key: hosts need a key to know each other by');
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
