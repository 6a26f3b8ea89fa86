import type { Expected } from '../expectation.js';
import { BLANK_MESSAGE, DONE } from './trial.js';
import type { PortalTrial, Registered } from './trial.js';

/** A class with a teacher and so many students, in the order of their identifiers. */
export async function fullClass(
  trial: PortalTrial,
  count: number,
  vagas = 30,
): Promise<{ course: Registered; teacher: Registered; students: readonly Registered[] }> {
  const course = await trial.create('disciplina', 'd', 'Sistemas Distribuídos', vagas);
  const teacher = await trial.create('professor', 'p');
  const students: Registered[] = [];
  // Enrolled the other way round: reports are in the order of identifiers.
  for (let index = count; index > 0; index--) students.unshift(await trial.create('aluno', `a${index}`));
  await trial.enrol('AdicionaProfessor', pair(course, teacher), DONE);
  for (const student of [...students].reverse())
    await trial.enrol('AdicionaAluno', pair(course, student), DONE);
  return { course, teacher, students };
}

/** `DisciplinaPessoa`. */
export function pair(course: Registered, person: Registered): object {
  return { disciplina: course.id, idPessoa: person.id };
}

/** `RelatorioDisciplina`. */
export function reportOf(
  course: Registered,
  teacher: Registered | undefined,
  students: readonly Registered[],
): Expected {
  return {
    disciplina: course.record,
    professor: teacher?.record ?? BLANK_MESSAGE,
    alunos: students.map(({ record }) => record),
  };
}
