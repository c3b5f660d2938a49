import { expect, it } from '@jest/globals';
import { Census } from '../../runtime/rtmp/census.ts';

const LIMITS = { connections: 4, connectionsPerAddress: 2, handshakes: 3, strangersBytes: 1 };
const turnedOut = (): void => {};

it('says which limit a new connection would break', () => {
  const census = new Census(LIMITS);
  expect(census.limitMet('a')).toBeNull();
  census.enter('a', turnedOut);
  const second = census.enter('a', turnedOut);
  expect(census.limitMet('a')).toBe('connectionsPerAddress');
  expect(census.limitMet('b')).toBeNull();
  census.enter('b', turnedOut);
  expect(census.limitMet('b')).toBe('handshakes');
  second.handshakeDone();
  expect(census.limitMet('b')).toBeNull();
  census.enter('c', turnedOut);
  expect(census.limitMet('d')).toBe('connections');
});

it('forgets who has left, once, with a handshake or without', () => {
  const census = new Census(LIMITS);
  const entries = [census.enter('a', turnedOut), census.enter('a', turnedOut)];
  for (const { handshakeDone, leave } of [...entries, ...entries]) {
    handshakeDone();
    leave();
  }
  const third = census.enter('a', turnedOut);
  third.leave();
  third.handshakeDone();
  expect(census).toMatchObject({ connections: 0, handshakes: 0 });
  expect(census.limitMet('a')).toBeNull();
});

it('names the oldest handshake of the address that has most under way', () => {
  const census = new Census(LIMITS);
  expect(census.slowest()).toBeUndefined();
  const honest = census.enter('a', turnedOut);
  const first = census.enter('b', turnedOut);
  const second = census.enter('b', turnedOut);
  expect(census.slowest()).toBe(first);
  first.handshakeDone();
  expect(census.slowest()).toBe(honest);
  honest.leave();
  expect(census.slowest()).toBe(second);
});
