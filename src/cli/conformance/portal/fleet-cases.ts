import type { Base } from '../../../config/operation-names.js';
import { Deviation } from '../case.js';
import type { ConformanceCase } from '../case.js';
import { blankOf, DONE, ENROLMENT_SERVICE, METHODS, recordOf } from './trial.js';
import type { PortalTrial } from './trial.js';

const BASES = ['aluno', 'professor', 'disciplina'] as const;

const SAME_ANSWERS = 'Qualquer número de servidores do portal, em quaisquer portas, dá as mesmas respostas.';
const NOT_SEEN =
  'a mudança não chegou aos outros servidores: veja se ela é publicada no broker, se os outros assinam portal/admin/#, e se quem recebe a aplica';

/** What the contract says of several servers of one portal. */
export const PORTAL_REPLICA_CASES: readonly ConformanceCase<PortalTrial>[] = [
  ...BASES.map((base: Base): ConformanceCase<PortalTrial> => ({
    id: `replica-${base}`,
    rule: SAME_ANSWERS,
    hint: NOT_SEEN,
    servers: 2,
    run: async (trial) => {
      const { id, record } = await trial.create(base, 'a');
      await trial.everywhere(base, id, record);
      const changed = recordOf(base, id, 'Nome mudado', 9);
      await trial.admin(METHODS[base].update, changed, DONE);
      await trial.everywhere(base, id, changed);
      await trial.admin(METHODS[base].delete, { id }, DONE);
      await trial.everywhere(base, id, blankOf(base));
    },
  })),
  {
    id: 'replica-matricula',
    rule: SAME_ANSWERS,
    hint: 'a matrícula feita num servidor não aparece nos outros: ela também precisa ser publicada (ou guardada onde todos leem)',
    servers: 2,
    run: async (trial) => {
      const course = await trial.create('disciplina', 'd');
      const student = await trial.create('aluno', 'a');
      const pair = { disciplina: course.id, idPessoa: student.id };
      await trial.enrol('AdicionaAluno', pair, DONE);
      for (const at of trial.places.enrolment) {
        const terms = { at, of: ENROLMENT_SERVICE };
        await trial.eventually('DetalhaDisciplina', { id: course.id }, { alunos: [student.record] }, terms);
      }
      await trial.enrol('RemoveAluno', pair, DONE);
      for (const at of trial.places.enrolment) {
        const terms = { at, of: ENROLMENT_SERVICE };
        await trial.eventually(
          'DetalhaDisciplina',
          { id: course.id },
          { disciplina: course.record, alunos: [] },
          terms,
        );
      }
    },
  },
];

const PUBLISHES = 'Um servidor publica cada mudança aceita em portal/admin/<base>/<ação>, em CSV.';
const APPLIES = 'Um servidor aplica o que outros publicam em portal/admin/#.';
const CHANGES_NOTHING =
  'Um tópico errado, um conteúdo malformado ou a edição do que não existe não muda nada, e não derruba o servidor.';

/** The fields of a record in a payload. */
function csvOf(record: ReturnType<typeof recordOf>): readonly string[] {
  return Object.values(record).map(String);
}

/** What the contract says of the MQTT topics. */
export const PORTAL_TOPIC_CASES: readonly ConformanceCase<PortalTrial>[] = [
  ...BASES.map((base: Base): ConformanceCase<PortalTrial> => ({
    id: `topico-publica-${base}`,
    rule: PUBLISHES,
    hint: `depois de aceitar, publique em portal/admin/${base}/create, update ou delete: os campos na ordem do contrato separados por vírgula, e só o identificador em delete`,
    run: async (trial) => {
      const { id, record } = await trial.create(base, 'a');
      await trial.published(`${base}/create`, csvOf(record));
      const changed = recordOf(base, id, 'Nome mudado', 9);
      await trial.admin(METHODS[base].update, changed, DONE);
      await trial.published(`${base}/update`, csvOf(changed));
      await trial.admin(METHODS[base].delete, { id }, DONE);
      await trial.published(`${base}/delete`, [id]);
    },
  })),
  ...BASES.map((base: Base): ConformanceCase<PortalTrial> => ({
    id: `topico-aplica-${base}`,
    rule: APPLIES,
    hint: 'o que foi publicado por fora não apareceu: veja se o servidor assina portal/admin/# (ou os nove tópicos) neste broker, e como separa os campos',
    run: async (trial) => {
      const id = trial.id(base, 'a');
      const record = recordOf(base, id, 'Publicado por fora');
      await trial.publish(`${base}/create`, csvOf(record).join(','));
      await trial.everywhere(base, id, record);
      const changed = recordOf(base, id, 'Mudado por fora', 9);
      await trial.publish(`${base}/update`, csvOf(changed).join(','));
      await trial.everywhere(base, id, changed);
      await trial.publish(`${base}/delete`, id);
      await trial.everywhere(base, id, blankOf(base));
    },
  })),
  {
    id: 'topico-mensagem-ruim',
    rule: CHANGES_NOTHING,
    hint: 'trate os erros de cada mensagem na hora de aplicá-la: o motivo vai para o log, e a próxima mensagem é atendida',
    run: async (trial) => {
      const { id, record } = await trial.create('aluno', 'a');
      const never = trial.id('aluno', 'nunca');
      const course = trial.id('disciplina', 'nunca');
      await trial.publish('/delete', id);
      await trial.publish('aluno/create', never);
      await trial.publish('aluno/update', `${never},Nome qualquer`);
      await trial.publish('disciplina/create', `${course},Nome qualquer,muitas`);
      await trial.publish('aluno/apaga', id);
      // Once this is everywhere, so is what was published before.
      const last = trial.id('aluno', 'z');
      const sentinel = recordOf('aluno', last, 'Depois das ruins');
      await trial.publish('aluno/create', csvOf(sentinel).join(','));
      await trial.everywhere('aluno', last, sentinel);
      await trial.everywhere('aluno', id, record);
      await trial.everywhere('aluno', never, blankOf('aluno'));
      await trial.everywhere('disciplina', course, blankOf('disciplina'));
    },
  },
  {
    id: 'topico-uma-vez',
    rule: 'Uma mensagem de fora é aplicada uma só vez; o que um servidor publicou nunca é aplicado de novo.',
    hint: 'os servidores publicam de novo o que recebem: quem aplica uma mensagem do broker não a publica outra vez',
    isImplied: true,
    run: async (trial) => {
      const [a, z] = [trial.id('aluno', 'a'), trial.id('aluno', 'z')];
      const [one, sentinel] = [recordOf('aluno', a, 'Uma vez só'), recordOf('aluno', z, 'Depois dela')];
      await trial.publish('aluno/create', csvOf(one).join(','));
      await trial.everywhere('aluno', a, one);
      await trial.publish('aluno/create', csvOf(sentinel).join(','));
      await trial.everywhere('aluno', z, sentinel);
      const times = trial.timesPublished('aluno/create', csvOf(one));
      if (times > 1) throw new Deviation('a mensagem publicada uma vez', `publicada ${times} vezes`);
    },
  },
];
