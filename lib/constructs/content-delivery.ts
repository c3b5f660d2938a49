import { Duration, Validations } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront';
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { originShieldRegionOf } from './origin-shield-region.ts';

/** A playlist is out of date with the next segment: an edge of CloudFront asks once for all of its viewers. */
const PLAYLIST_TTL = Duration.seconds(1);
const PLAYLIST_LONGEST_TTL = Duration.seconds(2);
/** A segment never changes. What the origin says counts, up to the longest. */
const SEGMENT_TTL = Duration.days(1);
const SEGMENT_LONGEST_TTL = Duration.days(365);
/** CloudFront would keep an error for 10 s: a segment that comes a moment later would stay missing. */
const ERROR_TTL = Duration.seconds(1);
const ERRORS = [404, 500, 502, 503, 504];

const PLAYLISTS = '*.m3u8';
const SEGMENTS = ['*.m4s', '*.mp4', '*.ts'];
/** Low-latency HLS waits for a part that is named in the query (RFC 8216bis, section 6.2.5). */
const PLAYLIST_QUERIES = ['_HLS_msn', '_HLS_part', '_HLS_skip'];
/** The hosts check these; each is a playlist of its own then, so only where they do. */
const SIGNATURE_QUERIES = ['expires', 'signature'];

const PRICE_CLASSES = {
  '100': cloudfront.PriceClass.PRICE_CLASS_100,
  '200': cloudfront.PriceClass.PRICE_CLASS_200,
  all: cloudfront.PriceClass.PRICE_CLASS_ALL,
} as const;

export interface ContentDeliveryProps {
  /** Must let all of CloudFront in: its addresses are many, and change. */
  readonly loadBalancer: elbv2.NetworkLoadBalancer;
  /**
   * Where in the world it serves: `100` is Europe and North America, `200` adds Asia and Africa.
   * @default '100'
   */
  readonly priceClass?: keyof typeof PRICE_CLASSES;
  /**
   * Names of your own; each needs a record that leads to the distribution. Need `certificateArn`.
   * @default - the name that CloudFront gives
   */
  readonly domainNames?: readonly string[];
  /**
   * A certificate of us-east-1 for `domainNames`.
   * @default - CloudFront's own certificate
   */
  readonly certificateArn?: string;
  /**
   * Whether play URLs are signed: playlists are then kept apart by their signatures, and the hosts are asked about each.
   * @default false - everybody may play
   */
  readonly signsPlay?: boolean;
  /**
   * A name of the load balancer for which it has a certificate: CloudFront then fetches over HTTPS.
   * @default - the name that AWS gave the load balancer, for which nobody has a certificate; over HTTP
   */
  readonly originDomainName?: string;
  /**
   * The region of the load balancer, as text: all of CloudFront then fetches a segment once, by way of the origin shield that
   * is nearest to it.
   * @default - no origin shield
   */
  readonly region?: string;
}

/**
 * CloudFront in front of HTTP. HLS is cached: playlists for a second, segments for as long as the hosts say. HTTP-FLV and
 * WebSockets are streams without an end: they pass through, a connection to a host for each viewer, and come without the
 * origin shield, which could not help them.
 */
export class ContentDelivery extends Construct {
  readonly distribution: cloudfront.Distribution;
  readonly playlistCachePolicy: cloudfront.CachePolicy;
  readonly segmentCachePolicy: cloudfront.CachePolicy;

