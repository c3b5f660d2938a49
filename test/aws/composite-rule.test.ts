import type { StateValue } from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from '@jest/globals';
import { holds } from '../support/aws/composite-rule.ts';

const STATES = new Map<string, StateValue>([
  ['lost', 'ALARM'],
  ['well', 'OK'],
  ['new', 'INSUFFICIENT_DATA'],
]);

function stateOf(alarm: string): StateValue {
  const state = STATES.get(alarm);
  if (state === undefined) throw new Error(`no alarm ${alarm}`);
  return state;
}

describe('a composite alarm’s rule', () => {
  it.each([
    ['ALARM("lost")', true],
    ['ALARM(well)', false],
    ['(ALARM("arn:aws:cloudwatch:eu-central-1:123456789012:alarm:lost"))', true],
    ['(ALARM("lost") AND ALARM("well"))', false],
    ['ALARM("lost") AND OK("well") AND INSUFFICIENT_DATA("new")', true],
    ['(ALARM("well") OR ALARM("lost"))', true],
    ['ALARM("lost") OR ALARM("lost") AND ALARM("well")', true],
    ['(ALARM("lost") OR ALARM("lost")) AND ALARM("well")', false],
    ['NOT ALARM("lost") OR FALSE', false],
    ['(NOT (ALARM("well")) AND TRUE)', true],
  ])('%s', (rule, expected) => {
    expect(holds(rule, stateOf)).toBe(expected);
  });

  it.each([
    '',
    'ALARM("lost") ALARM("well")',
    '(ALARM("lost")',
    'AT_LEAST(1, ALARM, (lost))',
    'ALARM("absent")',
  ])('is refused: %s', (rule) => {
    expect(() => holds(rule, stateOf)).toThrow();
  });
});
