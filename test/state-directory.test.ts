import { expect, it } from '@jest/globals';
import { stateDirectory } from '../runtime/state-directory.ts';

it.each([
  { name: 'beside the configuration', config: '/home/me/event', env: {}, is: '/home/me/event' },
  {
    name: 'where systemd says',
    config: '/etc/understudy',
    env: { STATE_DIRECTORY: '/var/lib/private/understudy' },
    is: '/var/lib/private/understudy',
  },
  {
    name: 'the first that systemd says',
    config: '/srv',
    env: { STATE_DIRECTORY: '/var/lib/a:/var/lib/b' },
    is: '/var/lib/a',
  },
  {
    name: "the service's own, for its operator",
    config: '/etc/understudy',
    env: { STATE_DIRECTORY: '' },
    is: '/var/lib/understudy',
  },
  { name: 'not for what only looks like it', config: '/etc/a/b', env: {}, is: '/etc/a/b' },
])('keys are kept $name', ({ config, env, is }) => {
  expect(stateDirectory(config, env)).toBe(is);
});
