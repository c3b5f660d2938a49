import { formatElapsed } from '../../contract/wording.ts';

const DAY_MS = 24 * 3_600_000;
const HOUR_MS = 3_600_000;
const CODEC_NAMES: Readonly<Record<string, string>> = {
  avc: 'H.264',
  hevc: 'HEVC',
  av1: 'AV1',
  vp8: 'VP8',
  vp9: 'VP9',
  aac: 'AAC',
  mp3: 'MP3',
  opus: 'Opus',
  flac: 'FLAC',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
};
const CHANNEL_NAMES: Readonly<Record<number, string>> = { 1: 'mono', 2: 'stereo', 6: '5.1', 8: '7.1' };

/** Hyphens and digits alike for all who look at the page: the times of day in it are compared with each other. */
const timeOfDay = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });

/** `14:02:31`, in the time zone of who looks. */
export function formatTime(at: number): string {
  return timeOfDay.format(at);
}

/** The time of day, and the day where it is not that of `now`. */
export function formatMoment(at: number, now: number): string {
  const date = day.format(at);
  return date === day.format(now) ? formatTime(at) : `${date} ${formatTime(at)}`;
}

/** `0:07` up to `23:59:59`; from a day on `3 d 4 h`. */
export function formatAge(ms: number): string {
  if (ms < DAY_MS) return formatElapsed(ms);
  return `${Math.floor(ms / DAY_MS)} d ${Math.floor((ms % DAY_MS) / HOUR_MS)} h`;
}

/** What is left of a time: a countdown says 1 until it is over. */
export function formatLeft(ms: number): string {
  return formatElapsed(Math.ceil(Math.max(0, ms) / 1_000) * 1_000);
}

export function formatBitRate(kbps: number | null): string {
  if (kbps === null) return '–';
  return kbps < 1_000
    ? `${Math.round(kbps)} kbit/s`
    : `${(kbps / 1_000).toFixed(kbps < 10_000 ? 2 : 1)} Mbit/s`;
}

/** `30 fps`, `29.97 fps`. */
export function formatFrameRate(frameRate: number | null): string {
  return frameRate === null ? '–' : `${Number(frameRate.toFixed(2))} fps`;
}

export function formatCount(count: number, noun: string): string {
  return `${count.toLocaleString('en-GB')} ${noun}${count === 1 ? '' : 's'}`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} kB`;
  return bytes < 1_000_000_000
    ? `${(bytes / 1_000_000).toFixed(1)} MB`
    : `${(bytes / 1_000_000_000).toFixed(2)} GB`;
}

/** As people call it; the FourCC of a codec without a name here. */
export function codecName(codec: string): string {
  return CODEC_NAMES[codec.replace('.', '')] ?? codec;
}

export function channelsName(channels: number): string {
  return CHANNEL_NAMES[channels] ?? `${channels} channels`;
}

/** `10 s`, `1 min`, `8 h`: lengths that somebody chose. */
export function formatLength(ms: number): string {
  if (ms % HOUR_MS === 0) return `${ms / HOUR_MS} h`;
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1_000} s`;
}
