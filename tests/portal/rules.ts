import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PortalClient, Status } from '../support/portal-client.js';

/** A portal under test, and a client of it. */
export interface OpenPortal {
  readonly client: PortalClient;
  close(): Promise<void>;
}

const DONE = { status: 0, msg: '', codigo: undefined };
const BLANK_CLASS = { disciplina: null, professor: null, alunos: [] };

function refused(codigo: string, ...words: string[]): object {
  const all = words.map((word) => `(?=.*${word.replace(/[()[\]]/g, '\\$&')})`).join('');
  return { status: 1, codigo, msg: expect.stringMatching(new RegExp(`^${all}`)) as string };
}

/** Every rule of the contract, each success and each failure, on any engine. Each test takes identifiers of its own. */
export function portalRules(name: string, open: () => Promise<OpenPortal>): void {
  describe(`portal: ${name}`, () => {
    let opened: OpenPortal | undefined;
    let count = 0;
    const portal = (): PortalClient => {
      if (opened === undefined) throw new Error('not open');
      return opened.client;
    };
    const id = (prefix: string): string => `${prefix}${String(++count).padStart(4, '0')}`;
    beforeAll(async () => {
      opened = await open();
    }, 60_000);
    afterAll(() => opened?.close(), 60_000);

    /** A class with so many places, and so many students outside of it. */
    const classWith = async (
      vagas: number,
      students: number,
    ): Promise<{ sigla: string; alunos: string[] }> => {
      const sigla = id('GBC');
      expect(await portal().disciplina(sigla, 'Sistemas Distribuídos', vagas)).toEqual(DONE);
      const alunos = Array.from({ length: students }, () => id('11921BSI'));
      for (const matricula of alunos)
        expect(await portal().aluno(matricula, `Aluno ${matricula}`)).toEqual(DONE);
      return { sigla, alunos };
    };

    describe.each([
      ['Aluno', 'NovoAluno', 'Aluno', 'ObtemTodosAlunos', 'matricula', {}],
      ['Professor', 'NovoProfessor', 'Professor', 'ObtemTodosProfessores', 'siape', {}],
      ['Disciplina', 'NovaDisciplina', 'Disciplina', 'ObtemTodasDisciplinas', 'sigla', { vagas: 3 }],
    ] as const)('%s', (_, create, base, listAll, field, more) => {
      const record = (key: string, nome: string): object => ({ [field]: key, nome, ...more });
      const change = (rpc: string, message: object): Promise<Status> => portal().change(rpc, message);

      it('is created, read, edited, listed by identifier and removed', async () => {
        const keys = [id('AAAA'), id('AAAA'), id('AAAA')];
        const [first, second, third] = keys as [string, string, string];
        for (const key of [third, first, second]) {
          expect(await change(create, record(key, `nome ${key}`))).toEqual(DONE);
        }
        expect(await portal().get(`Obtem${base}`, second)).toEqual(record(second, `nome ${second}`));
        expect(await change(`Edita${base}`, record(second, 'outro nome, "novo"'))).toEqual(DONE);
        expect(await portal().get(`Obtem${base}`, second)).toEqual(record(second, 'outro nome, "novo"'));
        const listed = async (): Promise<unknown[]> =>
          (await portal().all<Record<string, string>>(listAll))
            .map((item) => item[field])
            .filter((key) => keys.includes(key!));
        expect(await listed()).toEqual([first, second, third]);
        expect(await change(`Remove${base}`, { id: second })).toEqual(DONE);
        expect(await listed()).toEqual([first, third]);
        expect(await portal().get(`Obtem${base}`, second)).toEqual({
          [field]: '',
          nome: '',
          ...(field === 'sigla' && { vagas: 0 }),
        });
      });

      it('is not created twice, nor with a short identifier or name', async () => {
        const key = id('BBBB');
        expect(await change(create, record(key, 'nome'))).toEqual(DONE);
        expect(await change(create, record(key, 'outro nome'))).toEqual(
          refused('CADASTRO_EXISTENTE', key, 'já existe'),
        );
        expect(await portal().get(`Obtem${base}`, key)).toMatchObject({ nome: 'nome' });
        expect(await change(create, record('abc', 'nome'))).toEqual(
          refused('CADASTRO_INVALIDO', 'pelo menos 4', 'abc'),
        );
        expect(await change(create, record('', 'nome'))).toEqual(
          refused('CADASTRO_INVALIDO', 'pelo menos 4'),
        );
        expect(await change(create, record(id('CCCC'), 'Zé'))).toEqual(
          refused('CADASTRO_INVALIDO', 'o nome d', 'pelo menos 4', 'Zé'),
        );
        // Four characters, whatever they are in bytes or UTF-16 units.
        expect(await change(create, record('😀😀', 'nome'))).toEqual(
          refused('CADASTRO_INVALIDO', 'pelo menos 4'),
        );
        expect(await change(create, record(`😀😀é${id('')}`, 'çãoé'))).toEqual(DONE);
      });

      it('is not edited or removed if it does not exist; an edit checks the name', async () => {
        const key = id('DDDD');
        expect(await change(`Edita${base}`, record(key, 'nome'))).toEqual(
          refused('CADASTRO_INEXISTENTE', key, 'não existe'),
        );
        expect(await change(`Remove${base}`, { id: key })).toEqual(
          refused('CADASTRO_INEXISTENTE', key, 'não existe'),
        );
        await change(create, record(key, 'nome'));
        expect(await change(`Edita${base}`, record(key, 'abc'))).toEqual(
          refused('CADASTRO_INVALIDO', 'pelo menos 4', 'abc'),
        );
        expect(await portal().get(`Obtem${base}`, key)).toMatchObject({ nome: 'nome' });
        await change(`Remove${base}`, { id: key });
        expect(await change(`Remove${base}`, { id: key })).toEqual(refused('CADASTRO_INEXISTENTE', key));
        expect(await change(create, record(key, 'de novo'))).toEqual(DONE);
        expect(await portal().get(`Obtem${base}`, key)).toEqual(record(key, 'de novo'));
      });

      it('has identifiers that are not confused with others', async () => {
        const base4 = id('E/E%');
        const keys = [base4, `${base4}/x`, `${base4}%2Fx`, `${base4}!1`, `${base4} `];
        for (const key of keys) expect(await change(create, record(key, `nome ${key}`))).toEqual(DONE);
        for (const key of keys)
          expect(await portal().get(`Obtem${base}`, key)).toEqual(record(key, `nome ${key}`));
        expect(await change(`Remove${base}`, { id: base4 })).toEqual(DONE);
        for (const key of keys.slice(1))
          expect(await portal().get(`Obtem${base}`, key)).toMatchObject({ nome: `nome ${key}` });
      });
    });

    it('seats are not negative, and do not fall below the number enrolled', async () => {
      const { sigla, alunos } = await classWith(2, 2);
      expect(await portal().disciplina(id('GBC'), 'nome', -1)).toEqual(
        refused('CADASTRO_INVALIDO', 'vagas', '-1'),
      );
      const edit = (vagas: number): Promise<Status> =>
        portal().change('EditaDisciplina', { sigla, nome: 'nome', vagas });
      expect(await edit(-1)).toEqual(refused('CADASTRO_INVALIDO', '-1'));
      for (const matricula of alunos) expect(await portal().matricula(sigla, matricula)).toEqual(DONE);
      expect(await edit(1)).toEqual(refused('CADASTRO_INVALIDO', sigla, '1', '2 alunos'));
      expect(await edit(2)).toEqual(DONE);
      expect(await edit(3)).toEqual(DONE);
      expect(await portal().disciplina(id('GBC'), 'sem vagas', 0)).toEqual(DONE);
    });

    it('a student enrols once, while there are seats, and leaves', async () => {
      const { sigla, alunos } = await classWith(2, 3);
      const [a, b, c] = alunos as [string, string, string];
      expect(await portal().matricula(sigla, b)).toEqual(DONE);
      expect(await portal().matricula(sigla, b)).toEqual(refused('MATRICULA_RECUSADA', b, 'já está', sigla));
      expect(await portal().matricula(sigla, a)).toEqual(DONE);
      expect(await portal().matricula(sigla, c)).toEqual(refused('DISCIPLINA_LOTADA', sigla, '2 vagas'));
      expect(await portal().roster(sigla)).toEqual([a, b]);
      const leave = (matricula: string): Promise<Status> =>
        portal().change('RemoveAluno', { disciplina: sigla, idPessoa: matricula });
      expect(await leave(c)).toEqual(refused('MATRICULA_RECUSADA', c, 'não está', sigla));
      expect(await leave(a)).toEqual(DONE);
      expect(await portal().matricula(sigla, c)).toEqual(DONE);
      expect(await portal().roster(sigla)).toEqual([b, c]);
      const nobody = id('11921BSI');
      for (const rpc of ['AdicionaAluno', 'RemoveAluno']) {
        const on = (disciplina: string, idPessoa: string) => portal().change(rpc, { disciplina, idPessoa });
        expect(await on(sigla, nobody)).toEqual(refused('CADASTRO_INEXISTENTE', 'o aluno', nobody));
        expect(await on('NADA', a)).toEqual(refused('CADASTRO_INEXISTENTE', 'a disciplina', 'NADA'));
      }
      const empty = await classWith(0, 0);
      expect(await portal().matricula(empty.sigla, a)).toEqual(
        refused('DISCIPLINA_LOTADA', empty.sigla, 'não tem vagas'),
      );
    });

    it('a class has at most one professor', async () => {
      const { sigla } = await classWith(1, 0);
      const [p, q] = [id('1234'), id('1234')];
      for (const siape of [p, q]) await portal().professor(siape, `Professor ${siape}`);
      const on = (rpc: string, disciplina: string, idPessoa: string) =>
        portal().change(rpc, { disciplina, idPessoa });
      expect(await on('RemoveProfessor', sigla, p)).toEqual(refused('MATRICULA_RECUSADA', p, sigla));
      expect(await on('AdicionaProfessor', sigla, p)).toEqual(DONE);
      expect(await on('AdicionaProfessor', sigla, q)).toEqual(refused('MATRICULA_RECUSADA', sigla, p));
      expect(await on('AdicionaProfessor', sigla, p)).toEqual(refused('MATRICULA_RECUSADA', sigla, p));
      expect(await on('RemoveProfessor', sigla, q)).toEqual(refused('MATRICULA_RECUSADA', q, sigla));
      expect((await portal().detail(sigla)).professor).toEqual({ siape: p, nome: `Professor ${p}` });
      expect(await on('RemoveProfessor', sigla, p)).toEqual(DONE);
      expect((await portal().detail(sigla)).professor).toBeNull();
      expect(await on('AdicionaProfessor', sigla, q)).toEqual(DONE);
      for (const rpc of ['AdicionaProfessor', 'RemoveProfessor']) {
        expect(await on(rpc, sigla, 'nada')).toEqual(refused('CADASTRO_INEXISTENTE', 'o professor', 'nada'));
        expect(await on(rpc, 'NADA', p)).toEqual(refused('CADASTRO_INEXISTENTE', 'a disciplina', 'NADA'));
      }
    });

    it('reports show the current names, and nothing that does not exist', async () => {
      const { sigla, alunos } = await classWith(9, 2);
      const [a, b] = alunos as [string, string];
      const other = await classWith(5, 0);
      const siape = id('1234');
      await portal().professor(siape, 'Paulo');
      for (const disciplina of [other.sigla, sigla]) {
        await portal().change('AdicionaProfessor', { disciplina, idPessoa: siape });
        await portal().matricula(disciplina, a);
      }
      await portal().matricula(sigla, b);
      await portal().change('EditaAluno', { matricula: a, nome: 'Ana Maria' });
      await portal().change('EditaProfessor', { siape, nome: 'Paulo Coelho' });
      await portal().change('EditaDisciplina', { sigla, nome: 'Redes', vagas: 8 });
      const disciplina = { sigla, nome: 'Redes', vagas: 8 };
      const professor = { siape, nome: 'Paulo Coelho' };
      const report = {
        disciplina,
        professor,
        alunos: [
          { matricula: a, nome: 'Ana Maria' },
          { matricula: b, nome: `Aluno ${b}` },
        ],
      };
      expect(await portal().detail(sigla)).toEqual(report);
      expect(await portal().ofProfessor(siape)).toEqual([report, await portal().detail(other.sigla)]);
      const second = { sigla: other.sigla, nome: 'Sistemas Distribuídos', vagas: 5 };
      expect(await portal().ofAluno(a)).toEqual([
        { disciplina, professor, totalAlunos: 2 },
        { disciplina: second, professor, totalAlunos: 1 },
      ]);
      expect(await portal().detail('NADA')).toEqual(BLANK_CLASS);
      expect(await portal().ofProfessor('nada')).toEqual([]);
      expect(await portal().ofAluno('nada')).toEqual([]);
    });

    it('a removed student, professor or class takes its dependents along; its name brings nothing back', async () => {
      const { sigla, alunos } = await classWith(2, 2);
      const [a, b] = alunos as [string, string];
      const siape = id('1234');
      await portal().professor(siape, 'Paulo');
      await portal().change('AdicionaProfessor', { disciplina: sigla, idPessoa: siape });
      for (const matricula of alunos) await portal().matricula(sigla, matricula);
      expect(await portal().change('RemoveAluno', { id: a })).toEqual(DONE);
      expect(await portal().roster(sigla)).toEqual([b]);
      await portal().aluno(a, 'Ana de novo');
      expect(await portal().ofAluno(a)).toEqual([]);
      expect(await portal().matricula(sigla, a)).toEqual(DONE);
      expect(await portal().change('RemoveProfessor', { id: siape })).toEqual(DONE);
      expect((await portal().detail(sigla)).professor).toBeNull();
      await portal().professor(siape, 'Paulo de novo');
      expect(await portal().ofProfessor(siape)).toEqual([]);
      await portal().change('AdicionaProfessor', { disciplina: sigla, idPessoa: siape });
      expect(await portal().change('RemoveDisciplina', { id: sigla })).toEqual(DONE);
      expect(await portal().detail(sigla)).toEqual(BLANK_CLASS);
      expect([await portal().ofAluno(a), await portal().ofProfessor(siape)]).toEqual([[], []]);
      await portal().disciplina(sigla, 'De novo', 2);
      expect(await portal().detail(sigla)).toMatchObject({ professor: null, alunos: [] });
      for (const matricula of alunos) expect(await portal().matricula(sigla, matricula)).toEqual(DONE);
    });

    it('a large class, and a student with many, disappear entirely', async () => {
      const { sigla, alunos } = await classWith(40, 40);
      for (const matricula of alunos) await portal().matricula(sigla, matricula);
      const [a = ''] = alunos;
      const classes = await Promise.all(Array.from({ length: 35 }, () => classWith(1, 0)));
      for (const other of classes) expect(await portal().matricula(other.sigla, a)).toEqual(DONE);
      expect(await portal().ofAluno(a)).toHaveLength(36);
      expect(await portal().roster(sigla)).toEqual(alunos);
      expect(await portal().change('RemoveAluno', { id: a })).toEqual(DONE);
      for (const other of classes) expect(await portal().roster(other.sigla)).toEqual([]);
      expect(await portal().roster(sigla)).toEqual(alunos.slice(1));
      expect(await portal().change('RemoveDisciplina', { id: sigla })).toEqual(DONE);
      await portal().disciplina(sigla, 'De novo', 40);
      expect(await portal().roster(sigla)).toEqual([]);
      expect(await portal().ofAluno(alunos[1]!)).toEqual([]);
    });

    it('many at once never exceed the seats', async () => {
      const { sigla, alunos } = await classWith(5, 20);
      const answers = await Promise.all(alunos.map((matricula) => portal().matricula(sigla, matricula)));
      expect(answers.filter(({ status }) => status === 0)).toHaveLength(5);
      for (const answer of answers.filter(({ status }) => status !== 0)) {
        expect(answer).toEqual(refused('DISCIPLINA_LOTADA', sigla, '5 vagas'));
      }
      expect(await portal().roster(sigla)).toHaveLength(5);
    });

    it('text that is not UTF-8 is refused', async () => {
      const bytes = Buffer.from([0x0a, 4, 0xff, 0xfe, 0xfd, 0xfc, 0x12, 4, 0x6e, 0x6f, 0x6d, 0x65]);
      const { resposta } = await portal().admin.unary<Status>('NovoAluno', bytes);
      expect(resposta).toMatchObject({ status: 1, msg: expect.stringContaining('UTF-8') as string });
    });
  });
}
