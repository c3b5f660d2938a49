import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** How a peer did in one role. */
export interface Outcome {
  /** Whether it came to publish, or to play, at all. */
  readonly works: boolean;
  /** What somebody could notice when the master was killed and when it froze; empty where that is nothing. */
  readonly faults: readonly string[];
}

export interface PeerVerdict {
  readonly name: string;
  readonly version: string;
  /** Null where it does not do that. */
  readonly publishes: Outcome | null;
  readonly plays: Outcome | null;
}

const FILE = join(import.meta.dirname, '../../docs/compatibility.md');
const BEGIN = '<!-- interop table: npm run interop:table -->';
const END = '<!-- end of interop table -->';
const HEAD = '| who | version | publishes | plays | survives a failover |\n|---|---|---|---|---|\n';

export function compatibilityTable(verdicts: readonly PeerVerdict[]): string {
  return HEAD + verdicts.map(row).join('');
}

function row({ name, version, publishes, plays }: PeerVerdict): string {
  const faults = [publishes, plays].flatMap((outcome) => outcome?.faults ?? []);
  const survives = faults.length === 0 ? 'yes' : `no: ${faults.join('; ')}`;
  return `| ${[name, version, yesOrNo(publishes), yesOrNo(plays), survives].join(' | ')} |\n`;
}

function yesOrNo(outcome: Outcome | null): string {
  if (outcome === null) return '–';
  return outcome.works ? 'yes' : 'no';
}

/** The table as it stands in docs/compatibility.md. */
export function committedTable(): string {
  const [, rest] = readFileSync(FILE, 'utf8').split(`${BEGIN}\n\n`);
  const [table, after] = rest?.split(`\n${END}`) ?? [];
  if (table === undefined || after === undefined) throw new Error(`${FILE} has no ${BEGIN} … ${END}`);
  return table;
}

export function writeTable(table: string): void {
  writeFileSync(
    FILE,
    readFileSync(FILE, 'utf8').replace(committedTable(), () => table),
  );
}

/** Debian moves on: versions may differ. */
export function withoutVersions(table: string): string {
  return table.replaceAll(/^(\| [^|]* \|)[^|]*\|/gm, '$1');
}
