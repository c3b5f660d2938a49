import { describe, expect, it } from '@jest/globals';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { ContentDelivery, type ContentDeliveryProps } from '../../../lib/constructs/content-delivery.ts';
import { propertiesOf, surroundings } from '../support/synth.ts';

const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/12345678-1234-1234-1234-123456789012';

interface Behavior {
  readonly PathPattern?: string;
  readonly CachePolicyId: unknown;
  readonly TargetOriginId: string;
  readonly AllowedMethods: string[];
  readonly ViewerProtocolPolicy: string;
}

interface Origin {
  readonly Id: string;
  readonly DomainName: unknown;
  readonly CustomOriginConfig: { OriginProtocolPolicy: string; OriginSSLProtocols: string[] };
  readonly OriginShield?: { Enabled: boolean; OriginShieldRegion?: string };
}

interface Distribution {
  readonly Aliases?: string[];
  readonly PriceClass: string;
  readonly ViewerCertificate?: Record<string, unknown>;
  readonly DefaultCacheBehavior: Behavior;
  readonly CacheBehaviors: Behavior[];
  readonly CustomErrorResponses: { ErrorCode: number; ErrorCachingMinTTL: number }[];
  readonly Origins: Origin[];
}

function delivery(props: Omit<ContentDeliveryProps, 'loadBalancer'> = {}) {
  const { stack, loadBalancer } = surroundings();
  new ContentDelivery(stack, 'Delivery', { loadBalancer, ...props });
  const template = Template.fromStack(stack);
  const [found] = propertiesOf(template, 'AWS::CloudFront::Distribution');
  const distribution = found?.DistributionConfig as Distribution;
  const originOf = ({ TargetOriginId }: Behavior) =>
    distribution.Origins.find(({ Id }) => Id === TargetOriginId)!;
  return { stack, distribution, originOf, template };
}

/** The lives of what a path's cache policy keeps, in seconds. */
function livesOf(template: Template, { CachePolicyId }: Behavior) {
  const { Ref } = CachePolicyId as { Ref: string };
  const policy = template.findResources('AWS::CloudFront::CachePolicy')[Ref]?.Properties.CachePolicyConfig;
  return { least: policy.MinTTL, usual: policy.DefaultTTL, most: policy.MaxTTL };
}

describe('content delivery', () => {
  it('keeps playlists for a second, and segments as long as they may', () => {
    const { distribution, template } = delivery();
    const lives = distribution.CacheBehaviors.map((behavior) => [
      behavior.PathPattern,
      livesOf(template, behavior),
    ]);
    const segments = { least: 0, usual: 86_400, most: 31_536_000 };
    expect(lives).toEqual([
      ['*.m3u8', { least: 0, usual: 1, most: 2 }],
      ['*.m4s', segments],
      ['*.mp4', segments],
      ['*.ts', segments],
    ]);
  });

  it('tells the playlists of low-latency HLS apart by their queries', () => {
    const { template } = delivery();
    const keys = propertiesOf(template, 'AWS::CloudFront::CachePolicy').map(
      ({ CachePolicyConfig }) =>
        (CachePolicyConfig as { ParametersInCacheKeyAndForwardedToOrigin: Record<string, unknown> })
          .ParametersInCacheKeyAndForwardedToOrigin.QueryStringsConfig,
    );
    expect(keys).toEqual([
      { QueryStringBehavior: 'whitelist', QueryStrings: ['_HLS_msn', '_HLS_part', '_HLS_skip'] },
      { QueryStringBehavior: 'none' },
    ]);
  });

  it('lets streams without an end pass, uncached and without the shield', () => {
    const { distribution, originOf } = delivery({ region: 'eu-central-1' });
    const { DefaultCacheBehavior: behavior } = distribution;
    // CloudFront's own policies have fixed ids: CachingDisabled and AllViewer.
    expect(behavior).toMatchObject({
      CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
      OriginRequestPolicyId: '216adef6-5c7f-47e4-b989-5492eafa07d3',
    });
    expect(originOf(behavior).OriginShield).toEqual({ Enabled: false });
  });

  it('puts a shield before the hosts where the region is known', () => {
    const { distribution, originOf } = delivery({ region: 'eu-central-1' });
    for (const behavior of distribution.CacheBehaviors) {
      expect(originOf(behavior).OriginShield).toEqual({
        Enabled: true,
        OriginShieldRegion: 'eu-central-1',
      });
    }
  });

  it('takes the shield of a region nearby where there is none', () => {
    const { distribution, originOf } = delivery({ region: 'eu-west-3' });
    expect(originOf(distribution.CacheBehaviors[0]!).OriginShield?.OriginShieldRegion).toBe('eu-west-2');
  });

  it.each([{}, { region: 'xx-nowhere-1' }])('has no shield with %j', (props) => {
    const { distribution } = delivery(props);
    expect(distribution.Origins.some(({ OriginShield }) => OriginShield?.Enabled === true)).toBe(false);
  });

  it('fetches from the load balancer over HTTP, or over HTTPS by a name that has a certificate', () => {
    const plain = delivery().distribution.Origins;
    expect(plain.map(({ CustomOriginConfig }) => CustomOriginConfig.OriginProtocolPolicy)).toEqual([
      'http-only',
      'http-only',
    ]);
    expect(plain[0]?.DomainName).toHaveProperty('Fn::GetAtt');
    const named = delivery({ originDomainName: 'origin.example.com' }).distribution.Origins;
    for (const { DomainName, CustomOriginConfig } of named) {
      expect(DomainName).toBe('origin.example.com');
      expect(CustomOriginConfig).toMatchObject({
        OriginProtocolPolicy: 'https-only',
        OriginSSLProtocols: ['TLSv1.2'],
      });
    }
  });

  it('has no way to write, and no way without TLS', () => {
    const { distribution } = delivery();
    const behaviors = [distribution.DefaultCacheBehavior, ...distribution.CacheBehaviors];
    for (const { AllowedMethods, ViewerProtocolPolicy } of behaviors) {
      expect(AllowedMethods).toEqual(['GET', 'HEAD', 'OPTIONS']);
      expect(ViewerProtocolPolicy).toBe('redirect-to-https');
    }
  });

  it('forgets errors at once', () => {
    const { CustomErrorResponses } = delivery().distribution;
    expect(CustomErrorResponses.map(({ ErrorCode }) => ErrorCode)).toEqual([404, 500, 502, 503, 504]);
    expect(CustomErrorResponses.every(({ ErrorCachingMinTTL }) => ErrorCachingMinTTL === 1)).toBe(true);
  });

  it('has names of its own with a certificate', () => {
    const { distribution } = delivery({ domainNames: ['live.example.com'], certificateArn: CERTIFICATE });
    expect(distribution.Aliases).toEqual(['live.example.com']);
    expect(distribution.ViewerCertificate).toMatchObject({
      AcmCertificateArn: CERTIFICATE,
      MinimumProtocolVersion: 'TLSv1.2_2021',
    });
  });

  it('asks for no least version of TLS without a certificate: CloudFront would not listen', () => {
    const { distribution, stack } = delivery();
    expect(distribution.ViewerCertificate).toBeUndefined();
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  it.each([
    ['100', 'PriceClass_100'],
    ['200', 'PriceClass_200'],
    ['all', 'PriceClass_All'],
  ] as const)('serves from price class %s', (priceClass, expected) => {
    expect(delivery({ priceClass }).distribution.PriceClass).toBe(expected);
  });
});
