import type { SignatureRefusal } from '../../runtime/play-signature.ts';

/** Worked out with Python's hmac module: what other languages sign, a host must let in. */
export const PLAY_KEY = 'play-key-of-the-tests-0123456789';
export const OTHER_KEY = 'another-key-of-the-tests-0123456';
/** 2026-11-26T20:00:00Z, and its end. */
export const EXPIRES_AT = 1_795_723_200_000;
export const QUERY = 'expires=1795723200&signature=1XXiNDT36ZDQQq1Sge_RQ1VqAlv2SLfTPcfZd9z-nrk';

interface SignedUrl {
  readonly name: string;
  readonly program: string;
  readonly query: string;
  readonly key: string;
  readonly now: number;
  readonly refusal: SignatureRefusal | null;
}

const GOOD = { program: 'camera1', query: QUERY, key: PLAY_KEY, now: EXPIRES_AT - 1, refusal: null };

export const signedUrls: readonly SignedUrl[] = [
  { ...GOOD, name: 'a signature, in its last millisecond' },
  { ...GOOD, name: 'a signature long before its end', now: 0 },
  { ...GOOD, name: 'one that has just expired', now: EXPIRES_AT, refusal: 'expired' },
  { ...GOOD, name: 'one that expired years ago', now: 2 * EXPIRES_AT, refusal: 'expired' },
  { ...GOOD, name: 'other parameters around it', query: `a=1&${QUERY}&_HLS_msn=5&_HLS_part=1` },
  { ...GOOD, name: 'the signature in front', query: QUERY.split('&').reverse().join('&') },
  { ...GOOD, name: 'no query', query: '', refusal: 'missing' },
  { ...GOOD, name: 'no signature', query: 'expires=1795723200', refusal: 'missing' },
  { ...GOOD, name: 'an empty signature', query: 'expires=1795723200&signature=', refusal: 'missing' },
  { ...GOOD, name: 'no expiry', query: QUERY.replace(/expires=\d+&/, ''), refusal: 'missing' },
  { ...GOOD, name: 'an empty expiry', query: QUERY.replace(/\d{10}/, ''), refusal: 'missing' },
  { ...GOOD, name: 'another program', program: 'camera2', refusal: 'wrong' },
  { ...GOOD, name: 'another key', key: OTHER_KEY, refusal: 'wrong' },
  { ...GOOD, name: 'a later expiry', query: QUERY.replace('=17', '=18'), refusal: 'wrong' },
  { ...GOOD, name: 'padding, which nobody asked for', query: `${QUERY}=`, refusal: 'wrong' },
  {
    ...GOOD,
    name: 'the other alphabet',
    query: QUERY.replace('-', '%2B').replace('_', '/'),
    refusal: 'wrong',
  },
  { ...GOOD, name: 'capitals lost', query: QUERY.toLowerCase(), refusal: 'wrong' },
  {
    ...GOOD,
    name: 'a right signature of 01795723200, which is no time',
    query: 'expires=01795723200&signature=tEc2IdYhb_F0QrKBfvf9qc2lLCl9rc3VVihoo1EuRls',
    refusal: 'wrong',
  },
  {
    ...GOOD,
    name: 'a right signature of 1e12, which is no time',
    query: 'expires=1e12&signature=IZRKG-GbwTEnekjy-Gf8N3Rk_XaMhek6VdpdNssRQoI',
    refusal: 'wrong',
  },
  {
    ...GOOD,
    name: 'a right signature of 9999999999999, which is no time',
    query: 'expires=9999999999999&signature=EPf-1VYqa0SlFHAY97SnUPVZHrBaJNswdZfHtAlQ-Pc',
    refusal: 'wrong',
  },
  {
    ...GOOD,
    name: 'a right signature of -1, which is no time',
    query: 'expires=-1&signature=AObJAAJDUC4H69CfCvohQayjZmhZmGbyZ1j-TEhX57c',
    refusal: 'wrong',
  },
  {
    ...GOOD,
    name: 'a right signature of never, which is no time',
    query: 'expires=never&signature=MHXCsaSlIFJtLIUBfzFRMu4C31TWl6BBcXaaK9bMJvE',
    refusal: 'wrong',
  },
];

/** By program and time: what is signed, byte for byte. */
export const signatures: ReadonlyArray<readonly [program: string, expires: number, signature: string]> = [
  ['camera1', 1, '1B-IzKDEIxBg9JqfSkOj-29O-fCZiU-tqdqpkik04Zs'],
  ['camera1', 1795723200, '1XXiNDT36ZDQQq1Sge_RQ1VqAlv2SLfTPcfZd9z-nrk'],
  ['camera1', 999999999999, '-1vBV7q0R7YIZFGhioq8VhMdIqZQPD11ybg-AUM-ejA'],
  ['x-1_2', 1, 'aTSJmI2CfQGVTv9LAmKLiObJUqOPDjdqdKbSiEAS9Lo'],
  ['x-1_2', 1795723200, '7LvBAYVpZ5L4UR7qGBgvPMB3bpG9QuderMzVwEQqD90'],
  ['x-1_2', 999999999999, 'az4yhluiuBGUv8ERvbiKsvVFWlVwOP4otKbVNso_dYA'],
];

export const SEGMENT_TAG = { name: 'segment-897861600', tag: '7d2df4e483741899f2c4d65671c9e9b9' };
