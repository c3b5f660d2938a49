import { expect, it } from '@jest/globals';
import { topologyOf } from '../../../lib/config/topology.ts';
import { topologySchema } from '../../../runtime/contract/topology.ts';
import { testConfig } from '../support/app.ts';

it('has the hosts, and for each program its candidates and its home', () => {
  const topology = topologyOf(
    testConfig({
      name: 'games',
      masters: [{ name: 'camera1' }],
      programs: [
        { name: 'main', candidates: ['slate', 'master/camera1', 'backup/spare'] },
        { name: 'loop', candidates: ['slate'] },
      ],
      metrics: { cloudWatch: { namespace: 'Games/Live' } },
    }),
  );
  expect(topologySchema.parse(topology)).toEqual({
    deployment: 'games',
    namespace: 'Games/Live',
    hosts: [
      { name: 'master-camera1', input: 'master/camera1', kind: 'master' },
      { name: 'backup-spare', input: 'backup/spare', kind: 'backup' },
    ],
    programs: [
      { name: 'main', candidates: ['slate', 'master/camera1', 'backup/spare'], home: 'master-camera1' },
      { name: 'loop', candidates: ['slate'], home: null },
    ],
  });
});
