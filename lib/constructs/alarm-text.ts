import type { AlarmKind } from '../../runtime/contract/alarm-names.ts';

/** The sections of docs/operations.md that alarms point to, by the anchors that their headings have. */
const OPERATIONS = 'docs/operations.md';

/** What an alarm says of itself: what it means, what to do first, and where the rest stands. */
export function alarmText(section: AlarmKind, meaning: string, action: string): string {
  return `${meaning} ${action} More: ${OPERATIONS}#${section}`;
}
