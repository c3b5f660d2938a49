/**
 * Checks a request's signature as AWS does: Signature Version 4, without a query.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export const REGION = 'eu-central-1';
export const KEY_ID = 'AKIATESTTESTTESTTEST';
export const SECRET = 'wJalrXUtnFEMI-secret-of-the-test';
export const SESSION_TOKEN = 'session-token-of-the-test';

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

/** What is wrong with the signature of a POST to `/`; null for one that is right. */
export function signatureProblem(
  headers: IncomingHttpHeaders,
  body: Buffer,
  signingName: string,
): string | null {
  const [, credential = '', names = '', signature] = AUTHORIZATION.exec(headers.authorization ?? '') ?? [];
  if (signature === undefined) return `authorization ${headers.authorization}`;
  const time = String(headers['x-amz-date']);
  const scope = [time.slice(0, 8), REGION, signingName, 'aws4_request'];
  if (credential !== [KEY_ID, ...scope].join('/')) return `credential ${credential}`;
  if (headers['x-amz-security-token'] !== SESSION_TOKEN) return 'no session token, or another one';
  const signed = names.split(';');
  const unsigned = ['host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target'].filter(
    (name) => !signed.includes(name),
  );
  if (unsigned.length > 0) return `${unsigned} not signed`;

  const lines = signed.map((name) => `${name}:${headers[name]}\n`).join('');
  const request = ['POST', '/', '', lines, names, sha256(body)].join('\n');
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<string | Buffer>((outer, part) => hmac(outer, part), `AWS4${SECRET}`);
  return hmac(key, text).toString('hex') === signature ? null : 'the signature does not match';
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
