import type { Base } from '../../../config/operation-names.js';
import { ID_FIELDS } from '../../portal/operations.js';
import { Deviation, NotTried } from '../case.js';
import type { ConformanceCase } from '../case.js';
import { meets, displayed } from '../expectation.js';
import { ADMIN_SERVICE, blankOf, DONE, METHODS, recordOf, REFUSED } from './trial.js';
import type { PortalTrial } from './trial.js';

/** Fewest characters of an identifier and of a name. */
const MINIMUM_CHARS = 4;

/** What the contract says of students, professors and classes alike. */
export const PORTAL_RECORD_CASES: readonly ConformanceCase<PortalTrial>[] = [
  ...(['aluno', 'professor', 'disciplina'] as const).flatMap(casesOf),
  {
    id: 'disciplina-vagas-negativas',
    rule: 'vagas não é negativa.',
    hint: 'confira vagas >= 0 ao cadastrar e ao editar; 0 é aceito',
    run: async (trial) => {
      const id = trial.id('disciplina', 'a');
      await trial.admin('NovaDisciplina', recordOf('disciplina', id, 'Vagas negativas', -1), REFUSED);
      await trial.expectRecord('disciplina', id, blankOf('disciplina'));
      const { id: other, record } = await trial.create('disciplina', 'b', 'Zero vagas', 0);
      await trial.admin('EditaDisciplina', recordOf('disciplina', other, 'Vagas negativas', -5), REFUSED);
      await trial.expectRecord('disciplina', other, record);
    },
  },
];

