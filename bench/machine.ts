/** What a measurement was made on, for whoever compares it with another. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';

export interface Machine {
  /** The day. */
  readonly at: string;
  readonly cpu: string;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly nginxRtmp: string;
  readonly nodeMediaServer: string;
}

export function describeMachine(): Machine {
  return {
    at: new Date().toISOString().slice(0, 10),
    cpu: `${cpus()[0]?.model}, ${cpus().length} cores`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    nginxRtmp: debianVersion('libnginx-mod-rtmp'),
    nodeMediaServer: packageVersion('node-media-server'),
  };
}

/** A line for each of its values. */
export function printFacts(facts: object): void {
  for (const [name, value] of Object.entries(facts)) console.log(`${name}: ${value}`);
  console.log();
}

function debianVersion(name: string): string {
  try {
    const shown = execFileSync('dpkg-query', ['--show', name], { encoding: 'utf8', stdio: 'pipe' });
    return shown.trim().split('\t')[1] ?? 'none';
  } catch {
    return 'none';
  }
}

function packageVersion(name: string): string {
  const file = join(import.meta.dirname, '../node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
