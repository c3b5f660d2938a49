import type { Logger } from 'pino';
import type { Extensions } from './codec/media-message.ts';
import type { FanOut } from './fan-out/fan-out.ts';
import type { HostRelays } from './host-relays.ts';
import type { InputRegistry, PublishRefusal } from './input/registry.ts';
import type { Clock } from './media/clock.ts';
import type { ProgramFeed } from './output/program-feed.ts';
import { joinRtmp, type RtmpPlace } from './output/rtmp-viewer.ts';
import { RELAY_APP } from './relay/relay-url.ts';
import { AdobeLogin } from './rtmp/adobe-login.ts';
import { secretsMatch } from './rtmp/secrets-match.ts';
import {
  type Playback,
  type Refusal,
  refusal,
  type ServerHandler,
  type StreamRequest,
  type TrackChoice,
  type Viewer,
} from './rtmp/server-handler.ts';

const PUBLISH_APPS = new Set(['master', 'backup']);
const PLAY_APP = 'live';

export interface RtmpHandlerOptions {
  readonly registry: InputRegistry;
  readonly feeds: ReadonlyMap<string, ProgramFeed>;
  /** Null where there are no other hosts. */
  readonly relays: HostRelays | null;
  /** Why no viewer may come now; null where one may. */
  readonly viewerRefusal: () => string | null;
  /** Why a viewer may not play a program with this query; null where it may. Is asked first, and logs by itself. */
  readonly playRefusal: (
    program: string,
    query: ReadonlyMap<string, string>,
    address: string,
  ) => string | null;
  /** Not there: viewers all stay in this process. */
  readonly fanOut?: Pick<FanOut, 'wantsViewer' | 'carry'>;
  readonly keys: ReadonlyMap<string, string>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Joins the RTMP server to inputs and programs. Each refusal is one log line, without the key. */
export function rtmpHandler(options: RtmpHandlerOptions): ServerHandler {
  const { registry, feeds, relays, viewerRefusal, playRefusal, fanOut, keys, clock, logger } = options;
  const logins = new Map(
    [...PUBLISH_APPS].map((app) => [
      app,
      new AdobeLogin({ now: () => clock.now(), passwordOf: (user) => keys.get(`${app}/${user}`) }),
    ]),
  );
  /** The key that a publisher has shown, in whichever way. */
  const keyOf = ({ app, name, isLogin, query }: StreamRequest): string | undefined => {
    if (!isLogin) return query.get('key');
    return query.get('user') === name && logins.get(app)?.isRight(query)
      ? keys.get(`${app}/${name}`)
      : undefined;
  };
  const refuse = (what: string, address: string, refused: Refusal): Refusal => {
    logger.warn({ event: 'refused', what, address, code: refused.code }, refused.description);
    return refused;
  };
  return {
    connect: ({ app, isLogin, query }, address) => {
      const login = isLogin ? logins.get(app) : undefined;
      // How a login begins is no mistake, and none to log.
      if (login !== undefined) return login.connect(query);
      if (PUBLISH_APPS.has(app) || app === PLAY_APP) return null;
      if (app === RELAY_APP && relays !== null) return null;
      if (holdsKey(app, keys)) return refuse('connect', address, KEY_AS_NAME);
      const description = `there is no application "${shown(app)}": publish to master or backup, play from live`;
      return refuse('connect', address, refusal('NetConnection.Connect.InvalidApp', description));
    },
    publish: (request, publisher) => {
      const { app, name } = request;
      if (app === RELAY_APP && relays !== null) {
        const answer = relays.publish(request, publisher);
        return 'refused' in answer ? refuse('relay', publisher.address, answer) : answer;
      }
      if (holdsKey(name, keys)) return refuse('publish', publisher.address, KEY_AS_NAME);
      const path = `${app}/${name}`;
      const publication = PUBLISH_APPS.has(app)
        ? registry.publish(path, keyOf(request), publisher)
        : 'unknown-input';
      return typeof publication === 'string'
        ? refuse('publish', publisher.address, PUBLISH_REFUSALS[publication](shown(path)))
        : publication;
    },
    play: (request, viewer, extensions) => {
      const { app, name, query } = request;
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
          refusal('NetStream.Play.StreamNotFound', `there is no program ${shown(`${app}/${name}`)}`),
        );
      }
      const unsigned = playRefusal(name, query, viewer.address);
      if (unsigned !== null) return refusal('NetStream.Play.Failed', unsigned);
      const refused = viewerRefusal();
      if (refused !== null) {
        return refuse('play', viewer.address, refusal('NetStream.Play.Failed', refused));
      }
      return playbackOf({ feed, program: name, fanOut, clock }, viewer, extensions);
    },
  };
}

interface PlaybackOptions {
  readonly feed: ProgramFeed;
  readonly program: string;
  readonly fanOut: RtmpHandlerOptions['fanOut'];
  readonly clock: Clock;
}

/** Plays from the feed in this process, or moves to a worker as soon as the client has its answers. */
function playbackOf(options: PlaybackOptions, viewer: Viewer, extensions: Extensions): Playback {
  const { feed, program, fanOut, clock } = options;
  const play = { messageStreamId: viewer.messageStreamId, extensions };
  let place: RtmpPlace | null = null;
  let chosen: TrackChoice | null = EVERYTHING;
  let isOver = false;
  const move = (): void => {
    if (isOver) return;
    viewer.offerSocket((socket) => {
      const onGone = (reason: string): void => viewer.close(reason);
      const carried = fanOut?.carry({ program, protocol: { kind: 'rtmp', ...play }, socket, onGone }) ?? null;
      place = carried;
      return carried?.socket ?? null;
    });
    place ??= joinRtmp(feed, viewer, play);
    if (chosen !== EVERYTHING) place.select(chosen);
  };
  return {
    start: () => {
      if (fanOut?.wantsViewer()) clock.soon(move);
      else place = joinRtmp(feed, viewer, play);
    },
    select: (tracks) => {
      chosen = tracks;
      place?.select(tracks);
    },
    stop: () => {
      isOver = true;
      place?.leave();
    },
  };
}

const EVERYTHING: TrackChoice = { video: true, audio: true };

/** Some players escape the `?` too: what follows is no name, and may be a key or a signature. */
function shown(path: string): string {
  return path.split(/[?%&=]/)[0] ?? '';
}

/** What is often pasted into an encoder by mistake; saying the name back would put the key into our log. */
const KEY_AS_NAME = refusal(
  'NetStream.Publish.BadName',
  'a stream key stands where the name belongs: publish NAME?key=KEY',
);

/** Whether a part of a peer's text is one of the keys. Compares in constant time. */
function holdsKey(text: string, keys: ReadonlyMap<string, string>): boolean {
  const parts = text.split(/[^A-Za-z0-9._~-]+/);
  return parts.some((part) => [...keys.values()].some((key) => secretsMatch(key, part)));
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
