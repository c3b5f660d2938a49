import { awsFailureOf } from '../contract/aws-failure.ts';

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

/** Says what happened, by what `awsFailureOf` lets through. */
export function failureOf(error: unknown): Failure {
  const failure = awsFailureOf(error);
  if (failure === null) return { what: 'unknown error', fix: '' };
  if (error instanceof Error && MISSING_REGION.test(error.message)) {
    return { what: 'no region', fix: 'set metrics.cloudWatch.region, or AWS_REGION' };
  }
  return { what: failure.text, fix: FIXES[failure.name] ?? '' };
}
