import { describe, expect, it } from '@jest/globals';
import { failureOf } from '../../runtime/metrics/send-failure.ts';

const SESSION_TOKEN = 'IQoJb3JpZ2luX2VjEXAMPLE';
const error = (name: string, message: string, more: object = {}): Error =>
  Object.assign(new Error(message), { name, ...more });

describe('why a call failed', () => {
  it.each([
    [
      'throttled',
      error('ThrottlingException', 'Rate exceeded', { $metadata: { httpStatusCode: 400 } }),
      'ThrottlingException, HTTP 400',
      /^$/,
    ],
    [
      'not allowed',
      error('AccessDenied', 'User: arn:aws:sts::1:x', { $metadata: { httpStatusCode: 403 } }),
      'AccessDenied, HTTP 403',
      /cloudwatch:PutMetricData/,
    ],
    [
      'not signed as it should be: the message repeats the session token',
      error('SignatureDoesNotMatch', `x-amz-security-token:${SESSION_TOKEN}`, {
        $metadata: { httpStatusCode: 403 },
      }),
      'SignatureDoesNotMatch, HTTP 403',
      /credentials/,
    ],
    ['refused', error('Error', 'connect', { code: 'ECONNREFUSED' }), 'ECONNREFUSED', /^$/],
    ['refused on both families', error('AggregateError', '', { code: 'ECONNREFUSED' }), 'ECONNREFUSED', /^$/],
    ['out of time', error('TimeoutError', 'x', { code: 'ETIMEDOUT' }), 'TimeoutError', /^$/],
    [
      'without credentials',
      error('CredentialsProviderError', 'Could not load'),
      'CredentialsProviderError',
      /instance role/,
    ],
    [
      'without a region',
      error('Error', 'Region is missing'),
      'no region',
      /metrics\.cloudWatch\.region|AWS_REGION/,
    ],
    ['with a name that is text', error(`key ${SESSION_TOKEN}`, ''), 'Error', /^$/],
    ['by something that is no error', SESSION_TOKEN, 'unknown error', /^$/],
  ])('%s', (_name, thrown, what, fix) => {
    const failure = failureOf(thrown);
    expect(failure.what).toBe(what);
    expect(failure.fix).toMatch(fix);
    expect(JSON.stringify(failure)).not.toContain(SESSION_TOKEN);
  });
});
