/**
 * The operator's console in a real Chromium, on a host that asks for its token: what it shows and how soon, its buttons, its
 * accessibility, and that it outlives its host. With UNDERSTUDY_WRITE_IMAGES set, it writes the pictures of docs/images.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { Audience } from '../support/audience.ts';
import { describeInBrowser } from '../support/browser.ts';
import { freePorts } from '../support/free-ports.ts';
import { HostProcess } from '../support/host-process.ts';
import { launchBrowser } from '../support/launch-browser.ts';
import { until } from '../support/until.ts';

const TEST_MS = 120_000;
const WAIT_MS = 60_000;
/** An operator who has heard of something looks at once. */
const SEEN_WITHIN_MS = 1_000;
const ROOT = join(import.meta.dirname, '../..');
const IMAGES = process.env.UNDERSTUDY_WRITE_IMAGES === undefined ? null : join(ROOT, 'docs/images');
const AXE = readFileSync(join(ROOT, 'node_modules/axe-core/axe.min.js'), 'utf8');
const TOKEN = 'token-of-the-console-test';
const KEYS = new Map([
  ['master/camera1', 'key-of-camera1-0123456789'],
  ['master/camera2', 'key-of-camera2-0123456789'],
  ['backup/spare', 'key-of-spare-0123456789'],
  ['control', TOKEN],
]);

/** Remembers when the page first showed each source on air, by the clock that the host has too. */
const WATCH = `(() => {
  window.seen = {};
  const look = () => {
    const shown = document.querySelector('[aria-label="Program camera1"] [aria-label="On air"] strong');
    const source = shown?.textContent;
    if (source) window.seen[source] ??= Date.now();
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  look();
})()`;

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: ReadonlyArray<{ readonly html: string }>;
}

