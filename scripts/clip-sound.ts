export interface SoundOptions {
  sampleRate: number;
  /** The length of the loop: the sound repeats after it without a click. */
  loopSamples: number;
  /** How much later the sound comes; the picture's reordering delay, so that beep and lamp agree. */
  delaySeconds: number;
  tone: Tone;
}

export interface Tone {
  hertz: number;
  /** 0 to 1 of full scale. */
  volume: number;
  /** The volume of the short beep at each full second, an octave higher; 0 for none. */
  beepVolume: number;
}

const beepSeconds = 0.09;

/** Gives the sound's samples by their number, which may be negative or beyond the loop's end. */
export function soundOf(options: SoundOptions): (sampleNumber: number) => number {
  const { sampleRate, loopSamples, tone } = options;
  const delay = Math.round(options.delaySeconds * sampleRate);
  // A whole number of waves fits the loop, so that its end runs into its start.
  const wavesPerLoop = Math.round((tone.hertz * loopSamples) / sampleRate);
  const step = (2 * Math.PI * wavesPerLoop) / loopSamples;
  const beepSamples = Math.round(beepSeconds * sampleRate);
  return (sampleNumber) => {
    const position = modulo(sampleNumber - delay, loopSamples);
    const intoSecond = position % sampleRate;
    const beep =
      intoSecond < beepSamples ? tone.beepVolume * Math.sin((Math.PI * intoSecond) / beepSamples) : 0;
    return tone.volume * Math.sin(step * position) + beep * Math.sin(2 * step * position);
  };
}

function modulo(value: number, divisor: number): number {
  return ((value % divisor) + divisor) % divisor;
}
