/** The sections of docs/operations.md that alarms point to, by the anchors that their headings have. */
const OPERATIONS = 'docs/operations.md';

export type AlarmSection = 'input-loss' | 'host-lost' | 'host-recovery' | 'program-off-air' | 'no-spare-left';

/** What an alarm says of itself: what it means, what to do first, and where the rest stands. */
export function alarmText(section: AlarmSection, meaning: string, action: string): string {
  return `${meaning} ${action} More: ${OPERATIONS}#${section}`;
}

/** `understudy-input-loss-master-camera1`: stable over deployments, and readable in an e-mail's subject. */
export function alarmName(deployment: string, section: AlarmSection, subject?: string): string {
  const parts = [deployment, section];
  if (subject !== undefined) parts.push(subject.replace('/', '-'));
  return parts.join('-');
}
