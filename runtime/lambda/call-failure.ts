/** Why a call of AWS failed, and whether the next one may work. */

const PLAIN_WORD = /^[A-Za-z0-9_]{1,64}$/;
const SERVER_ERROR = 500;
const TOO_MANY_REQUESTS = 429;
/** As services name them; some say so with status 400. */
const THROTTLING = /^(Throttl|TooManyRequests|RequestLimitExceeded|SlowDown)/;

interface CallError {
  readonly name: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

/**
 * By name, code and status. Never the message: that of a wrong signature repeats the request's headers, and with them the
 * session token.
 */
export function describeFailure(error: unknown): string {
  if (!isCallError(error)) return 'unknown error';
  const { name, code } = error;
  const status = statusOf(error);
  // Of a socket's error the code says more than the name.
  const words = /^(Aggregate)?Error$/.test(name) && isPlain(code) ? code : name;
  const what = isPlain(words) ? words : 'Error';
  return status === undefined ? what : `${what}, HTTP ${status}`;
}

/** The service is busy or down, or the network is: what was asked was right. */
export function isPassing(error: unknown): boolean {
  if (!isCallError(error)) return false;
  const { name, code } = error;
  const status = statusOf(error);
  if (status === undefined) return name === 'TimeoutError' || isPlain(code);
  return status >= SERVER_ERROR || status === TOO_MANY_REQUESTS || THROTTLING.test(name);
}

function isCallError(error: unknown): error is CallError {
  return typeof error === 'object' && error !== null && 'name' in error && typeof error.name === 'string';
}

function statusOf({ $metadata }: CallError): number | undefined {
  const status = $metadata?.httpStatusCode;
  return typeof status === 'number' ? status : undefined;
}

function isPlain(word: unknown): word is string {
  return typeof word === 'string' && PLAIN_WORD.test(word);
}
