/** The log: for people, one line an event, with what matters and nothing that machines want; for machines, whole and in order. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { createLog, describeLine } from '../runtime/log.ts';
import { SWITCH } from './control/samples.ts';

const TIME = Date.UTC(2026, 0, 1, 12, 34, 56);

/** The line without its time, which is in the zone of the machine. */
function describeEvent(event: Record<string, unknown>): string {
  const line = describeLine({ level: 'info', time: TIME, msg: 'message', ...event });
  expect(line).toMatch(/^\d\d:\d\d:56 {2}/);
  return line.slice('12:34:56  '.length);
}

describe('a line of the log', () => {
  it.each<[name: string, event: Record<string, unknown>, text: string]>([
    [
      'a publisher',
      { event: 'publish', input: 'master/camera1', address: '192.0.2.1:5', tookOverFrom: null },
      'master/camera1 is published by 192.0.2.1:5',
    ],
    [
      'a take-over',
      { event: 'publish', input: 'master/camera1', address: '192.0.2.1:5', tookOverFrom: '192.0.2.2:6' },
      'master/camera1 is published by 192.0.2.1:5, took over from 192.0.2.2:6',
    ],
    [
      'the end of a publisher',
      { event: 'unpublish', input: 'master/camera1', address: '192.0.2.1:5', reason: 'FCUnpublish' },
      'master/camera1 is no longer published by 192.0.2.1:5: FCUnpublish',
    ],
    [
      'a relay',
      { event: 'relay', kind: 'push', input: 'backup/spare', host: 'one', state: 'open', detail: '' },
      'backup/spare to host one: open',
    ],
    [
      'a relay that is lost',
      { event: 'relay', kind: 'pull', input: 'master/a', host: 'two', state: 'lost', detail: 'refused' },
      'master/a from host two: lost (refused)',
    ],
    [
      'a health that says it all',
      { event: 'health', input: 'backup/spare', health: 'live', detail: '' },
      'backup/spare live',
    ],
    [
      'a health with its reason',
      { event: 'health', input: 'backup/spare', health: 'stalled', detail: 'no new media for 500 ms' },
      'backup/spare stalled (no new media for 500 ms)',
    ],
    [
      'a switch',
      { event: 'switch', ...SWITCH },
      'live/camera1: master/camera1 ▸ backup/spare (lost, master/camera1 absent); ' +
        'hole 0/0 ms, gap 35 ms, 7 viewers carried over',
    ],
    [
      'a switch of which little is known',
      {
        event: 'switch',
        ...SWITCH,
        from: null,
        to: null,
        detail: '',
        by: 'ann',
        gapMs: null,
        holeMs: { video: null, audio: null },
      },
      'live/camera1: nothing ▸ nothing (lost, by ann); hole -/- ms, gap - ms, 7 viewers carried over',
    ],
    [
      'what the preflight found',
      { event: 'preflight', program: 'camera1', warnings: ['a differs', 'b differs'] },
      'live/camera1: a differs; b differs',
    ],
    [
      'a preflight that finds nothing any more',
      { event: 'preflight', program: 'camera1', warnings: [] },
      'live/camera1: master and backup match now',
    ],
    [
      'a refusal',
      { event: 'refused', what: 'publish', address: '192.0.2.1:5', code: 'X', msg: 'wrong key' },
      'refused publish from 192.0.2.1:5: wrong key',
    ],
    [
      'refusals that are counted',
      { event: 'refused', what: 'play', address: '192.0.2.1:5', times: 3, msg: 'the signature is wrong' },
      'refused play from 192.0.2.1:5: the signature is wrong (3 times)',
    ],
    [
      'an event without a text of its own',
      { event: 'reanchor', input: 'master/camera1', cause: 'went-back', byMs: 7, msg: 'not continuous' },
      'not continuous input=master/camera1 cause=went-back byMs=7',
    ],
    ['no event', { msg: 'plain', list: [1, 2] }, 'plain list=[1,2]'],
  ])('about %s', (_name, event, text) => {
    expect(describeEvent(event)).toBe(text);
  });

  it.each<[level: string, start: string]>([
    ['debug', 'plain'],
    ['info', 'plain'],
    ['warn', 'WARN plain'],
    ['error', 'ERROR plain'],
  ])('of level %s begins with %j', (level, start) => {
    expect(describeEvent({ level, msg: 'plain' })).toBe(start);
  });

  it('of anything is a line', () => {
    expect(describeLine({})).not.toContain('undefined');
  });
});

it('a log of JSON has all of its lines written, in their order, when it says so', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'understudy-log-'));
  const file = join(directory, 'log');
  const fd = openSync(file, 'w');
  try {
    const { logger, written } = createLog('json', 'info', fd);
    const readNumbers = (): number[] =>
      [...readFileSync(file, 'utf8').matchAll(/"at":(\d+)/g)].map(([, at]) => Number(at));
    const numbers = Array.from({ length: 1_000 }, (_, at) => at);
    for (const at of numbers) logger.info({ at }, 'a line');
    expect(readNumbers().length).toBeLessThan(numbers.length);
    await written();
    expect(readNumbers()).toEqual(numbers);
    await written();
  } finally {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  }
});
