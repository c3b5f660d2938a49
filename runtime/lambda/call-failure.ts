/** Why a call of AWS failed, and whether the next one may work. */
import { awsFailureOf } from '../contract/aws-failure.ts';

const SERVER_ERROR = 500;
const TOO_MANY_REQUESTS = 429;
/** As services name them; some say so with status 400. */
const THROTTLING = /^(Throttl|TooManyRequests|RequestLimitExceeded|SlowDown)/;

export function describeFailure(error: unknown): string {
  return awsFailureOf(error)?.text ?? 'unknown error';
}

/** The service is busy or down, or the network is: what was asked was right. */
export function isPassing(error: unknown): boolean {
  const failure = awsFailureOf(error);
  if (failure === null) return false;
  const { name, code, status } = failure;
  if (status === undefined) return name === 'TimeoutError' || code !== undefined;
  return status >= SERVER_ERROR || status === TOO_MANY_REQUESTS || THROTTLING.test(name);
}
