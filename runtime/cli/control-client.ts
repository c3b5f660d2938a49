import { request as sendRequest } from 'node:http';
import type {
  CommandAnswer,
  DrillRequest,
  ErrorAnswer,
  HostState,
  PlayAddresses,
  ProgramState,
  ReleaseRequest,
  SwitchEvent,
  SwitchRequest,
} from '../contract/control-api.ts';
import { CONTROL_PREFIX } from '../contract/control-path.ts';
import { CommandError, ExitCode } from './exit-codes.ts';

const ANSWER_TIMEOUT_MS = 10_000;

/** Talks to the control API of a running host. All calls reject with CommandError. */
export class ControlClient {
  private readonly base: string;

  /** `base`: `http://127.0.0.1:8081` */
  constructor(base: string) {
    this.base = base.replace(/\/+$/, '');
  }

  state(): Promise<HostState> {
    return this.request('/state');
  }

  program(name: string): Promise<ProgramState> {
    return this.request(`/programs/${encodeURIComponent(name)}`);
  }

  addresses(program: string): Promise<PlayAddresses> {
    return this.request(`/programs/${encodeURIComponent(program)}/addresses`);
  }

  switches(program: string): Promise<SwitchEvent[]> {
    return this.request(`/switches?program=${encodeURIComponent(program)}`);
  }

  switch(program: string, request: SwitchRequest): Promise<CommandAnswer> {
    return this.request(`/programs/${encodeURIComponent(program)}/switch`, request);
  }

  release(program: string, request: ReleaseRequest): Promise<CommandAnswer> {
    return this.request(`/programs/${encodeURIComponent(program)}/release`, request);
  }

  drill(program: string, request: DrillRequest): Promise<CommandAnswer> {
    return this.request(`/programs/${encodeURIComponent(program)}/drill`, request);
  }

  /** A GET, or with a body a POST. 409 is an answer too: it says why the host did not do what it was told. */
  private async request<T>(path: string, body?: object): Promise<T> {
    const { status, text } = await this.send(path, body).catch((error: NodeJS.ErrnoException) => {
      // A name with several addresses fails once for each: that error has a code and no message.
      const why = error.message || error.code;
      throw new CommandError(
        `no host answers at ${this.base} (${why}). Start one with npm start, or name it with --control`,
        ExitCode.unreachable,
      );
    });
    const answer = parseAnswer<T>(text);
    if (status >= 400 && status !== 409) {
      const { error, field } = answer as ErrorAnswer;
      throw new CommandError(field ? `${field}: ${error}` : error, ExitCode.failed);
    }
    return answer;
  }

  /** Not fetch: where a connection ends before the request is sent, Node's never settles. */
  private send(path: string, body: object | undefined): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const request = sendRequest(`${this.base}${CONTROL_PREFIX}${path}`, {
        agent: false,
        timeout: ANSWER_TIMEOUT_MS,
        ...(body && { method: 'POST', headers: { 'content-type': 'application/json' } }),
      });
      request.on('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      request.on('timeout', () => request.destroy(new Error(`no answer for ${ANSWER_TIMEOUT_MS / 1_000} s`)));
      request.on('error', reject);
      request.end(body && JSON.stringify(body));
    });
  }
}

function parseAnswer<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    throw new CommandError('what answers there is no control API: it sends no JSON', ExitCode.failed);
  }
}
