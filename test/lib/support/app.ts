import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, type Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type Config, configSchema } from '../../../runtime/contract/config.ts';

/** Small files, so that templates do not change with the code of functions. */
export const SMALL_FUNCTIONS = join(import.meta.dirname, '../fixtures/functions');

/** The example with everything on. */
export const EVERYTHING = join(import.meta.dirname, '../../../examples/everything-on.config.json');

const CDK_JSON = join(import.meta.dirname, '../../../cdk.json');

/**
 * An app as the CDK makes it from `cdk.json`, without bundling, and without the validation of templates: that takes
 * seconds, and the synth of CI has it.
 */
export function testApp(context: Readonly<Record<string, unknown>> = {}): App {
  process.env.CDK_VALIDATION = 'false';
  const { context: flags } = JSON.parse(readFileSync(CDK_JSON, 'utf8')) as {
    context: Record<string, unknown>;
  };
  return new App({ context: { ...flags, 'aws:cdk:bundling-stacks': [], ...context } });
}

/** What CloudFormation would be given, with the hashes of assets masked: they change with the code on hosts. */
export function maskedTemplate(stack: Stack): unknown {
  const text = JSON.stringify(Template.fromStack(stack).toJSON());
  return JSON.parse(text.replaceAll(/[0-9a-f]{64}/g, 'HASH'));
}

/** A configuration with its defaults, as it is when it has been read. */
export function testConfig(changes: object = {}): Config {
  return configSchema.parse({
    masters: [{ name: 'camera1' }, { name: 'camera2' }, { name: 'camera3' }],
    backups: [{ name: 'spare' }],
    ...changes,
  });
}
