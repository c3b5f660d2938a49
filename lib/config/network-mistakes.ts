/** Where the network is, and who is let in. */
import { RegionInfo } from 'aws-cdk-lib/region-info';
import { keyText, type Path } from '../../runtime/contract/config-path.ts';
import { nearest } from '../../runtime/contract/wording.ts';
import {
  alignedRange,
  isPrivateRange,
  LARGEST_VPC_PREFIX,
  prefixOf,
  SMALLEST_VPC_PREFIX,
  wrongOctet,
} from './address-range.ts';
import type { MistakePass } from './mistake-pass.ts';

const REGION = ['aws', 'region'];
const ZONES = ['aws', 'zones'];
const VPC_RANGE = ['aws', 'vpcCidr'];
const ENCODER_RANGES = ['aws', 'encoderCidrs'];
const VIEWER_RANGES = ['aws', 'viewerCidrs'];

/** Northern California has three zones, of which an account gets two. */
const TWO_ZONE_REGIONS = ['us-west-1'];

/** Inbound rules of one security group, the default quota of an account; each range takes one for each listener. */
export const RULES_PER_GROUP = 60;
const PLAIN_LISTENERS = 2;
const ALL_LISTENERS = 4;

export function checkNetwork(pass: MistakePass): void {
  checkRegion(pass);
  const isVpcRangeRight = checkRange(pass, VPC_RANGE);
  if (isVpcRangeRight) checkVpcRange(pass);
  for (const list of [ENCODER_RANGES, VIEWER_RANGES]) {
    const paths = pass.items(list);
    for (const path of paths) checkRange(pass, path);
    pass.reportRepeats(paths, 'each range once');
  }
  checkRuleCount(pass);
}

function checkRegion(pass: MistakePass): void {
  const region = pass.textAt(REGION);
  if (region === undefined) return;
  const known = RegionInfo.regions.map(({ name }) => name);
  if (!known.includes(region)) {
    const near = nearest(region, known);
    const fix =
      near === undefined ? 'Write the code of a region, as eu-central-1.' : `Did you mean "${near}"?`;
    pass.report(REGION, 'a region that the CDK knows', fix);
  }
  const zones = pass.numberOrDefault(ZONES) ?? 0;
  if (TWO_ZONE_REGIONS.includes(region) && zones > 2) {
    pass.report(
      ZONES,
      `2, because of ${keyText(REGION)}`,
      `Write "zones": 2: ${region} gives an account no more.`,
    );
  }
}

/** Whether it is a range at all. */
function checkRange(pass: MistakePass, path: Path): boolean {
  const range = pass.textAt(path);
  if (range === undefined) return false;
  const octet = wrongOctet(range);
  if (octet !== undefined) {
    pass.report(path, 'four numbers from 0 to 255, and a prefix', `Change number ${octet} of the four.`);
    return false;
  }
  const aligned = alignedRange(range);
  if (aligned !== range) {
    pass.report(path, 'a range written by its first address', `Write "${aligned}", or narrow the prefix.`);
    return false;
  }
  return true;
}

function checkVpcRange(pass: MistakePass): void {
  const range = pass.textAt(VPC_RANGE) ?? '';
  const prefix = prefixOf(range);
  if (prefix < LARGEST_VPC_PREFIX || prefix > SMALLEST_VPC_PREFIX) {
    const bounds = `/${LARGEST_VPC_PREFIX} to /${SMALLEST_VPC_PREFIX}`;
    const fix =
      prefix < LARGEST_VPC_PREFIX
        ? `AWS allows no more than a /${LARGEST_VPC_PREFIX}: take a part of it.`
        : `Three zones with hosts, edges and a load balancer need a /${SMALLEST_VPC_PREFIX} or more.`;
    pass.report(VPC_RANGE, bounds, fix);
  } else if (!isPrivateRange(range)) {
    const allowed = 'a private range: of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10';
    pass.report(
      VPC_RANGE,
      allowed,
      'Choose a private range: these addresses belong to somebody on the internet.',
    );
  }
}

function checkRuleCount(pass: MistakePass): void {
  const count = pass.items(VIEWER_RANGES).length;
  const hasCertificate = pass.isGiven(['aws', 'certificateArn']);
  const most = RULES_PER_GROUP / (hasCertificate ? ALL_LISTENERS : PLAIN_LISTENERS);
  if (count <= most || pass.reading.bad.has(keyText(VIEWER_RANGES))) return;
  const why = `a security group has ${RULES_PER_GROUP} rules, and each range takes one for each listener`;
  pass.report(VIEWER_RANGES, `a list of 1 to ${most}: ${why}`, 'Join neighbouring ranges to wider ones.');
}
