import { readFileSync } from 'node:fs';
import { readClip } from '../codec/clip-reader.ts';
import { formatElapsed } from '../contract/wording.ts';
import { type Clip, playClip } from '../media/clip.ts';
import type { WaitingClock } from '../media/clock.ts';
import { publishRtmp, type RtmpClientOptions } from '../rtmp/client.ts';
import { parseRtmpUrl } from '../rtmp/rtmp-url.ts';
import { CommandError, ExitCode } from './exit-codes.ts';
import { checkRtmpUrl } from './stream-source.ts';
import type { Terminal } from './terminal.ts';

export interface PublishOptions {
  readonly file: string;
  readonly url: string;
  /** The stream key, where it does not stand in the URL. */
  readonly key: string | undefined;
  /** Connect again, for ever, where the connection fails or ends. */
  readonly retry: boolean;
  readonly clock: WaitingClock;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** A server that takes nothing for so many bytes is given up. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;
const RETRY_MS = 1_000;
const STATUS_MS = 500;

/** `understudy publish FILE URL`: loops a clip at real speed, as an encoder would send it. */
export async function publish(options: PublishOptions): Promise<number> {
  const clip = loadClip(options.file);
  checkRtmpUrl(options.url);
  const url = withKey(options.url, options.key);
  for (;;) {
    const ended = await publishOnce(clip, url, options).catch((error: Error) => error.message);
    if (options.signal.aborted) return ExitCode.ok;
    if (!options.retry) throw new CommandError(ended, ExitCode.unreachable);
    options.terminal.error(`${ended}; trying again`);
    await options.clock.sleep(RETRY_MS, options.signal);
  }
}

async function publishOnce(clip: Clip, url: string, options: PublishOptions): Promise<string> {
  const { clock, terminal, signal } = options;
  let isAskedToReconnect = false;
  const onReconnectRequest: RtmpClientOptions['onReconnectRequest'] = (connection) => {
    isAskedToReconnect = true;
    connection.close();
  };
  // Only one that comes back by itself may say that it can.
  const publisher = await publishRtmp(url, { clock, ...(options.retry && { onReconnectRequest }) });
  const shown = parseRtmpUrl(url).tcUrl;
  const startedAt = clock.now();
  let sent = 0;
  terminal.line(`publishing ${options.file} to ${shown}, for ever; stop with Ctrl-C`);
  const stopClip = playClip(clip, clock, {
    packet: (packet) => {
      publisher.send(packet);
      sent += packet.payload.length;
      if (publisher.pendingBytes > MAX_PENDING_BYTES) publisher.close();
    },
    metadata: (metadata) => publisher.sendMetadata(metadata),
  });
  const stopStatus = clock.every(STATUS_MS, () => {
    const elapsed = clock.now() - startedAt;
    const kbps = Math.round((sent * 8) / Math.max(elapsed, 1));
    terminal.status(`${formatElapsed(elapsed)}  ${kbps} kbit/s`);
  });
  const abort = (): void => publisher.close();
  signal.addEventListener('abort', abort);
  const reason = await publisher.closed;
  signal.removeEventListener('abort', abort);
  stopStatus();
  stopClip();
  return `${shown}: ${isAskedToReconnect ? 'asked to connect again' : reason}`;
}

function loadClip(file: string): Clip {
  try {
    return readClip(readFileSync(file));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(
      `${file}: ${why}. Give an FLV file; FFmpeg makes one of most others: ffmpeg -i clip.mp4 -c copy clip.flv`,
    );
  }
}

function withKey(url: string, key: string | undefined): string {
  if (key === undefined) return url;
  return `${url}${url.includes('?') ? '&' : '?'}key=${encodeURIComponent(key)}`;
}
