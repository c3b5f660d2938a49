/** What the stack and the control function have to agree on: its environment, and the events that it puts on the bus. */

/** Names of environment variables. */
export const CONTROL_ENVIRONMENT = {
  /** The name of the deployment's document of Systems Manager. */
  document: 'UNDERSTUDY_DOCUMENT',
} as const;

export const CONTROL_EVENT_SOURCE = 'understudy.control';

/** Detail types. Details are JSON: `deployment`, and what docs/control.md names. */
export const CONTROL_EVENT_TYPES = {
  switch: 'Understudy Switch',
  release: 'Understudy Release',
  drill: 'Understudy Drill',
  repair: 'Understudy Repair',
  /** A person must come now: the stack sends these to the topic. */
  page: 'Understudy Page',
} as const;
