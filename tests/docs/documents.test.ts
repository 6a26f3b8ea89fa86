import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anchors, codeLines, headings, namedFiles, relativeLinks } from './markdown.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const README_LINES_MAX = 200;

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Every Markdown page of the repository, by its path. */
const pages = ['.', 'docs', 'bench', 'deploy', 'node-red'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: folder !== '.', encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => relative('.', join(folder, name))),
);
const exercises = readdirSync(join(root, 'docs/laboratorio')).filter((name) => name.endsWith('.md'));
const guides = readdirSync(join(root, 'docs/guia')).filter((name) => name.endsWith('.md'));

/** Pages that say the same in Portuguese and in English. */
const pairs = [
  ['README.pt-BR.md', 'README.md'],
  ...guides.map((name) => [`docs/guia/${name}`, `docs/guia/en/${name}`]),
  ...exercises.map((name) => [`docs/laboratorio/${name}`, `docs/laboratorio/en/${name}`]),
] as [string, string][];

describe('Portuguese and English', () => {
  it('every guide exists in both languages', () => {
    expect(readdirSync(join(root, 'docs/guia/en')).sort()).toEqual(guides.sort());
    expect(readdirSync(join(root, 'docs/laboratorio/en')).sort()).toEqual(exercises.sort());
  });

  it.each(pairs)('%s and %s have the same headings, in level and order', (portuguese, english) => {
    const levels = (path: string): number[] => headings(read(path)).map(({ level }) => level);
    expect(levels(portuguese)).toEqual(levels(english));
  });

  it.each(pairs)('%s and %s show the same commands and answers', (portuguese, english) => {
    expect(codeLines(read(portuguese))).toEqual(codeLines(read(english)));
  });

  it.each(['README.pt-BR.md', 'README.md'])(`%s fits in ${README_LINES_MAX} lines`, (path) => {
    expect(read(path).trimEnd().split('\n').length).toBeLessThanOrEqual(README_LINES_MAX);
  });

  it.each(['README.pt-BR.md', 'README.md'])('%s says how to run the tests', (path) => {
    expect(codeLines(read(path))).toContain('./teste.sh');
  });
});

describe('what the pages refer to', () => {
  it('the pages that are checked are found', () => {
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'docs/ARCHITECTURE.md', 'docs/guia/frota.md']),
    );
  });

  it.each(pages)('in %s every link leads to a file, and to a heading of it', (path) => {
    const page = read(path);
    const broken = relativeLinks(page).filter((link) => {
      const [file = '', anchor] = decodeURIComponent(link).split('#');
      const target = file === '' ? path : join(dirname(path), file);
      if (!existsSync(join(root, target))) return true;
      return anchor !== undefined && !anchors(read(target)).has(anchor);
    });
    expect(broken).toEqual([]);
  });

  it.each(pages.filter((path) => path !== 'CHANGELOG.md'))(
    'in %s every file and folder named exists',
    (path) => {
      expect(namedFiles(read(path)).filter((file) => !existsSync(join(root, file)))).toEqual([]);
    },
  );

  it.each(['docs/guia', 'docs/guia/en'])('the index of %s leads to all its guides', (folder) => {
    const linked = relativeLinks(read(join(folder, 'README.md')));
    expect(guides.filter((name) => name !== 'README.md' && !linked.includes(name))).toEqual([]);
  });
});
