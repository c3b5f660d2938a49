import { expect, it } from '@jest/globals';
import { pino } from 'pino';
import { LimitLog } from '../runtime/limit-log.ts';
import { FakeClock } from './support/fake-clock.ts';

it('logs each limit once a second at most, with how often it was met and by whom last', () => {
  const lines: Array<Record<string, unknown>> = [];
  const clock = new FakeClock();
  const log = new LimitLog(pino({ base: null }, { write: (line: string) => lines.push(JSON.parse(line)) }));
  const stop = log.start(clock);
  for (let times = 0; times < 1_000; times += 1) log.met('handshakes', `192.0.2.1:${times}`);
  log.met('connections', '192.0.2.2:1');
  clock.advance(1_000);
  expect(lines).toMatchObject([
    { event: 'limit', limit: 'limits.handshakes', times: 1_000, lastAddress: '192.0.2.1:999' },
    { event: 'limit', limit: 'limits.connections', times: 1, lastAddress: '192.0.2.2:1' },
  ]);
  clock.advance(5_000);
  expect(lines).toHaveLength(2);
  log.met('handshakes', '192.0.2.3:1');
  clock.advance(1_000);
  expect(lines[2]).toMatchObject({ limit: 'limits.handshakes', times: 1 });
  expect(log.totals()).toEqual([
    { limit: 'handshakes', total: 1_001 },
    { limit: 'connections', total: 1 },
  ]);
  stop();
});
