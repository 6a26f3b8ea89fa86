import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDoors } from '../../src/doors/start.js';
import { KvsError } from '../../src/core/errors.js';
import { RecordingLogger } from '../support/doors.js';
import { MemoryEngine } from '../support/memory-engine.js';
import { PortalClient } from '../support/portal-client.js';
import { openPortalOn } from '../support/portal-stand.js';
import type { PortalStand } from '../support/portal-stand.js';
import { describeService, listServices } from '../support/reflection-client.js';
import { realTime } from '../support/real-time.js';
import { verbs } from '../support/verbs.js';

describe('the doors of the portal', () => {
  const engine = new MemoryEngine();
  let stand: PortalStand;
  beforeAll(async () => {
    stand = await openPortalOn(engine);
  });
  afterAll(() => stand.close());

  it('are in the reflection beside project.KeyValueStore, each with its own file', async () => {
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

  it('end the call with a status where the engine does not serve, and say why', async () => {
    engine.refusal = new KvsError('SERVIDOR_ENTRANDO', 'o servidor ainda está entrando');
    await expect(stand.client.aluno('11921BSI209', 'nome')).rejects.toMatchObject({ code: 14 });
    await expect(stand.client.all('ObtemTodosAlunos')).rejects.toMatchObject({ code: 14 });
    await expect(stand.client.detail('GBC074')).rejects.toMatchObject({ code: 14 });
    engine.refusal = undefined;
    expect(await stand.client.detail('GBC074')).toMatchObject({ disciplina: null });
  });

  it('values that others put under the keys of the portal do not count, and do no harm', async () => {
    for (const value of ['', 'nada', '[]', '{"nome":1}', '{"acao":"create","nome":"x","vagas":-1}']) {
      verbs(engine).insert('portal/disciplina/GBC999', value);
      verbs(engine).insert('portal/ministra/GBC074', value);
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

  it('what is left of a removal cut off halfway takes no seat from anybody', async () => {
    await stand.client.disciplina('GBC500', 'Sistemas', 1);
    // The record is gone, and the rest was not reached.
    verbs(engine).insert('portal/inscricao/GBC500/41921BSI000', '{"origem":"unico"}');
    verbs(engine).insert('portal/aluno-disciplina/41921BSI000/GBC500', '{}');
    await stand.client.aluno('41921BSI001', 'Maria');
    expect(await stand.client.matricula('GBC500', '41921BSI001')).toMatchObject({ status: 0 });
    expect(await stand.client.roster('GBC500')).toEqual(['41921BSI001']);
    expect(await stand.client.ofAluno('41921BSI001')).toMatchObject([{ totalAlunos: 1 }]);
    const places = (vagas: number) =>
      stand.client.change('EditaDisciplina', { sigla: 'GBC500', nome: 'Sistemas', vagas });
    expect([await places(2), await places(1)]).toMatchObject([{ status: 0 }, { status: 0 }]);
    expect(await places(0)).toMatchObject({ codigo: 'CADASTRO_INVALIDO' });
    await stand.client.aluno('41921BSI000', 'De volta');
    expect(await stand.client.ofAluno('41921BSI000')).toEqual([]);
    expect(await stand.client.roster('GBC500')).toEqual(['41921BSI001']);
  });

  it('take no notice of a time to live, as of other metadata', async () => {
    stand.client.admin.metadata.set('kvs-ttl', 'abc');
    expect(await stand.client.aluno('51921BSI000', 'Nunca expira')).toMatchObject({ status: 0 });
    stand.client.admin.metadata.remove('kvs-ttl');
  });

  it('without the portal there is no portal', async () => {
    const doors = await startDoors({
      port: 0,
      engine,
      engineHealth: 'kvs.teste',
      time: realTime,
      logger: new RecordingLogger(),
    });
    const client = new PortalClient(doors.port);
    await expect(client.aluno('11921BSI209', 'nome')).rejects.toMatchObject({ code: 12 });
    client.close();
    await doors.stop(0);
  });
});
