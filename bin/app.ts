/**
 * The CDK app: the stacks of the deployment that `understudy.config.json` describes, or the file that `-c config=FILE`
 * names. Needs no credentials and looks nothing up.
 */
import { join } from 'node:path';
import { App, Tags } from 'aws-cdk-lib';
import { readConfig } from '../lib/config/read-config.ts';
import { LiveFailover } from '../lib/constructs/live-failover.ts';
import { validateTemplates } from '../lib/validation/validate-templates.ts';
import type { Config } from '../runtime/contract/config.ts';
import { INSTANCE_TAGS } from '../runtime/contract/instance-tags.ts';

/** As the understudy command has it: a wrong configuration. */
const WRONG_CONFIGURATION = 2;

const app = new App();
const file: unknown = app.node.tryGetContext('config');
const config = configOrExit(
  typeof file === 'string' ? file : join(import.meta.dirname, '../understudy.config.json'),
);
new LiveFailover(app, 'Understudy', { config });
// Hosts have it anyway; all else can be found by it, too: addresses that are kept, and what it costs.
Tags.of(app).add(INSTANCE_TAGS.deployment, config.name);
validateTemplates(app);
app.synth();

/** All problems at once, and no stack trace: they are the reader's to repair. */
function configOrExit(path: string): Config {
  try {
    return readConfig(path);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return process.exit(WRONG_CONFIGURATION);
  }
}
