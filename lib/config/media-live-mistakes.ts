/** Channels of AWS Elemental MediaLive: what they encode, and where MediaLive is. */
import { keyText, type Path } from '../../runtime/contract/config-path.ts';
import { listed, nearest } from '../../runtime/contract/wording.ts';
import type { MistakePass } from './mistake-pass.ts';
import { RULES_PER_GROUP } from './network-mistakes.ts';
import { standInOf } from './program-home.ts';

const CHANNELS = ['aws', 'mediaLive'];
const REGION = ['aws', 'region'];
const ENCODER_RANGES = ['aws', 'encoderCidrs'];

/** Regions of the CDK that are not in AWS's list of MediaLive's endpoints, as of 2025. */
const REGIONS_WITHOUT = ['us-west-1', 'af-south-1', 'ap-east-1', 'ap-southeast-3', 'ca-west-1'];

export function checkMediaLive(pass: MistakePass): void {
  const channels = pass.items(CHANNELS);
  if (channels.length === 0) return;
  checkPrograms(pass, channels);
  checkDestinations(pass, channels);
  checkRegion(pass);
  checkRuleCount(pass, channels);
}

function checkPrograms(pass: MistakePass, channels: readonly Path[]): void {
  const paths = channels.map((channel) => [...channel, 'program']);
  pass.reportRepeats(paths, 'each program once');
  const { config } = pass.reading;
  // Programs that are wrong themselves are reported where they stand.
  if (config === undefined) return;
  const known = config.programs.map(({ name }) => name);
  for (const path of paths) {
    const name = pass.textAt(path);
    if (name === undefined) continue;
    const program = config.programs.find((one) => one.name === name);
    if (program === undefined) {
      const near = nearest(name, known);
      const fix = near === undefined ? 'Name a program, or configure this one.' : `Did you mean "${near}"?`;
      pass.report(path, listed(known), fix);
    } else if (standInOf(program) === undefined) {
      const fix = `Add a backup to the candidates of ${name}, or take the channel out.`;
      pass.report(path, 'a program with a backup, from whose host the channel pulls too', fix);
    }
  }
}

function checkDestinations(pass: MistakePass, channels: readonly Path[]): void {
  for (const channel of channels) {
    const path = [...channel, 'destination'];
    if (!pass.isGiven([...path, 's3']) || !pass.isGiven([...path, 'mediaPackage'])) continue;
    pass.report(path, 's3 or mediaPackage, not both', 'Take one of the two out.');
  }
}

function checkRegion(pass: MistakePass): void {
  const region = pass.textAt(REGION);
  if (region === undefined || !REGIONS_WITHOUT.includes(region)) return;
  const fix = `Deploy to another region, or take ${keyText(CHANNELS)} out.`;
  pass.report(REGION, `a region with MediaLive, because of ${keyText(CHANNELS)}`, fix);
}

/** The hosts let each pipeline in by an address of its own, with the same group as encoders. */
function checkRuleCount(pass: MistakePass, channels: readonly Path[]): void {
  const pipelines = channels.reduce(
    (sum, channel) => sum + (pass.numberAt([...channel, 'pipelines']) ?? 1),
    0,
  );
  const ranges = pass.items(ENCODER_RANGES).length;
  const most = RULES_PER_GROUP - pipelines;
  if (ranges <= most) return;
  const allowed = `a list of 1 to ${most}, because of ${keyText(CHANNELS)}: a security group has ${RULES_PER_GROUP} rules`;
  pass.report(ENCODER_RANGES, allowed, 'Join neighbouring ranges to wider ones.');
}
