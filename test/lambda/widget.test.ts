/** The widget of the dashboard, up to the function around it: what it is asked, what it shows. */
import { describe, expect, it } from '@jest/globals';
import type { HostSummary, ProgramSummary } from '../../runtime/contract/host-summary.ts';
import type { Topology } from '../../runtime/contract/topology.ts';
import { html } from '../../runtime/lambda/html.ts';
import type { HostReport } from '../../runtime/lambda/plan.ts';
import { widgetPage } from '../../runtime/lambda/widget-page.ts';
import { readRequest } from '../../runtime/lambda/widget-request.ts';
import { type WidgetRow, widgetRows } from '../../runtime/lambda/widget-rows.ts';

const NOW = 1_700_000_000_000;
const TOPOLOGY: Topology = {
  deployment: 'games',
  namespace: 'Understudy',
  hosts: [
    { name: 'master-camera1', input: 'master/camera1', kind: 'master' },
    { name: 'backup-spare', input: 'backup/spare', kind: 'backup' },
  ],
  programs: [
    { name: 'camera1', candidates: ['master/camera1', 'backup/spare', 'slate'], home: 'master-camera1' },
  ],
};

const CAMERA1: ProgramSummary = {
  name: 'camera1',
  resting: false,
  onAir: 'master/camera1',
  health: { 'master/camera1': 'live', 'backup/spare': 'live', slate: 'live' },
  pin: null,
  drill: null,
  viewers: 2,
  lastSwitch: null,
  warnings: 0,
};

function says(host: string, program: Partial<ProgramSummary> = {}): [string, HostReport] {
  const summary: HostSummary = {
    version: 1,
    host,
    state: 'serving',
    now: NOW,
    programs: [{ ...CAMERA1, ...program }],
  };
  return [host, { kind: 'summary', instance: `i-${host}`, summary }];
}

function rowOf(...reports: Array<[string, HostReport]>): WidgetRow {
  const [row] = widgetRows(TOPOLOGY, new Map(reports));
  if (row === undefined) throw new Error('no row');
  return row;
}

describe('what the widget is asked', () => {
  it('is the table, where there is no button in the event', () => {
    expect(readRequest({ widgetContext: { dashboardName: 'games' } }, TOPOLOGY)).toEqual({
      kind: 'request',
      request: { do: 'show' },
      dashboard: 'games',
    });
    expect(readRequest({ describe: true }, TOPOLOGY)).toEqual({ kind: 'describe' });
  });

  it('is a button of the deployment’s own', () => {
    const press = { do: 'switch', program: 'camera1', source: 'backup/spare' };
    expect(readRequest({ ...press, widgetContext: 7 }, TOPOLOGY)).toEqual({
      kind: 'request',
      request: press,
      dashboard: 'a dashboard',
    });
  });

  it.each([
    ['nothing', null, /no object/],
    ['another button', { do: 'reboot', program: 'camera1' }, /none of this widget/],
    ['a switch to nowhere', { do: 'switch', program: 'camera1' }, /none of this widget/],
    ['a program too many', { do: 'release', program: 'camera9' }, /no program camera9/],
    [
      'a source of another program',
      { do: 'switch', program: 'camera1', source: 'master/camera2' },
      /has no such candidate; it has master\/camera1, backup\/spare, slate/,
    ],
  ])('is a mistake: %s', (_, event, text) => {
    expect(readRequest(event, TOPOLOGY)).toEqual({ kind: 'mistake', text: expect.stringMatching(text) });
  });
});

