/**
 * A host is gone with its encoder and its agent, and nothing says so but that its metrics end. Its own viewers come back through
 * a load balancer, which is not here; those on the other host have lost their source, and that host is told to wait
 * (`failover.onLoss`).
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hostNameOf } from '../../lib/config/deployment.ts';
import { systemClock as clock } from '../../runtime/system-clock.ts';
import type { ControlRunLine } from '../support/aws/control-log.ts';
import { ControlSite, MASTER, PATIENCE_MS, PROGRAM, SPARE } from '../support/control-site.ts';
import { expectUnbroken } from '../support/loop-viewer.ts';
import { until } from '../support/until.ts';

const TEST_MS = 240_000;
const LOST = hostNameOf(MASTER);
const LEFT = hostNameOf(SPARE);

let site: ControlSite;
beforeAll(async () => {
  site = new ControlSite({ onLoss: 'wait' });
  await site.start();
  await site.watch();
  await site.settles();
}, TEST_MS);
afterAll(() => site.stop(), TEST_MS);

function hostsTold({ commands }: ControlRunLine): string[] {
  return commands.flatMap(({ hosts }) => hosts.map(({ host, outcome }) => `${host} ${outcome}`));
}

describe('a host that is gone', () => {
  it(
    'has the others told what to show, and people called when nothing is left',
    async () => {
      const begin = clock.now();
      const gone = site.host(MASTER);
      // As an instance that is cut off: commands to it wait.
      site.aws.runCommand.freeze(gone.instance.id);
      await gone.kill();
      const [one, other, left] = site.viewers;
      if (left === undefined) throw new Error('nobody watches');
      await until('its viewers to be cut off', () => one?.ended && other?.ended, PATIENCE_MS);

      await site.allSee(SPARE, [left]);
      await site.run('a run that switches', begin, (own) => hostsTold(own).includes(`${LEFT} done`));
      const { since } = site.aws.alarms.stateOf(site.alarmName('input-loss', MASTER));
      const frame = left.firstFrameAt ?? Number.NaN;
      const seconds = (at: number) => ((at - begin) / 1_000).toFixed(1);

      await site.alarmIs('host-lost', LOST, 'ALARM');
      const lostAt = site.aws.alarms.stateOf(site.alarmName('host-lost', LOST)).since;
      process.stdout.write(
        `seconds from the lost host: input-loss on ${seconds(since)}, ${LEFT} switched ${seconds(frame)}, host-lost on ${seconds(lostAt)}\n`,
      );
      const known = await site.run('a run that knows', lostAt, (own) =>
        own.findings.some(({ subject, text }) => subject === LOST && text.includes('it is lost')),
      );
      expect(hostsTold(known)).toEqual([]);
      expectUnbroken([left]);
      expect(left.holes.map(({ track, source }) => `${track} ${source}`).sort()).toEqual([
        `audio ${SPARE}`,
        `video ${SPARE}`,
      ]);

      await site.encoder(SPARE).kill();
      await site.allSee('slate', [left]);
      const isPage = ({ event }: { readonly event: unknown }): boolean =>
        JSON.stringify(event).includes('all its inputs are lost');
      const { event } = await until('a page', () => site.aws.sent.find(isPage), PATIENCE_MS);
      expect(event).toMatchObject({ subject: PROGRAM, deployment: site.config.name });
      expectUnbroken([left]);
    },
    TEST_MS,
  );
});
