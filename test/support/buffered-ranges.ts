// Runs in a page. The tests are compiled without the DOM: what is needed of it is declared here.

interface Ranges {
  readonly length: number;
  start(index: number): number;
  end(index: number): number;
}

interface SourceBuffer extends EventTarget {
  timestampOffset: number;
  readonly buffered: Ranges;
  appendBuffer(bytes: Uint8Array): void;
}

interface Source extends EventTarget {
  addSourceBuffer(type: string): SourceBuffer;
}

declare const document: { createElement(name: 'video'): { src: string } };
declare const MediaSource: new () => Source;

/**
 * What a browser has buffered, in ms since `originMs`, when it has been given an init segment of pictures and what follows, each
 * in base64. A function that is whole in itself: it goes to the page as it is written here.
 */
export async function buffered(given: {
  readonly pieces: readonly string[];
  readonly codec: string;
  readonly originMs: number;
}): Promise<ReadonlyArray<readonly [from: number, to: number]>> {
  const told = (target: EventTarget, event: string): Promise<unknown> =>
    new Promise((resolve) => {
      target.addEventListener(event, resolve, { once: true });
    });
  const video = document.createElement('video');
  const source = new MediaSource();
  video.src = URL.createObjectURL(source as unknown as Blob);
  await told(source, 'sourceopen');
  const buffer = source.addSourceBuffer(`video/mp4; codecs="${given.codec}"`);
  buffer.timestampOffset = -given.originMs / 1_000;
  for (const piece of given.pieces) {
    buffer.appendBuffer(Uint8Array.from(atob(piece), (one) => one.charCodeAt(0)));
    await told(buffer, 'updateend');
  }
  const ms = (seconds: number): number => Math.round(seconds * 1_000);
  const ranges = Array.from({ length: buffer.buffered.length }, (_, index): [number, number] => [
    ms(buffer.buffered.start(index)),
    ms(buffer.buffered.end(index)),
  ]);
  URL.revokeObjectURL(video.src);
  return ranges;
}
