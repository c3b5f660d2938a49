import { expect, it } from '@jest/globals';
import { Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { planHosts } from '../../../lib/config/deployment.ts';
import { HostBundle } from '../../../lib/constructs/host-bundle.ts';
import { HostSecrets } from '../../../lib/constructs/host-secrets.ts';
import { HostSecurity } from '../../../lib/constructs/host-security.ts';
import { MultiplexerHost, type MultiplexerHostProps } from '../../../lib/constructs/multiplexer-host.ts';
import { NetworkStack } from '../../../lib/stacks/network-stack.ts';
import { testApp, testConfig } from '../support/app.ts';
import { SMALL_BUNDLE } from '../support/hosts-template.ts';

/** A host in an app of somebody else, with what it needs and no more. */
function hostAlone(changes: Partial<MultiplexerHostProps> = {}): Template {
  const app = testApp();
  const config = testConfig();
  const { vpc, viewersGroup } = new NetworkStack(app, 'Network', { config });
  const stack = new Stack(app, 'Own');
  const [planned] = planHosts(config);
  if (planned === undefined) throw new Error('no host is planned');
  const { rtmp, http, aws } = config;
  const security = new HostSecurity(stack, 'Security', {
    vpc,
    viewersGroup,
    rtmpPort: rtmp.port,
    httpPort: http.port,
    encoderCidrs: aws.encoderCidrs,
  });
  new MultiplexerHost(stack, 'Host', {
    planned,
    config,
    vpc,
    securityGroups: [security.hostGroup],
    bundle: new HostBundle(stack, 'Bundle', { directory: SMALL_BUNDLE }),
    secrets: new HostSecrets(stack, 'Keys', { inputs: [planned.input] }),
    logGroup: new LogGroup(stack, 'Logs'),
    ...changes,
  });
  return Template.fromStack(stack);
}

it('needs no address and no name of its own', () => {
  const template = hostAlone();
  template.resourceCountIs('AWS::EC2::Instance', 1);
  template.resourceCountIs('AWS::EC2::EIPAssociation', 0);
  template.resourceCountIs('AWS::Route53::RecordSet', 0);
});

it('carries the tags by which commands find it', () => {
  const [instance] = Object.values(hostAlone().findResources('AWS::EC2::Instance'));
  expect(instance?.Properties.Tags).toEqual(
    expect.arrayContaining([
      { Key: 'understudy:deployment', Value: 'understudy' },
      { Key: 'understudy:host', Value: 'master-camera1' },
    ]),
  );
});

it('waits for its start as long as it is told', () => {
  hostAlone({ startTimeout: Duration.minutes(3) }).hasResource('AWS::EC2::Instance', {
    CreationPolicy: { ResourceSignal: { Count: 1, Timeout: 'PT3M' } },
  });
});

it('says that the network has no such zone', () => {
  const [planned] = planHosts(testConfig());
  if (planned === undefined) throw new Error('no host is planned');
  expect(() => hostAlone({ planned: { ...planned, zone: 3 } })).toThrow(
    'master-camera1: the network has no zone 4',
  );
});

it('says that its input has no key', () => {
  const [planned] = planHosts(testConfig());
  if (planned === undefined) throw new Error('no host is planned');
  expect(() => hostAlone({ planned: { ...planned, input: 'master/other' } })).toThrow(
    'there is no input master/other',
  );
});
