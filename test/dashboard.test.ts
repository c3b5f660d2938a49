/** The example dashboard against what a host really exposes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PrometheusExposition } from '../runtime/metrics/prometheus.ts';
import { programFigures, snapshotOf } from './metrics/snapshots.ts';
import { parsePrometheusText } from './support/prometheus-text.ts';

type Place = Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;

interface Dashboard {
  readonly panels: ReadonlyArray<{
    readonly type: string;
    readonly title: string;
    readonly gridPos: Place;
    readonly targets?: ReadonlyArray<{ readonly expr: string; readonly legendFormat: string }>;
  }>;
  readonly templating: { readonly list: ReadonlyArray<{ readonly name: string }> };
}

const text = readFileSync(join(import.meta.dirname, '../examples/grafana/understudy.json'), 'utf8');
const dashboard = JSON.parse(text) as Dashboard;
const GRID_COLUMNS = 24;

/** The labels of every series that a host exposes, by name. */
async function exposedSeries(): Promise<Map<string, Set<string>>> {
  const exposition = new PrometheusExposition();
  const programs = [programFigures({ switches: 1, switchHolesMs: [1] })];
  const reporter = { takenCalls: 0, failedCalls: 0, droppedData: 0, waitingBatches: 0 };
  exposition.take(snapshotOf({ programs }), reporter);
  const series = new Map<string, Set<string>>();
  for (const { samples } of parsePrometheusText(await exposition.render()).values()) {
    for (const { name, labels } of samples) {
      const known = series.get(name) ?? new Set();
      for (const label of Object.keys(labels)) known.add(label);
      series.set(name, known);
    }
  }
  return series;
}

describe('the Grafana dashboard', () => {
  it('asks for nothing that hosts do not expose', async () => {
    const series = await exposedSeries();
    const asked = [...new Set(text.match(/understudy_\w+/g))];
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((name) => !series.has(name))).toEqual([]);
  });

  it('shows every metric, but the time of the start', async () => {
    const bases = [...(await exposedSeries()).keys()];
    expect(bases.filter((name) => !text.includes(name))).toEqual(['understudy_process_start_time_seconds']);
  });

  it('selects and names by labels that the metric has', async () => {
    const series = await exposedSeries();
    for (const { title, targets = [] } of dashboard.panels) {
      for (const { expr, legendFormat } of targets) {
        const found = [...expr.matchAll(/(understudy_\w+)\{(.*?)\}/g)];
        expect({ title, selectors: found.length }).not.toEqual({ title, selectors: 0 });
        for (const [, name = '', selectors = ''] of found) {
          const labels = series.get(name) ?? new Set();
          const used = [
            ...[...selectors.matchAll(/(\w+)=/g)].map(([, label]) => label),
            ...[...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label),
          ];
          expect({ title, unknown: used.filter((label) => !labels.has(label ?? '')) }).toEqual({
            title,
            unknown: [],
          });
        }
      }
    }
  });

  it('can be narrowed to hosts and programs', () => {
    expect(dashboard.templating.list.map(({ name }) => name)).toEqual(['datasource', 'host', 'program']);
    for (const { targets = [] } of dashboard.panels) {
      for (const { expr } of targets) {
        expect(expr).toContain('host=~"$host"');
        if (expr.includes('understudy_program_')) expect(expr).toContain('program=~"$program"');
      }
    }
  });

  it('has no two panels in one place, and none beyond the grid', () => {
    const overlaps = (a: Place, b: Place): boolean =>
      a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
    for (const [index, { title, gridPos }] of dashboard.panels.entries()) {
      const rest = dashboard.panels.slice(index + 1);
      const under = rest.filter((other) => overlaps(gridPos, other.gridPos)).map((other) => other.title);
      expect({ title, under }).toEqual({ title, under: [] });
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(GRID_COLUMNS);
    }
  });
});
