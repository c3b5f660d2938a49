import { expect, it } from '@jest/globals';
import { Census } from '../../runtime/rtmp/census.ts';

const LIMITS = { connections: 4, connectionsPerAddress: 2, handshakes: 3, strangersBytes: 1 };

it('says which limit a new connection would break', () => {
  const census = new Census(LIMITS);
  expect(census.limitMet('a')).toBeNull();
  census.enter('a');
  const second = census.enter('a');
  expect(census.limitMet('a')).toBe('connectionsPerAddress');
  expect(census.limitMet('b')).toBeNull();
  census.enter('b');
  expect(census.limitMet('b')).toBe('handshakes');
  second.handshakeDone();
  expect(census.limitMet('b')).toBeNull();
  census.enter('c');
  expect(census.limitMet('d')).toBe('connections');
});

it('forgets who has left, once, with a handshake or without', () => {
  const census = new Census(LIMITS);
  const entries = [census.enter('a'), census.enter('a')];
  for (const { handshakeDone, leave } of [...entries, ...entries]) {
    handshakeDone();
    leave();
  }
  const third = census.enter('a');
  third.leave();
  third.handshakeDone();
  expect(census).toMatchObject({ connections: 0, handshakes: 0 });
  expect(census.limitMet('a')).toBeNull();
});
