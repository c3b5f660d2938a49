import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './launch-browser.ts';
import type { PlaybackReport } from './playback-watch.ts';
import type { FlvPlayer, HlsPlayer, Latency, PlayerPage } from './player-page.ts';

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>Players</title><body><script src="/page.js"></script>';

type PageWindow = typeof globalThis & { readonly page: PlayerPage };

/** Players in one page of a browser. The page comes from another origin than the hosts, as pages do. */
export class BrowserPlayers {
  private readonly site: Server;
  private readonly browser: Browser;
  private readonly page: Page;

  static async open(): Promise<BrowserPlayers> {
    const site = serve();
    await once(site, 'listening');
    const browser = await launchBrowser();
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
    return new BrowserPlayers(site, browser, page);
  }

  private constructor(site: Server, browser: Browser, page: Page) {
    this.site = site;
    this.browser = browser;
    this.page = page;
  }

  /** Resolves when playback has gone on for a second; it is watched from then on. */
  play(player: HlsPlayer | FlvPlayer): Promise<void> {
    return this.page.evaluate((one) => (globalThis as PageWindow).page.play(one), player);
  }

  report(name: string): Promise<PlaybackReport> {
    return this.page.evaluate((one) => (globalThis as PageWindow).page.report(one), name);
  }

  /** What hls.js has said last, and the playlists that it has read. */
  log(name: string): Promise<readonly string[]> {
    return this.page.evaluate((one) => (globalThis as PageWindow).page.log(one), name);
  }

  latency(name: string): Promise<Latency> {
    return this.page.evaluate((one) => (globalThis as PageWindow).page.latency(one), name);
  }

  pause(name: string, ms: number): Promise<void> {
    return this.page.evaluate(([one, time]) => (globalThis as PageWindow).page.pause(one, time), [
      name,
      ms,
    ] as const);
  }

  block(ms: number): Promise<void> {
    return this.page.evaluate((time) => (globalThis as PageWindow).page.block(time), ms);
  }

  /** How long a sound that is all there stood still: what the machine does by itself. */
  machineStillMs(): Promise<number> {
    return this.page.evaluate(() => (globalThis as PageWindow).page.machineStillMs());
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.site.close();
    this.site.closeAllConnections();
  }
}

function serve(): Server {
  const script = buildSync({
    entryPoints: [join(import.meta.dirname, 'player-page.ts')],
    bundle: true,
    format: 'iife',
    write: false,
  }).outputFiles[0]?.contents;
  const server = createServer((request, response) => {
    const isScript = request.url === '/page.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? script : PAGE);
  });
  return server.listen(0, '127.0.0.1');
}
