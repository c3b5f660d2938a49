/**
 * `npm run bench:plot -- OUT.svg RESULTS.json ...`: draws what `npm run bench -- --out RESULTS.json` has measured by RTMP. CPU ms
 * for each viewer and second over the number of viewers, a line for each server. Of several files, the later ones win.
 */
import { writeFileSync } from 'node:fs';
import { lineChart, type Series } from './line-chart.ts';
import { type Result, type Results, readResults } from './result.ts';

const [out, ...files] = process.argv.slice(2);
if (out === undefined || files.length === 0) {
  console.error('usage: npm run bench:plot -- OUT.svg RESULTS.json ...');
  process.exit(2);
}
const all = files.map(readResults);
writeFileSync(
  out,
  lineChart({
    title: 'CPU time for each viewer',
    yUnit: 'ms a second',
    xUnit: 'viewers',
    notes: notesOf(all),
    series: seriesOf(all),
  }),
);

/** In the order of the first file; the protocol `bare` is what Node costs at the least, whatever the protocol. */
function seriesOf(files: readonly Results[]): Series[] {
  const drawn = files
    .flatMap(({ results }) => results)
    .filter(({ protocol }) => protocol === 'rtmp' || protocol === 'bare');
  return [...new Set(drawn.map(({ server }) => server))].map((name) => {
    const own = drawn.filter(({ server }) => server === name);
    const byViewers = new Map(own.map(({ viewers, cpuMs }) => [viewers, cpuMs]));
    const points = [...byViewers].map(([x, y]) => ({ x, y })).sort((a, b) => a.x - b.x);
    return { name, role: roleOf(own[0]), points };
  });
}

function roleOf(one: Result | undefined): Series['role'] {
  if (one?.protocol === 'bare') return 'floor';
  return one?.cadenceMs == null ? 'peer' : 'own';
}

function notesOf(files: readonly Results[]): string[] {
  const { machine, method } = files.at(-1) as Results;
  const runs = [...new Set(files.map(({ method: { runs: count } }) => count))].join(' or ');
  return [
    `The server process's own, on one core: RTMP, one stream of 720p30 with 2.1 Mbit/s. Medians of ${runs} runs of ${method.seconds} s.`,
    `${machine.cpu}, Linux ${machine.kernel.split('-')[0]}, Node ${machine.node.slice(1)}; viewers read ${method.viewersRead}. Lower is better.`,
  ];
}
