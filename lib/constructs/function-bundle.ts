import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Code, type CodeConfig } from 'aws-cdk-lib/aws-lambda';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { TOPOLOGY_FILE, type Topology } from '../../runtime/contract/topology.ts';
import { buildFunctions } from '../../scripts/build-functions.ts';
import { inWorkDirectory } from './work-directory.ts';

const SOURCES = join(import.meta.dirname, '../..');

export interface FunctionBundleProps {
  /** `topologyOf(config)`: lies beside the code of each function. */
  readonly topology: Topology;
  /**
   * A folder with `control/index.mjs` and `widget/index.mjs`.
   *
   * @default - they are built from the sources that this construct comes with
   */
  readonly directory?: string;
}

/** The code of the Lambda functions, built once for all of them. The same sources and topology make the same files. */
export class FunctionBundle extends Construct {
  readonly control: Code;
  readonly widget: Code;

  constructor(scope: Construct, id: string, props: FunctionBundleProps) {
    super(scope, id);
    const { topology, directory } = props;
    const { control, widget } = inWorkDirectory(this, (work) => {
      if (directory === undefined) buildFunctions(SOURCES, work);
      else cpSync(directory, work, { recursive: true });
      const codeOf = (name: string) => this.codeIn(join(work, name), name, topology);
      return { control: codeOf('control'), widget: codeOf('widget') };
    });
    this.control = control;
    this.widget = widget;
  }

  private codeIn(path: string, name: string, topology: Topology): Code {
    writeFileSync(join(path, TOPOLOGY_FILE), `${JSON.stringify(topology, null, 2)}\n`);
    // Copies the folder to its place among the assets.
    return new UploadedCode(new Asset(this, name, { path }));
  }
}

/** Code that is an asset already: that of the CDK makes one when a function takes it, and the folder is gone by then. */
class UploadedCode extends Code {
  private readonly asset: Asset;

  constructor(asset: Asset) {
    super();
    this.asset = asset;
  }

  override bind(): CodeConfig {
    const { s3BucketName: bucketName, s3ObjectKey: objectKey } = this.asset;
    return { s3Location: { bucketName, objectKey } };
  }
}
