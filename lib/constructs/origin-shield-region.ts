/** Where CloudFront has origin shields (Amazon CloudFront Developer Guide, "Choosing the AWS Region for Origin Shield"). */
const SHIELDED = [
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-south-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'eu-central-1',
  'eu-west-1',
  'eu-west-2',
  'sa-east-1',
  'us-east-1',
  'us-east-2',
  'us-west-2',
];

/** The nearest one, as the same page says, for regions that have none. */
const NEAREST: Readonly<Record<string, string>> = {
  'af-south-1': 'eu-west-1',
  'ap-east-1': 'ap-southeast-1',
  'ca-central-1': 'us-east-1',
  'eu-north-1': 'eu-west-2',
  'eu-south-1': 'eu-central-1',
  'eu-west-3': 'eu-west-2',
  'me-south-1': 'ap-south-1',
  'us-west-1': 'us-west-2',
};

/** The origin shield for hosts in `region`; undefined where none is known to be near. */
export function originShieldRegionOf(region: string): string | undefined {
  return SHIELDED.includes(region) ? region : NEAREST[region];
}
