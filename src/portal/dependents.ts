import { limits } from '../core/limits.js';
import type { Commit, CommitWrite, Guard } from '../ports/engine.js';
import { CONFLICT } from './attempts.js';
import type { ConflictRetries } from './attempts.js';
import {
  classesOfAluno,
  classesOfProfessor,
  enrolmentKey,
  enrolmentsOf,
  seatsKey,
  teacherKey,
} from './layout.js';
import type { PortalReading } from './reading.js';
import { decodeTeacher } from './records.js';

/** Removals that go with that of a record, guarded by the keys as they were when looked up. */
export type DependentChange = Pick<Commit, 'guards' | 'writes'>;

/** Finds everything that is removed together with a record of one kind. */
export type Dependents = (reading: PortalReading, id: string) => Promise<readonly DependentChange[]>;

/** The enrolments of a student. */
export async function ofAluno(
  reading: PortalReading,
  matricula: string,
): Promise<readonly DependentChange[]> {
  const classes = await reading.list(classesOfAluno(matricula));
  return classes.map(({ id: sigla, row }) => ({
    guards: [{ key: row.key, version: row.version }],
    writes: [remove(row.key), remove(enrolmentKey(sigla, matricula))],
  }));
}

/** The classes of a professor, which stay without one. */
export async function ofProfessor(
  reading: PortalReading,
  siape: string,
): Promise<readonly DependentChange[]> {
  const links: DependentChange[] = [];
  for (const { id: sigla, row } of await reading.list(classesOfProfessor(siape))) {
    const guards: Guard[] = [{ key: row.key, version: row.version }];
    const writes: CommitWrite[] = [remove(row.key)];
    const teacher = await reading.engine.read({ kind: 'instant', key: teacherKey(sigla) });
    if (teacher !== undefined && decodeTeacher(teacher.value) === siape) {
      guards.push({ key: teacher.key, version: teacher.version });
      writes.push(remove(teacher.key));
    }
    links.push({ guards, writes });
  }
  return links;
}

/** The enrolments of a class, and its professor. */
export async function ofDisciplina(
  reading: PortalReading,
  sigla: string,
): Promise<readonly DependentChange[]> {
  const links: DependentChange[] = [];
  const teacher = await reading.engine.read({ kind: 'instant', key: teacherKey(sigla) });
  if (teacher !== undefined) {
    const siape = decodeTeacher(teacher.value);
    const mirror = siape === undefined ? [] : [remove(classesOfProfessor(siape) + sigla)];
    links.push({
      guards: [{ key: teacher.key, version: teacher.version }],
      writes: [remove(teacher.key), ...mirror],
    });
  }
  for (const { id: matricula, row } of await reading.list(enrolmentsOf(sigla))) {
    links.push({
      guards: [{ key: row.key, version: row.version }],
      writes: [remove(row.key), remove(classesOfAluno(matricula) + sigla)],
    });
  }
  const seats = await reading.version(seatsKey(sigla));
  if (seats > 0) {
    const key = seatsKey(sigla);
    links.push({ guards: [{ key, version: seats }], writes: [remove(key)] });
  }
  return links;
}

/** Removes what belonged to a record that does not exist (any more), in as many steps as it takes. */
export function clear(
  reading: PortalReading,
  attempts: ConflictRetries,
  dependents: Dependents,
  id: string,
): Promise<void> {
  return attempts.repeat(async () => {
    for (const part of inParts(await dependents(reading, id))) {
      if (!(await reading.engine.write({ kind: 'commit', ...part }))) return CONFLICT;
    }
    return undefined;
  });
}

/** Groups links into as few commits as possible. */
export function inParts(links: readonly DependentChange[]): DependentChange[] {
  const parts: { guards: Guard[]; writes: CommitWrite[]; bytes: number }[] = [];
  for (const { guards, writes } of links) {
    const last = parts.at(-1);
    const bytes = [...guards, ...writes].reduce((sum, { key }) => sum + Buffer.byteLength(key), 0);
    const fits =
      last !== undefined &&
      last.guards.length + guards.length <= limits.commitGuards &&
      last.writes.length + writes.length <= limits.commitWrites &&
      last.bytes + bytes <= limits.commitBytes;
    if (fits) {
      last.guards.push(...guards);
      last.writes.push(...writes);
      last.bytes += bytes;
    } else parts.push({ guards: [...guards], writes: [...writes], bytes });
  }
  return parts.map(({ guards, writes }) => ({ guards, writes }));
}

function remove(key: string): CommitWrite {
  return { kind: 'removeAll', key };
}
