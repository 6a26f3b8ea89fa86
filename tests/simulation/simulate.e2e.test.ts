import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

function simulate(...args: readonly string[]): { code: number | null; out: string; err: string } {
  const program = ['--import', 'tsx', 'tests/simulation/simulate.ts', ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { cwd: root, encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
}

describe('npm run simula', () => {
  it('runs seeds of every ground in several processes, and says what that was', { timeout: 120_000 }, () => {
    const { code, out, err } = simulate('--sementes', '8', '--desde', '7', '--processos', '2');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('simulação: 8 sementes desde 7, em 2 processos\n');
    expect(out).toMatch(/8 sementes em \d+ s, 0 com falha; \d+\.\d horas simuladas, \d+\.\d+ por minuto/);
  });

  it.each([
    [['--sementes', '0'], 'simula: --sementes 0: esperado um número inteiro de 1 a 1000000'],
    [['--terreno', 'lua'], 'simula: --terreno lua: os terrenos são frota, diarios, observacoes, chave'],
    [['--nada'], 'simula: as opções são --sementes N'],
  ])('%j is told in one line', (args, line) => {
    const { code, out, err } = simulate(...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(line);
  });
});
