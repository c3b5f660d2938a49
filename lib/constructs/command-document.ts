import { Aws, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import {
  DOCUMENT_PARAMETERS,
  type DocumentParameter,
  type DocumentParameterName,
} from '../../runtime/contract/host-command.ts';
import { INSTANCE_TAGS } from '../../runtime/contract/instance-tags.ts';

/** A drill is only begun, all else is done at once. */
const TIMEOUT_S = 30;

export interface CommandDocumentProps {
  /** The name under which Run Command finds it. It stays: a change becomes a new version, and the default one. */
  readonly name: string;
  /** The deployment whose hosts it is for. */
  readonly deployment: string;
}

/** The one document through which hosts are told something: it runs the `understudy` command there, and nothing else. */
export class CommandDocument extends Construct {
  readonly document: ssm.CfnDocument;
  /** As in the props: also before the document is there. */
  readonly documentName: string;
  private readonly deployment: string;

  constructor(scope: Construct, id: string, { name, deployment }: CommandDocumentProps) {
    super(scope, id);
    this.documentName = name;
    this.deployment = deployment;
    this.document = new ssm.CfnDocument(this, 'Document', {
      name,
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/AWS::EC2::Instance',
      updateMethod: 'NewVersion',
      content: documentContent(),
    });
  }

  /** Lets a role run this document on hosts of the deployment, and read what they answered. */
  grantRun(grantee: iam.IGrantable): void {
    const stack = Stack.of(this);
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['ssm:SendCommand'],
      resourceArns: [
        stack.formatArn({ service: 'ssm', resource: 'document', resourceName: this.documentName }),
      ],
    });
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['ssm:SendCommand'],
      resourceArns: [`arn:${Aws.PARTITION}:ec2:${Aws.REGION}:${Aws.ACCOUNT_ID}:instance/*`],
      conditions: { StringEquals: { [`ssm:resourceTag/${INSTANCE_TAGS.deployment}`]: this.deployment } },
    });
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['ssm:GetCommandInvocation', 'ssm:ListCommandInvocations'],
      // These know no resources; what they show of other documents is what a command printed.
      resourceArns: ['*'],
    });
  }
}

/** What Systems Manager is given: schema 2.2. */
export function documentContent() {
  const parameters = Object.entries<DocumentParameter>(DOCUMENT_PARAMETERS).map(
    ([name, { description, pattern, default: fallback }]) => [
      name,
      { type: 'String', description, allowedPattern: `^${pattern}$`, default: fallback },
    ],
  );
  return {
    schemaVersion: '2.2',
    description: 'Tells an Understudy host something: status, switch, release, drill.',
    parameters: Object.fromEntries(parameters),
    mainSteps: [
      {
        name: 'understudy',
        action: 'aws:runShellScript',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: { timeoutSeconds: String(TIMEOUT_S), runCommand: script() },
      },
    ],
  };
}

/**
 * For any POSIX shell, as root, without a profile. Systems Manager puts the parameters into this text: each stands between
 * single quotes, which no pattern lets through. With `=`, so that a reason that begins with a hyphen is no option. Numbers
 * that nobody gave are left to the command. Its status is that of the script.
 */
function script(): string[] {
  return [
    '#!/bin/sh',
    'PATH="$PATH:/usr/local/bin"',
    `if [ ${value('action')} = status ]; then exec understudy status --brief; fi`,
    `set -- --by=${value('by')} --reason=${value('reason')} --json`,
    unlessDefault('sequence', `--sequence=${value('sequence')}`),
    unlessDefault('notAfter', `--not-after=${value('notAfter')}`),
    unlessDefault('automatic', '--automatic'),
    `case ${value('action')} in`,
    'switch)',
    unlessDefault('until', `--until=${value('until')}`),
    `exec understudy switch ${value('program')} ${value('source')} "$@" ;;`,
    `release) exec understudy release ${value('program')} "$@" ;;`,
    // Whoever asked has no time to wait for the end of it: the host's log and its status tell.
    `drill) exec understudy drill ${value('program')} --kind=${value('kind')} --for=${value('durationMs')}ms --no-wait "$@" ;;`,
    'esac',
    "echo 'understudy: no such action' >&2",
    'exit 2',
  ];
}

function unlessDefault(name: DocumentParameterName, option: string): string {
  return `if [ ${value(name)} != '${DOCUMENT_PARAMETERS[name].default}' ]; then set -- "$@" ${option}; fi`;
}

function value(name: DocumentParameterName): string {
  return `'{{ ${name} }}'`;
}
