/** `understudy drill`: a rehearsal, and the verdict of a viewer who was there. */
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ControlClient } from '../../runtime/cli/control-client.ts';
import { type DrillOptions, drill } from '../../runtime/cli/drill.ts';
import { ExitCode } from '../../runtime/cli/exit-codes.ts';
import type { HostState } from '../../runtime/contract/control-api.ts';
import { createControlServer } from '../../runtime/control/control-server.ts';
import { FakeHost, PROGRAM } from '../control/samples.ts';
import { FakeTerminal } from './fake-terminal.ts';
import { Studio } from './studio.ts';

const DURATION_MS = 3_000;

/** A host whose program switches as a drill wants it, after so many ms. */
class DrilledHost extends FakeHost {
  /** For how long the program stands still at each switch. */
  gapMs = 0;
  switchesAtAll = true;
  returns = true;
  private readonly studio: Studio;

  constructor(studio: Studio) {
    super();
    this.studio = studio;
    this.programNow = { ...PROGRAM, onAir: 'master/camera1', switches: 1 };
  }

  override state(): HostState {
    const state = super.state();
    return { ...state, listeners: { ...state.listeners, rtmp: this.studio.rtmpPort } };
  }

  override drill(program: string, command: unknown) {
    const answer = super.drill(program, command);
    if (answer?.outcome !== 'done') return answer;
    const running = { source: 'master/camera1', by: 'eve', endsAt: 0 };
    this.programNow = { ...this.programNow, drill: running };
    if (this.switchesAtAll) this.switchTo('backup/spare');
    this.studio.clock.after(DURATION_MS, () => {
      this.programNow = { ...this.programNow, drill: null };
      if (this.switchesAtAll && this.returns) this.switchTo('master/camera1');
    });
    return { ...answer, program: this.programNow };
  }

  private switchTo(source: string): void {
    this.studio.isSilent = this.gapMs > 0;
    this.studio.clock.after(this.gapMs, () => {
      this.studio.isSilent = false;
      this.studio.splice(source);
    });
    this.programNow = { ...this.programNow, onAir: source };
  }
}

let studio: Studio;
let host: DrilledHost;
let server: ReturnType<typeof createControlServer>;
let terminal: FakeTerminal;
beforeEach(async () => {
  studio = await new Studio().open();
  host = new DrilledHost(studio);
  server = createControlServer(host);
  await server.listen({ port: 0, host: '127.0.0.1' });
  terminal = new FakeTerminal();
});
afterEach(async () => {
  await server.close();
  await studio.close();
});

function drilling(options: Partial<DrillOptions> = {}): Promise<number> {
  const task = drill({
    program: 'camera1',
    kind: 'unpublish',
    durationMs: DURATION_MS,
    by: 'eve',
    reason: 'rehearsal',
    stallTimeoutMs: 500,
    json: false,
    client: new ControlClient(`http://127.0.0.1:${(server.server.address() as AddressInfo).port}`),
    clock: studio.clock,
    terminal,
    signal: new AbortController().signal,
    ...options,
  });
  return studio.clock.drive(task, studio.play);
}

describe('a drill', () => {
  it('that nobody notices passes', async () => {
    expect(await drilling()).toBe(ExitCode.ok);
    expect(host.commands).toEqual([
      {
        name: 'drill',
        program: 'camera1',
        command: { kind: 'unpublish', durationMs: DURATION_MS, by: 'eve', reason: 'rehearsal' },
      },
    ]);
    expect(terminal.lines.at(-1)).toMatch(/^PASS/);
    expect(terminal.text).toContain('switches seen: 2, backup/spare at');
    expect(terminal.text).toContain('master/camera1 plays dead (unpublish) for 3 s');
    // Where URLs need a signature, the host makes one for its own viewer.
    expect(studio.playedWith).toEqual([{ expires: '1767226000', signature: 's1gned' }]);
    expect(terminal.text).not.toContain('s1gned');
  });

  it('leaves no viewer behind', async () => {
    await drilling();
    for (let turns = 0; turns < 1_000 && studio.stage.feed.viewers > 0; turns += 1) {
      await new Promise(setImmediate);
    }
    expect(studio.stage.feed.viewers).toBe(0);
  });

  it('that costs a viewer too much time fails', async () => {
    host.gapMs = 400;
    expect(await drilling()).toBe(ExitCode.failed);
    expect(terminal.lines.at(-1)).toBe('FAIL');
    expect(terminal.text).toMatch(/NOTICEABLE: nothing arrived for \d+ ms, 150 allowed/);
  });

  it('of a stall may cost what its detection takes', async () => {
    host.gapMs = 400;
    await drilling({ kind: 'stall' });
    expect(terminal.text).not.toContain('nothing arrived');
  });

  it('that the program does not answer with switches fails', async () => {
    host.switchesAtAll = false;
    expect(await drilling()).toBe(ExitCode.failed);
    expect(terminal.text).toContain('NOTICEABLE: the viewer saw 0 switches, 2 expected');
  });

  // Half a minute of simulated time, in which the host is really asked a hundred times.
  const ASKS_OFTEN_MS = 30_000;
  it(
    'whose program does not come back fails, and says so',
    async () => {
      host.returns = false;
      await expect(drilling()).rejects.toMatchObject({
        exitCode: ExitCode.failed,
        message: expect.stringContaining('did not come back within 30 s'),
      });
    },
    ASKS_OFTEN_MS,
  );

  it('that the host refuses fails with its reason', async () => {
    host.answer = { outcome: 'refused', why: 'no other candidate of camera1 is live' };
    await expect(drilling()).rejects.toMatchObject({
      exitCode: ExitCode.failed,
      message: 'refused: no other candidate of camera1 is live',
    });
  });

  it('that comes too late fails as expired, and tells the host when that is', async () => {
    host.answer = { outcome: 'expired', why: 'it was valid until 9 ms ago' };
    await expect(drilling({ notAfter: 1_767_225_600_500 })).rejects.toMatchObject({
      exitCode: ExitCode.failed,
      message: 'expired: it was valid until 9 ms ago',
    });
    expect(host.commands[0]?.command).toMatchObject({ notAfter: 1_767_225_600_500 });
  });

  it('of a program that there is not fails', async () => {
    await expect(drilling({ program: 'camera9' })).rejects.toMatchObject({ exitCode: ExitCode.failed });
  });

  it('prints one JSON object where asked to', async () => {
    expect(await drilling({ json: true })).toBe(ExitCode.ok);
    expect(terminal.lines).toHaveLength(1);
    expect(JSON.parse(terminal.text)).toMatchObject({
      program: 'camera1',
      kind: 'unpublish',
      budgetMs: 150,
      passed: true,
      breaches: [],
      report: { switches: [{ source: 'backup/spare' }, { source: 'master/camera1' }] },
    });
  });
});
