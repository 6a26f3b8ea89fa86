/**
 * The keys under which the portal keeps its records in the store. Values are JSON.
 *
 *     portal/aluno/<matricula>                       {"acao":"create","nome":"…"}
 *     portal/professor/<siape>                       {"acao":"update","nome":"…"}
 *     portal/disciplina/<sigla>                      {"acao":"create","nome":"…","vagas":60}
 *     portal/ministra/<sigla>                        {"siape":"…"}       the professor of a class
 *     portal/professor-disciplina/<siape*>/<sigla>   {}                  the same, by professor
 *     portal/inscricao/<sigla*>/<matricula>          {"origem":"…"}      a student in a class; the server that took it
 *     portal/aluno-disciplina/<matricula*>/<sigla>   {}                  the same, by student
 *     portal/lugares/<sigla>                         {}                  written by everything that takes a place
 *
 * An identifier at the end of a key is not escaped, so that keys of one kind are in the order of identifiers; one in
 * the middle (*) is escaped: `%` → `%25`, `/` → `%2F`. So every key can be read in one way only, and every report is a
 * range of keys: the order of keys is the index. A removed record has no version left. Pure.
 */

export const ALUNOS = 'portal/aluno/';
export const PROFESSORES = 'portal/professor/';
export const DISCIPLINAS = 'portal/disciplina/';
export const INSCRICOES = 'portal/inscricao/';
const MINISTRA = 'portal/ministra/';
const LUGARES = 'portal/lugares/';
const DO_PROFESSOR = 'portal/professor-disciplina/';
const DO_ALUNO = 'portal/aluno-disciplina/';

export function alunoKey(matricula: string): string {
  return ALUNOS + matricula;
}

export function professorKey(siape: string): string {
  return PROFESSORES + siape;
}

export function disciplinaKey(sigla: string): string {
  return DISCIPLINAS + sigla;
}

/** The key that names the professor of a class. */
export function teacherKey(sigla: string): string {
  return MINISTRA + sigla;
}

/** Key written by everything that takes a place of a class, which puts them in order. */
export function seatsKey(sigla: string): string {
  return LUGARES + sigla;
}

/** Prefix of a class's enrolments. */
export function enrolmentsOf(sigla: string): string {
  return `${INSCRICOES}${escape(sigla)}/`;
}

export function enrolmentKey(sigla: string, matricula: string): string {
  return enrolmentsOf(sigla) + matricula;
}

/** The class and the student of an enrolment's key. */
export function partsOfEnrolment(
  key: string,
): { readonly sigla: string; readonly matricula: string } | undefined {
  if (!key.startsWith(INSCRICOES)) return undefined;
  const end = key.indexOf('/', INSCRICOES.length);
  if (end < 0) return undefined;
  return { sigla: unescape(key.slice(INSCRICOES.length, end)), matricula: key.slice(end + 1) };
}

/** Prefix of the classes of a student. */
export function classesOfAluno(matricula: string): string {
  return `${DO_ALUNO}${escape(matricula)}/`;
}

/** Prefix of the classes of a professor. */
export function classesOfProfessor(siape: string): string {
  return `${DO_PROFESSOR}${escape(siape)}/`;
}

/** The least text that is greater than every text with this prefix, which ends in `/`. */
export function endOf(prefix: string): string {
  return `${prefix.slice(0, -1)}0`;
}

function escape(id: string): string {
  return id.replace(/[%/]/g, (found) => (found === '%' ? '%25' : '%2F'));
}

function unescape(text: string): string {
  return text.replace(/%(25|2F)/g, (_, code) => (code === '25' ? '%' : '/'));
}
