import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Recording } from '../../../src/laboratory/recording.js';
import { recordingText } from '../../../src/laboratory/write-recording.js';
import { correctHere } from './correct-here.js';
import { recorded, until } from './recordings.js';

/** The pages of the exercises that show what the corrector says. */
export const GUIDE_PAGES = ['docs/laboratorio/README.md', 'docs/laboratorio/en/README.md'];

const BLOCK = /(<!-- corrige:([\w-]+) -->\n)[\s\S]*?(<!-- \/corrige -->)/g;

/** The recordings that the pages show, by the name of the block. */
const SHOWN: Readonly<Record<string, () => Recording>> = {
  inteira: () => recorded('ao-mesmo-tempo-1'),
  'sem-ligar': () =>
    until(recorded('ao-mesmo-tempo-1'), (event) => event.kind === 'host' && event.change === 'connected'),
};

/** A page with each block as the corrector answers. */
export async function withCorrections(page: string): Promise<string> {
  const texts = new Map<string, string>();
  for (const [, , name = ''] of page.matchAll(BLOCK)) texts.set(name, await sessionText(name));
  return page.replace(
    BLOCK,
    (_, begin: string, name: string, end: string) => `${begin}${texts.get(name) ?? ''}${end}`,
  );
}

async function sessionText(name: string): Promise<string> {
  const recording = SHOWN[name]?.();
  if (recording === undefined) throw new Error(`no block ${name}`);
  const folder = await mkdtemp(join(tmpdir(), 'kvs-guide-'));
  try {
    const file = join(folder, 'aula.jsonl');
    await writeFile(file, recordingText(recording));
    const { stdout } = await correctHere(['ao-mesmo-tempo', file]);
    return `\n    $ kvs corrige ao-mesmo-tempo aula.jsonl\n${stdout.replace(/^(?=.)/gm, '    ')}\n`;
  } finally {
    await rm(folder, { recursive: true });
  }
}