/** What axe-core finds serious or worse. */
async function findings(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = (await page.evaluate('axe.run(document).then((result) => result.violations)')) as Finding[];
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

async function picture(page: Page, name: string): Promise<void> {
  if (IMAGES === null) return;
  mkdirSync(IMAGES, { recursive: true });
  await page.screenshot({ path: join(IMAGES, `console-${name}.png`) });
}

describeInBrowser('the console', () => {
  let host: HostProcess;
  let masters: Audience;
  let others: Audience;
  let browser: Browser;
  let page: Page;
  let config: object;
  /** What the page's scripts, and the policy that it is served with, complain of. */
  const complaints: string[] = [];

  const clip = (name: string): string => join(ROOT, `runtime/clips/${name}.flv`);
  const publishUrl = (input: string): string =>
    `rtmp://127.0.0.1:${host.ports.rtmp}/${input}?key=${KEYS.get(input)}`;
  const publishMasters = async (): Promise<void> => {
    masters = new Audience();
    await masters.publish(clip('camera1'), publishUrl('master/camera1'));
    await masters.publish(clip('camera2'), publishUrl('master/camera2'));
  };
  const publishSpare = async (): Promise<void> => {
    await others.publish(clip('spare'), publishUrl('backup/spare'));
  };
  const onAir = async (source: string): Promise<void> => {
    await until(
      `camera1 to show ${source}`,
      async () => (await host.state()).programs[0]?.onAir === source,
      WAIT_MS,
    );
  };
  const program = () => page.getByRole('region', { name: 'Program camera1' });
  const shown = (text: string) =>
    program().getByRole('group', { name: 'On air' }).getByText(text, { exact: true });
  const seenAt = async (source: string): Promise<number> =>
    until(`the page to show ${source}`, async () => {
      const seen = (await page.evaluate('window.seen')) as Record<string, number>;
      return seen[source];
    });
  /** How long after it was decided the page showed the last switch to `source`, in ms. */
  const seenAfterMs = async (source: string): Promise<number> => {
    const seen = await seenAt(source);
    // Its record is complete when both tracks have gone on, which may be after the page has shown it.
    const record = await until(`the record of the switch to ${source}`, async () => {
      const { lastSwitch } = (await host.state()).programs[0] ?? {};
      return lastSwitch?.to === source ? lastSwitch : undefined;
    });
    return seen - record.decidedAt;
  };

  beforeAll(async () => {
    const [rtmp = 0, http = 0] = await freePorts(2);
    const address = '127.0.0.1';
    config = {
      masters: [{ name: 'camera1' }, { name: 'camera2' }],
      backups: [{ name: 'spare' }],
      failover: { failbackHoldMs: 2_000 },
      rtmp: { port: rtmp, host: address },
      http: { port: http, host: address },
      control: { port: 0, trustLoopback: false },
    };
    host = await HostProcess.start(config, KEYS);
    others = new Audience();
    await Promise.all([publishMasters(), publishSpare()]);
    await onAir('master/camera1');
    browser = await launchBrowser();
    const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 900 } });
    page = await context.newPage();
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (/content security policy/i.test(message.text())) complaints.push(message.text());
    });
    await page.goto(`http://127.0.0.1:${http}/`);
  }, TEST_MS);

  afterAll(async () => {
    await browser?.close();
    await Promise.all([masters?.stop(), others?.stop(), host?.stop()]);
  }, TEST_MS);

  it(
    'asks for the token of the host, and takes no other',
    async () => {
      const field = page.getByLabel('Token');
      await field.fill('token-of-another-host');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByText('That is not the token.').waitFor();
      expect(await findings(page)).toEqual([]);
      await field.fill(TOKEN);
      await field.press('Enter');
      await shown('master/camera1').waitFor();
    },
    TEST_MS,
  );

  it(
    'shows every candidate, and plays the program',
    async () => {
      const candidates = program().getByRole('list', { name: 'Candidates of camera1' });
      await candidates.getByText('H.264 High 3.0 · 640×360').first().waitFor();
      expect(await candidates.getByRole('listitem').count()).toBe(3);
      const position = `document.querySelector('[aria-label="Pictures of camera1"]').currentTime`;
      const playedTo = async (): Promise<number> => Number(await page.evaluate(position));
      const first = await until('the preview to play', playedTo, WAIT_MS);
      await until('it to go on', async () => (await playedTo()) > first + 1, WAIT_MS);
      await picture(page, 'desktop');
    },
    TEST_MS,
  );

  it.each([
    ['light', { width: 1440, height: 900 }],
    ['dark', { width: 1440, height: 900 }],
    ['light', { width: 390, height: 844 }],
  ] as const)(
    'has nothing that axe-core finds serious: %s, %j',
    async (colorScheme, size) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize(size);
      await shown('master/camera1').waitFor();
      expect(await findings(page)).toEqual([]);
      if (colorScheme === 'dark') await picture(page, 'dark');
      if (size.width === 390) await picture(page, 'phone');
      const isWider = 'document.documentElement.scrollWidth > document.documentElement.clientWidth';
      expect(await page.evaluate(isWider)).toBe(false);
    },
    TEST_MS,
  );

  it(
    'shows within a second that a master is lost, and what has taken its place',
    async () => {
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize({ width: 1440, height: 900 });
      await page.evaluate(WATCH);
      await masters.stop();
      const afterMs = await seenAfterMs('backup/spare');
      process.stderr.write(`the page showed the failover ${afterMs.toFixed(0)} ms after it was decided\n`);
      expect(afterMs).toBeLessThan(SEEN_WITHIN_MS);
      await program()
        .getByRole('list', { name: 'Switches of camera1' })
        .getByText('no hole')
        .first()
        .waitFor();
      await picture(page, 'failure');
      expect(await findings(page)).toEqual([]);
      await publishMasters();
      await onAir('master/camera1');
      await shown('master/camera1').waitFor();
    },
    TEST_MS,
  );

  it(
    'switches what viewers see, by a button with a confirmation and by the keyboard alone',
    async () => {
      await others.play(`rtmp://127.0.0.1:${host.ports.rtmp}/live/camera1`);
      await others.play(`http://127.0.0.1:${host.ports.http}/live/camera1.flv`);
      await page.evaluate(WATCH);
      await program().getByRole('button', { name: 'Switch camera1 to backup/spare' }).focus();
      await page.keyboard.press('Enter');
      const dialog = page.getByRole('dialog', { name: 'Switch camera1 to backup/spare?' });
      await dialog.getByLabel('Your name').fill('ann');
      expect(await findings(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'hidden' });
      expect((await host.state()).programs[0]?.onAir).toBe('master/camera1');

      await page.keyboard.press('Enter');
      await dialog.getByLabel('Your name').fill('ann');
      await dialog.getByRole('button', { name: 'Switch to backup/spare' }).click();
      expect(await seenAfterMs('backup/spare')).toBeLessThan(SEEN_WITHIN_MS);
      const [camera1] = (await host.state()).programs;
      expect(camera1?.pin).toMatchObject({ source: 'backup/spare', by: 'ann', automatic: false });
      expect(camera1?.lastSwitch).toMatchObject({ by: 'ann', to: 'backup/spare' });

      await program().getByRole('button', { name: 'Release camera1' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Release camera1' }).click();
      await onAir('master/camera1');
      await shown('master/camera1').waitFor();
      // There and back, and nothing else.
      const seen = (await others.look()).map(({ breaches }) => breaches);
      expect(seen).toEqual([['2 switches'], ['2 switches']]);
    },
    TEST_MS,
  );

  it(
    'says that its host is away, and comes back by itself, still logged in',
    async () => {
      await host.stop();
      const connection = page.getByRole('alert', { name: 'Connection' });
      await connection.getByText('does not answer').waitFor();
      expect(await findings(page)).toEqual([]);
      await Promise.all([masters.stop(), others.stop()]);
      host = await HostProcess.start(config, KEYS);
      others = new Audience();
      await Promise.all([publishMasters(), publishSpare()]);
      await onAir('master/camera1');
      await shown('master/camera1').waitFor();
      await connection.getByText('does not answer').waitFor({ state: 'hidden' });
    },
    TEST_MS,
  );

  it('shows no secret, and logs none; and nothing in it broke', async () => {
    await program().getByRole('button', { name: 'Addresses of camera1' }).click();
    await page.getByRole('region', { name: 'Publish to camera1' }).waitFor();
    const text = (await page.content()) + JSON.stringify(host.log);
    for (const secret of KEYS.values()) expect(text).not.toContain(secret);
    expect(host.log.some(({ event }) => event === 'publish')).toBe(true);
    expect(complaints).toEqual([]);
  });
});
