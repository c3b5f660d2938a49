import { App, Stack } from 'aws-cdk-lib';
import type { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { parseDeployment } from '../../../lib/config/read-config.ts';
import type { Config } from '../../../runtime/contract/config.ts';
import { formatProblems } from '../../../runtime/contract/config-problems.ts';

/** The default deployment, with what `given` changes. */
export function deployment(given: Record<string, unknown> = {}): Config {
  const masters = [{ name: 'camera1' }, { name: 'camera2' }, { name: 'camera3' }];
  const backups = [{ name: 'spare' }];
  const parsed = parseDeployment(JSON.stringify({ masters, backups, ...given }));
  if (!parsed.ok) throw new Error(formatProblems(parsed.problems, 'the configuration of a test'));
  return parsed.config;
}

/** An app whose synth is quick: validation takes most of the time, and is for the synth of CI. */
export function quickApp(): App {
  process.env.CDK_VALIDATION = 'false';
  return new App({ context: { 'aws:cdk:bundling-stacks': [] } });
}

/** What a construct needs around it: a network with a load balancer, in a stack without an environment. */
export function surroundings() {
  const stack = new Stack(quickApp(), 'Around');
  const vpc = new ec2.Vpc(stack, 'Vpc', {
    natGateways: 0,
    subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }],
    restrictDefaultSecurityGroup: false,
  }) as ec2.IVpc;
  const securityGroup = new ec2.SecurityGroup(stack, 'Group', { vpc });
  const loadBalancer = new elbv2.NetworkLoadBalancer(stack, 'LoadBalancer', {
    vpc,
    internetFacing: true,
    securityGroups: [securityGroup],
  });
  return { stack, vpc, securityGroup, loadBalancer };
}

/** The properties of all resources of a type. */
export function propertiesOf(template: Template, type: string): Record<string, unknown>[] {
  return Object.values(template.findResources(type)).map((resource) => resource.Properties ?? {});
}
