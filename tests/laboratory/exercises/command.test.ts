import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { lineWords } from '../../../src/cli/shell/line-words.js';
import { EXERCISES } from '../../../src/laboratory/exercises/catalogue.js';
import { recordingFor } from '../../../src/laboratory/exercises/planted-fault.js';
import { readRecordingFile } from '../../../src/supervisor/replay.js';
import { correctHere } from './correct-here.js';
import { GUIDE_PAGES, withCorrections } from './guide-blocks.js';
import { recordingPath } from './recordings.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'kvs-corrige-'));
const right = recordingPath('sessao-1');
const text = readFileSync(right, 'utf8');

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function fileOf(content: string | Buffer): string {
  const file = join(folder, 'run.jsonl');
  writeFileSync(file, content);
  return file;
}

describe('kvs corrige', () => {
  it('ends with 0 where all is done, with 1 where something is missing', async () => {
    expect(await correctHere(['sessao', right, '-q'])).toEqual({ code: 0, stdout: '', stderr: '' });
    const { code, stdout } = await correctHere(['3', recordingPath('relogio-1'), '-q']);
    expect([code, stdout.split('\n')[0]]).toEqual([1, 'grava-com-sessao']);
  });

  it('names each missing step, what to do, and what waits for it', async () => {
    const { code, stdout } = await correctHere(['kill-9', right]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^4 kill-9: kill -9, e o que se perdeu\n/);
    expect(stdout).toMatch(/│ 1 │ Um servidor confirma uma escrita, sem +│ feito +│ #\d+ +│ \d+,\d s +│/);
    expect(stdout).toMatch(/│ 2 │ Esse servidor é morto \(kill -9\) +│ falta +│/);
    expect(stdout).toMatch(/│ 3 │ Ele volta e atende +│ espera 2 +│/);
    expect(stdout).toMatch(/\no que fazer no passo 2 \(mata\): Mate o servidor que confirmou/);
    expect(stdout).toMatch(/\n1 de 7 passos feitos\n$/);
  });

  it('fits a terminal of 80 columns', async () => {
    for (const { name, engines } of EXERCISES) {
      const file = engines.includes('frota')
        ? right
        : recordingPath(engines[0] === 'lider' ? 'vagas-lider-1' : 'maioria-1');
      for (const language of ['pt', 'en']) {
        const { stdout } = await correctHere([name, file, '--idioma', language]);
        const drawn = stdout.split('\n').filter((line) => /^[│┌├└]/.test(line));
        expect(Math.max(...drawn.map((line) => line.length))).toBeLessThanOrEqual(80);
      }
    }
  });

  it('answers in English', async () => {
    const { stdout } = await correctHere(['kill-9', right, '--idioma', 'en']);
    expect(stdout).toMatch(/│ 3 │ It comes back and serves +│ waits for 2 +│/);
    expect(stdout).toMatch(/1 of 7 steps done\n$/);
  });

  it('warns where the run shows less than it seems', async () => {
    const { stdout, code } = await correctHere(['qualquer-lugar', recordingPath('qualquer-lugar-2')]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\natenção, evento #\d+: a leitura foi em n2, o mesmo servidor que gravou/);
  });

  it('answers programs with one line for each exercise', async () => {
    const { stdout } = await correctHere(['kill-9', right, '--json']);
    const answer = JSON.parse(stdout) as { passos: object[] };
    expect(answer).toMatchObject({ exercicio: 'kill-9', completo: false, avisos: [] });
    expect(answer.passos[0]).toMatchObject({
      passo: 'grava',
      feito: true,
      evento: expect.any(Number) as number,
    });
    expect(answer.passos[1]).toMatchObject({
      passo: 'mata',
      feito: false,
      faca: expect.any(String) as string,
    });
    expect(answer.passos[2]).toMatchObject({ passo: 'inicia', feito: false, espera: ['mata'] });
  });

  it('without an exercise tells how far the recording goes in each of its engine', async () => {
    const { code, stdout } = await correctHere([right]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/│ 3 │ sessao +│ O que uma sessão compra +│ completo │/);
    expect(stdout).not.toContain('maioria');
    expect((await correctHere([right, '-q'])).stdout).toBe('sessao\n');
  });

  it('--lista shows all exercises', async () => {
    expect((await correctHere(['--lista', '-q'])).stdout.trim().split('\n')).toEqual(
      EXERCISES.map(({ name }) => name),
    );
    expect((await correctHere(['--lista'])).stdout).toContain('Ache o defeito plantado');
  });

  it('defeito: tells a student which recording, and takes no other one', async () => {
    const { stdout } = await correctHere(['defeito', '--nome', 'Maria']);
    const mine = stdout.trim();
    expect((await correctHere(['defeito', join(root, mine), '--nome', 'Maria'])).stderr).toBe('');
    const other = mine.endsWith('b.jsonl')
      ? mine.replace('b.jsonl', 'a.jsonl')
      : mine.replace(/\w\.jsonl/, 'b.jsonl');
    const {
      code,
      stdout: said,
      stderr,
    } = await correctHere(['defeito', join(root, other), '--nome', 'Maria']);
    expect([code, said]).toEqual([2, '']);
    expect(stderr).toContain(`a gravação de Maria é ${mine}, e não `);
    // Whoever does not say who he is could hand in any.
    const nobody = await correctHere(['defeito', join(root, mine), '--resposta', 'relogio 12']);
    expect([nobody.code, nobody.stdout]).toEqual([2, '']);
    expect(nobody.stderr).toContain('de quem é? Cada aluno tem a sua gravação');
  });

  it('defeito: a file whose name only ends like that of the recording is another one', async () => {
    const name = Array.from({ length: 99 }, (_, at) => `Aluno ${at}`).find(
      (one) => recordingFor(one) === 'a.jsonl',
    )!;
    const mine = join(folder, 'aula.jsonl');
    writeFileSync(mine, text);
    const { stderr } = await correctHere(['defeito', mine, '--nome', name]);
    expect(stderr).toContain(`a gravação de ${name} é docs/laboratorio/defeito/a.jsonl`);
  });

  it.each([
    ['sesao', right, 'não há exercício "sesao"; quis dizer sessao?'],
    ['11', right, 'não há exercício "11"; kvs corrige --lista mostra todos'],
    ['maioria', right, 'a gravação é do motor frota, e maioria é um exercício de consenso'],
    ['sessao', '', 'falta a gravação: kvs corrige sessao GRAVACAO'],
    ['', '', 'diga a gravação: kvs corrige [EXERCICIO] GRAVACAO'],
    ['--lista', 'x', '"x" sobrou'],
    ['sessao', `${right} --resposta=queda`, '--nome e --resposta são do exercício defeito'],
    ['defeito', `${right} --resposta=queda`, 'diga a causa e o número do evento'],
    ['sessao', folder, 'é uma pasta'],
    ['sessao', join(folder, 'nenhum'), 'não existe'],
  ])('refuses %s %s', async (first, second, message) => {
    const words = [first, ...second.split(' ')].filter((word) => word !== '');
    const { code, stdout, stderr } = await correctHere(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
  });

  it.each([
    ['an empty file', '', 'não é uma gravação do laboratório: falta a primeira linha'],
    ['another JSON', '{"a":1}\n', 'não é uma gravação do laboratório'],
    ['no text', Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a]), 'não é UTF-8 válido'],
    ['a newer format', text.replace('"format":1', '"format":9'), 'mais novo que este programa'],
    ['a line left out', text.replace(/\n[^\n]*\n/, '\n'), 'faltam ou sobram linhas'],
    ['a line changed', text.replace('"change":"started"', '"change":"voou"'), '"change" deve ser um de'],
    ['one endless line', 'x'.repeat(7_200_000), 'linha 1: passa de'],
  ])('says what is wrong with %s', async (_, content, message) => {
    const file = fileOf(content);
    const { code, stdout, stderr } = await correctHere(['sessao', file]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toContain(file);
  });

  it('exports none of them, and names the file too', async () => {
    const file = fileOf('x');
    await expect(readRecordingFile(file)).rejects.toThrow(file);
  });

  it('judges a recording whose last line was cut, and says so', async () => {
    const { code, stdout, stderr } = await correctHere(['sessao', fileOf(text.slice(0, -40)), '-q']);
    expect([code, stdout]).toEqual([1, 'le-depois\n']);
    expect(stderr).toContain('a última linha está cortada no meio');
  });
});

describe('the pages of the exercises', () => {
  it.each(GUIDE_PAGES)(
    '%s shows what the corrector says (npm run docs:recordings writes it)',
    async (path) => {
      const page = readFileSync(join(root, path), 'utf8');
      expect(page).toContain('<!-- corrige:sem-ligar -->');
      expect(page).toBe(await withCorrections(page));
    },
  );

  it('name an exercise that there is in every command, and each has its page', () => {
    for (const [at, { name }] of EXERCISES.entries()) {
      const file = `${String(at + 1).padStart(2, '0')}-${name}.md`;
      for (const place of ['docs/laboratorio', 'docs/laboratorio/en']) {
        const page = readFileSync(join(root, place, file), 'utf8');
        const commands = page.split('\n').filter((line) => /^ +\$ kvs corrige /.test(line));
        expect(commands.length).toBeGreaterThan(0);
        for (const line of commands)
          expect(lineWords(line.trim().slice('$ kvs corrige '.length))[0]).toBe(name);
        expect(readFileSync(join(root, place, 'README.md'), 'utf8')).toContain(`(${file})`);
      }
    }
  });
});
