import { describe, expect, it } from 'vitest';
import { openBrokerCredentials, readBrokerCredentials } from '../../src/app/broker-credentials.js';
import { parseCommandLine } from '../../src/cli/arguments.js';
import { adminRequestOf, enrolmentRequestOf } from '../../src/cli/portal/request.js';
import type { PortalRequest } from '../../src/cli/portal/request.js';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The request that a command line names. */
function request(...words: string[]): PortalRequest {
  const command = parseCommandLine(words);
  if (command.kind !== 'portal') throw new Error(`a command of kind ${command.kind}`);
  return command.service === 'admin' ? adminRequestOf(command.flags) : enrolmentRequestOf(command.flags);
}

const admin = (words: string): PortalRequest => request('admin', ...words.split(' '));
const enrolment = (words: string): PortalRequest => request('matricula', ...words.split(' '));

describe('the clients of the portal', () => {
  it.each<[string, object]>([
    ['--base aluno --op create --key 11921BSI209 --val maycon', { matricula: '11921BSI209', nome: 'maycon' }],
    ['--op update --base professor --key=1234567 --val=Paulo', { siape: '1234567', nome: 'Paulo' }],
    [
      '--base disciplina --op create --key GBC074 --val Redes 60',
      { sigla: 'GBC074', nome: 'Redes', vagas: 60 },
    ],
    [
      '--base disciplina --op update --val Redes -1 --key GBC074',
      { sigla: 'GBC074', nome: 'Redes', vagas: -1 },
    ],
    [
      '--base disciplina --op update --key GBC074 --val Redes --val 0',
      { sigla: 'GBC074', nome: 'Redes', vagas: 0 },
    ],
    ['--base aluno --op get --key 00123 --port 9000', { id: '00123' }],
    ['--base aluno --op delete --key 00123 --json', { id: '00123' }],
    ['--base disciplina --op getall', {}],
  ])('admin %s', (words, item) => {
    expect(admin(words)).toMatchObject({ rpc: { service: 'project.PortalAdministrativo' }, item });
  });

  it.each<[string, object]>([
    ['--op add_aluno --val GBC074 11921BSI209', { disciplina: 'GBC074', idPessoa: '11921BSI209' }],
    ['--op del_prof --val GBC074 1234567 -p 9001', { disciplina: 'GBC074', idPessoa: '1234567' }],
    ['--op rel_disc --val GBC074', { id: 'GBC074' }],
  ])('matricula %s', (words, item) => {
    expect(enrolment(words)).toMatchObject({ rpc: { service: 'project.PortalMatricula' }, item });
  });

  it.each<[readonly string[], string]>([
    [['admin', '--op', 'get', '--key', 'a'], 'diga --base: aluno, professor, disciplina'],
    [['admin', '--base', 'aluno', '--key', 'a'], 'diga --op: create, get'],
    [
      ['admin', '--base', 'aluno', '--op', 'create', '--key', 'a'],
      'create de aluno: --val: esperado 1 (o nome), recebido 0',
    ],
    [
      ['admin', '--base', 'disciplina', '--op', 'create', '--key', 'a', '--val', 'b'],
      'esperado 2 (o nome e as vagas), recebido 1',
    ],
    [
      ['admin', '--base', 'disciplina', '--op', 'create', '--key', 'a', '--val', 'b', 'c'],
      '"c" não serve; esperado um número de vagas',
    ],
    [['admin', '--base', 'aluno', '--op', 'getall', '--key', 'a'], '--key: esperado nenhuma, recebido 1'],
    [['admin', '--base', 'curso', '--op', 'get', '--key', 'a'], 'curso'],
    [['matricula', '--op', 'add_aluno', '--val', 'GBC074'], 'esperado 2 (a sigla e a matrícula), recebido 1'],
    [['matricula', '--op', 'rel_prof', '--val', 'a', 'b'], 'esperado 1, recebido 2'],
    [['matricula', '--op', 'nada', '--val', 'a'], 'nada'],
    [['matricula', '--nada'], 'nada'],
  ])('%j is refused with what was expected', (words, message) => {
    expect(() => request(...words)).toThrow(message);
  });
});

describe('credentials of the broker', () => {
  it('come from the first line of a file, and errors do not show them', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-cred-'));
    const file = join(folder, 'arquivo');
    const [warnings, exposed]: [string[], string[]] = [[], []];
    const logger = {
      ...{ debug: () => undefined, info: () => undefined, error: () => undefined },
      warn: (_details: unknown, message: string) => void warnings.push(message),
    };
    const read = (path: string): ReturnType<typeof readBrokerCredentials> =>
      readBrokerCredentials(path, () => exposed.push(path));
    await writeFile(file, 'usuario:se:nha \r\noutra linha\n', { mode: 0o600 });
    expect(await read(file)).toEqual({ user: 'usuario', password: 'se:nha ' });
    expect(await openBrokerCredentials(undefined, logger)).toBeUndefined();
    // A token is a user and a password.
    await writeFile(file, 'kvs_frota1.Segredo.com:tudo\n');
    expect(await read(file)).toEqual({ user: 'frota1', password: 'Segredo.com:tudo' });
    expect([warnings, exposed]).toEqual([[], []]);
    await chmod(file, 0o644);
    await read(file);
    expect(exposed).toEqual([file]);
    await openBrokerCredentials(file, logger);
    expect(warnings).toEqual(['outros usuários alcançam o arquivo da senha do broker; use chmod 600']);
    await writeFile(file, 'segredo-sem-usuario\n');
    await expect(read(file)).rejects.toThrow('não é usuario:senha');
    await expect(read(file)).rejects.not.toThrow('segredo');
    await expect(read(join(folder, 'nada'))).rejects.toThrow('não consegui ler');
    await rm(folder, { recursive: true });
  });
});
