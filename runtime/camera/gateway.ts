import type { Clock } from '../media/clock.ts';
import type { MediaPacket } from '../media/packet.ts';
import type { CameraPull, PullOptions } from './media-server.ts';
import type { CameraOrder } from './order.ts';
import { Publication } from './publication.ts';
import { RtspStream } from './rtsp-stream.ts';

/**
 * One camera, pulled and published until either side ends. It does not try again: the process ends, and the supervisor
 * starts a new one, which has none of the old one's state.
 *
 *     pulling ──media──▶ publishing ──▶ ended: the camera, the host, or silence
 *        └──────FIRST_MEDIA_MS──────────▶ ended
 */

export interface GatewayOptions {
  readonly order: CameraOrder;
  readonly clock: Clock;
  readonly pull: (options: PullOptions) => Promise<CameraPull>;
  /** One line for people. */
  readonly say: (line: string) => void;
  /** Ends it in order. */
  readonly signal: AbortSignal;
  /** What this process takes up. */
  readonly usedBytes: () => number;
  /** Resolves with the reason where third-party code has thrown. */
  readonly crashed: Promise<string>;
}

export interface GatewayEnd {
  readonly reason: string;
  readonly by: 'camera' | 'host' | 'signal';
}

/** A camera must have sent a keyframe by then; many wait for their next one. */
export const FIRST_MEDIA_MS = 20_000;
/** One that says nothing for so long is given up. The host has switched long before. */
export const SILENCE_MS = 5_000;
/** Node-media-server's buffers have no bound, and cameras are not all friendly. Usual is 100 MB. */
export const MOST_BYTES = 768 * 1024 * 1024;
const CHECK_MS = 250;

/** Resolves when it is over; never rejects for what camera, host or media server do. */
export async function runGateway(options: GatewayOptions): Promise<GatewayEnd> {
  const { order, clock, pull, say, signal } = options;
  const startedAt = clock.now();
  let heardAt = startedAt;
  const publication = new Publication({ url: publishUrl(order), clock });
  const isRtsp = order.cameraUrl.startsWith('rtsp:');
  const send = (packet: MediaPacket): void => publication.send(packet);
  const rtsp = new RtspStream({
    clock,
    specificConfig: () => camera?.specificConfig() ?? null,
    out: send,
    note: say,
  });
  let camera: CameraPull | undefined;
  try {
    camera = await pull({
      url: order.cameraUrl,
      login: order.login,
      clock,
      packet: (packet) => {
        heardAt = clock.now();
        if (isRtsp) rtsp.push(packet);
        else send(packet);
      },
      metadata: (metadata) => publication.sendMetadata(metadata),
    });
  } catch (error) {
    return { by: 'camera', reason: error instanceof Error ? error.message : String(error) };
  }

  let hasSaid = false;
  const givenUp = new Promise<string>((resolve) => {
    const stop = clock.every(CHECK_MS, () => {
      const now = clock.now();
      const { isPublishing } = publication;
      if (isPublishing && !hasSaid) {
        hasSaid = true;
        say(`publishing ${order.input}, ${Math.round(now - startedAt)} ms after the start`);
      }
      const usedBytes = options.usedBytes();
      const reason = whyGiveUp({ isPublishing, startedAt, heardAt, now, usedBytes });
      if (reason === null) return;
      stop();
      resolve(reason);
    });
  });
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const end = await Promise.race<GatewayEnd>([
    aborted.then(() => ({ by: 'signal', reason: 'stopped' })),
    camera.ended.then((reason) => ({ by: 'camera', reason })),
    givenUp.then((reason) => ({ by: 'camera', reason })),
    options.crashed.then((reason) => ({ by: 'camera', reason })),
    publication.ended.then((reason) => ({ by: 'host', reason })),
  ]);
  publication.close();
  camera.stop();
  return end;
}

interface Facts {
  readonly isPublishing: boolean;
  /** Equal to `heardAt` until something was heard. All in ms. */
  readonly startedAt: number;
  readonly heardAt: number;
  readonly now: number;
  readonly usedBytes: number;
}

/** Why a camera is given up; null where it is not. */
export function whyGiveUp({ isPublishing, startedAt, heardAt, now, usedBytes }: Facts): string | null {
  if (heardAt > startedAt && now - heardAt > SILENCE_MS) return `silent for ${SILENCE_MS} ms`;
  if (!isPublishing && now - startedAt > FIRST_MEDIA_MS) return `no keyframe within ${FIRST_MEDIA_MS} ms`;
  if (usedBytes > MOST_BYTES) return `the process takes up more than ${MOST_BYTES} bytes`;
  return null;
}

function publishUrl({ hostUrl, input, streamKey }: CameraOrder): string {
  return `${hostUrl}/${input}?key=${encodeURIComponent(streamKey)}`;
}
