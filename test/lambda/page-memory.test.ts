import { expect, it } from '@jest/globals';
import { PageMemory } from '../../runtime/lambda/page-memory.ts';
import type { Finding } from '../../runtime/lambda/plan.ts';

const MINUTE_MS = 60_000;
const page = (text: string, subject = 'camera1'): Finding => ({ severity: 'page', subject, text });
const severities = (findings: readonly Finding[]): string[] => findings.map(({ severity }) => severity);

it('lets a page through once, and again after a quarter of an hour', () => {
  const pages = new PageMemory();
  const lost = [page('all its inputs are lost')];
  const paged = Array.from({ length: 31 }, (_, minute) => {
    const findings = pages.quieten(lost, minute * MINUTE_MS);
    pages.remember(findings, minute * MINUTE_MS);
    return severities(findings)[0] === 'page' ? [minute] : [];
  });
  expect(paged.flat()).toEqual([0, 15, 30]);
});

it('knows a page again whose time runs, and none of another program or with other words', () => {
  const pages = new PageMemory();
  pages.remember([page('pinned to slate by ann for another 90 s')], 0);
  const findings = [
    page('pinned to slate by ann for another 30 s'),
    page('pinned to slate by ann for another 30 s', 'camera2'),
    page('pinned to backup/spare2 by ann for another 30 s'),
  ];
  expect(severities(pages.quieten(findings, MINUTE_MS))).toEqual(['info', 'page', 'page']);
});

it('leaves a page that was not sent for the next run, and everything else alone', () => {
  const pages = new PageMemory();
  const findings: Finding[] = [page('lost'), { severity: 'repair', subject: 'a', text: 'b' }];
  expect(pages.quieten(findings, 0)).toEqual(findings);
  expect(pages.quieten(findings, MINUTE_MS)).toEqual(findings);
  pages.remember(findings, MINUTE_MS);
  expect(severities(pages.quieten(findings, MINUTE_MS))).toEqual(['info', 'repair']);
});
