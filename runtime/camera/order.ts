/** What a camera's process is to do. It comes over its standard input: command lines and environments can be read. */
export interface CameraOrder {
  /** `master/camera1`: where it publishes. */
  readonly input: string;
  /** Of the camera; holds no login. */
  readonly cameraUrl: string;
  readonly login: CameraLogin | null;
  /** `rtmp://127.0.0.1:1935`: the host's RTMP listener. */
  readonly hostUrl: string;
  readonly streamKey: string;
}

export interface CameraLogin {
  readonly user: string;
  readonly password: string;
}

/** Names and keys are short: longer is no order. */
export const MAX_ORDER_BYTES = 65_536;

/** One line. */
export function encodeOrder(order: CameraOrder): string {
  return `${JSON.stringify(order)}\n`;
}

/** Throws an Error for what is no order; its text holds nothing of what came. */
export function parseOrder(line: string): CameraOrder {
  let order: Partial<CameraOrder>;
  try {
    order = JSON.parse(line) as Partial<CameraOrder>;
  } catch {
    throw new Error('the order on standard input is not JSON');
  }
  const { input, cameraUrl, login = null, hostUrl, streamKey } = order;
  for (const [name, value] of Object.entries({ input, cameraUrl, hostUrl, streamKey })) {
    if (typeof value !== 'string') throw new Error(`the order on standard input has no "${name}"`);
  }
  return { input, cameraUrl, login, hostUrl, streamKey } as CameraOrder;
}

/** Reads USER:PASSWORD; a password may hold colons. Undefined where it is not that. */
export function parseLogin(text: string): CameraLogin | undefined {
  const colon = text.indexOf(':');
  return colon < 1 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
