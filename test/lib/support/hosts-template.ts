import { join } from 'node:path';
import { Template } from 'aws-cdk-lib/assertions';
import type { LaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import { HostsStack } from '../../../lib/stacks/hosts-stack.ts';
import { NetworkStack } from '../../../lib/stacks/network-stack.ts';
import type { Config } from '../../../runtime/contract/config.ts';
import { testApp } from './app.ts';
import { resolved, type TemplateValues } from './template-values.ts';

/** Three small files, so that templates do not change with the code that hosts run. */
export const SMALL_BUNDLE = join(import.meta.dirname, '../fixtures/bundle');

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly CreationPolicy?: unknown;
}

export function hostsStack(config: Config, bundleDirectory = SMALL_BUNDLE): HostsStack {
  const app = testApp();
  const network = new NetworkStack(app, 'Network', { config });
  return new HostsStack(app, 'Hosts', { config, network, bundleDirectory });
}

/** The resources of a type, by logical id. */
export function resourcesOf(template: Template, type: string): Array<[id: string, resource: Resource]> {
  return Object.entries(template.findResources(type)) as Array<[string, Resource]>;
}

/** The user data of each host as EC2 would get it, by the host's name. References that the test does not name become `<Name>`. */
export function userDataOf(stack: HostsStack, given: TemplateValues = {}): Map<string, string> {
  return new Map(
    stack.hosts.map(({ planned, launchTemplate }) => [
      planned.name,
      userDataIn(stack, launchTemplate, given),
    ]),
  );
}

/** The same of the edges, which have one for all. */
export function edgeUserDataOf(stack: HostsStack, given: TemplateValues = {}): string {
  if (stack.edges === undefined) throw new Error('the deployment has no edges');
  return userDataIn(stack, stack.edges.launchTemplate, given);
}

function userDataIn(stack: HostsStack, launchTemplate: LaunchTemplate, given: TemplateValues): string {
  const id = stack.getLogicalId(launchTemplate.node.defaultChild as never);
  const template = Template.fromStack(stack).findResources('AWS::EC2::LaunchTemplate');
  const data = (template[id] as Resource | undefined)?.Properties.LaunchTemplateData as {
    readonly UserData: unknown;
  };
  const values = new Proxy(given, {
    get: (target, key) => Reflect.get(target, key) ?? `<${String(key)}>`,
  });
  return resolved(data.UserData, values);
}