  constructor(scope: Construct, id: string, props: ContentDeliveryProps) {
    super(scope, id);
    this.playlistCachePolicy = new cloudfront.CachePolicy(this, 'Playlists', {
      comment: 'HLS playlists: one second, by what low-latency HLS asks for',
      minTtl: Duration.seconds(0),
      defaultTtl: PLAYLIST_TTL,
      maxTtl: PLAYLIST_LONGEST_TTL,
      queryStringBehavior: cloudfront.CacheQueryStringBehavior.allowList(
        ...PLAYLIST_QUERIES,
        ...(props.signsPlay ? SIGNATURE_QUERIES : []),
      ),
      enableAcceptEncodingGzip: true,
      enableAcceptEncodingBrotli: true,
    });
    this.segmentCachePolicy = new cloudfront.CachePolicy(this, 'Segments', {
      comment: 'HLS segments: they never change',
      minTtl: Duration.seconds(0),
      defaultTtl: SEGMENT_TTL,
      maxTtl: SEGMENT_LONGEST_TTL,
    });
    this.distribution = this.makeDistribution(props);
    acknowledgeFindings(this.distribution);
  }

  private makeDistribution(props: ContentDeliveryProps): cloudfront.Distribution {
    const { priceClass = '100', domainNames = [], certificateArn, region } = props;
    const originShieldRegion = region === undefined ? undefined : originShieldRegionOf(region);
    const stored = originOf(
      props,
      originShieldRegion === undefined
        ? { originShieldEnabled: false }
        : { originShieldEnabled: true, originShieldRegion },
    );
    const segments = { ...behaviorOf(stored), cachePolicy: this.segmentCachePolicy };
    return new cloudfront.Distribution(this, 'Distribution', {
      comment: 'Live programs',
      priceClass: PRICE_CLASSES[priceClass],
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      // With its own certificate, CloudFront takes TLS 1.0 too, and allows no choice.
      ...(certificateArn === undefined
        ? {}
        : {
            minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', certificateArn),
            domainNames: [...domainNames],
          }),
      defaultBehavior: {
        ...behaviorOf(originOf(props, { originShieldEnabled: false })),
        cachePolicy: cloudfront.CachePolicy.CACHING_DISABLED,
        // A WebSocket needs the headers of its handshake.
        originRequestPolicy: cloudfront.OriginRequestPolicy.ALL_VIEWER,
      },
      additionalBehaviors: {
        [PLAYLISTS]: { ...behaviorOf(stored), cachePolicy: this.playlistCachePolicy },
        ...Object.fromEntries(SEGMENTS.map((pattern) => [pattern, segments])),
      },
      errorResponses: ERRORS.map((httpStatus) => ({ httpStatus, ttl: ERROR_TTL })),
    });
  }
}

function originOf(
  { loadBalancer, originDomainName }: ContentDeliveryProps,
  shield: { readonly originShieldEnabled: boolean; readonly originShieldRegion?: string },
): HttpOrigin {
  return new HttpOrigin(originDomainName ?? loadBalancer.loadBalancerDnsName, {
    protocolPolicy:
      originDomainName === undefined
        ? cloudfront.OriginProtocolPolicy.HTTP_ONLY
        : cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
    ...shield,
  });
}

/** Nobody writes through it. */
function behaviorOf(origin: HttpOrigin) {
  return {
    origin,
    allowedMethods: cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
    viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
  };
}

function acknowledgeFindings(distribution: cloudfront.Distribution): void {
  Validations.of(distribution).acknowledge(
    {
      id: 'AwsSolutions-CFR1',
      reason: 'Programs are for whom the owner publishes them; no country is shut out.',
    },
    {
      id: 'AwsSolutions-CFR2',
      reason:
        'Only GET, HEAD and OPTIONS pass, to hosts that have no login, no form and no write path for viewers.',
    },
    {
      id: 'AwsSolutions-CFR3',
      reason:
        'A log would have a line for each viewer and second (playlists), with addresses of viewers; the metrics of the distribution count them.',
    },
    {
      id: 'AwsSolutions-CFR4',
      reason:
        'TLS 1.2 is the least where a certificate is configured; without one, CloudFront allows no choice with its own certificate.',
    },
    {
      id: 'AwsSolutions-CFR5',
      reason:
        'The name that AWS gives a load balancer cannot have a certificate; what passes is public. With a name of its own (originDomainName) it is HTTPS.',
    },
  );
}
