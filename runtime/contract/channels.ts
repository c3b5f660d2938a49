/** The MediaLive channels of a deployment, as the control function is told of them by its environment. */
import * as z from 'zod';

/** The control function's environment variable that holds `Channels` as JSON. */
export const CHANNELS_VARIABLE = 'UNDERSTUDY_CHANNELS';

const name = z.string().min(1).max(256);

const channelSchema = z.strictObject({
  channelId: name,
  /** The program's own host, and the input attachment of the channel that pulls from it: they have one name. */
  home: name,
  /** The host of the program's first backup, and the input attachment that pulls from it. */
  backup: name,
  /** How long the home host must be well before the channel returns to it. */
  healthyForSeconds: z.int().min(0).max(3_600),
});

/** By the program's name. */
export const channelsSchema = z.record(name, channelSchema);

export type Channel = z.output<typeof channelSchema>;
export type Channels = z.output<typeof channelsSchema>;

/** `understudy camera1`: no name has a space, so no two deployments share a channel's name. */
export function channelName(deployment: string, program: string): string {
  return `${deployment} ${program}`;
}
