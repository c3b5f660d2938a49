import { get } from 'node:http';
import type { AmfValue } from '../codec/amf0.ts';
import { parseTag } from '../codec/clip-reader.ts';
import { decodeData } from '../codec/data-message.ts';
import { FlvReader } from '../codec/flv-reader.ts';
import { FlvTagType } from '../codec/flv-writer.ts';
import type { Clock } from '../media/clock.ts';
import type { MediaPacket } from '../media/packet.ts';
import { playRtmp } from '../rtmp/client.ts';
import { parseRtmpUrl } from '../rtmp/rtmp-url.ts';
import { CommandError, ExitCode } from './exit-codes.ts';

export interface StreamListener {
  packet(packet: MediaPacket): void;
  data(name: string, value: AmfValue, timestamp: number): void;
}

export interface PlayedStream {
  /** Resolves with the reason when the stream has ended. */
  readonly closed: Promise<string>;
  close(): void;
}

/** Plays `rtmp://…` or `http://….flv`. Rejects with CommandError where it cannot be reached or is refused. */
export async function playStream(url: string, clock: Clock, listener: StreamListener): Promise<PlayedStream> {
  if (/^rtmps?:\/\//.test(url)) {
    checkRtmpUrl(url);
    try {
      return await playRtmp(url, { clock }, listener);
    } catch (error) {
      throw new CommandError(error instanceof Error ? error.message : String(error), ExitCode.unreachable);
    }
  }
  if (url.startsWith('http://') && URL.canParse(url)) return playHttpFlv(url, listener);
  throw new CommandError(
    `"${url.split('?')[0]}": play rtmp://HOST/live/NAME or http://HOST:8080/live/NAME.flv`,
  );
}

/** Throws CommandError for what is no address of an RTMP stream: no server has to be asked about that. */
export function checkRtmpUrl(url: string): void {
  try {
    parseRtmpUrl(url);
  } catch (error) {
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}

function playHttpFlv(url: string, listener: StreamListener): Promise<PlayedStream> {
  const shown = url.split('?')[0] ?? '';
  return new Promise((resolve, reject) => {
    const fail = (text: string): void => reject(new CommandError(`${shown}: ${text}`, ExitCode.unreachable));
    const request = get(url, (response) => {
      if (response.statusCode !== 200) {
        response.resume();
        fail(`the server answers ${response.statusCode}`);
        return;
      }
      const reader = new FlvReader((tag) => {
        if (tag.type === FlvTagType.script) {
          const data = decodeData(tag.body);
          if (data !== null) listener.data(data.name, data.value, tag.timestamp);
        } else {
          for (const packet of parseTag(tag)) listener.packet(packet);
        }
      });
      const closed = new Promise<string>((ended) => {
        response.on('data', (data: Buffer) => {
          try {
            reader.push(data);
          } catch (error) {
            // Not as the request's error: a socket that has gone back to Node's pool would throw it at the process.
            ended(error instanceof Error ? error.message : String(error));
            request.destroy();
          }
        });
        response.on('error', (error) => ended(error.message));
        response.on('close', () => ended('closed by the server'));
      });
      resolve({ closed, close: () => request.destroy() });
    });
    request.on('error', (error) => fail(error.message));
  });
}
