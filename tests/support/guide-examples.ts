import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A command of the guide, and what it shows: `…` stands for anything. */
export interface Example {
  readonly command: string;
  readonly shown: string[];
}

/** The text of a page of the guide, in Portuguese. */
export function guidePage(page: string): string {
  return readFileSync(new URL(`../../docs/guia/${page}`, import.meta.url), 'utf8');
}

/** The examples in the text of a page, each a line `$ command` of an indented block and what follows it. */
export function examplesIn(text: string): readonly Example[] {
  const examples: Example[] = [];
  let isInside = false;
  for (const line of text.split('\n')) {
    const isCode = line.startsWith('    ') || (isInside && line === '');
    if (line.startsWith('    $ ')) {
      examples.push({ command: line.slice(6), shown: [] });
      isInside = true;
    } else if (isCode) examples.at(-1)?.shown.push(line.slice(4));
    else isInside = false;
  }
  return examples;
}

/** What a command writes. One that fails is none: a stream that is cut short by `--max-time` is a failure to curl. */
export function outputOf(command: string, env?: NodeJS.ProcessEnv, cwd?: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', command], { env: env ?? process.env, cwd }, (_error, stdout) => resolve(stdout));
  });
}

/** What a command must write to show this. */
export function patternOf(shown: readonly string[]): RegExp {
  const text = shown.join('\n').trim();
  const parts = text.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`);
}
