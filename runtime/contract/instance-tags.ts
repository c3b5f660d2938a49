/** The tags of hosts on AWS: by them commands find the hosts, and IAM holds the control function to one deployment. */
export const INSTANCE_TAGS = {
  /** The configuration's `name`. */
  deployment: 'understudy:deployment',
  /** `master-camera1`; edges have none, since they come and go. */
  host: 'understudy:host',
} as const;
