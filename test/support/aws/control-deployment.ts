import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import { ControlStack } from '../../../lib/stacks/control-stack.ts';
import type { Config } from '../../../runtime/contract/config.ts';
import { systemClock } from '../../../runtime/system-clock.ts';
import { testApp } from '../../lib/support/app.ts';
import type { LambdaFunction } from './lambda-runtime.ts';
import { LocalAws } from './local-aws.ts';
import type { TemplateJson } from './template-alarms.ts';

/** A synthesized control stack behind the tests' own endpoint: its template, and its functions as they would be uploaded. */
export class ControlDeployment {
  readonly aws: LocalAws;
  private readonly template: TemplateJson;
  /** The synthesized assembly. */
  private readonly directory: string;

  constructor(config: Config) {
    const app = testApp();
    const stack = new ControlStack(app, 'Control', { config });
    this.template = Template.fromStack(stack).toJSON();
    this.directory = app.synth().directory;
    const codeOf = (id: string) => join(this.directory, `asset.${this.hashOf(id)}`);
    this.aws = new LocalAws({ clock: systemClock, template: this.template, codeOf });
  }

  get control(): LambdaFunction {
    return this.functionOf('FailoverControl');
  }

  get widget(): LambdaFunction {
    return this.functionOf('DashboardWidget');
  }

  async stop(): Promise<void> {
    await this.aws.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private functionOf(construct: string): LambdaFunction {
    const found = [...this.aws.functions].find(([id]) => id.startsWith(construct));
    if (found === undefined) throw new Error(`the stack has no function of ${construct}`);
    return found[1];
  }

  private hashOf(id: string): string {
    const code = this.template.Resources?.[id]?.Properties?.Code as { readonly S3Key: string } | undefined;
    if (code === undefined) throw new Error(`${id} has no code`);
    return code.S3Key.replace('.zip', '');
  }
}
