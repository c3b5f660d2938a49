import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { buildBundle } from '../../scripts/build-bundle.ts';
import { tarArchive } from './tar-archive.ts';
import { inWorkDirectory } from './work-directory.ts';

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
    const { asset, sha256 } = inWorkDirectory(this, (work) => {
      const directory = props.directory ?? join(work, 'bundle');
      if (props.directory === undefined) buildBundle(SOURCES, directory);
      const archive = tarArchive(directory);
      const assetHash = createHash('sha256').update(archive).digest('hex');
      const path = join(work, 'understudy.tar');
      writeFileSync(path, archive);
      // Copies the file to its place among the assets.
      return { asset: new Asset(this, 'Archive', { path, assetHash }), sha256: assetHash };
    });
    this.asset = asset;
    this.sha256 = sha256;
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