describe('a row', () => {
  it('puts hosts together that show the same, and adds up their viewers', () => {
    expect(rowOf(says('master-camera1'), says('backup-spare', { viewers: 5 }))).toMatchObject({
      onAir: [{ source: 'master/camera1', hosts: ['master-camera1', 'backup-spare'] }],
      viewers: 7,
      state: 'first',
      notes: [],
    });
  });

  it('shows where hosts differ, and leaves out those without viewers', () => {
    const row = rowOf(
      says('master-camera1', { viewers: 0 }),
      says('backup-spare', { onAir: 'backup/spare' }),
      says('edge-1'),
      says('edge-2'),
    );
    expect(row.onAir).toEqual([
      { source: 'master/camera1', hosts: ['edge-1', 'edge-2'] },
      { source: 'backup/spare', hosts: ['backup-spare'] },
    ]);
    expect(row.state).toBe('other');
  });

  it('is what its home says where nobody watches', () => {
    const row = rowOf(
      says('backup-spare', { onAir: null, viewers: 0, resting: true }),
      says('master-camera1', { viewers: 0 }),
    );
    expect(row.onAir).toEqual([{ source: 'master/camera1', hosts: ['master-camera1'] }]);
  });

  it('is trouble with the slate, with nothing, and where no host answers', () => {
    expect(rowOf(says('master-camera1', { onAir: 'slate' })).state).toBe('trouble');
    expect(rowOf(says('master-camera1', { onAir: null })).state).toBe('trouble');
    const alone = rowOf(['master-camera1', { kind: 'silent', why: 'no answer' }]);
    expect(alone).toMatchObject({ state: 'trouble', onAir: [], viewers: 0 });
    expect(alone.candidates[0]).toEqual({ name: 'master/camera1', health: 'unknown' });
  });

  it('notes pins, drills and differences once, and takes the latest switch', () => {
    const pin = { source: 'slate', by: 'ann', reason: '', automatic: false, expiresAt: NOW };
    const drill = { source: 'master/camera1', by: 'eve', endsAt: NOW };
    const last = (at: number) => ({ at, from: null, to: 'slate', cause: 'pinned', holeMs: 0 });
    const row = rowOf(
      says('master-camera1', { pin, drill, warnings: 2, lastSwitch: last(NOW - 2) }),
      says('backup-spare', { pin, lastSwitch: last(NOW - 1) }),
    );
    expect(row.notes).toEqual([
      'pinned to slate by ann',
      'drill by eve: master/camera1 plays dead',
      'inputs differ (2)',
    ]);
    expect(row.lastSwitch?.at).toBe(NOW - 1);
  });
});

describe('the page', () => {
  const page = (rows: readonly WidgetRow[]) =>
    widgetPage({ endpoint: 'arn:f', rows, silent: [], messages: [], now: NOW });

  it('has a button for each backup, one back and one for a drill, each with a question', () => {
    const text = page([rowOf(says('master-camera1'))]);
    const actions = [...text.matchAll(/<cwdb-action ([^>]+)>([^<]+)</g)];
    expect(actions.map(([, , json = '']) => JSON.parse(json.replaceAll('&#34;', '"')))).toEqual([
      { do: 'switch', program: 'camera1', source: 'backup/spare' },
      { do: 'release', program: 'camera1' },
      { do: 'drill', program: 'camera1' },
    ]);
    for (const [, attributes = ''] of actions) {
      expect(attributes).toMatch(
        /^action="call" display="widget" endpoint="arn:f" confirmation="[^"]+\?[^"]*"$/,
      );
    }
  });

  it('says what became of a button, who does not answer, and what the last switch cost', () => {
    const lastSwitch = {
      at: NOW - 65_000,
      from: 'master/camera1',
      to: 'backup/spare',
      cause: 'lost',
      holeMs: 0.4,
    };
    const text = widgetPage({
      endpoint: 'arn:f',
      rows: [rowOf(says('master-camera1', { lastSwitch }))],
      silent: [{ host: 'backup-spare', why: 'it is not connected to Systems Manager' }],
      messages: ['camera1: done on 2 hosts'],
      now: NOW,
    });
    expect(text).toContain('camera1: done on 2 hosts');
    expect(text).toContain('backup-spare does not answer: it is not connected');
    expect(text).toContain('1:05 ago to backup/spare (lost, 0 ms missing)');
  });

  it('escapes whatever a host says', () => {
    const evil = `"><img src=x onerror='alert(1)'>&\``;
    const pin = { source: evil, by: evil, reason: evil, automatic: false, expiresAt: NOW };
    const lastSwitch = { at: NOW, from: evil, to: evil, cause: evil, holeMs: null };
    const text = widgetPage({
      endpoint: evil,
      rows: [rowOf(says(evil, { onAir: evil, pin, lastSwitch }), says('edge-1'))],
      silent: [{ host: evil, why: evil }],
      messages: [evil],
      now: NOW,
    });
    expect(text).not.toContain('<img');
    expect(text.match(/<[a-z-]+/g)?.filter((tag) => !TAGS.has(tag.slice(1)))).toEqual([]);
  });
});

const TAGS = new Set(['p', 'b', 'table', 'tr', 'th', 'td', 'br', 'small', 'a', 'cwdb-action']);

describe('a template', () => {
  it('leaves templates inside as they are, and escapes the rest once', () => {
    const inner = html`<b>${'<'}</b>`;
    expect(html`${inner}${[inner, inner]}${'&'}${3}`.text).toBe('<b>&#60;</b><b>&#60;</b><b>&#60;</b>&#38;3');
  });
});
