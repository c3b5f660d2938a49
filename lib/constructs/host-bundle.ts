import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stage } from 'aws-cdk-lib';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { buildBundle } from '../../scripts/build-bundle.ts';
import { tarArchive } from './tar-archive.ts';

const SOURCES = join(import.meta.dirname, '../..');

export interface HostBundleProps {
  /**
   * A folder with a bundle, as `npm run bundle` makes it.
   *
   * @default - it is built from the sources that this construct comes with
   */
  readonly directory?: string;
}

/**
 * The software of a host, as one file in the bucket for assets of the CDK. Who downloads it compares `sha256`. The same sources
 * make the same file: hosts are replaced only where what they run has changed.
 */
export class HostBundle extends Construct {
  /** An uncompressed tar archive. */
  readonly asset: Asset;
  /** Of the archive, in hexadecimal digits. */
  readonly sha256: string;

  constructor(scope: Construct, id: string, props: HostBundleProps = {}) {
    super(scope, id);
    const outdir = Stage.of(this)?.assetOutdir;
    if (outdir === undefined) throw new Error('a HostBundle needs an App or a Stage around it');
    const work = join(outdir, `understudy-${this.node.addr}`);
    const file = join(work, 'understudy.tar');
    mkdirSync(work, { recursive: true });
    try {
      const directory = props.directory ?? join(work, 'bundle');
      if (props.directory === undefined) buildBundle(SOURCES, directory);
      const archive = tarArchive(directory);
      this.sha256 = createHash('sha256').update(archive).digest('hex');
      writeFileSync(file, archive);
      // Copies the file to its place among the assets.
      this.asset = new Asset(this, 'Archive', { path: file, assetHash: this.sha256 });
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }

  /** Lets a role download this archive; `Asset.grantRead` would open the whole bucket, with the assets of all other stacks. */
  grantDownload(grantee: IGrantable): Grant {
    return Grant.addToPrincipal({
      grantee,
      actions: ['s3:GetObject'],
      resourceArns: [this.asset.bucket.arnForObjects(this.asset.s3ObjectKey)],
    });
  }
}
