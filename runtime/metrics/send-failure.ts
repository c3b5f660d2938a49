/** Why a call failed, for people. */
export interface Failure {
  readonly what: string;
  /** Empty where the reason says it all. */
  readonly fix: string;
}

const NO_CREDENTIALS = 'give the host an instance role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
const NOT_ALLOWED = "allow its role cloudwatch:PutMetricData for the metrics' namespace";
const WRONG_CREDENTIALS = 'its credentials are wrong or have expired';

/** By the name of the error, as the SDK and the service give it. */
const FIXES: Readonly<Record<string, string>> = {
  CredentialsProviderError: NO_CREDENTIALS,
  AccessDenied: NOT_ALLOWED,
  AccessDeniedException: NOT_ALLOWED,
  InvalidClientTokenId: WRONG_CREDENTIALS,
  UnrecognizedClientException: WRONG_CREDENTIALS,
  ExpiredToken: WRONG_CREDENTIALS,
  ExpiredTokenException: WRONG_CREDENTIALS,
  SignatureDoesNotMatch: WRONG_CREDENTIALS,
};
const MISSING_REGION = /region is missing/i;
const PLAIN_WORD = /^[A-Za-z0-9_]{1,64}$/;

/**
 * Says by name, code and status what happened. Never the message: that of a wrong signature repeats the request's
 * headers, and with them the session token.
 */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { what: 'unknown error', fix: '' };
  if (MISSING_REGION.test(error.message)) {
    return { what: 'no region', fix: 'set metrics.cloudWatch.region, or AWS_REGION' };
  }
  const { code, $metadata } = error as Error & {
    code?: unknown;
    $metadata?: { httpStatusCode?: unknown };
  };
  const given = PLAIN_WORD.test(error.name) ? error.name : 'Error';
  // Of a socket's error the code says more than the name.
  const name = /^(Aggregate)?Error$/.test(given) && isPlain(code) ? code : given;
  const status = $metadata?.httpStatusCode;
  const what = typeof status === 'number' ? `${name}, HTTP ${status}` : name;
  return { what, fix: FIXES[name] ?? '' };
}

function isPlain(code: unknown): code is string {
  return typeof code === 'string' && PLAIN_WORD.test(code);
}
