import type { CommandAnswer, ErrorAnswer, HostState, SwitchEvent } from '../../contract/control-api.ts';
import { CONTROL_PREFIX } from '../../contract/control-path.ts';
import type { ProgramAddresses } from '../model/addresses.ts';
import type { Access } from '../model/console-state.ts';
import type { History } from '../model/history.ts';

/** An answer of 400 and above, in the host's words. */
export class ApiError extends Error {
  readonly status: number;
  /** How long to wait before asking again, in s; null where the host does not say. */
  readonly retryAfterS: number | null;

  constructor(status: number, message: string, retryAfterS: number | null) {
    super(message);
    this.status = status;
    this.retryAfterS = retryAfterS;
  }
}

/** A host that does not answer for so long is as good as none. */
const ANSWER_TIMEOUT_MS = 4_000;

export const api = {
  session: () => get<{ readonly access: Access }>('/session'),
  state: () => get<HostState>('/state'),
  switches: () => get<SwitchEvent[]>('/switches'),
  history: () => get<History>('/history'),
  addresses: (program: string) => get<ProgramAddresses>(`/programs/${program}/addresses`),
  login: (token: string) => post('/login', { token }),
  logout: () => post('/logout', {}),
  /** An answer that is not `done` is an answer too, and says why. */
  command: async (
    program: string,
    name: 'switch' | 'release' | 'drill',
    body: object,
  ): Promise<CommandAnswer> => {
    const response = await send(`/programs/${program}/${name}`, body);
    if (response.ok || response.status === 409) return response.json();
    throw await errorOf(response);
  },
};

export const EVENTS_PATH = `${CONTROL_PREFIX}/events`;

async function get<T>(path: string): Promise<T> {
  const response = await fetch(CONTROL_PREFIX + path, {
    cache: 'no-store',
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
  if (!response.ok) throw await errorOf(response);
  return response.json();
}

async function post(path: string, body: object): Promise<void> {
  const response = await send(path, body);
  if (!response.ok) throw await errorOf(response);
}

function send(path: string, body: object): Promise<Response> {
  return fetch(CONTROL_PREFIX + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
  });
}

async function errorOf(response: Response): Promise<ApiError> {
  const answer: Partial<ErrorAnswer> = await response.json().catch(() => ({}));
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError(
    response.status,
    answer.error ?? `the host answered with ${response.status}`,
    Number.isFinite(retryAfter) ? retryAfter : null,
  );
}
