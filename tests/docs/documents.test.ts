import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { anchors, codeLines, headings, namedFiles, relativeLinks } from './markdown.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const README_LINES_MAX = 200;

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Every Markdown page of the repository, by its path. */
const pages = ['.', 'docs', 'bench', 'deploy'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: folder !== '.', encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => relative('.', join(folder, name))),
);
const guides = readdirSync(join(root, 'docs/guia')).filter((name) => name.endsWith('.md'));

/** Pages that say the same in Portuguese and in English. */
const pairs = [
  ['README.pt-BR.md', 'README.md'],
  ...guides.map((name) => [`docs/guia/${name}`, `docs/guia/en/${name}`]),
] as [string, string][];

describe('português e inglês', () => {
  it('cada guia existe nas duas línguas', () => {
    expect(readdirSync(join(root, 'docs/guia/en')).sort()).toEqual(guides.sort());
  });

  it.each(pairs)('%s e %s têm os mesmos títulos, em nível e ordem', (portuguese, english) => {
    const levels = (path: string): number[] => headings(read(path)).map(({ level }) => level);
    expect(levels(portuguese)).toEqual(levels(english));
  });

  it.each(pairs)('%s e %s mostram os mesmos comandos e respostas', (portuguese, english) => {
    expect(codeLines(read(portuguese))).toEqual(codeLines(read(english)));
  });

  it.each(['README.pt-BR.md', 'README.md'])(`%s cabe em ${README_LINES_MAX} linhas`, (path) => {
    expect(read(path).trimEnd().split('\n').length).toBeLessThanOrEqual(README_LINES_MAX);
  });

  it.each(['README.pt-BR.md', 'README.md'])('%s diz como rodar os testes', (path) => {
    expect(codeLines(read(path))).toContain('./teste.sh');
  });
});

describe('o que as páginas apontam', () => {
  it('encontra as páginas que verifica', () => {
    expect(pages).toEqual(
      expect.arrayContaining(['README.md', 'docs/ARCHITECTURE.md', 'docs/guia/frota.md']),
    );
  });

  it.each(pages)('em %s todo link leva a um arquivo, e a um título dele', (path) => {
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
    'em %s todo arquivo e toda pasta citados existem',
    (path) => {
      expect(namedFiles(read(path)).filter((file) => !existsSync(join(root, file)))).toEqual([]);
    },
  );

  it.each(['docs/guia', 'docs/guia/en'])('o índice de %s leva a todos os seus guias', (folder) => {
    const linked = relativeLinks(read(join(folder, 'README.md')));
    expect(guides.filter((name) => name !== 'README.md' && !linked.includes(name))).toEqual([]);
  });
});
