/** Signed URLs that expire: what is signed, and what a host checks. docs/viewers.md says how to sign elsewhere. */
import { createHmac } from 'node:crypto';
import { secretsMatch } from './rtmp/secrets-match.ts';

/** What follows the `?` of a stream name, or of a request. */
export interface Query {
  get(name: string): string | null | undefined;
}

/** Why a query lets nobody in. Who has no right signature is not told what is wrong with it. */
export type SignatureRefusal = 'missing' | 'wrong' | 'expired';

/** Whoever changes what is signed changes these. */
const PLAY_VERSION = 'understudy-play-1';
const HLS_VERSION = 'understudy-hls-1';

/** Unix seconds as they are signed, digit for digit: one way to write each. */
const EXPIRES = /^[1-9]\d{0,11}$/;
/** What that can hold, in ms since the epoch. */
export const LATEST_EXPIRY_MS = 999_999_999_999_000;
/** 128 bits: nobody guesses one before its segment is gone. */
const TAG_DIGITS = 32;

/**
 * `expires=…&signature=…`, for all protocols of a program. `expiresAt`: ms since the epoch, and whole seconds; the URL is good
 * until then.
 */
export function signedQuery(program: string, expiresAt: number, key: string): string {
  const expires = String(expiresAt / 1_000);
  if (!EXPIRES.test(expires)) throw new Error(`no URL can expire at ${expiresAt}`);
  return `expires=${expires}&signature=${signature(program, expires, key)}`;
}

/** Null where the query lets its bearer play the program at `now`. Compares in constant time. */
export function signatureRefusal(
  query: Query,
  { program, key, now }: { readonly program: string; readonly key: string; readonly now: number },
): SignatureRefusal | null {
  const expires = query.get('expires') ?? '';
  const given = query.get('signature') ?? '';
  if (expires === '' || given === '') return 'missing';
  if (!EXPIRES.test(expires) || !secretsMatch(signature(program, expires, key), given)) return 'wrong';
  return now < Number(expires) * 1_000 ? null : 'expired';
}

/** What makes the name of an HLS segment one that nobody guesses: the same on all hosts that have the key. */
export function hlsTag(program: string, name: string, key: string): string {
  const text = `${HLS_VERSION}\nlive/${program}\n${name}`;
  return createHmac('sha256', key).update(text).digest('hex').slice(0, TAG_DIGITS);
}

function signature(program: string, expires: string, key: string): string {
  const text = `${PLAY_VERSION}\nlive/${program}\n${expires}`;
  return createHmac('sha256', key).update(text).digest('base64url');
}
