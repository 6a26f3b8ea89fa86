import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDoors } from '../../src/doors/server.js';
import { KvsError } from '../../src/core/errors.js';
import { RecordingLogger } from '../support/doors.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { PortalClient } from '../support/portal-client.js';
import { openPortalOn } from '../support/portal-stand.js';
import type { PortalStand } from '../support/portal-stand.js';
import { describeService, listServices } from '../support/reflection-client.js';

describe('as portas do portal', () => {
  const engine = new MemoryEngine();
  let stand: PortalStand;
  beforeAll(async () => {
    stand = await openPortalOn(engine);
  });
  afterAll(() => stand.close());

  it('estão na reflexão ao lado de project.KeyValueStore, cada uma com o seu arquivo', async () => {
    const client = stand.client.admin.raw;
    expect(await listServices(client)).toEqual(
      expect.arrayContaining([
        'project.PortalAdministrativo',
        'project.PortalMatricula',
        'project.KeyValueStore',
        'kvs.KVS',
      ]),
    );
    const admin = Buffer.concat(await describeService(client, 'project.PortalAdministrativo')).toString(
      'latin1',
    );
    expect(admin).toContain('NovoAluno');
    expect(admin).toContain('RelatorioDisciplina');
    const store = Buffer.concat(await describeService(client, 'project.KeyValueStore')).toString('latin1');
    expect(store).toContain('GetRange');
    expect(store).not.toContain('NovoAluno');
  });

  it('terminam a chamada com um status onde o motor não atende, e dizem o motivo', async () => {
    engine.refusal = new KvsError('SERVIDOR_ENTRANDO', 'o servidor ainda está entrando');
    await expect(stand.client.aluno('11921BSI209', 'nome')).rejects.toMatchObject({ code: 14 });
    await expect(stand.client.all('ObtemTodosAlunos')).rejects.toMatchObject({ code: 14 });
    await expect(stand.client.detail('GBC074')).rejects.toMatchObject({ code: 14 });
    engine.refusal = undefined;
    expect(await stand.client.detail('GBC074')).toMatchObject({ disciplina: null });
  });

  it('valores que outros puseram sob as chaves do portal não contam, e não atrapalham', async () => {
    for (const value of ['', 'nada', '[]', '{"nome":1}', '{"acao":"create","nome":"x","vagas":-1}']) {
      engine.insert('portal/disciplina/GBC999', value);
      engine.insert('portal/ministra/GBC074', value);
    }
    await stand.client.disciplina('GBC074', 'Redes', 1);
    expect(await stand.client.all('ObtemTodasDisciplinas')).toHaveLength(1);
    expect(await stand.client.detail('GBC074')).toMatchObject({ professor: null });
    expect(await stand.client.disciplina('GBC999', 'Agora sim', 1)).toMatchObject({ status: 0 });
    await stand.client.professor('1234567', 'Paulo');
    expect(
      await stand.client.change('AdicionaProfessor', { disciplina: 'GBC074', idPessoa: '1234567' }),
    ).toMatchObject({ status: 0 });
  });

  it('sem portal não há portal', async () => {
    const doors = await startDoors({
      port: 0,
      engine,
      engineHealth: 'kvs.teste',
      logger: new RecordingLogger(),
    });
    const client = new PortalClient(doors.port);
    await expect(client.aluno('11921BSI209', 'nome')).rejects.toMatchObject({ code: 12 });
    client.close();
    await doors.stop(0);
  });
});
