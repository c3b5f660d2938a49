import { timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Cancel, Clock } from '../media/clock.ts';
import type { HlsStream } from './hls-stream.ts';
import { uris } from './playlist.ts';
import { targetSeconds } from './segment-window.ts';

export interface HlsRoutesOptions {
  readonly clock: Clock;
  /** The stream of `live/NAME`. */
  readonly streamOf: (program: string) => HlsStream | undefined;
  readonly segmentMs: number;
  /** Why a viewer may not play a program with this query; null where it may. Is asked first, for each playlist. */
  readonly playRefusal: (program: string, query: URLSearchParams, address: string) => string | null;
  /** Why no viewer may come now; null where one may. */
  readonly viewerRefusal: () => string | null;
  /** Whether those who are here are asked to go elsewhere. */
  readonly isDraining: () => boolean;
  /** A viewer that takes nothing of a segment for so long is closed. */
  readonly stuckTimeoutMs: number;
}

interface FileRequest {
  Params: { program: string; file: string };
  Querystring: { _HLS_msn?: string; _HLS_part?: string };
}
type Request = FastifyRequest<FileRequest>;

const INIT = /^init-([0-9a-f]{16})(?:-[0-9a-f]+)?\.mp4$/;
const SEGMENT = /^segment-(\d{1,15})(?:-[0-9a-f]+)?\.m4s$/;
const PART = /^part-(\d{1,15})-(\d{1,5})(?:-[0-9a-f]+)?\.m4s$/;
const DIRECTIVE = /^\d{1,15}$/;

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
const MEDIA_TYPE = 'video/mp4';
/** A name stands for the same bytes for ever. */
const IMMUTABLE = 'public, max-age=31536000, immutable';
const NOT_KEPT = 'no-store';
const RETRY_AFTER_S = '1';
/** A player may ask for what comes next, and for what comes behind that (RFC 8216bis, 6.2.5.2). */
const MAX_AHEAD = 2;

/** HLS for viewers: `/live/NAME/index.m3u8` and what it leads to. */
export function registerHlsRoutes(app: FastifyInstance, options: HlsRoutesOptions): void {
  app.route<FileRequest>({
    method: ['GET', 'HEAD'],
    url: '/live/:program/:file',
    handler: async (request, reply) => {
      const { program, file } = request.params;
      const stream = options.streamOf(program);
      reply.header('access-control-allow-origin', '*').header('cache-control', NOT_KEPT);
      if (stream === undefined) return notFound(request, reply);
      if (file === 'index.m3u8') return sendPlaylist(stream, { request, reply, options });
      return sendMedia(stream, { request, reply, options });
    },
  });
}

interface Exchange {
  readonly request: Request;
  readonly reply: FastifyReply;
  readonly options: HlsRoutesOptions;
}

async function sendPlaylist(stream: HlsStream, { request, reply, options }: Exchange): Promise<FastifyReply> {
  const address = request.socket.remoteAddress ?? '';
  const query = new URLSearchParams(request.url.split('?')[1]);
  const unsigned = options.playRefusal(request.params.program, query, address);
  if (unsigned !== null) return reply.code(403).send({ error: unsigned });
  const refused = options.viewerRefusal();
  if (refused !== null && (options.isDraining() || !stream.audience.has(address))) {
    return reply.code(503).header('retry-after', RETRY_AFTER_S).header('connection', 'close').send({
      error: refused,
    });
  }
  const place = readDirectives(request.query);
  if (place === 'malformed') return reply.code(400).send({ error: '_HLS_msn and _HLS_part: whole numbers' });
  stream.audience.seen(address, options.clock.now());
  const last = stream.window.last;
  if (place !== null && last !== undefined && place.number > last.number + MAX_AHEAD) {
    return reply.code(400).send({ error: `segment ${place.number} is too far ahead of ${last.number}` });
  }
  const isThere = await waitUntil(
    stream,
    request,
    () => stream.isReady && (place === null || stream.reaches(place.number, place.part)),
  );
  if (!isThere) {
    return reply.code(503).header('retry-after', RETRY_AFTER_S).send({ error: 'nothing is on air' });
  }
  const isGzip = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  if (isGzip) reply.header('content-encoding', 'gzip');
  return reply
    .header('cache-control', `public, max-age=${place === null ? 1 : targetSeconds(options)}`)
    .header('vary', 'accept-encoding')
    .type(PLAYLIST_TYPE)
    .send(stream.playlist(isGzip ? 'gzip' : 'plain'));
}

async function sendMedia(stream: HlsStream, { request, reply, options }: Exchange): Promise<FastifyReply> {
  const parts = await mediaOf(stream, request);
  if (parts === null) return notFound(request, reply);
  // Not as a stream: that costs as much as all the rest. Nothing is copied either way, however slowly a viewer takes it.
  reply.hijack();
  const { raw } = reply;
  raw.setTimeout(options.stuckTimeoutMs, () => raw.destroy());
  raw.writeHead(200, {
    'access-control-allow-origin': '*',
    'cache-control': IMMUTABLE,
    'content-length': parts.reduce((sum, { length }) => sum + length, 0),
    'content-type': MEDIA_TYPE,
  });
  for (const part of parts) raw.write(part);
  raw.end();
  return reply;
}

/** The bytes of what is asked for, in pieces that are shared; null where there is none. */
async function mediaOf(stream: HlsStream, request: Request): Promise<readonly Buffer[] | null> {
  const { file } = request.params;
  const { window } = stream;
  const init = window.init(INIT.exec(file)?.[1] ?? '');
  if (init !== undefined) return isEqual(file, uris.init(init)) ? [init.bytes] : null;
  const segment = window.segment(Number(SEGMENT.exec(file)?.[1] ?? Number.NaN));
  if (segment?.isComplete && !segment.isGap) {
    return isEqual(file, uris.segment(segment)) ? segment.parts.map(({ bytes }) => bytes) : null;
  }
  const [number, index] = (PART.exec(file) ?? []).slice(1).map(Number);
  const owner = window.segment(number ?? Number.NaN);
  if (owner === undefined || index === undefined || !isEqual(file, uris.part(owner, index))) return null;
  await waitUntil(stream, request, () => !stream.isComing(owner.number, index));
  const part = owner.parts[index];
  return part === undefined ? null : [part.bytes];
}

/** In constant time: the end of a name may be a secret. */
function isEqual(given: string, name: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(name)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** False: it did not come in time, or nobody waits for it any more. */
function waitUntil(stream: HlsStream, request: Request, isSo: () => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const { socket } = request.raw;
    let cancel: Cancel = () => {};
    const leave = (): void => {
      cancel();
      resolve(false);
    };
    socket.once('close', leave);
    cancel = stream.wait(isSo, (result) => {
      socket.off('close', leave);
      resolve(result);
    });
  });
}

/** The place that a player asks for (RFC 8216bis, 6.2.5.2); null where it takes what there is. */
function readDirectives(
  query: FileRequest['Querystring'],
): { number: number; part: number | null } | null | 'malformed' {
  const { _HLS_msn: number, _HLS_part: part } = query;
  if (number === undefined) return part === undefined ? null : 'malformed';
  if (![number, part ?? '0'].every((text) => typeof text === 'string' && DIRECTIVE.test(text))) {
    return 'malformed';
  }
  return { number: Number(number), part: part === undefined ? null : Number(part) };
}

function notFound(request: Request, reply: FastifyReply): FastifyReply {
  return reply.code(404).send({ error: `there is nothing at ${request.url.split('?')[0]}` });
}
