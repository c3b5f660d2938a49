import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildConsole } from '../../runtime/console/build-console.ts';
import type { ConsoleFiles } from '../../runtime/console/console-file.ts';

/** What is loaded before anybody has asked for a picture: an operator may sit behind a mobile phone. */
const LIMIT_BYTES = 115_000;

describe('the build of the console', () => {
  let files: ConsoleFiles;
  let page: string;
  beforeAll(async () => {
    files = await buildConsole();
    page = files.get('/')?.bytes.toString() ?? '';
  });

  it('makes a page whose files are all there, named by what is in them', () => {
    const named = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => path ?? '');
    expect(named).toHaveLength(2);
    for (const path of named) expect(files.get(path)).toMatchObject({ isImmutable: true });
    for (const path of files.keys()) expect(path).toMatch(/^\/$|^\/console\/[\w.]+-[A-Z0-9]{8}\.(js|css)$/);
    expect(files.get('/')).toMatchObject({ type: 'text/html; charset=utf-8', isImmutable: false });
  });

  it('leaves no script and no style in the page: its policy forbids them', () => {
    expect(page).not.toMatch(/<style|style=|<script(?![^>]* src=)|\son\w+=/);
  });

  it('names no file of another host', () => {
    expect(page).not.toMatch(/https?:/);
    const styles = [...files]
      .filter(([path]) => path.endsWith('.css'))
      .map(([, { bytes }]) => bytes.toString());
    for (const style of styles) expect(style).not.toMatch(/url\(|https?:/);
  });

  it('keeps the players out of what is loaded first', () => {
    const scripts = [...files].filter(([path]) => path.endsWith('.js'));
    const isPlayer = ([path]: (typeof scripts)[number]): boolean => /\/(hls|mpegts)/.test(path);
    expect(scripts.filter(isPlayer)).toHaveLength(2);
    const size = scripts
      .filter((script) => !isPlayer(script))
      .reduce((sum, [, { bytes }]) => sum + bytes.length, 0);
    expect(size).toBeLessThan(LIMIT_BYTES);
  });

  it('makes the same bytes of the same sources', async () => {
    expect(await buildConsole()).toEqual(files);
  });
});
