const PLAIN_WORD = /^[A-Za-z0-9_]{1,64}$/;

/** Why a call of AWS failed, in words that hold no secret. */
export interface AwsFailure {
  /** As the SDK or the service names the error; of a socket's error the code, which says more. */
  readonly name: string;
  /** Undefined where the error has none that is a plain word. */
  readonly code: string | undefined;
  /** The status of the service's answer; undefined where it did not answer. */
  readonly status: number | undefined;
  /** For people: `AccessDenied, HTTP 403`. */
  readonly text: string;
}

/**
 * By name, code and status; null for what is no error. Never the message: that of a wrong signature repeats the request's
 * headers, and with them the session token.
 */
export function awsFailureOf(error: unknown): AwsFailure | null {
  if (!isNamed(error)) return null;
  const given = PLAIN_WORD.test(error.name) ? error.name : 'Error';
  const code = typeof error.code === 'string' && PLAIN_WORD.test(error.code) ? error.code : undefined;
  const name = code !== undefined && /^(Aggregate)?Error$/.test(given) ? code : given;
  const httpStatus = error.$metadata?.httpStatusCode;
  const status = typeof httpStatus === 'number' ? httpStatus : undefined;
  return { name, code, status, text: status === undefined ? name : `${name}, HTTP ${status}` };
}

interface NamedError {
  readonly name: string;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

function isNamed(error: unknown): error is NamedError {
  return typeof error === 'object' && error !== null && 'name' in error && typeof error.name === 'string';
}
