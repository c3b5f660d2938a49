import type { Logger } from 'pino';
import { decodeData } from './codec/data-message.ts';
import type { Config } from './contract/config.ts';
import type { RelayState } from './contract/control-api.ts';
import type { Input } from './input/input.ts';
import type { InputRegistry } from './input/registry.ts';
import type { Cancel, Clock } from './media/clock.ts';
import type { Program } from './program/program.ts';
import { Demand, type DemandingProgram } from './relay/demand.ts';
import { openPull } from './relay/pull.ts';
import { openPush } from './relay/push.ts';
import { RelayFeed } from './relay/relay-feed.ts';
import { RelayLink, type RelayLinkOptions } from './relay/relay-link.ts';
import { readPosition } from './relay/relay-message.ts';
import type { RelayQueue } from './relay/relay-queue.ts';
import { RelayReceiver } from './relay/relay-receiver.ts';
import { secretsMatch } from './rtmp/secrets-match.ts';
import {
  type Peer,
  type Playback,
  type Publication,
  type Refusal,
  refusal,
  type StreamRequest,
  type Viewer,
} from './rtmp/server-handler.ts';
import type { InputRole, PeerHost } from './topology.ts';

export interface HostRelaysOptions {
  readonly config: Config;
  readonly roles: ReadonlyMap<string, InputRole>;
  readonly inputs: readonly Input[];
  readonly registry: InputRegistry;
  readonly programs: readonly Program[];
  /** The key with which hosts know each other. */
  readonly key: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A program has nobody left who plays it: whoever comes next begins anew. */
  readonly onRest: (program: string) => void;
}

interface Link {
  readonly kind: 'push' | 'pull';
  readonly input: string;
  readonly host: string;
  state: RelayState['state'];
  since: number;
  detail: string;
  queue: RelayQueue | null;
}

/**
 * A host's dealings with the other hosts of its deployment: what it pushes, what it pulls when somebody needs it, and what
 * others push to it and pull from it. Only inputs that encoders publish to this host ever leave it.
 */
export class HostRelays {
  private readonly options: HostRelaysOptions;
  private readonly inputs: ReadonlyMap<string, Input>;
  private readonly feeds: ReadonlyMap<string, RelayFeed>;
  private readonly demand: Demand;
  private readonly demanding: readonly DemandingProgram[];
  private readonly links = new Set<Link>();
  private readonly takers = new Map<RelayQueue, { readonly input: string; readonly since: number }>();
  private readonly undo: Cancel[] = [];

  constructor(options: HostRelaysOptions) {
    const { config, roles, inputs, clock } = options;
    this.options = options;
    this.inputs = new Map(inputs.map((input) => [input.name, input]));
    const limits = {
      queueLimitBytes: config.relay.queueLimitBytes,
      stuckTimeoutMs: config.viewers.stuckTimeoutMs,
    };
    this.feeds = new Map(
      inputs
        .filter(({ name }) => roles.get(name)?.role === 'owned')
        .map((input) => [input.name, new RelayFeed({ input, clock, limits })]),
    );
    this.demanding = options.programs
      .map(({ name, candidates }) => ({
        name,
        inputs: candidates.map((input) => input.name).filter((input) => roles.get(input)?.role === 'pulled'),
      }))
      .filter((program) => program.inputs.length > 0);
    const program = (name: string) => options.programs.find((one) => one.name === name);
    this.demand = new Demand({
      clock,
      lingerMs: config.relay.lingerMs,
      programs: this.demanding,
      pull: (input) => this.pull(input),
      wake: (name) => program(name)?.wake(clock.now()),
      rest: (name) => {
        program(name)?.rest(clock.now());
        options.onRest(name);
      },
    });
  }

  /** Begins to push, and to pull what is kept warm. Programs that need pulls rest until somebody plays them. */
  start(): void {
    const { roles, config, programs, clock } = this.options;
    for (const [input, role] of roles) {
      if (role.role === 'owned') for (const to of role.pushedTo) this.push(input, to);
    }
    for (const program of this.demanding) {
      if (config.relay.keepWarm) this.demand.serve(program);
      else programs.find(({ name }) => name === program.name)?.rest(clock.now());
    }
  }

  /** Closes everything that this host opened. What others opened ends with the RTMP server. */
  stop(): void {
    this.demand.stop();
    for (const cancel of this.undo.splice(0)) cancel();
  }

  /** The number of a program's viewers has changed. */
  audience(program: string, viewers: number): void {
    if (!this.options.config.relay.keepWarm) this.demand.viewers(program, viewers);
  }

  healthChanged(input: string): void {
    this.feeds.get(input)?.healthChanged();
  }

  /** Looks for connections that are stuck. Called about once a second. */
  check(now: number): void {
    for (const feed of this.feeds.values()) feed.check(now);
  }

