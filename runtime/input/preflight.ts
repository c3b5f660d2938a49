import type { Headers } from './input-packet.ts';
import type { StreamRates } from './stream-meter.ts';

/** What the preflight compares of an input. */
export interface StreamProfile {
  readonly name: string;
  readonly headers: Headers;
  readonly rates: StreamRates | null;
}

export interface Mismatch {
  readonly what:
    | 'video-codec'
    | 'video-profile'
    | 'size'
    | 'frame-rate'
    | 'gop'
    | 'audio-codec'
    | 'audio-rate'
    | 'channels'
    | 'missing-track'
    | 'long-gop';
  /** In plain words, with both values and what it means for viewers. */
  readonly text: string;
}

/** Hosts whose clocks agree by NTP are within a few ms; a path that takes longer is a long way. */
const CLOCK_TOLERANCE_MS = 50;
const LATE_MS = 1_000;

/**
 * What is wrong with the time at which an input comes from another host, in plain words; null where nothing is. `latenessMs`:
 * from a packet's program time to its arrival, at least.
 */
export function findClockTrouble(name: string, latenessMs: number | null): string | null {
  if (latenessMs === null) return null;
  if (latenessMs < -CLOCK_TOLERANCE_MS) {
    return `${name} comes ${-latenessMs} ms before its time: the clocks of its host and this one differ; synchronise both (NTP), a switch jumps by as much`;
  }
  if (latenessMs > LATE_MS) {
    return `${name} comes ${latenessMs} ms late from its host: the way is slow, or the clocks differ (NTP)`;
  }
  return null;
}

/** Frame rates that differ by less are the same one, measured twice. */
const FRAME_RATE_TOLERANCE = 0.04;
const GOP_TOLERANCE = 0.25;
/** A join, and a return from the backup, wait for a keyframe. */
const LONG_GOP_MS = 5_000;

/**
 * Compares a master with its backup before a failover needs them to match. None of what it finds is a reason to refuse
 * anybody: a splice carries every difference, but not every player takes every difference well.
 */
export function findMismatches(master: StreamProfile, backup: StreamProfile): Mismatch[] {
  return [
    ...compareTracks(master, backup),
    ...compareVideo(master, backup),
    ...compareAudio(master, backup),
    ...compareRates(master, backup),
    ...[master, backup].flatMap(longGop),
  ];
}

function compareTracks(master: StreamProfile, backup: StreamProfile): Mismatch[] {
  const [ofMaster, ofBackup] = [trackNames(master), trackNames(backup)];
  return [...new Set([...ofMaster, ...ofBackup])].flatMap((track): Mismatch[] => {
    if (ofMaster.has(track) && ofBackup.has(track)) return [];
    const [has, lacks] = ofMaster.has(track) ? [master, backup] : [backup, master];
    return [
      {
        what: 'missing-track',
        text: `${lacks.name} has no ${track} and ${has.name} has: it is missing while ${lacks.name} is on air`,
      },
    ];
  });
}

/** `video`, `audio`, and extra tracks by their number: `audio 1`. */
function trackNames({ headers }: StreamProfile): ReadonlySet<string> {
  const names = new Set<string>();
  for (const track of ['video', 'audio'] as const) if (headers[track] !== null) names.add(track);
  for (const { extra } of headers.extras) {
    if (extra !== undefined && extra.trackId > 0) names.add(`${extra.medium} ${extra.trackId}`);
  }
  return names;
}

function compareVideo(master: StreamProfile, backup: StreamProfile): Mismatch[] {
  const [a, b] = [master.headers.video, backup.headers.video];
  if (a === null || b === null) return [];
  const found: Mismatch[] = [];
  const report = reporter(found, master, backup);
  if (a.codec !== b.codec)
    report('video-codec', a.codec, b.codec, 'many players stop where the codec changes');
  else if (a.profile !== b.profile) {
    report('video-profile', a.profile, b.profile, 'some hardware decoders restart at the splice');
  }
  // Some codecs say their size in the pictures only.
  const areKnown = a.width > 0 && b.width > 0;
  if (areKnown && (a.width !== b.width || a.height !== b.height)) {
    report(
      'size',
      `${a.width}x${a.height}`,
      `${b.width}x${b.height}`,
      'the picture is scaled anew at the splice',
    );
  }
  return found;
}

function compareAudio(master: StreamProfile, backup: StreamProfile): Mismatch[] {
  const [a, b] = [master.headers.audio, backup.headers.audio];
  if (a === null || b === null) return [];
  const found: Mismatch[] = [];
  const report = reporter(found, master, backup);
  if (a.codec !== b.codec || a.profile !== b.profile) {
    report(
      'audio-codec',
      `${a.codec} ${a.profile}`.trim(),
      `${b.codec} ${b.profile}`.trim(),
      'some players fall silent after a failover',
    );
  }
  if (a.sampleRate !== b.sampleRate) {
    report('audio-rate', `${a.sampleRate} Hz`, `${b.sampleRate} Hz`, 'some players click or fall silent');
  }
  if (a.channels !== b.channels) {
    report(
      'channels',
      `${a.channels} channels`,
      `${b.channels}`,
      'some players fall silent after a failover',
    );
  }
  return found;
}

function compareRates(master: StreamProfile, backup: StreamProfile): Mismatch[] {
  const [a, b] = [master.rates, backup.rates];
  if (a === null || b === null) return [];
  const found: Mismatch[] = [];
  const report = reporter(found, master, backup);
  if (differ(a.frameRate, b.frameRate, FRAME_RATE_TOLERANCE)) {
    report(
      'frame-rate',
      `${a.frameRate} frames/s`,
      `${b.frameRate}`,
      'players may drop or repeat frames after a failover',
    );
  }
  if (differ(a.gopMs, b.gopMs, GOP_TOLERANCE)) {
    report('gop', `a GOP of ${a.gopMs} ms`, `${b.gopMs} ms`, 'joins and HLS segments change length');
  }
  return found;
}

function longGop({ name, rates }: StreamProfile): Mismatch[] {
  if (rates === null || rates.gopMs <= LONG_GOP_MS) return [];
  return [
    {
      what: 'long-gop',
      text: `${name} has a GOP of ${rates.gopMs} ms: set a keyframe interval of 2 s, joins and failback wait for it`,
    },
  ];
}

function differ(a: number, b: number, tolerance: number): boolean {
  return a > 0 && b > 0 && Math.abs(a - b) > tolerance * Math.max(a, b);
}

function reporter(found: Mismatch[], master: StreamProfile, backup: StreamProfile) {
  return (what: Mismatch['what'], a: string, b: string, meaning: string): void => {
    found.push({ what, text: `${master.name} is ${a}, ${backup.name} is ${b}: ${meaning}` });
  };
}