function casesOf(base: Base): readonly ConformanceCase<PortalTrial>[] {
  const { create, update, delete: remove, get, list } = METHODS[base];
  const idField = ID_FIELDS[base];
  const newRule = `${create} falha se já existe, ou se ${idField} ou nome tem menos de ${MINIMUM_CHARS} caracteres.`;
  const existsRule = `${update} e ${remove} falham se não existe; ${update} confere o nome novo.`;
  const blankRule = `${get} do que não existe responde uma mensagem em branco.`;
  return [
    {
      id: `${base}-novo`,
      rule: `${create} responde status 0, e ${get} mostra o que foi cadastrado.`,
      hint: 'veja se todos os campos do pedido são guardados e devolvidos, com acentos e tudo, e se um nome de exatamente 4 caracteres é aceito',
      run: async (trial) => {
        const { id, record } = await trial.create(base, 'a', 'João Ação "Zé"');
        await trial.expectRecord(base, id, record);
        const short = await trial.create(base, 'b', 'Édna');
        await trial.expectRecord(base, short.id, short.record);
      },
    },
    {
      id: `${base}-repetido`,
      rule: newRule,
      hint: `antes de guardar veja se ${idField} já existe: o segundo cadastro é recusado com status 1 e o motivo em msg, e o primeiro fica como estava`,
      run: async (trial) => {
        const { id, record } = await trial.create(base, 'a');
        await trial.admin(create, recordOf(base, id, 'Outro nome'), REFUSED);
        await trial.expectRecord(base, id, record, 'o cadastro recusado mudou o que existia');
      },
    },
    {
      id: `${base}-nome-curto`,
      rule: newRule,
      hint: 'o tamanho do nome não é conferido: com menos de 4 caracteres, status 1 e o motivo em msg',
      run: async (trial) => {
        const id = trial.id(base, 'a');
        await trial.admin(create, recordOf(base, id, 'Ana'), REFUSED);
        await trial.admin(create, recordOf(base, id, ''), REFUSED);
        await trial.expectRecord(base, id, blankOf(base), 'o cadastro recusado foi guardado assim mesmo');
      },
    },
    {
      id: `${base}-identificador-curto`,
      rule: newRule,
      hint: `o tamanho de ${idField} não é conferido: com menos de 4 caracteres, status 1 e o motivo em msg`,
      run: async (trial) => {
        // Too short to be of this case alone: one that nobody has.
        const id = trial.id(base, '').slice(1, MINIMUM_CHARS);
        const at = trial.places.mainAdmin ?? 0;
        const found = await trial.call(get, { id }, {}, { at, of: ADMIN_SERVICE });
        if (found[idField] !== '') throw new NotTried(`${base} "${id}" já existe neste servidor`);
        trial.willUse(base, id);
        await trial.admin(create, recordOf(base, id, 'Nome comprido'), REFUSED);
      },
    },
    {
      id: `${base}-edita`,
      rule: `${update} muda o que existe, e responde status 0.`,
      hint: 'a edição troca todos os campos menos o identificador',
      run: async (trial) => {
        const { id } = await trial.create(base, 'a');
        const changed = recordOf(base, id, 'Nome mudado', 7);
        await trial.admin(update, changed, DONE);
        await trial.expectRecord(base, id, changed);
      },
    },
    {
      id: `${base}-edita-inexistente`,
      rule: existsRule,
      hint: 'editar o que não existe não o cria: status 1 e o motivo em msg',
      run: async (trial) => {
        const id = trial.id(base, 'nunca');
        await trial.admin(update, recordOf(base, id, 'Nome qualquer'), REFUSED);
        await trial.expectRecord(base, id, blankOf(base), 'a edição recusada cadastrou');
      },
    },
    {
      id: `${base}-edita-nome-curto`,
      rule: existsRule,
      hint: 'a edição confere o nome novo como o cadastro: com menos de 4 caracteres, status 1, e nada muda',
      run: async (trial) => {
        const { id, record } = await trial.create(base, 'a');
        await trial.admin(update, recordOf(base, id, 'Ana'), REFUSED);
        await trial.expectRecord(base, id, record, 'a edição recusada mudou o cadastro');
      },
    },
    {
      id: `${base}-remove`,
      rule: `${remove} remove o que existe, e responde status 0.`,
      hint: 'depois de removido, não existe: nem uma segunda remoção o encontra, e pode ser cadastrado de novo',
      run: async (trial) => {
        const { id } = await trial.create(base, 'a');
        await trial.admin(remove, { id }, DONE);
        await trial.expectRecord(base, id, blankOf(base));
        await trial.admin(remove, { id }, REFUSED);
        const again = recordOf(base, id, 'Cadastrado de novo');
        await trial.admin(create, again, DONE);
        await trial.expectRecord(base, id, again);
      },
    },
    {
      id: `${base}-remove-inexistente`,
      rule: existsRule,
      hint: 'remover o que não existe é status 1 com o motivo em msg, e não uma exceção',
      run: async (trial) => {
        await trial.admin(remove, { id: trial.id(base, 'nunca') }, REFUSED);
      },
    },
    {
      id: `${base}-obtem-inexistente`,
      rule: blankRule,
      hint: 'responda a mensagem padrão do tipo (getDefaultInstance(), ou o construtor sem argumentos em Python): também o identificador vem em branco, e não é um erro do gRPC',
      run: async (trial) => {
        await trial.expectRecord(base, trial.id(base, 'nunca'), blankOf(base));
      },
    },
    {
      id: `${base}-todos-em-ordem`,
      rule: `${list} mostra todos, por ordem de identificador.`,
      hint: 'guarde num mapa ordenado (TreeMap), ou ordene antes de responder; cada um aparece uma vez',
      run: async (trial) => {
        const c = await trial.create(base, 'c');
        const a = await trial.create(base, 'a');
        const b = await trial.create(base, 'b');
        const ours = [a, b, c];
        const ids = new Set(ours.map(({ id }) => id));
        const at = trial.places.mainAdmin ?? 0;
        const rows = await trial.rows(list, {}, (row) => ids.has(String(row[idField])), {
          at,
          of: ADMIN_SERVICE,
        });
        const expected = ours.map(({ record }) => record);
        if (!meets(rows, expected)) throw new Deviation(displayed(expected), displayed(rows));
      },
    },
  ];
}