  /** Another host pushes an input to this one. */
  publish({ name, query }: StreamRequest, publisher: Peer): Publication | Refusal {
    const input = this.inputs.get(name);
    const role = this.options.roles.get(name);
    if (!this.isKeyRight(query)) return refusal('NetStream.Publish.Denied', 'wrong relay key');
    if (input === undefined || role?.role !== 'pushed') {
      return refusal('NetStream.Publish.BadName', `${name} is not pushed to this host`);
    }
    const { epoch, sequence } = input.position;
    const publication = this.options.registry.attachRelay(input, named(role.owner, publisher));
    const receiver = new RelayReceiver(publication);
    return {
      startInfo: { epoch, sequence },
      packet: (packet) => {
        const data = packet.track === 'data' ? decodeData(packet.payload) : null;
        if (data === null) receiver.packet(packet);
        else receiver.data(data.name, data.value, packet);
      },
      metadata: (metadata) => publication.metadata(metadata),
      end: (reason) => publication.end(reason),
    };
  }

  /** Another host pulls an input from this one. */
  play({ name, query }: StreamRequest, viewer: Viewer): Playback | Refusal {
    const feed = this.feeds.get(name);
    if (!this.isKeyRight(query)) return refusal('NetStream.Play.Failed', 'wrong relay key');
    if (feed === undefined) {
      return refusal('NetStream.Play.StreamNotFound', `encoders do not publish ${name} to this host`);
    }
    let leave: Cancel = () => {};
    return {
      start: () => {
        const taker = feed.join(viewer, readPosition(query.get('epoch'), query.get('sequence')));
        this.takers.set(taker.queue, { input: name, since: this.options.clock.now() });
        leave = () => {
          taker.leave();
          this.takers.delete(taker.queue);
        };
      },
      stop: () => leave(),
    };
  }

  state(): RelayState[] {
    const links = [...this.links].map(
      ({ kind, input, host, state, since, detail, queue }): RelayState => ({
        kind,
        input,
        host,
        state,
        since: Math.round(since),
        detail,
        sentBytes: queue?.writtenBytes ?? null,
        skips: queue?.skips ?? null,
      }),
    );
    const takers = [...this.takers].map(
      ([{ sink, writtenBytes, skips }, { input, since }]): RelayState => ({
        kind: 'pulled',
        input,
        host: sink.address,
        state: 'open',
        since: Math.round(since),
        detail: '',
        sentBytes: writtenBytes,
        skips,
      }),
    );
    return [...links, ...takers];
  }

  private isKeyRight(query: StreamRequest['query']): boolean {
    return secretsMatch(this.options.key, query.get('key') ?? '');
  }

  private push(input: string, to: PeerHost): void {
    const { clock, key } = this.options;
    const feed = this.feeds.get(input);
    if (feed === undefined) throw new Error(`${input} is pushed and has no feed`);
    this.undo.push(
      this.keepUp('push', input, to.name, async (link) => {
        const connection = await openPush({ clock, input, feed, to, key });
        link.queue = connection.queue;
        return connection;
      }),
    );
  }

  private pull(name: string): Cancel {
    const { clock, key, roles, registry } = this.options;
    const input = this.inputs.get(name);
    const role = roles.get(name);
    if (input === undefined || role?.role !== 'pulled') throw new Error(`${name} is not pulled`);
    let isNeeded = true;
    const stop = this.keepUp('pull', name, role.owner.name, () =>
      openPull({
        clock,
        input: name,
        from: role.owner,
        key,
        have: input.position,
        attach: (publisher) => {
          if (!isNeeded) return null;
          return registry.attachRelay(input, named(role.owner, publisher));
        },
      }),
    );
    return () => {
      isNeeded = false;
      stop();
      input.rest(clock.now());
    };
  }

  private keepUp(
    kind: Link['kind'],
    input: string,
    host: string,
    open: (link: Link) => ReturnType<RelayLinkOptions['open']>,
  ): Cancel {
    const { clock, logger } = this.options;
    const link: Link = {
      kind,
      input,
      host,
      state: 'connecting',
      since: clock.now(),
      detail: '',
      queue: null,
    };
    this.links.add(link);
    const relay = new RelayLink({
      clock,
      random: Math.random,
      open: () => open(link),
      onChange: (change) => {
        const isNews = link.state !== change.state;
        const detail = change.state === 'lost' ? change.reason : '';
        Object.assign(link, { state: change.state, since: isNews ? clock.now() : link.since, detail });
        const line = { event: 'relay', kind, input, host, state: change.state, detail };
        // A host that stays away is one line, not one for every attempt.
        if (!isNews) logger.debug(line, 'relay');
        else if (change.state === 'lost') logger.warn(line, 'relay');
        else logger.info(line, 'relay');
      },
    });
    return () => {
      relay.stop();
      this.links.delete(link);
    };
  }
}

/** The other host by its name, for logs and the state. */
function named({ name }: PeerHost, publisher: Peer): Peer {
  return { address: `host ${name}, ${publisher.address}`, close: (reason) => publisher.close(reason) };
}
