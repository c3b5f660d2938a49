/**
 * Encoders and viewers in a process of their own, so that neither is late because of what a test is busy with. Forked by
 * audience.ts, which tells it what to publish and to play, and asks what the viewers saw.
 */
import { readFileSync } from 'node:fs';
import { playStream } from '../../runtime/cli/stream-source.ts';
import { breaches, ViewerReporter } from '../../runtime/cli/viewer-report.ts';
import { readClip } from '../../runtime/codec/clip-reader.ts';
import { playClip } from '../../runtime/media/clip.ts';
import { publishRtmp } from '../../runtime/rtmp/client.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import type { AudienceAnswer, AudienceRequest, ViewerSight } from './audience.ts';

interface Viewer {
  readonly url: string;
  readonly reporter: ViewerReporter;
  ended: string | null;
}

const viewers: Viewer[] = [];

async function publish(clipFile: string, url: string): Promise<void> {
  const publisher = await publishRtmp(url, { clock });
  const stop = playClip(readClip(readFileSync(clipFile)), clock, {
    packet: (packet) => publisher.send(packet),
    metadata: (metadata) => publisher.sendMetadata(metadata),
  });
  void publisher.closed.then(stop);
}

/** Resolves with how long it took to the first picture. */
function play(url: string): Promise<number> {
  const viewer: Viewer = { url, reporter: new ViewerReporter(clock.now()), ended: null };
  const { reporter } = viewer;
  return new Promise((resolve, reject) => {
    const began = playStream(url, clock, {
      packet: (packet) => {
        reporter.packet(packet, clock.now());
        // The first call counts.
        if (reporter.report.firstKeyframeMs !== null) resolve(reporter.report.firstKeyframeMs);
      },
      data: (name, value) => reporter.data(name, value, clock.now()),
    });
    began.then(({ closed }) => {
      viewers.push(viewer);
      void closed.then((reason) => {
        viewer.ended = reason;
        reject(new Error(reason));
      });
    }, reject);
  });
}

/** From now on only what happens from now on is in the report; what the viewer holds, it goes on holding. */
function forget({ reporter }: Viewer): void {
  const { report } = reporter;
  report.largestGapMs = 0;
  report.switches = [];
  for (const track of [report.video, report.audio]) {
    Object.assign(track, { frames: 0, largestStepMs: 0, outOfOrder: 0, ptsBeforeDts: 0 });
  }
}

/** What each viewer has noticed since it was last asked. How long nothing arrived is told, and is no breach. */
function look(): ViewerSight[] {
  return viewers.map((viewer) => {
    const { url, reporter, ended } = viewer;
    const report = reporter.summary(clock.now());
    const found = breaches(report, Number.POSITIVE_INFINITY);
    if (ended !== null) found.push(`ended: ${ended}`);
    if (report.switches.length > 0) found.push(`${report.switches.length} switches`);
    const sight = { url, breaches: found, largestGapMs: report.largestGapMs };
    forget(viewer);
    return sight;
  });
}

async function answer(request: AudienceRequest): Promise<AudienceAnswer['value']> {
  switch (request.kind) {
    case 'publish':
      await publish(request.clipFile, request.url);
      return null;
    case 'play':
      return play(request.url);
    case 'look':
      return look();
  }
}

process.on('message', ({ id, request }: { id: number; request: AudienceRequest }) => {
  answer(request).then(
    (value) => process.send?.({ id, value }),
    (error: Error) => process.send?.({ id, error: error.message }),
  );
});
// The test is gone.
process.on('disconnect', () => process.exit());
