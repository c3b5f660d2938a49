import { describe, expect, it } from '@jest/globals';
import { describeFailure, isPassing } from '../../runtime/lambda/call-failure.ts';

function failure(name: string, more: object = {}): Error {
  return Object.assign(new Error('AQoDYXdzEJr-session-token'), { name, ...more });
}

const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

describe('why a call failed', () => {
  it.each<[unknown, string, boolean]>([
    [failure('ThrottlingException', status(400)), 'ThrottlingException, HTTP 400', true],
    [failure('TooManyRequestsException', status(429)), 'TooManyRequestsException, HTTP 429', true],
    [failure('InternalServerError', status(500)), 'InternalServerError, HTTP 500', true],
    [failure('AccessDeniedException', status(400)), 'AccessDeniedException, HTTP 400', false],
    [failure('InvalidInstanceId', status(400)), 'InvalidInstanceId, HTTP 400', false],
    [failure('SyntaxError', status(200)), 'SyntaxError, HTTP 200', false],
    [failure('Error', { code: 'ECONNREFUSED', $metadata: {} }), 'ECONNREFUSED', true],
    [failure('AggregateError', { code: 'ETIMEDOUT' }), 'ETIMEDOUT', true],
    [failure('TimeoutError'), 'TimeoutError', true],
    [failure('CredentialsProviderError'), 'CredentialsProviderError', false],
    [failure('TypeError'), 'TypeError', false],
    [failure('two words\n'), 'Error', false],
    ['thrown', 'unknown error', false],
    [null, 'unknown error', false],
  ])('%s', (error, text, passes) => {
    expect(describeFailure(error)).toBe(text);
    expect(isPassing(error)).toBe(passes);
  });
});
