import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Stage } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Gives `use` an empty folder, which is gone afterwards: what is to stay must have become an asset by then. */
export function inWorkDirectory<T>(construct: Construct, use: (work: string) => T): T {
  const outdir = Stage.of(construct)?.assetOutdir;
  if (outdir === undefined) throw new Error(`${construct.node.path} needs an App or a Stage around it`);
  const work = join(outdir, `understudy-${construct.node.addr}`);
  mkdirSync(work, { recursive: true });
  try {
    return use(work);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
