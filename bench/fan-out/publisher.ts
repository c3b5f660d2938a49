/** An encoder for the benchmarks, evenly timed: `node --import tsx bench/fan-out/publisher.ts URL SOURCE`. */
import { setTimeout as pause } from 'node:timers/promises';
import { publishRtmp } from '../../runtime/rtmp/client.ts';
import { systemClock } from '../../runtime/system-clock.ts';
import { dueFrames, packetOf, streamHeaders } from './encoder-stream.ts';

const [url = '', source = '0'] = process.argv.slice(2);
const publisher = await publishRtmp(url, { clock: systemClock });
publisher.closed.then((reason) => {
  console.error(`publisher: ${reason}`);
  process.exit(1);
});
for (const header of streamHeaders()) publisher.send(header);
console.log('publishing');

const startedAt = performance.now();
const waitMs = (atMs: number): number => atMs - (performance.now() - startedAt);
for (const due of dueFrames()) {
  for (let wait = waitMs(due.atMs); wait > 0; wait = waitMs(due.atMs)) await pause(wait);
  publisher.send(packetOf(due, Number(source)));
}
