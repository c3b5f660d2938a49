import { createHash, createHmac, randomBytes } from 'node:crypto';
import { secretsMatch } from './secrets-match.ts';
import { type Refusal, refusal } from './server-handler.ts';

// The login of Flash Media Server, which hardware encoders have that can do nothing else. Each step is a connection that the
// server refuses, in words that the client takes apart (FFmpeg, librtmp, Flash Media Live Encoder):
//
//   connect APP                                    ◀ "code=403 need auth; authmod=adobe"
//   connect APP?authmod=adobe&user=U               ◀ "?reason=needauth&user=U&salt=S&challenge=C&opaque=O"
//   connect APP?…&challenge=X&response=R&opaque=O  ◀ granted, where R = base64(md5(base64(md5(U S password)) O X))
//
// MD5 is what the protocol has. It keeps a password from being read, not from being guessed: over networks that are not
// trusted, RTMPS is the answer.

/** A client is back with its response within a second or two. */
const VALID_MS = 60_000;
const MAX_USED = 10_000;
const MAX_FIELD_LENGTH = 128;

export interface AdobeLoginOptions {
  readonly now: () => number;
  /** Of a user; undefined where there is none. */
  readonly passwordOf: (user: string) => string | undefined;
}

/** Keeps nothing for those that are still to answer: what it needs to know again, it has signed. */
export class AdobeLogin {
  private readonly options: AdobeLoginOptions;
  private readonly secret = randomBytes(32);
  /** Answers that were accepted and are not too old to come again, with their time. */
  private readonly used = new Map<string, number>();

  constructor(options: AdobeLoginOptions) {
    this.options = options;
  }

  /** Null where the client is who it says; else what it is told, which is also how it is told to go on. */
  connect(query: ReadonlyMap<string, string>): Refusal | null {
    if (query.get('authmod') !== 'adobe') return rejected('code=403 need auth; authmod=adobe');
    const user = field(query, 'user');
    if (!query.has('response')) return this.challenge(user);
    const opaque = base64Field(query, 'opaque');
    if (!this.isRight(query) || this.used.has(opaque)) return rejected('authmod=adobe', '?reason=authfailed');
    this.remember(opaque);
    return null;
  }

  /** Whether a connection that was let in is this user's. */
  isRight(query: ReadonlyMap<string, string>): boolean {
    const user = field(query, 'user');
    const opaque = base64Field(query, 'opaque');
    const password = this.options.passwordOf(user);
    if (!this.isFresh(opaque) || password === undefined) return false;
    const expected = adobeResponse({
      user,
      password,
      salt: this.saltOf(user),
      opaque,
      challenge: base64Field(query, 'challenge'),
    });
    return secretsMatch(expected, base64Field(query, 'response'));
  }

  /** The same for users that there are and that there are not: nobody learns which is which. */
  private challenge(user: string): Refusal {
    const opaque = this.opaqueAt(this.options.now());
    const parts = [`user=${user}`, `salt=${this.saltOf(user)}`, `challenge=${opaque}`, `opaque=${opaque}`];
    return rejected('authmod=adobe', `?reason=needauth&${parts.join('&')}`);
  }

  private saltOf(user: string): string {
    return this.sign(`salt ${user}`).slice(0, 8);
  }

  private opaqueAt(time: number): string {
    const nonce = `${Math.round(time).toString(36)}.${randomBytes(6).toString('hex')}`;
    return `${nonce}.${this.sign(nonce)}`;
  }

  private isFresh(opaque: string): boolean {
    const mark = opaque.lastIndexOf('.');
    const nonce = opaque.slice(0, mark);
    const age = this.options.now() - Number.parseInt(nonce, 36);
    return secretsMatch(this.sign(nonce), opaque.slice(mark + 1)) && age >= 0 && age <= VALID_MS;
  }

  private remember(opaque: string): void {
    const now = this.options.now();
    for (const [old, at] of this.used) {
      if (now - at <= VALID_MS && this.used.size < MAX_USED) break;
      this.used.delete(old);
    }
    this.used.set(opaque, now);
  }

  private sign(text: string): string {
    return createHmac('sha256', this.secret).update(text).digest('hex').slice(0, 32);
  }
}

/** What a client answers. */
function adobeResponse(parts: {
  readonly user: string;
  readonly password: string;
  readonly salt: string;
  readonly opaque: string;
  readonly challenge: string;
}): string {
  const { user, password, salt, opaque, challenge } = parts;
  return md5(md5(user + salt + password) + opaque + challenge);
}

function md5(text: string): string {
  return createHash('md5').update(text).digest('base64');
}

function rejected(...parts: readonly string[]): Refusal {
  const description = [
    '[ AccessManager.Reject ]',
    ...parts.map((part) => (part.startsWith('?') ? part : `[ ${part} ]`)),
  ];
  return refusal('NetConnection.Connect.Rejected', description.join(' : '));
}

/** Fit to be said back. */
function field(query: ReadonlyMap<string, string>, name: string): string {
  return (query.get(name) ?? '').replace(/[^A-Za-z0-9._~/-]/g, '').slice(0, MAX_FIELD_LENGTH);
}

/** Clients send base64 as it is, where a query would have `+` stand for a space. */
function base64Field(query: ReadonlyMap<string, string>, name: string): string {
  return (query.get(name) ?? '').replaceAll(' ', '+').slice(0, MAX_FIELD_LENGTH);
}
