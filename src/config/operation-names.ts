/** Operations of `kvs.KVS`, whose versions count 1, 2, 3, …: named by `-o`. */
export const COUNTED_OPERATIONS = [
  'insere',
  'consulta',
  'remove',
  'insere-v',
  'consulta-v',
  'remove-v',
  'snapshot',
] as const;
export type CountedName = (typeof COUNTED_OPERATIONS)[number];

/** Operations of `KeyValueStore`, whose versions are timestamps, ms since 1970: named by position. */
export const TIMED_OPERATIONS = [
  'get',
  'getrange',
  'getall',
  'put',
  'putall',
  'del',
  'delrange',
  'delall',
  'trim',
] as const;
export type TimedName = (typeof TIMED_OPERATIONS)[number];

/** The kinds of records of the enrolment portal. */
export const BASES = ['aluno', 'professor', 'disciplina'] as const;
export type Base = (typeof BASES)[number];

export const ADMIN_OPERATIONS = ['create', 'get', 'getall', 'update', 'delete'] as const;
export type AdminName = (typeof ADMIN_OPERATIONS)[number];

export const ENROLMENT_OPERATIONS = [
  'add_prof',
  'add_aluno',
  'del_prof',
  'del_aluno',
  'rel_disc',
  'rel_prof',
  'rel_aluno',
] as const;
export type EnrolmentName = (typeof ENROLMENT_OPERATIONS)[number];
