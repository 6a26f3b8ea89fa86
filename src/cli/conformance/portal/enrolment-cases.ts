import type { ConformanceCase } from '../case.js';
import { fullClass, pair, reportOf } from './classes.js';
import { BLANK_MESSAGE, DONE, METHODS, recordOf, REFUSED } from './trial.js';
import type { PortalTrial } from './trial.js';

const ONE_PROFESSOR = 'Uma disciplina tem no máximo um professor.';
const STUDENT_ONCE = 'Um aluno entra numa disciplina uma vez só.';
const UNKNOWN = 'AdicionaProfessor e AdicionaAluno falham se a disciplina ou a pessoa não existe.';
const LEAVES =
  'Remover um aluno ou professor o tira das suas disciplinas; remover uma disciplina leva as matrículas dela.';
const NAMES_NOW = 'Os relatórios mostram os nomes como são agora.';
const REPORT = 'DetalhaDisciplina responde a disciplina, o professor e os alunos.';
const BLANK_REPORT = 'Um relatório de algo desconhecido é em branco, ou um stream vazio.';

/** What the contract says of who teaches and attends what. */
export const PORTAL_ENROLMENT_CASES: readonly ConformanceCase<PortalTrial>[] = [
  {
    id: 'relatorio-da-disciplina',
    rule: REPORT,
    hint: 'o relatório leva os cadastros inteiros (não só os identificadores), e os alunos por ordem de matrícula',
    run: async (trial) => {
      const { course, teacher, students } = await fullClass(trial, 2);
      await trial.enrol('DetalhaDisciplina', { id: course.id }, reportOf(course, teacher, students));
    },
  },
  {
    id: 'disciplina-sem-professor',
    rule: 'Uma disciplina sem professor tem esse campo por preencher no relatório.',
    hint: 'se não há professor, não chame setProfessor: um Professor em branco não é o mesmo que nenhum',
    run: async (trial) => {
      const course = await trial.create('disciplina', 'd');
      const report = { disciplina: course.record, professor: null, alunos: [] };
      await trial.enrol('DetalhaDisciplina', { id: course.id }, report);
    },
  },
  {
    id: 'um-professor-so',
    rule: ONE_PROFESSOR,
    hint: 'o segundo professor é recusado com status 1, e o primeiro fica; trocar é remover e adicionar',
    run: async (trial) => {
      const { course, teacher } = await fullClass(trial, 0);
      const other = await trial.create('professor', 'q');
      await trial.enrol('AdicionaProfessor', pair(course, other), REFUSED);
      await trial.enrol('DetalhaDisciplina', { id: course.id }, reportOf(course, teacher, []));
    },
  },
  {
    id: 'remove-professor-da-disciplina',
    rule: 'RemoveProfessor tira o professor da disciplina, que depois aceita outro.',
    hint: 'depois de RemoveProfessor (de PortalMatricula) a disciplina não tem professor; o cadastro do professor fica',
    run: async (trial) => {
      const { course, teacher } = await fullClass(trial, 0);
      await trial.enrol('RemoveProfessor', pair(course, teacher), DONE);
      await trial.enrol('DetalhaDisciplina', { id: course.id }, reportOf(course, undefined, []));
      await trial.expectRecord(
        'professor',
        teacher.id,
        teacher.record,
        'o cadastro do professor foi removido',
      );
      const other = await trial.create('professor', 'q');
      await trial.enrol('AdicionaProfessor', pair(course, other), DONE);
    },
  },
  {
    id: 'professor-ou-disciplina-desconhecidos',
    rule: UNKNOWN,
    hint: 'veja se os dois existem antes de associá-los: se não, status 1 com o motivo em msg',
    run: async (trial) => {
      const course = await trial.create('disciplina', 'd');
      const teacher = await trial.create('professor', 'p');
      await trial.enrol(
        'AdicionaProfessor',
        { disciplina: course.id, idPessoa: trial.id('professor', 'nunca') },
        REFUSED,
      );
      await trial.enrol(
        'AdicionaProfessor',
        { disciplina: trial.id('disciplina', 'nunca'), idPessoa: teacher.id },
        REFUSED,
      );
    },
  },
  {
    id: 'aluno-ou-disciplina-desconhecidos',
    rule: UNKNOWN,
    hint: 'veja se os dois existem antes de associá-los: se não, status 1 com o motivo em msg',
    run: async (trial) => {
      const course = await trial.create('disciplina', 'd');
      const student = await trial.create('aluno', 'a');
      await trial.enrol(
        'AdicionaAluno',
        { disciplina: course.id, idPessoa: trial.id('aluno', 'nunca') },
        REFUSED,
      );
      await trial.enrol(
        'AdicionaAluno',
        { disciplina: trial.id('disciplina', 'nunca'), idPessoa: student.id },
        REFUSED,
      );
    },
  },
  {
    id: 'aluno-uma-vez',
    rule: STUDENT_ONCE,
    hint: 'o mesmo aluno foi aceito duas vezes: veja se ele já está na disciplina antes de somá-lo (e de gastar uma vaga)',
    run: async (trial) => {
      const { course, students } = await fullClass(trial, 1, 5);
      const [student] = students;
      if (student === undefined) return;
      await trial.enrol('AdicionaAluno', pair(course, student), REFUSED);
      await trial.enrol('DetalhaDisciplina', { id: course.id }, { alunos: [student.record] });
    },
  },
  {
    id: 'remove-aluno-da-disciplina',
    rule: 'RemoveAluno tira o aluno da disciplina, e a vaga fica livre.',
    hint: 'depois de RemoveAluno (de PortalMatricula) a vaga volta; o cadastro do aluno fica',
    run: async (trial) => {
      const { course, students } = await fullClass(trial, 1, 1);
      const [student] = students;
      if (student === undefined) return;
      await trial.enrol('RemoveAluno', pair(course, student), DONE);
      await trial.enrol('DetalhaDisciplina', { id: course.id }, { alunos: [] });
      await trial.expectRecord('aluno', student.id, student.record, 'o cadastro do aluno foi removido');
      const next = await trial.create('aluno', 'z');
      await trial.enrol('AdicionaAluno', pair(course, next), DONE);
    },
  },
  {
    id: 'remove-quem-nao-esta',
    rule: 'Tirar de uma disciplina quem não está nela é um erro (status 1).',
    hint: 'o contrato não o diz com estas palavras; mas quem pediu precisa saber que nada foi feito',
    isImplied: true,
    run: async (trial) => {
      const course = await trial.create('disciplina', 'd');
      const student = await trial.create('aluno', 'a');
      const teacher = await trial.create('professor', 'p');
      await trial.enrol('RemoveAluno', pair(course, student), REFUSED);
      await trial.enrol('RemoveProfessor', pair(course, teacher), REFUSED);
    },
  },
  {
    id: 'aluno-removido-sai-das-disciplinas',
    rule: LEAVES,
    hint: 'ao remover o cadastro de um aluno, tire-o de todas as disciplinas: a matrícula que fica mostra alguém que não existe e gasta uma vaga',
    run: async (trial) => {
      const { course, teacher, students } = await fullClass(trial, 2, 2);
      const [gone, stays] = students;
      if (gone === undefined || stays === undefined) return;
      await trial.admin('RemoveAluno', { id: gone.id }, DONE);
      await trial.enrol('DetalhaDisciplina', { id: course.id }, reportOf(course, teacher, [stays]));
      const next = await trial.create('aluno', 'z');
      await trial.enrol(
        'AdicionaAluno',
        pair(course, next),
        DONE,
        'a vaga de um aluno removido continua ocupada',
      );
    },
  },
  {
    id: 'professor-removido-sai-das-disciplinas',
    rule: LEAVES,
    hint: 'ao remover o cadastro de um professor, tire-o das suas disciplinas, que ficam sem professor',
    run: async (trial) => {
      const { course, teacher } = await fullClass(trial, 0);
      await trial.admin('RemoveProfessor', { id: teacher.id }, DONE);
      await trial.enrol('DetalhaDisciplina', { id: course.id }, reportOf(course, undefined, []));
      const other = await trial.create('professor', 'q');
      await trial.enrol('AdicionaProfessor', pair(course, other), DONE);
    },
  },
  {
    id: 'disciplina-removida-leva-as-matriculas',
    rule: LEAVES,
    hint: 'ao remover uma disciplina, remova as matrículas dela: cadastrada de novo com a mesma sigla, ela começa vazia',
    run: async (trial) => {
      const { course, teacher, students } = await fullClass(trial, 1, 2);
      const [student] = students;
      if (student === undefined) return;
      await trial.admin('RemoveDisciplina', { id: course.id }, DONE);
      await trial.enrolRows('ObtemDisciplinasAluno', { id: student.id }, []);
      await trial.enrolRows('ObtemDisciplinasProfessor', { id: teacher.id }, []);
      await trial.admin(METHODS.disciplina.create, course.record, DONE);
      await trial.enrol('DetalhaDisciplina', { id: course.id }, reportOf(course, undefined, []));
    },
  },
  {
    id: 'nomes-de-agora',
    rule: NAMES_NOW,
    hint: 'a matrícula guarda cópias dos cadastros: guarde só os identificadores, e leia os nomes ao responder',
    run: async (trial) => {
      const { course, teacher, students } = await fullClass(trial, 1);
      const [student] = students;
      if (student === undefined) return;
      const renamed = {
        aluno: recordOf('aluno', student.id, 'Aluno mudado'),
        professor: recordOf('professor', teacher.id, 'Professor mudado'),
        disciplina: recordOf('disciplina', course.id, 'Disciplina mudada', 40),
      };
      for (const base of ['aluno', 'professor', 'disciplina'] as const) {
        await trial.admin(METHODS[base].update, renamed[base], DONE);
      }
      const report = {
        disciplina: renamed.disciplina,
        professor: renamed.professor,
        alunos: [renamed.aluno],
      };
      await trial.enrol('DetalhaDisciplina', { id: course.id }, report);
    },
  },
  {
    id: 'disciplinas-do-professor',
    rule: 'ObtemDisciplinasProfessor mostra o relatório de cada disciplina do professor.',
    hint: 'um relatório inteiro por disciplina, com professor e alunos, e só as dele',
    run: async (trial) => {
      const { course, teacher, students } = await fullClass(trial, 2);
      const second = await trial.create('disciplina', 'e');
      await trial.create('disciplina', 'f');
      await trial.enrol('AdicionaProfessor', pair(second, teacher), DONE);
      await trial.enrolRows('ObtemDisciplinasProfessor', { id: teacher.id }, [
        reportOf(course, teacher, students),
        reportOf(second, teacher, []),
      ]);
    },
  },
  {
    id: 'disciplinas-do-aluno',
    rule: 'ObtemDisciplinasAluno mostra o resumo de cada disciplina do aluno, com quantos alunos ela tem.',
    hint: 'totalAlunos conta todos os matriculados na disciplina, com o próprio aluno',
    run: async (trial) => {
      const { course, teacher, students } = await fullClass(trial, 2);
      const [student] = students;
      if (student === undefined) return;
      const second = await trial.create('disciplina', 'e');
      await trial.create('disciplina', 'f');
      await trial.enrol('AdicionaAluno', pair(second, student), DONE);
      await trial.enrolRows('ObtemDisciplinasAluno', { id: student.id }, [
        { disciplina: course.record, professor: teacher.record, totalAlunos: 2 },
        { disciplina: second.record, professor: BLANK_MESSAGE, totalAlunos: 1 },
      ]);
    },
  },
  {
    id: 'relatorios-do-que-nao-existe',
    rule: BLANK_REPORT,
    hint: 'responda RelatorioDisciplina em branco, e streams sem mensagens: não é um erro do gRPC',
    run: async (trial) => {
      const [course, teacher, student] = (['disciplina', 'professor', 'aluno'] as const).map((base) =>
        trial.id(base, 'nunca'),
      );
      const blank = { disciplina: BLANK_MESSAGE, professor: BLANK_MESSAGE, alunos: [] };
      await trial.enrol('DetalhaDisciplina', { id: course }, blank);
      await trial.enrolRows('ObtemDisciplinasProfessor', { id: teacher }, []);
      await trial.enrolRows('ObtemDisciplinasAluno', { id: student }, []);
    },
  },
];
