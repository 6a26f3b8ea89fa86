import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedBroker } from '../../../src/mqtt/embedded-broker.js';
import { RecordingLogger } from '../../support/doors.js';
import { mosquittoAvailable, startMosquitto } from '../../support/mosquitto.js';
import { realRandom, realTime } from '../../support/real-time.js';
import { runHere } from '../in-process.js';
import { check, expectAllRight, only, quick } from './checks.js';
import { NaivePortal } from './naive-portal.js';
import type { PortalFlaw } from './naive-portal.js';

let broker: EmbeddedBroker;
let server: NaivePortal;
beforeAll(async () => {
  const common = { time: realTime, random: realRandom, logger: new RecordingLogger() };
  broker = await EmbeddedBroker.start({ ...common, host: '127.0.0.1', port: 0 });
});
afterEach(() => {
  server.close();
});
afterAll(() => broker.stop());

const url = (): string => `mqtt://127.0.0.1:${broker.port}`;

describe.skipIf(!mosquittoAvailable())('kvs confere: a broker that asks who comes', () => {
  it('is shown user and password of a file, and else it is said how', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-confere-'));
    await chmod(folder, 0o755);
    const [passwords, mine] = [join(folder, 'senhas'), join(folder, 'minha')];
    await writeFile(passwords, '');
    execFileSync('mosquitto_passwd', ['-b', passwords, 'aluna', 'segredo'], { stdio: 'ignore' });
    await chmod(passwords, 0o644);
    await writeFile(mine, 'aluna:segredo\n', { mode: 0o600 });
    const guarded = await startMosquitto({ conf: `allow_anonymous false\npassword_file ${passwords}\n` });
    try {
      server = await NaivePortal.start(undefined, guarded.url.replace('://', '://aluna:segredo@'));
      const words = [...quick, ...only(['topico-uma-vez']), '--broker', guarded.url];
      const without = await check('portal', [server.port], ...quick, '--broker', guarded.url);
      expect(without.stderr).toContain('o broker pede usuário e senha: diga --broker-credenciais ARQUIVO');
      expectAllRight(await check('portal', [server.port], ...words, '--broker-credenciais', mine));
      const alone = await runHere(['confere', '-p', '1', '-c', 'portal', '--broker-credenciais', mine]);
      expect([alone.code, alone.stderr]).toEqual([2, expect.stringContaining('diga também --broker')]);
    } finally {
      await guarded.stop();
      await rm(folder, { recursive: true });
    }
  });
});

describe('kvs confere: a portal that somebody else wrote', () => {
  it('passes, topics included, and nothing is left', async () => {
    server = await NaivePortal.start(undefined, url());
    expectAllRight(await check('portal', [server.port], ...quick, '--broker', url()));
    expect(server.size).toBe(0);
  });

  it.each<[PortalFlaw, readonly string[], RegExp]>([
    ['accepts-twice', ['professor-repetido'], /status 1 e o motivo/],
    ['accepts-short', ['aluno-nome-curto', 'aluno-identificador-curto'], /menos de 4 caracteres/],
    ['edit-creates', ['disciplina-edita-inexistente'], /não o cria/],
    ['unsorted', ['aluno-todos-em-ordem', 'relatorio-da-disciplina'], /TreeMap/],
    ['silent-refusal', ['aluno-repetido'], /motivo em msg/],
    ['negative-places', ['disciplina-vagas-negativas'], /vagas >= 0/],
    ['blank-professor', ['disciplina-sem-professor'], /setProfessor/],
    ['second-professor', ['um-professor-so'], /o primeiro fica/],
    ['student-twice', ['aluno-uma-vez'], /aceito duas vezes/],
    [
      'keeps-enrolments',
      ['aluno-removido-sai-das-disciplinas', 'disciplina-removida-leva-as-matriculas'],
      /gasta uma vaga/,
    ],
    ['copies-names', ['nomes-de-agora'], /só os identificadores/],
    ['overbooks', ['vagas', 'sem-vagas'], /mais alunos do que vagas/],
    ['says-no-places', ['vagas-mensagem'], /quantas vagas/],
    ['overbooks-in-a-race', ['vagas-ao-mesmo-tempo'], /synchronized/],
  ])('%s: named by its case', async (flaw, ids, cause) => {
    server = await NaivePortal.start(flaw);
    const checked = await check('portal', [server.port], ...quick, ...only(ids));
    expect(checked.code).toBe(1);
    expect([...checked.failed].sort()).toEqual([...ids].sort());
    expect(checked.of(ids[0] ?? '').causa).toMatch(cause);
    expect(server.size).toBe(0);
  });

  it.each<[PortalFlaw, string, RegExp]>([
    ['publishes-json', 'topico-publica-aluno', /separados por vírgula/],
    ['ignores-topics', 'topico-aplica-disciplina', /assina portal/],
    ['dies-of-bad-message', 'topico-mensagem-ruim', /a próxima mensagem é atendida/],
    ['publishes-again', 'topico-uma-vez', /não a publica outra vez/],
  ])('%s: named by its case', async (flaw, id, cause) => {
    server = await NaivePortal.start(flaw, url());
    const checked = await check('portal', [server.port], ...quick, '--broker', url(), ...only([id]));
    expect([...checked.failed, ...checked.warned]).toEqual([id]);
    expect(checked.of(id).causa).toMatch(cause);
  });
});
