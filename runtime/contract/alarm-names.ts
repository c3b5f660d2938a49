/** The names of alarms: the stack gives them, the control function knows by them what an alarm is about. */

export type AlarmKind =
  | 'input-loss'
  | 'host-lost'
  | 'host-recovery'
  | 'program-off-air'
  | 'mismatch'
  | 'no-spare-left'
  | 'control-failing'
  | 'channel-input-loss';

/** `understudy-input-loss-master-camera1`: stable over deployments, and readable in an e-mail's subject. */
export function alarmName(deployment: string, kind: AlarmKind, subject?: string): string {
  const parts = [deployment, kind];
  if (subject !== undefined) parts.push(subject.replace('/', '-'));
  return parts.join('-');
}
