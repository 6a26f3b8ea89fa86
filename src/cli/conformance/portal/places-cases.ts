import { Deviation } from '../case.js';
import type { ConformanceCase } from '../case.js';
import { Matcher } from '../expectation.js';
import { fullClass, pair } from './classes.js';
import { ENROLMENT_SERVICE, REFUSED } from './trial.js';
import type { PortalTrial, Registered } from './trial.js';

const PLACES =
  'Um aluno só entra enquanto há vagas; a mensagem de recusa diz a disciplina e quantas vagas ela tem.';

/** What the contract says of the places of a class. */
export const PORTAL_PLACES_CASES: readonly ConformanceCase<PortalTrial>[] = [
  {
    id: 'vagas',
    rule: PLACES,
    hint: 'a disciplina aceitou mais alunos do que vagas: compare quantos estão matriculados com as vagas antes de aceitar',
    run: async (trial) => {
      const { course, students } = await fullClass(trial, 2, 2);
      const late = await trial.create('aluno', 'z');
      await trial.enrol('AdicionaAluno', pair(course, late), REFUSED);
      await trial.enrol(
        'DetalhaDisciplina',
        { id: course.id },
        { alunos: students.map(({ record }) => record) },
      );
    },
  },
  {
    id: 'vagas-mensagem',
    rule: PLACES,
    hint: 'a mensagem da recusa diz a sigla (ou o nome) da disciplina e quantas vagas ela tem, por exemplo: a disciplina GBC074 já tem todas as suas 60 vagas ocupadas',
    run: async (trial) => {
      const { course } = await fullClass(trial, 2, 2);
      const late = await trial.create('aluno', 'z');
      const telling = new Matcher(
        `um texto com ${course.id} (ou o nome) e 2`,
        (msg) =>
          typeof msg === 'string' &&
          [course.id, String(course.record['nome'])].some((name) => msg.includes(name)) &&
          /2/.test(msg.replaceAll(course.id, '')),
      );
      await trial.enrol('AdicionaAluno', pair(course, late), { status: 1, msg: telling });
    },
  },
  {
    id: 'sem-vagas',
    rule: PLACES,
    hint: 'uma disciplina com 0 vagas não aceita ninguém: veja se o teste é "matriculados >= vagas"',
    run: async (trial) => {
      const course = await trial.create('disciplina', 'd', 'Sem vagas', 0);
      const student = await trial.create('aluno', 'a');
      await trial.enrol('AdicionaAluno', pair(course, student), REFUSED);
    },
  },
  {
    id: 'vagas-ao-mesmo-tempo',
    rule: PLACES,
    hint: 'pedidos ao mesmo tempo passaram todos pelo mesmo teste: conferir as vagas e matricular precisa ser uma coisa só (um lock por disciplina, synchronized, ou uma transação)',
    run: async (trial) => {
      const course = await trial.create('disciplina', 'd', 'Três vagas', 3);
      const students: Registered[] = [];
      for (let count = 0; count < 9; count++) students.push(await trial.create('aluno', `a${count}`));
      await trial.enrol('DetalhaDisciplina', { id: course.id }, { disciplina: course.record });
      const terms = { at: trial.places.mainEnrolment ?? 0, of: ENROLMENT_SERVICE };
      const answers = await Promise.all(
        students.map((student) => trial.call('AdicionaAluno', pair(course, student), {}, terms)),
      );
      const taken = answers.filter(({ status }) => status === 0).length;
      if (taken !== 3) throw new Deviation('3 alunos aceitos', `${taken} alunos aceitos de 9`);
      const three = new Matcher('3 alunos', (alunos) => Array.isArray(alunos) && alunos.length === 3);
      await trial.enrol('DetalhaDisciplina', { id: course.id }, { alunos: three });
    },
  },
];
