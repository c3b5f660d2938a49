import type { HostState, ProgramState } from '../../contract/control-api.ts';

/** GET /v1/programs/NAME/addresses: paths with their query. */
export interface ProgramAddresses {
  readonly rtmp: string;
  readonly flv: string;
  readonly hls: string | null;
  /** Until when they can be used, ms since the epoch; null: they have no end. */
  readonly expiresAt: number | null;
}

export interface Address {
  readonly label: string;
  readonly url: string;
}

/** What an encoder is given, as OBS asks for it. The key is a secret, and is not here. */
export interface PublishAddress {
  readonly input: string;
  readonly servers: readonly Address[];
  readonly streamKey: string;
}

/** Where this page came from. */
export interface PageLocation {
  readonly origin: string;
  readonly hostname: string;
}

type Listeners = HostState['listeners'];
const RTMP_PORT = 1935;
const RTMPS_PORT = 443;

export function playAddresses(
  { rtmp, flv, hls }: ProgramAddresses,
  listeners: Listeners,
  page: PageLocation,
): Address[] {
  return [
    ...rtmpUrls(listeners, page).map(({ label, url }) => ({ label, url: `${url}/${rtmp}` })),
    { label: 'HTTP-FLV', url: page.origin + flv },
    ...(hls === null ? [] : [{ label: 'HLS', url: page.origin + hls }]),
  ];
}

/** Of the candidates that encoders publish to this host. */
export function publishAddresses(
  program: ProgramState,
  { inputs, listeners }: HostState,
  page: PageLocation,
): PublishAddress[] {
  const own = inputs.filter(
    ({ name, kind, isRemote }) =>
      kind !== 'slate' && !isRemote && program.candidates.some((candidate) => candidate.name === name),
  );
  return own.map(({ name }) => {
    const [app, stream] = name.split('/');
    return {
      input: name,
      servers: rtmpUrls(listeners, page).map(({ label, url }) => ({ label, url: `${url}/${app}` })),
      streamKey: `${stream}?key=…`,
    };
  });
}

function rtmpUrls({ rtmp, rtmps }: Listeners, { hostname }: PageLocation): Address[] {
  const at = (port: number, usual: number): string => (port === usual ? hostname : `${hostname}:${port}`);
  return [
    { label: 'RTMP', url: `rtmp://${at(rtmp, RTMP_PORT)}` },
    ...(rtmps === undefined ? [] : [{ label: 'RTMPS', url: `rtmps://${at(rtmps, RTMPS_PORT)}` }]),
  ];
}
