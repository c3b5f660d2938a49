import { readFileSync } from 'node:fs';

/** The shell commands that a page has under a heading, in order: what a reader would type. */
export function docSteps(page: string, heading: string): string {
  const text = readFileSync(page, 'utf8');
  const section = text.split(/^#+ /m).find((part) => part.startsWith(`${heading}\n`));
  const blocks = [...(section ?? '').matchAll(/^```sh\n(.*?)^```$/gms)].map(([, script]) => script);
  if (blocks.length === 0) throw new Error(`${page} has no commands under "${heading}"`);
  return blocks.join('');
}
