/** Certificates, and the CDN in front of HTTP. */
import { keyText, type Path } from '../../runtime/contract/config-path.ts';
import type { MistakePass } from './mistake-pass.ts';

const REGION = ['aws', 'region'];
const CERTIFICATE = ['aws', 'certificateArn'];
const VIEWER_RANGES = ['aws', 'viewerCidrs'];
const CLOUD_FRONT = ['aws', 'cloudFront'];
const CLOUD_FRONT_CERTIFICATE = [...CLOUD_FRONT, 'certificateArn'];
const DOMAIN_NAMES = [...CLOUD_FRONT, 'domainNames'];

/** CloudFront takes its certificates from here, wherever the origin is. */
const CLOUD_FRONT_REGION = 'us-east-1';
const ANYWHERE = '0.0.0.0/0';

export function checkDelivery(pass: MistakePass): void {
  const region = pass.textAt(REGION);
  if (region !== undefined) checkCertificate(pass, CERTIFICATE, { region, because: keyText(REGION) });
  if (!pass.isGiven(CLOUD_FRONT) || pass.valueAt(CLOUD_FRONT) === false) return;
  checkCertificate(pass, CLOUD_FRONT_CERTIFICATE, { region: CLOUD_FRONT_REGION, because: 'CloudFront' });
  checkDomainNames(pass);
  checkViewerRanges(pass);
}

function checkCertificate(
  pass: MistakePass,
  path: Path,
  wanted: { readonly region: string; readonly because: string },
): void {
  // arn:partition:acm:region:account:certificate/id
  const region = pass.textAt(path)?.split(':')[3];
  if (region === undefined || region === wanted.region) return;
  const allowed = `a certificate of ${wanted.region}, because of ${wanted.because}`;
  pass.report(
    path,
    allowed,
    `Request or import the certificate in ${wanted.region}; this one is of ${region}.`,
  );
}

function checkDomainNames(pass: MistakePass): void {
  const names = pass.items(DOMAIN_NAMES);
  pass.reportRepeats(names, 'each name once');
  const hasCertificate = pass.isGiven(CLOUD_FRONT_CERTIFICATE);
  if (names.length > 0 && !hasCertificate) {
    const fix = `Request a certificate for the names in ${CLOUD_FRONT_REGION}, and write its ARN here.`;
    pass.report(CLOUD_FRONT_CERTIFICATE, `a certificate, because of ${keyText(DOMAIN_NAMES)}`, fix);
  }
  if (names.length === 0 && hasCertificate) {
    const allowed = `at least one name, because of ${keyText(CLOUD_FRONT_CERTIFICATE)}`;
    pass.report(DOMAIN_NAMES, allowed, 'Name what the certificate is for, or take the certificate out.');
  }
}

/** CloudFront fetches from many addresses, which change. */
function checkViewerRanges(pass: MistakePass): void {
  const ranges = pass.items(VIEWER_RANGES).map((path) => pass.textAt(path));
  if (ranges.length === 0 || ranges.includes(ANYWHERE)) return;
  const fix = `Leave it out, or set ${keyText(CLOUD_FRONT)} to false.`;
  pass.report(VIEWER_RANGES, `["${ANYWHERE}"], because of ${keyText(CLOUD_FRONT)}`, fix);
}
