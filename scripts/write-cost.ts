/**
 * Writes `docs/cost.md` from the synthesized default deployment and `scripts/prices.json`. `--check` only tells whether it is up
 * to date; `--config FILE` prints the page for another configuration.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { App } from 'aws-cdk-lib';
import { readConfig } from '../lib/config/read-config.ts';
import { LiveFailover } from '../lib/constructs/live-failover.ts';
import { costPage, type PriceTable } from './cost-page.ts';

const FILE = 'docs/cost.md';
const ROOT = join(import.meta.dirname, '..');

function json(file: string): unknown {
  return JSON.parse(readFileSync(join(ROOT, file), 'utf8'));
}

const { context } = json('cdk.json') as { context: Record<string, unknown> };
const { values } = parseArgs({
  options: { check: { type: 'boolean', default: false }, config: { type: 'string' } },
});
const config = readConfig(values.config ?? join(ROOT, 'understudy.config.json'));
const outdir = mkdtempSync(join(tmpdir(), 'understudy-cost-'));
let wanted: string;
try {
  // Prices need no validation: `npm run synth` has it.
  process.env.CDK_VALIDATION = 'false';
  const app = new App({ outdir, context });
  new LiveFailover(app, 'Understudy', { config });
  const templates = app.synth().stacks.map(({ template }) => template);
  wanted = costPage({ templates, config, table: json('scripts/prices.json') as PriceTable });
} finally {
  rmSync(outdir, { recursive: true, force: true });
}

if (values.config !== undefined) {
  console.log(wanted);
} else if (!values.check) {
  writeFileSync(join(ROOT, FILE), wanted);
  console.log(`${FILE} is written.`);
} else if (readFileSync(join(ROOT, FILE), 'utf8') !== wanted) {
  console.error(
    `${FILE} is not what the templates and scripts/prices.json make. Run "npm run cost" and commit the file.`,
  );
  process.exitCode = 1;
}
