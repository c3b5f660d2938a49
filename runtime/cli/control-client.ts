import type {
  CommandAnswer,
  DrillRequest,
  ErrorAnswer,
  HostState,
  ProgramState,
  ReleaseRequest,
  SwitchEvent,
  SwitchRequest,
} from '../contract/control-api.ts';
import { CONTROL_PREFIX } from '../contract/control-path.ts';
import { CommandError, ExitCode } from './exit-codes.ts';

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
    const response = await fetch(`${this.base}${CONTROL_PREFIX}${path}`, {
      ...(body && {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    }).catch((cause: unknown) => {
      const why =
        cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : String(cause);
      throw new CommandError(
        `no host answers at ${this.base} (${why}). Start one with npm start, or name it with --control`,
        ExitCode.unreachable,
      );
    });
    const answer = (await response.json().catch(() => ({ error: 'no JSON' }))) as T | ErrorAnswer;
    if (!response.ok && response.status !== 409) {
      const { error, field } = answer as ErrorAnswer;
      throw new CommandError(field ? `${field}: ${error}` : error, ExitCode.failed);
    }
    return answer as T;
  }
}
