import {
  type App,
  CloudFormationValidatePlugin,
  type IPolicyValidationPlugin,
  Validations,
} from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ALARM_RULES } from './alarm-rules.ts';

/**
 * Has every synth check its templates: the validator of the CDK with rules of our own, and the AWS Solutions rules of
 * cdk-nag. What they find and nobody has answered fails the synth.
 */
export function validateTemplates(app: App): void {
  const own = new CloudFormationValidatePlugin({ guardRules: [ALARM_RULES] });
  // Its `version` may be undefined, by its declaration; the plugin's interface has it optional, which is not the same.
  Validations.of(app).addPlugins(own as IPolicyValidationPlugin, new AwsSolutionsChecks(app));
}
