/** Which hosts a channel pulls from, and in which zones its pipelines stand. */
import { expect, it } from '@jest/globals';
import { planChannels } from '../../../lib/config/planned-channel.ts';
import { testConfig } from '../support/app.ts';

function plan(changes: object) {
  const [channel] = planChannels(testConfig(changes));
  return channel && { home: channel.home, backup: channel.backup, zones: channel.zones };
}

// Hosts of masters go round the zones from the first on, those of backups from the last on.
it.each<[name: string, changes: object, expected: ReturnType<typeof plan>]>([
  [
    'stands in the zone of the backup, not of the home host',
    { aws: { mediaLive: [{ program: 'camera1' }] } },
    { home: 'master-camera1', backup: 'backup-spare', zones: [2] },
  ],
  [
    'has its second pipeline in the zone of the home host',
    { aws: { mediaLive: [{ program: 'camera2', pipelines: 2 }] } },
    { home: 'master-camera2', backup: 'backup-spare', zones: [2, 1] },
  ],
  [
    'has two zones where both hosts are in one',
    { aws: { mediaLive: [{ program: 'camera3', pipelines: 2 }] } },
    { home: 'master-camera3', backup: 'backup-spare', zones: [2, 0] },
  ],
  [
    'pulls from the first backup of the program, not of the file',
    {
      backups: [{ name: 'spare' }, { name: 'spare2' }],
      programs: [{ name: 'show', candidates: ['master/camera2', 'backup/spare2', 'backup/spare'] }],
      aws: { mediaLive: [{ program: 'show' }] },
    },
    { home: 'master-camera2', backup: 'backup-spare2', zones: [1] },
  ],
  [
    'pulls from another backup where a backup is at home',
    {
      backups: [{ name: 'spare' }, { name: 'spare2' }],
      programs: [{ name: 'show', candidates: ['backup/spare', 'master/camera1', 'backup/spare2'] }],
      aws: { mediaLive: [{ program: 'show' }] },
    },
    { home: 'backup-spare', backup: 'backup-spare2', zones: [1] },
  ],
])('%s', (_, changes, expected) => {
  expect(plan(changes)).toEqual(expected);
});

it('needs a program with two hosts, as the checks of the configuration say before', () => {
  expect(() => plan({ backups: [], aws: { mediaLive: [{ program: 'camera1' }] } })).toThrow('no two hosts');
});
