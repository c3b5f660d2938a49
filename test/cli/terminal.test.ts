/** Lines for people, and a status line that is overwritten in place on a terminal only. */
import { describe, expect, it } from '@jest/globals';
import { createTerminal, table } from '../../runtime/cli/terminal.ts';

function fakeStream(isTTY: boolean, columns = 20) {
  const written: string[] = [];
  const stream = { isTTY, columns, write: (text: string) => written.push(text) };
  return { written, stream: stream as unknown as NodeJS.WriteStream };
}

const CLEAR = '\r\x1b[2K';

describe('the terminal', () => {
  it('writes lines, and errors to the other stream', () => {
    const [out, err] = [fakeStream(false), fakeStream(false)];
    const terminal = createTerminal(out.stream, err.stream);
    terminal.line('a');
    terminal.error('b');
    expect([out.written, err.written]).toEqual([['a\n'], ['b\n']]);
  });

  it('shows no status where output is a file', () => {
    const out = fakeStream(false);
    const terminal = createTerminal(out.stream, out.stream);
    terminal.status('0:01');
    terminal.line('a');
    expect(out.written).toEqual(['a\n']);
    expect(terminal.isInteractive).toBe(false);
  });

  it('overwrites its status on a terminal, and clears it before a line or an error', () => {
    const [out, err] = [fakeStream(true), fakeStream(true)];
    const terminal = createTerminal(out.stream, err.stream);
    terminal.status('0:01');
    terminal.status('0:02');
    terminal.line('a');
    terminal.line('b');
    terminal.status('0:03');
    terminal.error('c');
    expect(out.written.join('|')).toBe(`${CLEAR}0:01|${CLEAR}0:02|${CLEAR}a\n|b\n|${CLEAR}0:03|${CLEAR}`);
    expect(err.written).toEqual(['c\n']);
  });

  it('cuts a status to the width, so that it stays on one line', () => {
    const out = fakeStream(true, 10);
    createTerminal(out.stream, out.stream).status('0123456789abc');
    expect(out.written).toEqual([`${CLEAR}012345678`]);
  });
});

describe('a table', () => {
  it('has columns as wide as their widest cell, and no blanks at the end', () => {
    expect(
      table([
        ['NAME', 'HEALTH', ''],
        ['master/camera1', 'live', 'x'],
        ['slate', '', ''],
      ]),
    ).toEqual(['NAME            HEALTH', 'master/camera1  live    x', 'slate']);
  });

  it('can be empty', () => {
    expect(table([])).toEqual([]);
  });
});
