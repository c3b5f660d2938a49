/** What roles may do, by the rules of IAM, with the policies of synthesized templates. Nothing is asked of AWS. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnRole } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { resolvedAll, type TemplateValues } from './template-values.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-central-1';

export const arn = (service: string, rest: string) => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

export interface Asked {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** ARNs of resources, by type, as AWS would make them of a name; the logical id stands for the name. */
const ARNS: Readonly<Record<string, (id: string) => string>> = {
  'AWS::KMS::Key': (id) => arn('kms', `key/${id}`),
  'AWS::Lambda::Function': (id) => arn('lambda', `function:${id}`),
  'AWS::Logs::LogGroup': (id) => arn('logs', `log-group:${id}:*`),
  'AWS::MediaLive::Channel': (id) => arn('medialive', `channel:${id}`),
  'AWS::S3::Bucket': (id) => `arn:aws:s3:::${id.toLowerCase()}`,
  'AWS::SecretsManager::Secret': (id) => arn('secretsmanager', `secret:${id}`),
  'AWS::SNS::Topic': (id) => arn('sns', id),
  'AWS::SQS::Queue': (id) => arn('sqs', id),
};

const PSEUDO: TemplateValues = {
  'AWS::Partition': 'aws',
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
};

/** By type: the attribute that is its id. */
const ID_ATTRIBUTES: Readonly<Record<string, string>> = {
  'AWS::EC2::SecurityGroup': 'GroupId',
  'AWS::MediaLive::Channel': 'Id',
};

/** How the CDK begins the names of outputs that other stacks read. */
const ANOTHER_STACKS_OUTPUT = 'PublishOutput';

/** A role of a stack. */
export class SynthesizedRole {
  /** Of its construct: `Site/Control/FailoverControl/FunctionRole`. */
  readonly path: string;
  /** The services that may take it, and under which conditions. */
  readonly trust: unknown;
  private readonly policies: ReadonlyArray<{ readonly name: string; readonly policy: unknown }>;
  /** By ARN: a key is for whom its policy says, whatever that of the role says. */
  private readonly keyPolicies: ReadonlyMap<string, unknown>;

  constructor(resource: CfnRole) {
    const stack = Stack.of(resource);
    const template = Template.fromStack(stack);
    const values = valuesOf(stack, template);
    const id = stack.getLogicalId(resource);
    this.path = resource.node.scope?.node.path ?? '';
    this.trust = resolvedAll(
      template.findResources('AWS::IAM::Role')[id]?.Properties.AssumeRolePolicyDocument,
      values,
    );
    this.policies = Object.entries(template.findResources('AWS::IAM::Policy'))
      .filter(([, { Properties }]) => JSON.stringify(Properties.Roles).includes(`{"Ref":"${id}"}`))
      .map(([name, { Properties }]) => ({ name, policy: resolvedAll(Properties.PolicyDocument, values) }));
    this.keyPolicies = new Map(
      Object.entries(template.findResources('AWS::KMS::Key')).map(([key, { Properties }]) => [
        values[`${key}.Arn`] ?? '',
        resolvedAll(Properties.KeyPolicy, values),
      ]),
    );
  }

  /** `Allowed`, `ImplicitlyDenied` or `ExplicitlyDenied`. Managed policies of AWS are not in it. */
  async answer({ action, resource, context = {} }: Asked): Promise<string> {
    const result = await runSimulation(
      {
        request: {
          principal: `arn:aws:iam::${ACCOUNT}:role/asks`,
          action,
          resource: { resource, accountId: ACCOUNT },
          contextVariables: context,
        },
        identityPolicies: this.policies,
        resourcePolicy: this.keyPolicies.get(resource),
        serviceControlPolicies: [],
        resourceControlPolicies: [],
      } as never,
      {},
    );
    if (result.resultType === 'error') throw new Error(JSON.stringify(result));
    return result.overallResult;
  }
}

/** All roles below a construct. */
export function rolesIn(scope: IConstruct): SynthesizedRole[] {
  return scope.node
    .findAll()
    .filter((own) => own instanceof CfnRole)
    .map((own) => new SynthesizedRole(own));
}

/** The stack's id, as `cloudformation:SignalResource` knows it. */
export function stackId(stack: Stack): string {
  return arn('cloudformation', `stack/${stack.node.id}/0123`);
}

/** The ARN that a resource of a template has in these simulations. */
export function arnOf(resource: IConstruct): string {
  const element = resource.node.defaultChild ?? resource;
  const stack = Stack.of(resource);
  const id = stack.getLogicalId(element as never);
  const type = Template.fromStack(stack).toJSON().Resources[id].Type;
  const make = ARNS[type];
  if (make === undefined) throw new Error(`the simulation has no ARN for a ${type}`);
  return make(id);
}

function valuesOf(stack: Stack, template: Template): TemplateValues {
  const resources: Record<string, { readonly Type: string }> = template.toJSON().Resources;
  const own = Object.entries(resources).flatMap(([id, { Type }]) => {
    const value = ARNS[Type]?.(id);
    return value === undefined ? [] : [[id, value] as const, [`${id}.Arn`, value] as const];
  });
  // Of these, policies name the id and not the ARN.
  const ids = Object.entries(resources).flatMap(([id, { Type }]) => {
    const attribute = ID_ATTRIBUTES[Type];
    return attribute === undefined ? [] : [[`${id}.${attribute}`, id] as const];
  });
  const values = { ...PSEUDO, 'AWS::StackId': stackId(stack), ...Object.fromEntries([...own, ...ids]) };
  // What another stack publishes goes by the name of its output.
  return new Proxy<TemplateValues>(values, {
    get: (target, name: string) =>
      target[name] ??
      (name.startsWith(ANOTHER_STACKS_OUTPUT) ? name.slice(ANOTHER_STACKS_OUTPUT.length) : undefined),
  });
}
