import { describe, expect, it } from '@jest/globals';
import { resourceName } from '../../../lib/config/resource-names.ts';

describe('the name of a stack', () => {
  it.each([
    { name: 'understudy', wanted: 'understudy-hosts' },
    { name: 'games', wanted: 'understudy-games-hosts' },
    { name: '2026_summer-games', wanted: 'understudy-2026-summer-games-hosts' },
  ])('of $name is one that CloudFormation takes', ({ name, wanted }) => {
    expect(resourceName({ name }, 'hosts')).toBe(wanted);
    expect(wanted).toMatch(/^[A-Za-z][A-Za-z0-9-]{0,127}$/);
  });
});
