/** AMF values, of either version, as plain JavaScript. Arrays with names (ECMA arrays) become objects. */
export type AmfValue = number | boolean | string | null | undefined | AmfDate | AmfValue[] | AmfObject;

/** Made without a prototype, so that a key such as `__proto__` is only a key. */
export interface AmfObject {
  readonly [key: string]: AmfValue;
}

/** AMF0, 2.13; AMF3, 3.10: milliseconds since the epoch. The time zone of AMF0 is reserved and ignored. */
export class AmfDate {
  readonly epochMs: number;
  constructor(epochMs: number) {
    this.epochMs = epochMs;
  }
}
