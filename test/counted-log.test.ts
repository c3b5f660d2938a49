import { expect, it } from '@jest/globals';
import { CountedLog, type Happened } from '../runtime/counted-log.ts';
import { FakeClock } from './support/fake-clock.ts';

it('tells each kind once a second at most, with how often it happened and through whom last', () => {
  const lines: Array<Happened<string>> = [];
  const clock = new FakeClock();
  const log = new CountedLog((happened) => lines.push(happened));
  const stop = log.start(clock);
  for (let times = 0; times < 1_000; times += 1) log.count('handshakes', `192.0.2.1:${times}`);
  log.count('connections', '192.0.2.2:1');
  clock.advance(1_000);
  expect(lines).toEqual([
    { kind: 'handshakes', times: 1_000, lastAddress: '192.0.2.1:999' },
    { kind: 'connections', times: 1, lastAddress: '192.0.2.2:1' },
  ]);
  clock.advance(5_000);
  expect(lines).toHaveLength(2);
  log.count('handshakes', '192.0.2.3:1');
  clock.advance(1_000);
  expect(lines[2]).toEqual({ kind: 'handshakes', times: 1, lastAddress: '192.0.2.3:1' });
  expect(log.totals()).toEqual([
    { kind: 'handshakes', total: 1_001 },
    { kind: 'connections', total: 1 },
  ]);
  stop();
});
